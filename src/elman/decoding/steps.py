"""What decoding knows of a model: a state, and two functions of it.

Knows no network and no vocabulary. Used by `decoding.stream`, `decoding.beam` and `decoding.ensemble`.
"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

State = TypeVar("State")
"""What a model carries from symbol to symbol, of R rows; decoding hands it on and never looks inside."""

Step = Callable[[State, NDArray[np.int64]], tuple[NDArray[np.float32], State]]
"""Reads one symbol a row, (R,): the log-probabilities (R, N) of the symbol after it, and the state behind it."""

Best = Callable[
    [State, NDArray[np.int64], Callable[[NDArray[np.float32]], NDArray[np.float32]]],
    tuple[NDArray[np.float32], NDArray[np.int64], State],
]
"""Does the same for those symbols of each row alone that are not below its floor: their log-probabilities (R, m), -inf
for none, and which they are (R, m), rising in a row. The floors (R,) follow from log-probabilities (R, N0) of the first
symbols."""

Choose = Callable[[State, NDArray[np.int64]], State]
"""The state of the given rows, in their order; a row may be given several times."""

Attended = Callable[[State], tuple[NDArray[np.float32], NDArray[np.int64]]]
"""The attention (R, S) with which the latest log-probabilities were made, and how many source places are real (R,)."""
