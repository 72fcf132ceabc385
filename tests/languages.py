"""Tiny languages whose every distribution is known: a symbol depends on all that is before it."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

END = 0
Prefix = tuple[int, ...]
State = list[tuple[int, Prefix]]
"""Of each row the number of its language and what has been written in it."""


@dataclass(frozen=True)
class Languages:
    """Random languages over N symbols, END among them, each with a source of its own length to attend to.

    Args:
        rounded: log-probabilities are multiples of 1/2 below 0 instead, so that many texts are equally good; they do
            not sum to 1 then.
    """

    symbols: int = 4
    seed: int = 0
    rounded: bool = False

    def logs(self, language: int, prefix: Prefix) -> NDArray[np.float32]:
        """The log-probabilities (N,) of what follows."""
        scores = 2 * _drawn(self.symbols, (self.seed, language, *prefix))
        if self.rounded:
            return np.asarray(-np.abs(np.round(scores)) / 2, dtype=np.float32)
        return np.asarray(scores - np.logaddexp.reduce(scores), dtype=np.float32)

    def source(self, language: int) -> int:
        """The length of what is attended to."""
        return 1 + (language + self.seed) % 3

    def alpha(self, language: int, prefix: Prefix) -> NDArray[np.float32]:
        """The attention (S,) with which what follows a prefix is foretold."""
        weights = np.exp(_drawn(self.source(language), (self.seed, 99, language, *prefix)))
        return np.asarray(weights / weights.sum(), dtype=np.float32)

    def begin(self, languages: list[int]) -> tuple[NDArray[np.float32], State]:
        """What is known before the first symbol, a row for each of the languages."""
        state: State = [(language, ()) for language in languages]
        return self._told(state), state

    def step(self, state: State, ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], State]:
        """The state that has read one symbol a row."""
        state = [(language, (*prefix, symbol)) for (language, prefix), symbol in zip(state, ids.tolist(), strict=True)]
        return self._told(state), state

    def choose(self, state: State, rows: NDArray[np.int64]) -> State:
        """The given rows."""
        return [state[row] for row in rows.tolist()]

    def attended(self, state: State) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The attention, with padding to the longest source in the batch, and the lengths of the sources."""
        lengths = np.array([self.source(language) for language, _ in state])
        padded = np.zeros((len(state), lengths.max()), dtype=np.float32)
        for row, (language, prefix) in enumerate(state):
            padded[row, : lengths[row]] = self.alpha(language, prefix)
        return padded, lengths

    def _told(self, state: State) -> NDArray[np.float32]:
        return np.array([self.logs(language, prefix) for language, prefix in state], dtype=np.float32)


@functools.lru_cache(maxsize=100_000)
def _drawn(count: int, key: tuple[int, ...]) -> NDArray[np.float64]:
    return np.random.default_rng((7, *(number + 1 for number in key))).standard_normal(count)
