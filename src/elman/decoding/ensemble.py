"""Several models that write one text: the mean of their distributions.

Knows the steps of models with one vocabulary; knows no network. What is made here is stepped by `decoding.beam` and
`decoding.stream` as one model is.
"""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.decoding.steps import Choose, Step

State = TypeVar("State")


def mean(log_probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """ln of the mean of the distributions (R, N), of which at least one is given: ln(sum of exp(l) / their number)."""
    if len(log_probabilities) == 1:
        return log_probabilities[0]
    top = np.maximum.reduce(log_probabilities)  # (R, N)
    top = np.where(np.isfinite(top), top, np.zeros_like(top))
    total = np.zeros_like(top)
    for one in log_probabilities:
        total += np.exp(one - top)
    with np.errstate(divide="ignore"):
        total = np.log(total / len(log_probabilities))
    return np.asarray(top + total)


def averaged(steps: Sequence[Step[State]]) -> Step[tuple[State, ...]]:
    """One step of several models over a tuple of their states; its distribution is the mean of theirs.

    The tuple of states of any rows is given by `all_chosen`.
    """

    def step(states: tuple[State, ...], ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], tuple[State, ...]]:
        found = [one(state, ids) for one, state in zip(steps, states, strict=True)]
        return mean([logs for logs, _ in found]), tuple(state for _, state in found)

    return step


def all_chosen(chooses: Sequence[Choose[State]]) -> Choose[tuple[State, ...]]:
    """The given rows of every state of a tuple."""
    return lambda states, rows: tuple(choose(state, rows) for choose, state in zip(chooses, states, strict=True))
