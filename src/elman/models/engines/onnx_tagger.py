"""The ONNX engine of taggers: exported graphs behind numpy arrays, with the answers of the torch engine.

Knows graphs and arrays; knows no text and no torch. Called by `models.tagger`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.data.tokens import TokenBatch
from elman.decoding.viterbi import Transitions
from elman.files.graphs import Door
from elman.models.config import TaggerConfig
from elman.models.engines.onnx_session import Session, ids32
from elman.models.engines.onnx_words import OnnxWords, WordVectors
from elman.models.folder import Exported
from elman.models.tagging.decoding import has_crf
from elman.text.context import TEMPLATES
from elman.text.features import WordFeatures
from elman.text.labels import LabelSet

NAME = "tagger.onnx"
PARTS = ("begin", "between", "end")


def transition_shapes(config: TaggerConfig, labels: Sequence[LabelSet]) -> dict[str, tuple[int, ...]]:
    """The arrays beside the graphs: for each column K that has CRFs, and each member M of these, `crf.K.M.begin`,
    `crf.K.M.between` and `crf.K.M.end`."""
    found: dict[str, tuple[int, ...]] = {}
    for k, one in enumerate(labels):
        count = len(one.internal)
        for member in range(_scorers(config) if has_crf(one, config.head.crf) else 0):
            shapes = ((count,), (count, count), (count,))
            found.update({f"crf.{k}.{member}.{part}": shape for part, shape in zip(PARTS, shapes, strict=True)})
    return found


def _scorers(config: TaggerConfig) -> int:
    """How many score a column."""
    return config.head.members + (config.contexts is not None)


class OnnxTagger:
    """Runs the graphs of a folder.

    Args:
        exported: the folder, with the arrays of `transition_shapes`.
    """

    exact = True
    """Batches need no round number of rows and steps."""

    def __init__(self, config: TaggerConfig, labels: Sequence[LabelSet], exported: Exported) -> None:
        self._exported = exported
        self._words = OnnxWords(exported.folder, config.embeddings)
        inputs: dict[str, Door] = {
            "vectors": ("float32", (None, self._words.width)),
            "places": ("int64", (None, None)),
            "lengths": ("int32", (None,)),
        }
        if config.contexts is not None:
            inputs["contexts"] = ("int32", (None, None, TEMPLATES))
        self._members = [_scorers(config) if has_crf(one, config.head.crf) else 0 for one in labels]
        reads = config.contexts is not None
        outputs: dict[str, Door] = {
            f"scores_{k}": ("float32", (count or 1 + reads, None, None, len(one.internal)))
            for k, (one, count) in enumerate(zip(labels, self._members, strict=True))
        }
        self._tagger = Session(exported.folder / NAME, inputs=inputs, outputs=outputs)

    def parameters(self) -> int:
        """The number of weights."""
        return self._exported.parameters

    def words(self, words: Sequence[str], features: WordFeatures) -> WordVectors:
        """What batches are to hold of different words."""
        return self._words.of(words, features)

    def emissions(self, batch: TokenBatch) -> list[NDArray[np.float32]]:
        """For each column the scores of its labels, (M, B, T, K): ln p of a softmax, and of contexts where they are
        read; or as the CRF of each member has them, then that of contexts."""
        rows = batch.rows
        vectors = rows.vectors if isinstance(rows, WordVectors) else self._words.made(rows)
        given = {} if batch.contexts is None else {"contexts": batch.contexts}
        return self._tagger.run(vectors=vectors, places=batch.places, lengths=ids32(batch.lengths), **given)

    def likeliest(self, batch: TokenBatch, columns: Sequence[int]) -> list[NDArray[np.int64]]:
        """For each of these columns the likeliest label of every step by itself, (B, T), contexts not heeded."""
        found = self.emissions(batch)
        return [found[k][0].argmax(axis=2) for k in columns]

    def transitions(self, column: int) -> tuple[Transitions, ...]:
        """The weights of the CRF of each member in a column; none where it has a softmax alone."""
        arrays = self._exported.arrays
        every = ([arrays[f"crf.{column}.{m}.{part}"] for part in PARTS] for m in range(self._members[column]))
        return tuple(Transitions(*parts) for parts in every)
