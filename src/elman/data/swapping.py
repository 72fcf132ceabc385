"""Spans in place of other spans of their kind: in every epoch other sentences, of the same entities.

Knows tokens and labels by their numbers; knows no text. Used by `models.tagging.preparing`.

A label of a span that was met in one sentence alone is learnt together with that sentence. So a share of the spans is
replaced, anew in every epoch, each by one of the same kind that is drawn from all spans of the training part, with all
its labels (mention replacement: Dai & Adel 2020, An Analysis of Simple Data Augmentation for Named Entity Recognition).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from elman.data.config import TokenBatchConfig
from elman.data.tokens import Ids, LabelledTokens, SentenceBatches, TokenBatch
from elman.text.hashing import ragged_places

STREAM = 1
"""Tells these draws from the others that the same seed and epoch make."""


class SwappedBatches:
    """Batches as `SentenceBatches` makes them, of sentences some of whose spans are replaced in each epoch.

    Any batch can be asked for at any time; it depends on seed, epoch and step alone.

    Args:
        internal: the labels of the first column by number, in BIOES.
    """

    def __init__(self, data: LabelledTokens, config: TokenBatchConfig, *, internal: Sequence[str], seed: int) -> None:
        self._data, self._config, self._seed = data, config, seed
        self._bounds, self._kinds = pieces(data, internal)
        self._same = [np.flatnonzero(self._kinds == kind) for kind in range(int(self._kinds.max(initial=-1)) + 1)]
        self._of = lru_cache(maxsize=2)(self._batches)

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return self._of(epoch).steps(epoch)

    def batch(self, epoch: int, step: int) -> TokenBatch:
        """The batch at a place of an epoch."""
        return self._of(epoch).batch(epoch, step)

    def told(self, epoch: int, step: int) -> str:
        """What the batch at a place of an epoch holds, for people."""
        return self._of(epoch).told(epoch, step)

    def _batches(self, epoch: int) -> SentenceBatches[TokenBatch]:
        return SentenceBatches(self.swapped(epoch), self._config, seed=self._seed)

    def swapped(self, epoch: int) -> LabelledTokens:
        """The sentences of an epoch."""
        generator = np.random.default_rng((self._seed, epoch, STREAM))
        chosen = np.arange(len(self._kinds))
        for same in self._same:
            is_replaced = generator.random(len(same)) < self._config.swap_spans
            chosen[same[is_replaced]] = generator.choice(same, int(is_replaced.sum()))
        places, begins = ragged_places(self._bounds, chosen)
        starts = begins[np.searchsorted(self._bounds, self._data.starts)]
        data = self._data
        return replace(data, tokens=data.tokens[places], labels=data.labels[:, places], starts=starts)


def pieces(data: LabelledTokens, internal: Sequence[str]) -> tuple[Ids, NDArray[np.int64]]:
    """What sentences are put together from: where each piece begins, and the end; and of what kind it is, a number from
    0 on if it is a whole span of the first column, else -1. No piece stands in two sentences.

    Args:
        internal: the labels of that column by number, in BIOES.
    """
    letters = np.array([*(label[0] for label in internal), "O"])[data.labels[0]]  # -1 where no label is known
    names = sorted({label[2:] for label in internal if label[1:2] == "-"})
    kind_of = np.array([names.index(label[2:]) if label[1:2] == "-" else -1 for label in internal])
    begins = np.flatnonzero((letters == "B") | (letters == "S"))
    ends = np.flatnonzero((letters == "E") | (letters == "S")) + 1
    stretch, last = (np.searchsorted(data.starts, places, side="right") for places in (begins, ends - 1))
    is_whole = stretch == last  # no span that goes on in the next stretch of a long sentence
    begins, ends = begins[is_whole], ends[is_whole]
    bounds = np.unique(np.concatenate([data.starts, begins, ends]))
    kinds = np.full(len(bounds) - 1, -1)
    kinds[np.searchsorted(bounds, begins)] = kind_of[data.labels[0][begins]]
    return bounds, kinds
