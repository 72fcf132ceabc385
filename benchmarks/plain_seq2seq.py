"""The peer of seq2seq: an encoder-decoder as tutorials write it, with torch's own layers and nothing of elman.

A bidirectional nn.GRU over packed sources; a decoder nn.GRU, step by step, that reads the last symbol beside what an
MLP attention has found with its last state; dropout, cross-entropy, Adam. What attention compares states with is made
once a source, and all steps go through the output layer together (as Bastings 2018, The Annotated Encoder-Decoder).
The beam search takes one sentence at a time, its hypotheses as one batch, in a Python loop.
"""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PADDING = 0
"""Stands where a sentence is over; the loss leaves it out."""
ROWS = 32
"""Sentences of a batch."""


class Encoder(nn.Module):
    """What stands at every place of a source, and the first state of a decoder."""

    def __init__(self, symbols: int, embedding: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding, padding_idx=PADDING)
        self.gru = nn.GRU(embedding, hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Memory (B, S, 2H) and state (1, B, H) of source (B, S)."""
        x = self.dropout(self.embedding(source))
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        h, ends = self.gru(packed)
        memory, _ = pad_packed_sequence(h, batch_first=True)
        return memory, torch.tanh(self.bridge(torch.cat([ends[0], ends[1]], dim=1))).unsqueeze(0)


class MlpAttention(nn.Module):
    """context = sum over s of alpha_s h_s, with scores v · tanh(U q + W h_s)."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.key = nn.Linear(2 * hidden, hidden, bias=False)
        self.query = nn.Linear(hidden, hidden, bias=False)
        self.energy = nn.Linear(hidden, 1, bias=False)

    def forward(self, query: Tensor, keys: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Context (B, 1, 2H) of query (B, 1, H), where keys are (B, S, H) and memory (B, S, 2H)."""
        scores = self.energy(torch.tanh(self.query(query) + keys)).squeeze(2)  # (B, S)
        alpha = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=1)
        return torch.bmm(alpha.unsqueeze(1), memory)


class Decoder(nn.Module):
    """One step after the other; a linear layer in front of the output layer sees symbol, state and context."""

    def __init__(self, symbols: int, embedding: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, embedding, padding_idx=PADDING)
        self.attention = MlpAttention(hidden)
        self.gru = nn.GRU(embedding + 2 * hidden, hidden, batch_first=True)
        self.before = nn.Linear(embedding + 3 * hidden, hidden, bias=False)
        self.output = nn.Linear(hidden, symbols)
        self.dropout = nn.Dropout(dropout)

    def step(self, x_t: Tensor, h: Tensor, keys: Tensor, memory: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the output layer reads, (B, 1, H), and the state (1, B, H), after x_t (B, 1, E)."""
        context = self.attention(h.transpose(0, 1), keys, memory, mask)
        y, h = self.gru(torch.cat([x_t, context], dim=2), h)
        return self.dropout(self.before(torch.cat([x_t, y, context], dim=2))), h

    def forward(self, target: Tensor, h: Tensor, memory: Tensor, mask: Tensor) -> Tensor:
        """Logits (B, T, N) of what follows each symbol of target (B, T)."""
        keys, x, found = self.attention.key(memory), self.dropout(self.embedding(target)), []
        for t in range(target.shape[1]):
            y, h = self.step(x[:, t : t + 1], h, keys, memory, mask)
            found.append(y)
        logits: Tensor = self.output(torch.cat(found, dim=1))
        return logits


class PlainSeq2Seq(nn.Module):
    """Encoder and decoder."""

    def __init__(
        self, source_symbols: int, target_symbols: int, *, embedding: int, hidden: int, dropout: float = 0.2
    ) -> None:
        super().__init__()
        self.encoder = Encoder(source_symbols, embedding, hidden, dropout)
        self.decoder = Decoder(target_symbols, embedding, hidden, dropout)

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Logits (B, T, N)."""
        memory, h = self.encoder(source, lengths)
        mask = torch.arange(memory.shape[1]) < lengths.unsqueeze(1)  # (B, S)
        logits: Tensor = self.decoder(target, h, memory, mask)
        return logits


@dataclass(frozen=True)
class Batch:
    """source (B, S), lengths (B,), target (B, T) as it is read, gold (B, T) as it follows."""

    source: Tensor
    lengths: Tensor
    target: Tensor
    gold: Tensor


def collate(pairs: Sequence[tuple[Sequence[int], Sequence[int]]], *, start: int) -> Batch:
    """Pairs of ids, `</s>` at both ends of them, side by side."""
    sources = [torch.tensor(source) for source, _ in pairs]
    golds = [torch.tensor(target) for _, target in pairs]
    read = [torch.tensor([start, *target[:-1]]) for _, target in pairs]
    source, target, gold = (
        pad_sequence(part, batch_first=True, padding_value=PADDING) for part in (sources, read, golds)
    )
    return Batch(source, torch.tensor([len(one) for one in sources]), target, gold)


def trainer(model: PlainSeq2Seq, *, learning_rate: float = 1e-3) -> Callable[[Batch], None]:
    """A function that makes one training step: cross-entropy, gradients of norm 1 at most, Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    loss_of = nn.CrossEntropyLoss(ignore_index=PADDING)

    def step(batch: Batch) -> None:
        logits = model(batch.source, batch.lengths, batch.target)
        loss = loss_of(logits.flatten(0, 1), batch.gold.flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def batches(lengths: Sequence[int], chooser: random.Random, *, pool: int = 100) -> list[list[int]]:
    """The numbers of the sentences in batches: shuffled, and of like length within pools of so many batches."""
    order = chooser.sample(range(len(lengths)), len(lengths))
    found = []
    for begin in range(0, len(order), pool * ROWS):
        near = sorted(order[begin : begin + pool * ROWS], key=lambda number: lengths[number])
        found += [near[place : place + ROWS] for place in range(0, len(near), ROWS)]
    chooser.shuffle(found)
    return found


def train(
    model: PlainSeq2Seq, pairs: Sequence[tuple[Sequence[int], Sequence[int]]], *, seconds: float, start: int, seed: int
) -> PlainSeq2Seq:
    """So many seconds of training on pairs of ids, each with `</s>` behind it."""
    begun, chooser, step = time.perf_counter(), random.Random(seed), trainer(model)
    waiting: list[list[int]] = []
    while time.perf_counter() - begun < seconds:
        waiting = waiting or batches([len(target) for _, target in pairs], chooser)
        step(collate([pairs[number] for number in waiting.pop()], start=start))
    return model.eval()


@torch.no_grad()
def beam_search(
    model: PlainSeq2Seq, source: Sequence[int], *, beam: int, start: int, end: int, longest: int
) -> list[int]:
    """The ids of the best target, `</s>` left out: that with the highest mean log-probability of a symbol.

    Args:
        source: ids, `</s>` behind them. longest: symbols of a target at most.
    """
    memory, h = model.encoder(torch.tensor([source]), torch.tensor([len(source)]))
    keys, mask = model.decoder.attention.key(memory), torch.ones(1, len(source), dtype=torch.bool)
    hypotheses, scores = torch.full((1, 1), start), torch.zeros(1)
    finished: list[tuple[float, list[int]]] = []
    for length in range(1, longest + 1):
        rows = len(hypotheses)
        x_t = model.decoder.embedding(hypotheses[:, -1:])  # (M, 1, E)
        some = (part.expand(rows, *part.shape[1:]) for part in (keys, memory, mask))
        y, h = model.decoder.step(x_t, h, *some)
        logs = torch.log_softmax(model.decoder.output(y[:, 0]), dim=1)  # (M, N)
        left = min(beam - len(finished), logs.numel())
        scores, places = (scores.unsqueeze(1) + logs).flatten().topk(left)
        parents, symbols = places // logs.shape[1], places % logs.shape[1]
        hypotheses, h = torch.cat([hypotheses[parents], symbols.unsqueeze(1)], dim=1), h[:, parents]
        is_over = symbols == end
        for row in is_over.nonzero().flatten().tolist():
            finished.append((float(scores[row]) / length, hypotheses[row, 1:-1].tolist()))
        if len(finished) >= beam:
            break
        hypotheses, scores, h = hypotheses[~is_over], scores[~is_over], h[:, ~is_over]
    if not finished:
        return [int(symbol) for symbol in hypotheses[0, 1:]]
    return max(finished)[1]
