"""From texts to probabilities of labels: texts that are read together, cut into words, put into batches, scored.

Knows labels and an engine by what it can do; knows no file. Used by `models.classifier` and its package.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.data.text_batches import number_texts
from elman.data.tokens import grouped
from elman.models.classifying.labels import TextLabels
from elman.text.config import BagConfig
from elman.text.features import WordFeatures
from elman.text.tokens import split_words

Item = TypeVar("Item")
WINDOW = 2048
"""Texts that are read ahead, so that those of like length can stand in one batch."""
LONGEST_WINDOW = 1 << 20
"""Characters after which a window ends all the same."""
ROWS = 64
TOKENS = 1 << 14
"""Texts side by side, and their words, padding counted."""


class TextReader:
    """Reads the labels of texts off an engine."""

    def __init__(self, engine: Any, features: WordFeatures, *, bag: BagConfig, labels: TextLabels) -> None:
        self.engine, self.features, self.bag, self.labels = engine, features, bag, labels

    def scores(self, texts: Sequence[Sequence[str]]) -> NDArray[np.float32]:
        """The scores of all labels of texts, each a list of words, before any softmax or sigmoid: (n, K); 0 for a text
        without words."""
        data = number_texts(texts, self.features, self.bag)
        found = np.zeros((len(texts), len(self.labels.names)), dtype=np.float32)
        lengths = np.diff(data.starts)
        order = np.argsort(lengths, kind="stable")
        for group in grouped(order[lengths[order] > 0], lengths, rows=ROWS, tokens=TOKENS):
            found[group] = self.engine.scores(data.batch(group))
        return found

    def probabilities(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], int]:
        """The probabilities of all labels of texts, (n, K), and how many words were read; a text without words has
        those of a text of which nothing is known."""
        lists = [split_words(text) for text in texts]
        sizes = np.array([len(tokens) for tokens in lists], dtype=np.int64)
        p = self.labels.probabilities(self.scores(lists))
        p[sizes == 0] = self.labels.prior()
        return p, int(sizes.sum())


def windows(items: Iterable[Item], size_of: Any = len) -> Iterator[list[Item]]:
    """Texts, or what has one, in lists that are read together.

    Args:
        size_of: the characters of an item.
    """
    window: list[Item] = []
    size = 0
    for item in items:
        window.append(item)
        size += size_of(item)
        if len(window) == WINDOW or size >= LONGEST_WINDOW:
            yield window
            window, size = [], 0
    if window:
        yield window
