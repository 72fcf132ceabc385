"""The vectors of words by an exported graph: what is known of words goes in, their vectors come out and are kept.

Knows arrays and a graph; of words only how to ask for their features. Used by the ONNX engines of taggers and
classifiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.files.graphs import Door
from elman.models.engines.onnx_session import Session, ids32
from elman.models.engines.vector_memory import VectorMemory
from elman.nn.config import WordEmbeddingConfig
from elman.text.features import WordFeatures, WordRows

NAME = "words.onnx"
AT_ONCE = 2048
"""Words whose vectors are made together."""


@dataclass(frozen=True)
class WordVectors:
    """The vectors (n, D) of n words, in place of what is known of them."""

    vectors: NDArray[np.float32]

    def select(self, places: NDArray[np.int64]) -> "WordVectors":
        """The same of the words at some places; see `WordRows.select`."""
        return WordVectors(self.vectors[places])


class OnnxWords:
    """Makes the vectors of words.

    Args:
        folder: where the graph is. members: what the vectors of each are made of; they stand one after the other. name:
            of the graph's file.
    """

    def __init__(self, folder: Path, members: Sequence[WordEmbeddingConfig], *, name: str = NAME) -> None:
        self.width = sum(one.width for one in members)
        self._reads_ids, self._reads_features, self._reads_characters = (
            any(getattr(one, part) for one in members) for part in ("word_width", "feature_width", "character_hidden")
        )
        self._memory: VectorMemory[str] = VectorMemory(self.width)
        self._may_expect = not self._reads_characters  # to read the characters of many words takes its time
        inputs: dict[str, Door] = {}
        if self._reads_ids:
            inputs["words"] = ("int64", (None,))
        if self._reads_features:
            inputs.update(features=("int64", (None,)), owners=("int64", (None,)), sizes=("int64", (None,)))
        if self._reads_characters:
            inputs.update(characters=("int64", (None, None)), character_lengths=("int32", (None,)))
        self._session = Session(folder / name, inputs=inputs, outputs={"vectors": ("float32", (None, self.width))})

    def of(self, words: Sequence[str], features: WordFeatures) -> WordVectors:
        """The vectors of different words.

        Args:
            features: what is known of words; the same at every call.
        """
        if self._may_expect:
            self._may_expect = False
            self._memory.expect(features.likely())
        return WordVectors(
            self._memory.of(words, lambda new: self.made(features.rows(new, spelt=self._reads_characters)))
        )

    def made(self, rows: WordRows) -> NDArray[np.float32]:
        """The vectors (n, D) of n words by the graph."""
        if len(rows.words) <= AT_ONCE and not self._reads_characters:
            return self._session.run(**self._inputs(rows))[0]
        sizes = np.diff(rows.character_starts)
        found = np.empty((len(sizes), self.width), dtype=np.float32)
        order = np.argsort(sizes, kind="stable") if self._reads_characters else np.arange(len(sizes))
        for begin in range(0, len(order), AT_ONCE):
            some = order[begin : begin + AT_ONCE]
            found[some] = self._session.run(**self._inputs(rows.select(some)))[0]
        return found

    def _inputs(self, rows: WordRows) -> dict[str, NDArray[Any]]:
        given: dict[str, NDArray[Any]] = {}
        if self._reads_ids:
            given["words"] = rows.words
        if self._reads_features:
            counts = rows.feature_starts[1:] - rows.feature_starts[:-1]
            owners = np.arange(len(counts)).repeat(counts)
            given.update(features=rows.features, owners=owners, sizes=counts)
        if self._reads_characters:
            sizes = np.diff(rows.character_starts)
            characters = np.zeros((len(sizes), max(1, int(sizes.max(initial=0)))), dtype=np.int64)
            characters[np.arange(characters.shape[1]) < sizes[:, None]] = rows.characters
            given.update(characters=characters, character_lengths=ids32(sizes))
        return given
