"""A language model exported: its graphs, and a comparison row by row: distributions, and ln p of what is read.

Knows the language model and `export`. Called by `models.exporting.writing`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.formats import read
from elman.export.onnx_language_model import nats_graph, softmax_graph, states_graph
from elman.export.onnx_step import readings_graph, step_graph
from elman.models.exporting.checking import ROWS, Comparison, spread_of
from elman.models.folder import stored_tensors
from elman.models.kinds import LANGUAGE_MODEL
from elman.models.language_model import LanguageModel
from elman.text.vocabulary import START

LONGEST = 200
"""Symbols of a row that are compared."""


def graphs(model: LanguageModel, *, int8: bool) -> dict[str, bytes]:
    """The ONNX files by name."""
    config, weights = model.config, stored_tensors(model.engine.arrays(), packed=LANGUAGE_MODEL.packed)
    hidden, impossible = config.stack.hidden, (START,)
    found = {
        "states.onnx": states_graph(config.stack, weights, embedding=config.embedding, int8=int8),
        "softmax.onnx": softmax_graph(
            weights, hidden=hidden, symbols=config.symbols, impossible=impossible, int8=int8
        ),
        "step.onnx": step_graph(
            config.stack, weights, embedding=config.embedding, symbols=config.symbols, impossible=impossible, int8=int8
        ),
    }  # fmt: skip
    if config.embedding.ngrams == 1:
        found["readings.onnx"] = readings_graph(weights, int8=int8)
    if config.softmax.adaptive:
        found["nats.onnx"] = nats_graph(weights, hidden=hidden, impossible=impossible, int8=int8)
    return found


def arrays(model: LanguageModel) -> dict[str, NDArray[np.float32]]:
    """What is computed without a graph: nothing."""
    return {}


def compare(
    model: LanguageModel, other: LanguageModel, *, files: Sequence[Any], reading: Mapping[str, Any] | None
) -> Comparison:
    """Both models on lines of the files, or on rows of symbols, the frequent ones more often: the likeliest next
    symbol is the answer, after all of a row at once and after its last symbol by itself."""
    found = Comparison(foretells=True)
    for ids in rows(model, files=files, reading=reading):
        row, targets = ids[None, :-1], ids[None, 1:]
        wanted, got = (each.engine.nats(None, row, targets=targets)[0] for each in (model, other))
        found.add(wanted[0], got[0])
        logs = [_next(each, row[:, 1:]) for each in (model, other)]
        for mine, its in zip(*logs, strict=True):
            possible = mine > -1e3  # what is never predicted differs by its penalty, which says nothing
            found.add(mine[possible], its[possible])
            found.foretell(mine[possible], its[possible])
    found.rows //= 3
    return found


def _next(model: LanguageModel, row: NDArray[np.int64]) -> list[NDArray[np.float32]]:
    """ln p of every symbol behind a row of ids (1, T), which is read at once, and its last symbol by itself again."""
    engine = model.engine
    state = engine.read(engine.start(1), row)
    return [engine.log_probabilities(state)[0], engine.step(state, row[:, -1])[0][0]]


def rows(model: LanguageModel, *, files: Sequence[Any], reading: Mapping[str, Any] | None) -> list[NDArray[np.int64]]:
    """Rows of ids, `<s>` first, of at least three."""
    start = np.array([START])
    if files:
        lines = spread_of(read([Path(path) for path in files], model.reading(reading)))
        ids = [model.tokenizer.encode(one.text)[:LONGEST].astype(np.int64) for one in lines]
    else:
        generator, known = np.random.default_rng(0), np.arange(2, model.config.symbols)
        often = 1.0 / np.arange(1, len(known) + 1)
        ids = [generator.choice(known, size=2 + n % 60, p=often / often.sum()) for n in range(ROWS)]
    return [np.concatenate([start, one]) for one in ids if len(one) > 1]
