"""Running text in parallel streams, cut into segments: for training from anywhere in the ring, for judging in stripes.

Knows corpora and arrays; knows no network. Called by `models`.
"""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from elman.data.batches import Batch, Ids
from elman.data.config import BatchConfig
from elman.data.corpus import Corpus
from elman.data.examples import some_of
from elman.text.vocabulary import START

JITTER = 0.25
"""Lengths of segments are drawn evenly from 1 - this to 1 + this times the wanted one."""
FRESH = 0.03
"""Share of the segments that are read from a fresh state, as texts that are judged or gone on with begin."""


class Segments:
    """Running text, as a ring, in parallel streams of equal length, from a place drawn anew every epoch.

    A row of a batch goes on where the same row of the one before ended; now and then one forgets, so that the network
    does not unlearn how to begin. The text's end is followed by its begin. If the
    ring cannot be divided evenly, the few symbols that are left over are others every epoch. A short text has fewer
    streams, so that each has two segments. Any batch can be asked for at any time; it depends on seed, epoch and step
    alone.
    """

    def __init__(self, corpus: Corpus, config: BatchConfig, *, seed: int) -> None:
        assert corpus.starts is None, "running text is wanted, not lines"
        assert len(corpus.ids) > 0, "there is no text"
        self._ids, self._seed = corpus.ids, seed
        self.streams = max(1, min(config.batch_size, len(corpus.ids) // (2 * config.segment)))
        self._length = len(corpus.ids) // self.streams
        self._steps = max(1, round(self._length / config.segment))
        self._drawn = lru_cache(maxsize=2)(self._draw)

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has: as many as any other."""
        return self._steps

    def batch(self, epoch: int, step: int) -> Batch:
        """The batch at a place of an epoch."""
        begins, bounds, is_fresh = self._drawn(epoch)
        begin, end = int(bounds[step]), int(bounds[step + 1])
        places = (begins[:, None] + np.arange(begin, end + 1)[None]) % len(self._ids)  # (B, T + 1)
        symbols = self._ids[places].astype(np.int64)
        ids, targets = np.ascontiguousarray(symbols[:, :-1]), np.ascontiguousarray(symbols[:, 1:])
        continues = None if step == 0 else np.where(is_fresh[step], -1, np.arange(self.streams))
        return Batch(ids, targets, np.full(self.streams, end - begin), continues)

    def told(self, epoch: int, step: int) -> str:
        """What the batch at a place of an epoch holds, for people."""
        begins, bounds, _ = self._drawn(epoch)
        places = (begins + int(bounds[step])) % len(self._ids)
        return f"symbols from {some_of(f'{place + 1:,}' for place in places.tolist())} on"

    def _draw(self, epoch: int) -> tuple[Ids, Ids, NDArray[np.bool_]]:
        """Where the streams of an epoch begin in the ring, the steps at which its segments begin and end, and which
        segments of which streams, (steps, B), are read from a fresh state."""
        generator = np.random.default_rng((self._seed, epoch))
        offset = int(generator.integers(len(self._ids)))
        weights = generator.uniform(1 - JITTER, 1 + JITTER, self._steps)
        bounds = np.rint(np.cumsum(weights) / weights.sum() * self._length).astype(np.int64)
        begins = offset + self._length * np.arange(self.streams)
        return begins, np.concatenate([[0], bounds]), generator.random((self._steps, self.streams)) < FRESH


def stripes(corpus: Corpus, *, batch_size: int, segment: int) -> Iterator[Batch]:
    """Running text in so many stretches side by side: every symbol exactly once, quicker than `in_order`.

    Each stretch is read from a fresh state, beginning with the symbol before it (`<s>` before the first).
    """
    assert corpus.starts is None, "running text is wanted, not lines"
    count = len(corpus.ids)
    streams = max(1, min(batch_size, count))
    lengths = np.full(streams, count // streams)
    lengths[: count % streams] += 1  # the longer ones first, so that those that end leave from below
    begins = np.cumsum(lengths) - lengths
    for begin in range(0, int(lengths[0]), segment):
        left = np.minimum(lengths - begin, segment)
        rows = int((left > 0).sum())
        steps = np.arange(int(left[0]) + 1)[None]
        places = begins[:rows, None] + begin + steps - 1  # (B, T + 1)
        symbols = corpus.ids[np.clip(places, 0, count - 1)].astype(np.int64)
        if begin == 0:
            symbols[0, 0] = START
        is_real = steps[:, :-1] < left[:rows, None]
        continues = None if begin == 0 else np.arange(rows)
        yield Batch(symbols[:, :-1] * is_real, symbols[:, 1:] * is_real, left[:rows], continues)
