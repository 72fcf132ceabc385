"""Writing on from a state, symbol by symbol, several texts side by side.

Knows `step(state, ids) → (logits, state)` and how rows of a state are chosen; knows no network and no vocabulary.
Used by `models.language_model`.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.decoding.config import SamplingConfig
from elman.decoding.sampling import distribution, draw, penalized

State = TypeVar("State")
Step = Callable[[State, NDArray[np.int64]], tuple[NDArray[np.float32], State]]


def write(
    state: State,
    logits: NDArray[np.float32],
    *,
    step: Step[State],
    choose: Callable[[State, NDArray[np.int64]], State],
    config: SamplingConfig,
    forbidden: tuple[int, ...] = (),
    end: int | None = None,
    ended: Callable[[int, int], bool] | None = None,
) -> Iterator[tuple[int, int]]:
    """Pairs (number of the text, symbol), as they are written; `end` itself is not given out.

    Every text draws from a generator of its own, made of the seed and the text's number: text k is the same whatever
    else is written beside it.

    Args:
        state: the state of `config.samples` rows after what has been read. logits: (samples, N) of the first symbol.
        step: reads one symbol a row. choose: a state of the given rows, for when texts have ended. forbidden: symbols
            that are never written. end: the symbol that ends a text. ended: asked after each
            pair was given out, whether that text ends with it.
    """
    rows = np.arange(config.samples)
    generators = [np.random.default_rng((config.seed, k)) for k in range(config.samples)]
    written = np.zeros((config.samples, logits.shape[1]), dtype=bool)
    for remaining in range(config.max_tokens, 0, -1):
        scores = logits.astype(np.float64)
        if config.repetition_penalty != 1:
            scores = penalized(scores, written[rows], penalty=config.repetition_penalty)
        scores[:, list(forbidden)] = -np.inf
        ids = draw(distribution(scores, config), np.array([generators[k].random() for k in rows]))
        alive = np.flatnonzero(ids != end)
        if len(alive) < len(rows):
            rows, ids, state = rows[alive], ids[alive], choose(state, alive)
        written[rows, ids] = True
        going_on = np.ones(len(rows), dtype=bool)
        for place, (k, symbol) in enumerate(zip(rows.tolist(), ids.tolist(), strict=True)):
            yield k, symbol
            going_on[place] = ended is None or not ended(k, symbol)
        if not going_on.all():
            alive = np.flatnonzero(going_on)
            rows, ids, state = rows[alive], ids[alive], choose(state, alive)
        if len(rows) == 0 or remaining == 1:
            return
        logits, state = step(state, ids)
