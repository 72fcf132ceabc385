"""Batches: rows of ids side by side. What a batch is; lines in batches for training; every symbol once, for judging.

Knows corpora and arrays; knows no network. Running text in training is in `segments`. Called by `models`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.config import BatchConfig
from elman.data.corpus import Corpus
from elman.data.examples import numbered_texts
from elman.text.vocabulary import END, START

Ids = NDArray[np.int64]
BLOCK = 1 << 16
"""Lines that are shuffled and sorted together; blocks come in an order drawn anew every epoch."""
NOISE = 0.2
"""Lines are sorted by length times 1 to 1 + this: rows of a batch are of like length, but other ones every epoch."""
WINDOW = 4096
"""Lines that are sorted together when they are read in order."""


@dataclass(frozen=True)
class Batch:
    """Rows of symbols, the symbols that follow them, and where the rows come from.

    Args:
        ids: (B, T), what is read. targets: (B, T), what is to be predicted at each step. lengths: (B,), real steps;
            padding, on the right, is 0. continues: (B,), the rows of the previous batch whose state these go on from,
            -1 for a fresh state; None where all are fresh. rows: (B,), the numbers of the lines, where they are read in
            order.
    """

    ids: Ids
    targets: Ids
    lengths: Ids
    continues: Ids | None
    rows: Ids | None = None


class LineBatches:
    """The lines of a corpus in batches of like length, in an order drawn from seed and epoch.

    A line is read as `<s> x …` and predicted as `x … </s>`. Lines longer than a segment are spread over consecutive
    batches, which those that have ended leave. Any batch can be asked for at any time; it depends on seed, epoch and
    step alone.
    """

    def __init__(self, corpus: Corpus, config: BatchConfig, *, seed: int) -> None:
        assert corpus.starts is not None, "lines are wanted, not running text"
        self._corpus, self._config, self._seed = corpus, config, seed
        self._starts = corpus.starts
        self._blocks = range(0, corpus.counts.sequences, BLOCK)
        self._block_steps = np.array([self._steps_of_block(begin) for begin in self._blocks], dtype=np.int64)
        self._order = lru_cache(maxsize=2)(self._draw_order)
        self._plan = lru_cache(maxsize=2)(self._draw_plan)

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has: as many as any other."""
        return int(self._block_steps.sum())

    def batch(self, epoch: int, step: int) -> Batch:
        """The batch at a place of an epoch."""
        lines, segment = self._lines(epoch, step)
        return line_batch(self._corpus, lines, segment=segment, steps=self._config.segment)

    def told(self, epoch: int, step: int) -> str:
        """What the batch at a place of an epoch holds, for people."""
        return numbered_texts("lines", self._lines(epoch, step)[0])

    def _lines(self, epoch: int, step: int) -> tuple[Ids, int]:
        """The lines of a batch, and which of their segments it has."""
        order, ends = self._order(epoch)
        place = int(np.searchsorted(ends, step, side="right"))
        plan = self._plan(epoch, int(order[place]))
        return plan.at(step - (int(ends[place - 1]) if place else 0))

    def _draw_order(self, epoch: int) -> tuple[Ids, Ids]:
        """The blocks as they come, and the step at which each ends."""
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._blocks))
        return order, np.cumsum(self._block_steps[order])

    def _draw_plan(self, epoch: int, block: int) -> "_Plan":
        begin = self._blocks[block]
        return _plan(
            begin, self._lengths(begin), config=self._config,
            generator=np.random.default_rng((self._seed, epoch, block)), noise=NOISE,
        )  # fmt: skip

    def _lengths(self, begin: int) -> Ids:
        """Symbols to be predicted in each line of a block, `</s>` counted."""
        return np.diff(self._starts[begin : begin + BLOCK + 1]) + 1

    def _steps_of_block(self, begin: int) -> int:
        """Lines are sorted by their number of segments first, so that no draw changes how many batches there are."""
        segments = np.sort(-(-self._lengths(begin) // self._config.segment))
        return int(segments[_last_of_batches(len(segments), self._config.batch_size)].sum())


@dataclass(frozen=True)
class _Plan:
    """Batches of a block, in order: the lines of each, and the step at which each ends."""

    batches: list[Ids]
    ends: Ids

    def at(self, step: int) -> tuple[Ids, int]:
        """The lines of the batch at a step, and which of its segments it is."""
        place = int(np.searchsorted(self.ends, step, side="right"))
        return self.batches[place], step - (int(self.ends[place - 1]) if place else 0)


def _plan(begin: int, lengths: Ids, *, config: BatchConfig, generator: np.random.Generator, noise: float) -> _Plan:
    """Cut a block of lines, the first of which has the number `begin`, into batches of like length; shuffle these."""
    segments = -(-lengths // config.segment)
    noisy = lengths * (1 + noise * generator.random(len(lengths)))
    order = np.lexsort((noisy, segments))
    last = _last_of_batches(len(order), config.batch_size)
    steps = segments[order][last]
    shuffled = generator.permutation(len(last))
    batches = [_longest_first(begin + order[k * config.batch_size : last[k] + 1], lengths, begin) for k in shuffled]
    return _Plan(batches, np.cumsum(steps[shuffled]))


def _longest_first(lines: Ids, lengths: Ids, begin: int) -> Ids:
    return lines[np.argsort(-lengths[lines - begin], kind="stable")]


def _last_of_batches(count: int, batch_size: int) -> Ids:
    """The place of the last row of every batch, if so many rows are cut in order."""
    return np.minimum(np.arange(batch_size, count + batch_size, batch_size), count) - 1


def line_batch(corpus: Corpus, lines: Ids, *, segment: int, steps: int) -> Batch:
    """The batch of the given segment, of so many steps, of lines that stand longest first."""
    assert corpus.starts is not None
    starts = corpus.starts[lines]
    left = corpus.starts[lines + 1] - starts + 1 - segment * steps
    lines, starts, left = lines[left > 0], starts[left > 0], left[left > 0]
    lengths = np.minimum(left, steps)
    place = segment * steps + np.arange(int(lengths.max()))[None]  # (1, T)
    is_real = place < (segment * steps + lengths)[:, None]
    is_end = place == (left + segment * steps - 1)[:, None]
    targets = _gather(corpus.ids, starts[:, None] + place)  # (B, T)
    targets[is_end] = END
    ids = _gather(corpus.ids, starts[:, None] + place - 1)
    ids[:, place[0] == 0] = START
    continues = None if segment == 0 else np.arange(len(lines))
    return Batch(ids * is_real, targets * is_real, lengths, continues, rows=lines)


def _gather(ids: NDArray[Any], places: Ids) -> Ids:
    """The ids at the given places; anything where there is no such place."""
    if len(ids) == 0:
        return np.zeros(places.shape, dtype=np.int64)
    return ids[np.clip(places, 0, len(ids) - 1)].astype(np.int64)


def in_order(corpus: Corpus, *, batch_size: int, segment: int) -> Iterator[Batch]:
    """Every symbol of a corpus exactly once: running text as one stream that begins with `<s>`; lines side by side.

    Lines are sorted by length inside windows of some thousand, whose batches come in a mixed order, so that the first
    ones are a fair sample; `rows` tells which lines they are.
    """
    if corpus.starts is None:
        yield from _one_stream(corpus.ids, segment)
        return
    config = BatchConfig(batch_size=batch_size, segment=segment)
    for begin in range(0, corpus.counts.sequences, WINDOW):
        lengths = np.diff(corpus.starts[begin : begin + WINDOW + 1]) + 1
        plan = _plan(begin, lengths, config=config, generator=np.random.default_rng(0), noise=0)
        for step in range(int(plan.ends[-1])):
            lines, place = plan.at(step)
            yield line_batch(corpus, lines, segment=place, steps=segment)


def _one_stream(ids: NDArray[Any], segment: int) -> Iterator[Batch]:
    previous = START
    for begin in range(0, len(ids), segment):
        targets = ids[begin : begin + segment].astype(np.int64)
        read = np.concatenate([[previous], targets[:-1]])
        previous = int(targets[-1])
        continues = None if begin == 0 else np.zeros(1, dtype=np.int64)
        yield Batch(read[None], targets[None], np.array([len(targets)]), continues)
