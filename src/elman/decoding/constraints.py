"""What may be written, and what is made less likely, given what has been written: the same for draws and for beams.

Knows scores and histories as numpy arrays; knows no network and no vocabulary. Used by `decoding.stream` and
`decoding.beam`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Scores = TypeVar("Scores", NDArray[np.float32], NDArray[np.float64])
Ids = NDArray[np.int64]
Following = Callable[[int, Ids], Sequence[int] | Ids]
"""Of the number of a text and the symbols written in it (t,): symbols, those that may or that may not come next."""
Forbidden = Sequence[int] | Following
"""Symbols that are never written, or a function that tells them anew for each symbol."""
FEW = 8
"""So many symbols are compared one by one."""


@dataclass(frozen=True)
class Constraints:
    """Which symbols may follow what has been written; the others get the score -inf.

    Args:
        end: the symbol that ends a text. forbidden: symbols, the end too if it is among them; those beyond the columns
            of the scores are of no effect. minimum: symbols before which a text does not end. no_repeat_ngram: so many
            symbols in a row come once in a text; 0 for no such rule.
    """

    end: int | None = None
    forbidden: Forbidden = ()
    minimum: int = 0
    no_repeat_ngram: int = 0

    @property
    def reads_histories(self) -> bool:
        """Whether it matters which symbols have been written, beyond their number."""
        return self.no_repeat_ngram > 0 or callable(self.forbidden)

    def applied_to(self, scores: Scores, symbols: Ids, written: int) -> Scores:
        """A copy of the scores (R, m) of some symbols (R, m) with -inf for what may not follow, where histories do not
        matter."""
        left = scores.copy()
        banned = self._always(written)
        if len(banned) > FEW:
            left[np.isin(symbols, banned)] = -np.inf
        else:  # which is done sooner than looking them up
            for symbol in banned:
                left[symbols == symbol] = -np.inf
        return left

    def applied(self, scores: Scores, written: int, *, histories: Ids, texts: Ids) -> Scores:
        """A copy of the scores (R, N) with -inf for what may not follow.

        Args:
            written: how many symbols each row has. histories: (R, written); read if `reads_histories`. texts: (R,), the
                number of the text that each row is of.
        """
        N = scores.shape[1]
        banned = np.zeros(N, dtype=scores.dtype)
        banned[_within(self._always(written), N)] = -np.inf
        left = scores + banned  # (R, N)
        if callable(self.forbidden):
            for row, text in enumerate(texts.tolist()):
                left[row, _within(self.forbidden(text, histories[row]), N)] = -np.inf
        if self.no_repeat_ngram:
            left[completing(histories, self.no_repeat_ngram)] = -np.inf
        return left

    def _always(self, written: int) -> list[int]:
        """What may not follow so many symbols, whichever they are."""
        banned = [] if callable(self.forbidden) else list(self.forbidden)
        if self.end is not None and written < self.minimum:
            banned.append(self.end)
        return banned


def all_but(allowed: Sequence[int] | Following, *, symbols: int) -> Forbidden:
    """What is forbidden where only the allowed symbols of 0 to symbols - 1 may be written.

    The symbol that ends a text has to be among the allowed ones wherever the text may end.
    """
    if not callable(allowed):
        return tuple(_others(allowed, symbols).tolist())
    return lambda text, history: _others(allowed(text, history), symbols)


def _others(allowed: Sequence[int] | Ids, symbols: int) -> Ids:
    is_other = np.ones(symbols, dtype=bool)
    is_other[_within(allowed, symbols)] = False
    return np.flatnonzero(is_other)


def _within(ids: Sequence[int] | Ids, N: int) -> Ids:
    found = np.asarray(ids, dtype=np.int64)
    return found[found < N]


def completing(histories: Ids, size: int) -> tuple[Ids, Ids]:
    """Pairs (row, symbol), as two arrays: the symbol behind the history (R, t) would repeat `size` symbols of it."""
    t = histories.shape[1]
    if t < size:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    windows = sliding_window_view(histories, size, axis=1)  # (R, t - size + 1, size)
    latest = histories[:, None, t - size + 1 :]  # (R, 1, size - 1)
    rows, places = np.nonzero((windows[:, :, :-1] == latest).all(axis=2))
    return rows, windows[rows, places, -1]


def penalized(scores: Scores, rows: Ids, ids: Ids, *, penalty: float) -> Scores:
    """A copy of logits (R, N) with those at (rows, ids) divided by the penalty if positive, else multiplied.

    Log-probabilities are logits too: none is positive, so each is multiplied. What is left does not sum to 1. A pair
    that is given twice is penalized once.

    Source: Keskar et al. 2019 (CTRL), section 4.1, with the sign told apart so that a penalty above 1 always lowers.
    """
    lowered, found = scores.copy(), scores[rows, ids]
    lowered[rows, ids] = np.where(found > 0, found / penalty, found * penalty)
    return lowered
