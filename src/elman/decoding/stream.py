"""Writing on from a state, symbol by symbol, several texts side by side.

Knows `step(state, ids) → (logits, state)` and how rows of a state are chosen; knows no network and no vocabulary.
Used by the models that write text.
"""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from elman.decoding.config import SamplingConfig
from elman.decoding.constraints import Constraints, Forbidden, penalized
from elman.decoding.sampling import distribution, draw
from elman.decoding.steps import Choose, State, Step
from elman.errors import OptionError


def write(
    state: State,
    logits: NDArray[np.float32],
    *,
    step: Step[State],
    choose: Choose[State],
    config: SamplingConfig,
    forbidden: Forbidden = (),
    end: int | None = None,
    ended: Callable[[int, int], bool] | None = None,
) -> Iterator[tuple[int, int]]:
    """Pairs (number of the text, symbol), as they are written; `end` itself is not given out.

    Every text draws from a generator of its own, made of the seed and the text's number: text k is the same whatever
    else is written beside it. A text that no symbol may go on ends there.

    Args:
        state: the state of `config.samples` rows after what has been read. logits: (samples, N) of the first symbol.
        step: reads one symbol a row. choose: a state of the given rows, for when texts have ended. forbidden: symbols
            that are never written, or a function that tells them, as in `Constraints`. end: the symbol that ends a
            text. ended: asked after each pair was given out, whether that text ends with it.
    Raises:
        OptionError: `config.minimum_tokens` where no symbol ends a text.
    """
    if config.minimum_tokens and end is None:
        raise OptionError("this model writes no </s>", where="--minimum-tokens", mend="leave it out")
    rules = Constraints(end, forbidden, config.minimum_tokens, config.no_repeat_ngram)
    rows, histories = np.arange(config.samples), np.zeros((config.samples, 0), dtype=np.int64)
    generators = [np.random.default_rng((config.seed, k)) for k in range(config.samples)]
    written = np.zeros((config.samples, logits.shape[1]), dtype=bool)
    for count in range(config.max_tokens):
        scores = logits.astype(np.float64)
        if config.repetition_penalty != 1:
            scores = penalized(scores, *np.nonzero(written[rows]), penalty=config.repetition_penalty)
        scores = rules.applied(scores, count, histories=histories, texts=rows)
        possible = np.flatnonzero(scores.max(axis=1) > -np.inf)
        uniform = np.array([generators[k].random() for k in rows[possible]])
        ids = draw(distribution(scores[possible], config), uniform)
        alive, ids = possible[ids != end], ids[ids != end]
        if len(alive) < len(rows):
            rows, histories, state = rows[alive], histories[alive], choose(state, alive)
        written[rows, ids] = True
        if rules.reads_histories:
            histories = np.concatenate([histories, ids[:, None]], axis=1)
        going_on = np.ones(len(rows), dtype=bool)
        for place, (k, symbol) in enumerate(zip(rows.tolist(), ids.tolist(), strict=True)):
            yield k, symbol
            going_on[place] = ended is None or not ended(k, symbol)
        if not going_on.all():
            alive = np.flatnonzero(going_on)
            rows, ids, histories, state = rows[alive], ids[alive], histories[alive], choose(state, alive)
        if len(rows) == 0 or count == config.max_tokens - 1:
            return
        logits, state = step(state, ids)
