"""A tagger exported: its graphs, the transitions of its CRFs, and a comparison sentence by sentence.

Knows the tagger and `export`. Called by `models.exporting.writing`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.sentences import read_sentences
from elman.export.onnx_graph import part_of
from elman.export.onnx_tagger import tagger_graph
from elman.export.onnx_words import words_graph
from elman.models.exporting.checking import ROWS, Comparison, spread_of
from elman.models.folder import stored_tensors
from elman.models.kinds import TAGGER
from elman.models.tagger import Tagger
from elman.models.tagging.decoding import LabelReader
from elman.text.context import TEMPLATES
from elman.text.features import WordFeatures

PARTS = ("begin", "between", "end")


def graphs(model: Tagger, *, int8: bool) -> dict[str, bytes]:
    """The ONNX files by name."""
    config, weights = model.config, stored_tensors(model.engine.arrays(), packed=TAGGER.packed)
    return {
        "words.onnx": words_graph(
            [(read, part_of(weights, f"members.{k}.embedding.")) for k, read in enumerate(config.embeddings)],
            words=config.words_known, features=config.features_known,
        ),
        "tagger.onnx": tagger_graph(
            config.stack, weights, widths=[read.width for read in config.embeddings],
            crf=[bool(model.engine.transitions(k)) for k in range(len(model.labels))], int8=int8,
            contexts=None if config.contexts_known is None else (config.contexts_known, TEMPLATES),
            smoothing=config.head.label_smoothing,
        ),
    }  # fmt: skip


def arrays(model: Tagger) -> dict[str, NDArray[np.float32]]:
    """What is computed without a graph."""
    return {
        f"crf.{k}.{member}.{part}": getattr(one, part)
        for k in range(len(model.labels))
        for member, one in enumerate(model.engine.transitions(k))
        for part in PARTS
    }


def compare(model: Tagger, other: Tagger, *, files: Sequence[Any], reading: Mapping[str, Any] | None) -> Comparison:
    """Both taggers on sentences of the files, or on some that are made of known words."""
    if files:
        read = read_sentences(list(files), model.reading(reading), labelled=False)
        sentences = spread_of([list(one.tokens) for one in spread_of(read) if one.tokens])
    else:
        sentences = made(model.features)
    found = Comparison()
    readers = (  # of what engines give
        LabelReader(one.engine, one.features, one.labels, contexts=one.reader.contexts) for one in (model, other)
    )
    wanted, got = (dict(reader.distributions(sentences)) for reader in readers)
    for number, columns in wanted.items():
        for (mine, _), (its, _) in zip(columns, got[number], strict=True):
            found.add(mine, its)
    for labels, others in zip(model.reader.labels_of(sentences), other.reader.labels_of(sentences), strict=True):
        for ids, its_ids in zip(labels, others, strict=True):
            found.answer(ids.tolist(), its_ids.tolist())
    return found


def made(features: WordFeatures) -> list[list[str]]:
    """Sentences of 1 to 40 words, each as often as it was in training; now and then one that was not there."""
    generator = np.random.default_rng(0)
    words = ["?", *features.vocabulary]
    often = np.maximum(features.counts, 1) / np.maximum(features.counts, 1).sum()
    found = []
    for number in range(ROWS):
        drawn = generator.choice(len(words), size=1 + number % 40, p=often)
        found.append([words[k] if k else f"Un{words[place % len(words)]}ed" for place, k in enumerate(drawn)])
    return found
