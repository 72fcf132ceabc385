"""The ONNX engine of classifiers: exported graphs behind numpy arrays, with the answers of the torch engine.

Knows graphs and arrays; knows no text and no torch. Called by `models.classifier`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.symbol_texts import SymbolBatch
from elman.data.text_batches import TextBatch
from elman.files.graphs import Door
from elman.models.config import ClassifierConfig
from elman.models.engines.ngram_rows import ngram_rows
from elman.models.engines.onnx_session import Session, ids32
from elman.models.engines.onnx_words import OnnxWords, WordVectors
from elman.models.folder import Exported
from elman.text.bags import Bags
from elman.text.features import WordFeatures
from elman.text.vocabulary import START

NAME, BAG, SPELLING = "classifier.onnx", "bag.onnx", "spelling.onnx"
Floats = NDArray[np.float32]


class OnnxClassifier:
    """Runs the graphs of a folder."""

    exact = True
    """Batches need no round number of rows and steps."""

    def __init__(self, config: ClassifierConfig, exported: Exported) -> None:
        self._exported, self._symbols = exported, config.symbols
        inputs: dict[str, Door] = {}
        self._words = None
        if config.symbols is None:
            self._words = OnnxWords(exported.folder, [config.embedding])
            inputs.update(vectors=("float32", (None, config.width)), places=("int64", (None, None)))
        else:
            inputs["ids"] = ("int64", (None, None))
            if config.symbols.embedding.ngrams > 1:
                inputs["ngrams"] = ("int64", (None, None, config.symbols.embedding.ngrams - 1))
        inputs["lengths"] = ("int32", (None,))
        self._spelling = None
        if config.spelt is not None:
            self._spelling = OnnxWords(exported.folder, [config.spelling], name=SPELLING)
            inputs.update(spelt_vectors=("float32", (None, config.spelling.width)),
                          spelt_places=("int64", (None, None)), spelt_lengths=("int32", (None,)))  # fmt: skip
        outputs: dict[str, Door] = {"scores": ("float32", (None, config.labels))}
        self._stacks = Session(exported.folder / NAME, inputs=inputs, outputs=outputs)
        bags: dict[str, Door] = dict.fromkeys(("rows", "owners", "sizes"), ("int64", (None,)))
        self._bag = Session(exported.folder / BAG, inputs=bags, outputs=outputs) if config.skip.bag else None

    @property
    def count(self) -> int:
        """How many paths there are: the stacks, and the bag."""
        return 1 if self._bag is None else 2

    def parameters(self) -> int:
        """The number of weights."""
        return self._exported.parameters

    def words(self, words: Sequence[str], features: WordFeatures) -> WordVectors:
        """What batches are to hold of different words."""
        assert self._words is not None
        return self._words.of(words, features)

    def characters(self, characters: Sequence[str], features: WordFeatures) -> WordVectors:
        """Likewise of characters that are read by themselves."""
        assert self._spelling is not None
        return self._spelling.of(characters, features)

    def paths(self, batch: TextBatch) -> Floats:
        """The scores of the labels of a batch of texts by the stacks together and, if there is one, by the bag, before
        any softmax or sigmoid: (paths, n, K)."""
        read = batch.read
        given: dict[str, NDArray[Any]]
        if isinstance(read, SymbolBatch):
            given = {"ids": read.ids, **self._ngrams(read.ids)}
        else:
            given = {"vectors": read.rows.vectors, "places": read.places}
        if batch.spelling is not None:
            spelt = batch.spelling
            given.update(spelt_vectors=spelt.rows.vectors, spelt_places=spelt.places,
                         spelt_lengths=ids32(spelt.lengths))  # fmt: skip
        found = self._stacks.run(lengths=ids32(read.lengths), **given)
        if self._bag is not None:
            found += self._bag.run(**_bag(batch.bags))
        return np.stack(found)

    def _ngrams(self, ids: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """The rows of the n-grams of texts that are read from their begin."""
        assert self._symbols is not None
        config = self._symbols.embedding
        if config.ngrams == 1:
            return {}
        before = np.full((len(ids), config.ngrams - 1), START)
        return {"ngrams": ngram_rows(ids, before, orders=config.ngrams, bits=config.ngram_bits)}


def _bag(bags: Bags) -> dict[str, NDArray[np.int64]]:
    counts = np.diff(bags.starts)
    owners = np.repeat(np.arange(len(counts)), counts)
    return {"rows": bags.rows.astype(np.int64), "owners": owners, "sizes": bags.sizes}
