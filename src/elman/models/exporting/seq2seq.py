"""A seq2seq model exported: its graphs, and a comparison step by step.

Knows the model and `export`. Called by `models.exporting.writing`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.pairs import read_pairs
from elman.export.onnx_seq2seq import decoder_graph, encoder_graph, tails_graph
from elman.models.exporting.checking import ROWS, Comparison, spread_of
from elman.models.seq2seq import Seq2Seq
from elman.text.vocabulary import START

STEPS = 12
"""Symbols of a target that are compared."""
AT_ONCE = 32
LONGEST = 100


def graphs(model: Seq2Seq, *, int8: bool) -> dict[str, bytes]:
    """The ONNX files by name."""
    shape, weights = model.config.shape, model.engine.arrays()
    found = {
        "encoder.onnx": encoder_graph(shape, weights, int8=int8),
        "decoder.onnx": decoder_graph(shape, weights, int8=int8),
    }
    if shape.embedding.adaptive and not shape.decoder.copy:
        found["narrow.onnx"] = decoder_graph(shape, weights, int8=int8, narrow=True)
        found["tails.onnx"] = tails_graph(shape, weights, int8=int8)
    return found


def arrays(model: Seq2Seq) -> dict[str, NDArray[np.float32]]:
    """What is computed without a graph: nothing."""
    return {}


def compare(model: Seq2Seq, other: Seq2Seq, *, files: Sequence[Any], reading: Mapping[str, Any] | None) -> Comparison:
    """Both models on sources of the files, or on some that are made of known symbols: the distribution at every step
    of what the first of the two writes, the likeliest symbol being the answer."""
    found, sources = Comparison(foretells=True), rows(model, files=files, reading=reading)
    for begin in range(0, len(sources), AT_ONCE):
        some = sources[begin : begin + AT_ONCE]
        lengths = np.array([len(one) for one in some])
        source = np.zeros((len(some), int(lengths.max())), dtype=np.int64)
        source[np.arange(source.shape[1]) < lengths[:, None]] = np.concatenate(some)
        copies = source % model.config.target_symbols if model.config.decoder.copy else None
        states = [each.engine.encode(source, lengths, copies) for each in (model, other)]
        ids = np.full(len(some), START)
        for _ in range(STEPS):
            (wanted, one), (got, two) = (each.engine.step(state, ids) for each, state in
                                         zip((model, other), states, strict=True))  # fmt: skip
            states = [one, two]
            for mine, its in zip(wanted, got, strict=True):
                possible = mine > -1e3  # what is never written differs by its penalty, which says nothing
                found.add(mine[possible], its[possible])
                found.foretell(mine[possible], its[possible])
            ids = wanted.argmax(axis=1)
    found.rows = len(sources)
    return found


def rows(model: Seq2Seq, *, files: Sequence[Any], reading: Mapping[str, Any] | None) -> list[NDArray[np.int64]]:
    """Sources as ids."""
    if files:
        pairs = spread_of(read_pairs([Path(path) for path in files], model.reading(reading), targeted=False))
        ids = [model.source.encode(pair.source)[:LONGEST].astype(np.int64) for pair in pairs]
        return [one for one in ids if len(one)]
    generator, known = np.random.default_rng(0), np.arange(3, max(4, model.config.source_symbols))
    often = 1.0 / np.arange(1, len(known) + 1)
    return [generator.choice(known, size=1 + n % 40, p=often / often.sum()) for n in range(ROWS)]
