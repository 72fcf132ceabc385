"""The peer of the tagger: a BiLSTM as a tutorial writes it, with torch's own layers and nothing of elman.

Word vectors of 100, hashed prefixes and suffixes of one to four letters, two layers of a bidirectional nn.LSTM over
packed sequences, softmax. Its reading and its scores are its own too.
"""

import gzip
import random
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence, pad_sequence

ROWS, LONGEST = 2**15, 4
"""Rows of the table of affixes, and letters of the longest of them."""
NO_LABEL = -1
"""Stands where a sentence is over; the loss leaves it out."""

Spans = set[tuple[str, int, int]]


@dataclass(frozen=True)
class Sentence:
    """Words and the label of each."""

    words: list[str]
    labels: list[str]


def read(path: Path) -> list[Sentence]:
    """The sentences of a `.conllu.gz` file (words and UPOS) or of a `.conll.gz` file (token, tab, label)."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    word, label, columns = (1, 3, 10) if ".conllu" in path.name else (0, 1, 2)
    sentences: list[Sentence] = []
    words: list[str] = []
    labels: list[str] = []
    for line in [*text.split("\n"), ""]:
        fields = line.split("\t")
        if not line.strip():
            if words:
                sentences.append(Sentence(words, labels))
            words, labels = [], []
        elif not words and line.startswith("#" if columns == 10 else "## "):
            continue
        elif columns == 2 or fields[0].isdigit():
            words.append(fields[word])
            labels.append(fields[label])
    return sentences


def affixes(word: str) -> list[int]:
    """Rows of the prefixes and suffixes of a word; one longer than the word is the word itself."""
    ends = [f"{n}<{word[:n]}" for n in range(1, LONGEST + 1)] + [f"{n}>{word[-n:]}" for n in range(1, LONGEST + 1)]
    return [zlib.crc32(end.encode()) % ROWS for end in ends]


class BiLSTM(nn.Module):
    """Two vectors a word side by side, a bidirectional LSTM, linear output layer."""

    def __init__(self, words: int, labels: int, *, dropout: float = 0.3) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 100)
        self.affixes = nn.Embedding(ROWS, 32)
        self.lstm = nn.LSTM(132, 200, 2, batch_first=True, bidirectional=True, dropout=dropout)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(400, labels)

    def forward(self, words: Tensor, ends: Tensor, lengths: Tensor) -> Tensor:
        """Logits (B, T, K) of words (B, T) with their affixes (B, T, 8)."""
        x = torch.cat([self.words(words), self.affixes(ends).sum(dim=2)], dim=2)  # (B, T, 132)
        packed: PackedSequence = pack_padded_sequence(self.dropout(x), lengths, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)  # (B, T, 400)
        logits: Tensor = self.output(self.dropout(h))  # (B, T, K)
        return logits


class PlainTagger:
    """Words and labels by number, and the network."""

    def __init__(self, sentences: Sequence[Sentence], *, minimum_count: int = 2) -> None:
        counts = Counter(word for sentence in sentences for word in sentence.words)
        known = sorted(word for word, count in counts.items() if count >= minimum_count)
        self.words = {word: i for i, word in enumerate(known, start=1)}
        self.labels = sorted({label for sentence in sentences for label in sentence.labels})
        self.network = BiLSTM(len(known) + 1, len(self.labels))

    def inputs(self, sentences: Sequence[Sequence[str]]) -> list[tuple[Tensor, Tensor]]:
        """Word ids (T,) and affixes (T, 8) of each sentence; a word that is not known is 0."""
        return [
            (
                torch.tensor([self.words.get(word, 0) for word in words]),
                torch.tensor([affixes(word) for word in words]),
            )
            for words in sentences
        ]

    def logits(self, batch: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        """Logits (B, T, K), padded on the right."""
        lengths = torch.tensor([len(words) for words, _ in batch])
        words, ends = (pad_sequence(list(part), batch_first=True) for part in zip(*batch, strict=True))
        found: Tensor = self.network(words, ends, lengths)
        return found

    @torch.no_grad()
    def predict(self, sentences: Sequence[Sequence[str]], *, batch_size: int = 32) -> list[list[str]]:
        """The likeliest label of every word."""
        labels = []
        for begin in range(0, len(sentences), batch_size):
            part = sentences[begin : begin + batch_size]
            best = self.logits(self.inputs(part)).argmax(dim=2).tolist()
            labels += [[self.labels[k] for k in row[: len(words)]] for row, words in zip(best, part, strict=True)]
        return labels


def train(
    sentences: Sequence[Sentence], *, seconds: float, seed: int, learning_rate: float = 2e-3, batch_size: int = 32
) -> PlainTagger:
    """Adam with linear decay to zero at the end of the seconds, batches of sentences drawn anew in every epoch."""
    begun = time.perf_counter()
    torch.manual_seed(seed)
    tagger, chooser = PlainTagger(sentences), random.Random(seed)
    numbers = {label: k for k, label in enumerate(tagger.labels)}
    golds = [torch.tensor([numbers[label] for label in sentence.labels]) for sentence in sentences]
    inputs = tagger.inputs([sentence.words for sentence in sentences])
    optimizer = torch.optim.Adam(tagger.network.parameters(), lr=learning_rate)
    order: list[int] = []
    while (spent := time.perf_counter() - begun) < seconds:
        if not order:
            order = chooser.sample(range(len(sentences)), len(sentences))
        chosen, order = order[:batch_size], order[batch_size:]
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * (1 - spent / seconds)
        gold = pad_sequence([golds[i] for i in chosen], batch_first=True, padding_value=NO_LABEL)
        logits = tagger.logits([inputs[i] for i in chosen])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), gold.flatten(), ignore_index=NO_LABEL)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(tagger.network.parameters(), 1.0)
        optimizer.step()
    tagger.network.eval()
    return tagger


def accuracy(golds: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """Words with the right label, over all words; 0 to 1."""
    pairs = [pair for gold, ours in zip(golds, found, strict=True) for pair in zip(gold, ours, strict=True)]
    return sum(gold == ours for gold, ours in pairs) / len(pairs)


def strict_spans(labels: Sequence[str]) -> Spans:
    """Type, begin and end of the spans of BIO labels that begin with B; an I that continues nothing is no span."""
    spans, kind, begin = set(), "", 0
    for t, label in enumerate([*labels, "O"]):
        if kind and label != f"I-{kind}":
            spans.add((kind, begin, t))
            kind = ""
        if label.startswith("B-"):
            kind, begin = label[2:], t
    return spans


def strict_f1(golds: Sequence[Sequence[str]], found: Sequence[Sequence[str]]) -> float:
    """Micro F1 of spans that agree in type, begin and end; 0 to 1."""
    pairs = [(strict_spans(gold), strict_spans(ours)) for gold, ours in zip(golds, found, strict=True)]
    right = sum(len(gold & ours) for gold, ours in pairs)
    return 2 * right / max(1, sum(len(gold) + len(ours) for gold, ours in pairs))
