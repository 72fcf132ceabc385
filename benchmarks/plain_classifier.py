"""The peers of the classifier, with nothing of elman: fastText, TF-IDF with logistic regression, and a plain BiLSTM.

The first two come in a few settings each, by name; whoever calls chooses among them on dev. The BiLSTM is torch's own,
over hashed words and affixes, with a bag of n-grams as a skip path. fastText is the package `fasttext-wheel`
(`pip install fasttext-wheel`), which the benchmarks alone use; it labels lists of texts, as it makes an array for a
single one in a way that numpy 2 refuses.
"""

import itertools
import random
import re
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

import plain_tagger

LABEL = "__label__"
FASTTEXT: dict[str, dict[str, Any]] = {
    "words": {"epoch": 10},
    "bigrams": {"wordNgrams": 2, "epoch": 25},
    "bigrams and characters": {"wordNgrams": 2, "minn": 2, "maxn": 5, "epoch": 25},
}
BUCKETS = 200_000
"""Rows of fastText's table of n-grams: enough for these data, and a tenth of the time to set them up."""
TFIDF: dict[str, dict[str, Any]] = {
    "words": {"ngram_range": (1, 2), "token_pattern": r"\w+|[^\w\s]"},
    "characters": {"analyzer": "char_wb", "ngram_range": (2, 5)},
}
STRENGTH = 10.0
"""C of the logistic regression."""
ROWS, BAG_ROWS = 2**16, 2**18
"""Rows of the BiLSTM's table of words, and of its table of n-grams."""


@dataclass(frozen=True)
class Labelled:
    """Texts and the label of each."""

    texts: list[str]
    labels: list[str]


@dataclass(frozen=True)
class Fitted:
    """What labels texts, and the seconds that its training took."""

    predict: Callable[[Sequence[str]], list[str]]
    seconds: float


def tokens(text: str) -> list[str]:
    """Words and marks of a text, in small letters."""
    return re.findall(r"\w+(?:'\w+)*|[^\w\s]", text.lower())


class FastText:
    """fastText's classifier, by one of the settings."""

    def __init__(self, train: Labelled, *, setting: str, seed: int, threads: int) -> None:
        import fasttext

        lines = [f"{LABEL}{y} {x}\n" for x, y in zip(self.prepare(train.texts), train.labels, strict=True)]
        random.Random(seed).shuffle(lines)  # fastText reads them as they stand, and some data are sorted by label
        with tempfile.TemporaryDirectory() as aside:
            file = Path(aside) / "train.txt"
            file.write_text("".join(lines), encoding="utf-8")
            begun = time.perf_counter()
            self.model = fasttext.train_supervised(
                str(file), lr=0.5, bucket=BUCKETS, seed=seed, thread=threads, verbose=0, **FASTTEXT[setting]
            )
        self.seconds = time.perf_counter() - begun

    @staticmethod
    def prepare(texts: Sequence[str]) -> list[str]:
        """The texts as fastText wants them: tokens between blanks, on one line."""
        return [" ".join(tokens(text)) for text in texts]

    def label(self, lines: list[str]) -> list[str]:
        """The likeliest label of each prepared text; none of one without a known word."""
        return [found[0].removeprefix(LABEL) if found else "" for found in self.model.predict(lines)[0]]


def fit_fasttext(train: Labelled, setting: str, *, seed: int, threads: int) -> Fitted:
    """FastText by one of the settings; making its lines is not in the seconds."""
    model = FastText(train, setting=setting, seed=seed, threads=threads)
    return Fitted(lambda texts: model.label(model.prepare(texts)), model.seconds)


def fit_tfidf(train: Labelled, setting: str) -> Fitted:
    """Logistic regression of scikit-learn over the TF-IDF of n-grams, by one of the settings."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    begun = time.perf_counter()
    regression = LogisticRegression(C=STRENGTH, max_iter=1000)
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True, **TFIDF[setting]), regression)
    model.fit(train.texts, train.labels)
    return Fitted(lambda texts: [str(label) for label in model.predict(texts)], time.perf_counter() - begun)


@dataclass(frozen=True)
class Inputs:
    """A text by rows: its words (T,), their affixes (T, 8), its n-grams (G,)."""

    words: Tensor
    ends: Tensor
    grams: Tensor


def inputs(text: str) -> Inputs:
    """Hashed words, their affixes, and n-grams of one and two words and of three to five letters."""
    words = tokens(text) or [""]  # a blank text is one word
    pairs = [f"{a} {b}" for a, b in itertools.pairwise(words)]
    letters = [f"<{w}>"[i : i + n] for w in words for n in (3, 4, 5) for i in range(len(w) + 3 - n)]
    return Inputs(
        torch.tensor([zlib.crc32(word.encode()) % ROWS for word in words]),
        torch.tensor([plain_tagger.affixes(word) for word in words]),
        torch.tensor([zlib.crc32(gram.encode()) % BAG_ROWS for gram in [*words, *pairs, *letters]]),
    )


class BiLSTM(nn.Module):
    """Two vectors a word side by side, a bidirectional LSTM, its greatest and mean states, and a bag beside it all."""

    def __init__(self, labels: int, *, dropout: float = 0.4) -> None:
        super().__init__()
        self.words = nn.Embedding(ROWS, 100, sparse=True)
        self.ends = nn.Embedding(plain_tagger.ROWS, 32, sparse=True)
        self.bag = nn.EmbeddingBag(BAG_ROWS, labels, mode="sum", sparse=True)
        nn.init.zeros_(self.bag.weight)
        self.lstm = nn.LSTM(132, 150, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(600, labels)

    def forward(self, batch: Sequence[Inputs]) -> Tensor:
        """Logits (B, K)."""
        lengths = torch.tensor([len(one.words) for one in batch])
        words = pad_sequence([one.words for one in batch], batch_first=True)
        ends = pad_sequence([one.ends for one in batch], batch_first=True)
        x = torch.cat([self.words(words), self.ends(ends).sum(dim=2)], dim=2)  # (B, T, 132)
        packed = pack_padded_sequence(self.dropout(x), lengths, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)  # (B, T, 300)
        past = (torch.arange(h.shape[1]) >= lengths[:, None])[:, :, None]  # (B, T, 1)
        greatest = h.masked_fill(past, -1.0).amax(dim=1)  # (B, 300); no state is below -1
        pooled = torch.cat([greatest, h.sum(dim=1) / lengths[:, None]], dim=1)  # (B, 600)
        logits: Tensor = self.output(self.dropout(pooled)) + self._skip(batch)
        return logits

    def _skip(self, batch: Sequence[Inputs]) -> Tensor:
        """Logits (B, K) of the n-grams alone: their sum over the root of their count."""
        counts = torch.tensor([len(one.grams) for one in batch])
        weights = counts.rsqrt().repeat_interleave(counts)
        found: Tensor = self.bag(
            torch.cat([one.grams for one in batch]), counts.cumsum(0) - counts, per_sample_weights=weights
        )
        return found


class PlainClassifier:
    """Labels by number, and the network."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = sorted(set(labels))
        self.network = BiLSTM(len(self.labels))

    def predict(self, texts: Sequence[str]) -> list[str]:
        """The likeliest label of each text."""
        return self.label([inputs(text) for text in texts])

    @torch.no_grad()
    def label(self, given: Sequence[Inputs], *, batch_size: int = 32) -> list[str]:
        """The likeliest label of each."""
        self.network.eval()
        parts = [given[begin : begin + batch_size] for begin in range(0, len(given), batch_size)]
        return [self.labels[k] for part in parts for k in self.network(part).argmax(dim=1).tolist()]


def fit_torch(train: Labelled, dev: Labelled, *, seconds: float, seed: int, learning_rate: float = 2e-3) -> Fitted:
    """Adam with linear decay to zero at the end of the seconds; the weights of the epoch that was best on dev."""
    begun = time.perf_counter()
    torch.manual_seed(seed)
    model, chooser = PlainClassifier(train.labels), random.Random(seed)
    numbers = {label: k for k, label in enumerate(model.labels)}
    golds = torch.tensor([numbers[label] for label in train.labels])
    given, judged = ([inputs(text) for text in part.texts] for part in (train, dev))
    order: list[int] = []
    best, kept = -1.0, model.network.state_dict()
    network = model.network
    optimizers = _optimizers(network, learning_rate)
    while True:
        spent = time.perf_counter() - begun
        if not order or spent >= seconds:
            score = accuracy(dev.labels, model.label(judged))
            if score > best:
                best, kept = score, {name: value.clone() for name, value in network.state_dict().items()}
            if spent >= seconds:
                break
            network.train()
            order = chooser.sample(range(len(given)), len(given))
        chosen, order = order[:32], order[32:]
        for optimizer in optimizers:
            optimizer.param_groups[0]["lr"] = learning_rate * (1 - spent / seconds)
        _step(network, optimizers, [given[i] for i in chosen], gold=golds[chosen])
    network.load_state_dict(kept)
    return Fitted(model.predict, time.perf_counter() - begun)


def _optimizers(network: BiLSTM, learning_rate: float) -> list[torch.optim.Optimizer]:
    """One of the tables, of which a batch touches few rows, and one of all else."""
    tables = [network.words.weight, network.ends.weight, network.bag.weight]
    dense = [*network.lstm.parameters(), *network.output.parameters()]
    return [torch.optim.SparseAdam(tables, lr=learning_rate), torch.optim.Adam(dense, lr=learning_rate)]


def _step(
    network: BiLSTM, optimizers: Sequence[torch.optim.Optimizer], batch: Sequence[Inputs], *, gold: Tensor
) -> None:
    """One step on a batch with its labels (B,)."""
    loss = nn.functional.cross_entropy(network(batch), gold)
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.lstm.parameters(), 1.0)
    for optimizer in optimizers:
        optimizer.step()


def accuracy(golds: Sequence[str], found: Sequence[str]) -> float:
    """Texts with the right label, over all texts; 0 to 1."""
    return sum(gold == ours for gold, ours in zip(golds, found, strict=True)) / len(golds)


def macro_f1(golds: Sequence[str], found: Sequence[str]) -> float:
    """Mean over the labels that occur, in gold or found, of the F1 of each; 0 to 1."""
    pairs, scores = list(zip(golds, found, strict=True)), []
    for label in set(golds) | set(found):
        right = sum(gold == label == ours for gold, ours in pairs)
        scores.append(2 * right / sum((gold == label) + (ours == label) for gold, ours in pairs))
    return sum(scores) / len(scores)
