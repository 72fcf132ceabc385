"""Spans in place of other spans of their type: in every epoch other sentences, of the same entities.

Knows tokens and labels by their numbers; knows no text. Used by `models.tagging.preparing`.

A label of a span that was met in one sentence alone is learnt together with that sentence. So a share of the spans is
replaced, anew in every epoch, each by one of the same type that is drawn from all spans of the training part, with all
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
from elman.text.labels import OUTSIDE

STREAM = 1
"""Tells these draws from the others that the same seed and epoch make."""
LONGEST_SPAN = 16
"""Tokens of a span that changes places: longer ones are seldom names, and would make long sentences of short ones."""


class SwappedBatches:
    """Batches as `SentenceBatches` makes them, of sentences some of whose spans are replaced in each epoch.

    Any batch can be asked for at any time; it depends on seed, epoch and step alone.

    Args:
        internal: the labels of the first column by number, in BIOES with types.
    """

    def __init__(self, data: LabelledTokens, config: TokenBatchConfig, *, internal: Sequence[str], seed: int) -> None:
        self._data, self._config, self._seed = data, config, seed
        self._bounds, types = _pieces(data, internal)
        self._pieces = len(types)
        self._same = [np.flatnonzero(types == one) for one in range(int(types.max(initial=-1)) + 1)]
        self._of = lru_cache(maxsize=2)(self._batches)
        self._counted = lru_cache(maxsize=None)(lambda epoch: self._batches(epoch).steps(epoch))

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return self._counted(epoch)

    def batch(self, epoch: int, step: int) -> TokenBatch:
        """The batch at a place of an epoch."""
        return self._of(epoch).batch(epoch, step)

    def told(self, epoch: int, step: int) -> str:
        """Where the sentences of the batch at a place of an epoch come from, for people."""
        return self._of(epoch).told(epoch, step)

    def swapped(self, epoch: int) -> LabelledTokens:
        """The sentences of an epoch."""
        generator = np.random.default_rng((self._seed, epoch, STREAM))
        chosen = np.arange(self._pieces)
        for same in self._same:
            is_replaced = generator.random(len(same)) < self._config.swap_spans
            chosen[same[is_replaced]] = generator.choice(same, int(is_replaced.sum()))
        places, begins = ragged_places(self._bounds, chosen)
        starts = begins[np.searchsorted(self._bounds, self._data.starts)]
        data = self._data
        return replace(data, tokens=data.tokens[places], labels=data.labels[:, places], starts=starts)

    def _batches(self, epoch: int) -> SentenceBatches[TokenBatch]:
        return SentenceBatches(self.swapped(epoch), self._config, seed=self._seed)


def _pieces(data: LabelledTokens, internal: Sequence[str]) -> tuple[Ids, NDArray[np.int64]]:
    """What sentences are put together from: where each piece begins, and the end; and of which type it is, a number
    from 0 on if it is a whole span of the first column that is not too long, else -1. No piece stands in two sentences.

    Args:
        internal: the labels of that column by number, in BIOES with types.
    """
    letters = np.array([*(label[0] for label in internal), OUTSIDE])[data.labels[0]]  # -1 where no label is known
    numbers: dict[str, int] = {}
    type_of = np.array([-1 if label == OUTSIDE else numbers.setdefault(label[2:], len(numbers)) for label in internal])
    begins = np.flatnonzero((letters == "B") | (letters == "S"))
    ends = np.flatnonzero((letters == "E") | (letters == "S")) + 1
    stretch, last = (np.searchsorted(data.starts, places, side="right") for places in (begins, ends - 1))
    fits = (stretch == last) & (ends - begins <= LONGEST_SPAN)  # it does not go on in the next stretch of a sentence
    begins, ends = begins[fits], ends[fits]
    bounds = np.unique(np.concatenate([data.starts, begins, ends]))
    types = np.full(len(bounds) - 1, -1)
    types[np.searchsorted(bounds, begins)] = type_of[data.labels[0][begins]]
    return bounds, types
