"""From texts to probabilities of labels: texts that are read together, cut up, put into batches, scored.

Knows labels and an engine by what it can do; knows no file. Used by `models.classifier` and its package.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.text_batches import number_texts
from elman.data.tokens import of_like_length
from elman.models.classifying.labels import TextLabels
from elman.models.classifying.starting import encoded
from elman.text.config import BagConfig
from elman.text.features import WordFeatures
from elman.text.tokenizer import Tokenizer
from elman.text.tokens import split_characters, split_words

ROWS = 64
TOKENS = 1 << 11
"""Texts side by side, and their words, padding counted."""


class CutText(NamedTuple):
    """A text as it is read: its words, and, where the engine reads the symbols of a tokenizer, or characters, these."""

    words: list[str]
    symbols: NDArray[np.int32] | None
    characters: list[str] | None = None

    @property
    def size(self) -> int:
        """How much is read."""
        return len(self.words if self.symbols is None else self.symbols)


class TextReader:
    """Reads the labels of texts off an engine.

    Args:
        tokenizer: gives the symbols that the engine reads; None where it reads words. spelling: what is known of
            characters, where it reads them too.
    """

    def __init__(
        self,
        engine: Any,
        features: WordFeatures,
        *,
        bag: BagConfig,
        labels: TextLabels,
        tokenizer: Tokenizer | None = None,
        spelling: WordFeatures | None = None,
    ) -> None:
        self.engine, self.features, self.bag, self.labels = engine, features, bag, labels
        self.tokenizer, self.spelling = tokenizer, spelling

    def cut(self, text: str) -> CutText:
        """A text as `scores` wants it."""
        symbols = None if self.tokenizer is None else encoded(self.tokenizer, text)
        return CutText(split_words(text), symbols, None if self.spelling is None else split_characters(text))

    def scores(self, texts: Sequence[CutText]) -> NDArray[np.float32]:
        """The scores of all labels of texts before any softmax or sigmoid: (n, K); 0 for a text without words."""
        return self.labels.mixed(self.paths(texts))

    def paths(self, texts: Sequence[CutText]) -> NDArray[np.float32]:
        """The same by the stack and, if there is one, by the bag: (paths, n, K)."""
        symbols = [text.symbols for text in texts if text.symbols is not None]
        words = [text.words for text in texts]
        spelt = [text.characters for text in texts if text.characters is not None]
        data = number_texts(
            words, self.features, self.bag, symbols=None if self.tokenizer is None else symbols,
            spelling=None if self.spelling is None else (spelt, self.spelling), engine=self.engine,
        )  # fmt: skip
        found = np.zeros((self.engine.count, len(texts), len(self.labels.names)), dtype=np.float32)
        lengths = np.diff(data.starts)
        with_words = np.flatnonzero([bool(tokens) for tokens in words])
        for group, rows in of_like_length(with_words, lengths, rows=ROWS, tokens=TOKENS):
            found[:, group] = self.engine.paths(data.batch(group, rows=rows))
        return found

    def probabilities(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], int]:
        """The probabilities of all labels of texts, (n, K), and how many words or symbols were read; a text without
        words has those of a text of which nothing is known."""
        found = [self.cut(text) for text in texts]
        p = self.labels.probabilities(self.scores(found))
        p[[not text.words for text in found]] = self.labels.prior()
        return p, sum(text.size for text in found)
