"""Beam search: the best texts, several hypotheses of many texts side by side.

Knows `step(state, ids) → (log-probabilities, state)` and how rows of a state are chosen; knows no network and no
vocabulary. Used by the models that write a text for a text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.decoding.config import BeamConfig
from elman.decoding.constraints import Constraints, Forbidden, penalized
from elman.decoding.steps import Attended, Best, Choose, State, Step
from elman.errors import OptionError

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
Attention = tuple[NDArray[np.float32], Ids]

BLOCKS = 128
"""Of so many groups of columns the greatest are looked at first; 64 and 256 were measured no faster."""
LEAST = np.finfo(np.float32).min
"""No continuation has a lower score but for -inf, which is none."""
FAINT = 1e-10
"""A source place that was attended to less than this counts as much, so that its logarithm is finite."""


@dataclass(frozen=True)
class Hypothesis:
    """One text that a search has found.

    Args:
        ids: (T,), without the end. log_probability: the model's, of the ids and, if finished, the end. score: what
            hypotheses are ordered by. finished: whether it ends by itself; if not, it was cut at the greatest length,
            or nothing was allowed to follow. attention: (T, S), over the real places of the source, a row a symbol.
    """

    ids: Ids
    log_probability: float
    score: float
    finished: bool
    attention: NDArray[np.float32] | None = None


def beam_search(  # noqa: PLR0913 what a model can be asked, and what is searched for
    begun: tuple[NDArray[np.float32], State],
    *,
    step: Step[State],
    choose: Choose[State],
    config: BeamConfig,
    end: int,
    longest: Sequence[int] | Ids,
    forbidden: Forbidden = (),
    attended: Attended[State] | None = None,
    best: Best[State] | None = None,
) -> list[list[Hypothesis]]:
    """The `n_best` best texts of each of n searches, best first; fewer where fewer were found.

        score = l / (symbols written, the end counted)^a + b * sum over the source of ln(min(attention, 1))

    l is the log-probability; with a repetition penalty r, each term of a symbol that the text already has counts r
    times. Attention is summed over the steps, that of the end too (Wu et al. 2016, Google's NMT, equation 14).

    A text has `beam` places. At each step its likeliest continuations, by l, take them; of equal ones first those of
    the better hypothesis, then those with the lower id. A hypothesis that ends keeps its place for good, so that a
    beam of 1 is greedy. A text is done when all its places have ended, or when no hypothesis can still come before the
    `n_best`-th finished one: no term of l is positive, so that l / longest^a is the most that it can reach. What was
    cut is told as not finished and stands behind all that is finished, whatever its score. A text has the same
    hypotheses whatever else is searched beside it.

    Args:
        begun: what `step` has given: log-probabilities (n, N) of the first symbol, and the state of n rows.
        end: the symbol that ends a text. longest: (n,), at least 1: most symbols of each text, the end counted, where
            `config.maximum_length` is None. forbidden: as in `Constraints`. attended: asked after every step. best:
            asked in place of `step` where nothing depends on what has been written, with the same texts.
    Raises:
        OptionError: a coverage penalty without attention.
    """
    log_probabilities, state = begun
    if config.coverage_penalty and attended is None:
        raise OptionError("nothing is attended to", where="--coverage-penalty", mend="leave it out")
    rules = Constraints(end, forbidden, config.minimum_length, config.no_repeat_ngram)
    n = len(log_probabilities)
    cap = np.full(n, config.maximum_length) if config.maximum_length is not None else np.array(longest, dtype=np.int64)
    found, rows = _Found(config, cap), _Rows.first(n)
    if config.repetition_penalty != 1 or rules.reads_histories:
        best = None
    symbols = None
    while len(rows.texts):
        attention = None if attended is None else attended(state)
        found.remember(attention, rows)
        scores = _searched(log_probabilities, symbols, rows, config=config, rules=rules)
        chosen = _likeliest(scores, rows, found.room, few=symbols is not None)
        after = rows.after(*chosen, log_probabilities, symbols, attention if config.coverage_penalty else None)
        found.leave(rows, after)
        going = found.sorted_out(after, after.histories[:, -1] == end)
        if not going.any():
            break
        rows = after.some(going)
        if not np.array_equal(rows.parents, np.arange(len(log_probabilities))):
            state = choose(state, rows.parents)
        floor = partial(_floors_of, rows=rows, room=found.room, rules=rules)
        log_probabilities, symbols, state = _read_on(state, rows.histories[:, -1], step, best=best, floor=floor)
    return found.best()


def _read_on(
    state: State, ids: Ids, step: Step[State], *, best: Best[State] | None, floor: Callable[[Any], Any]
) -> tuple[NDArray[np.float32], Ids | None, State]:
    """Log-probabilities behind the latest symbols, which symbols they are of, None where of all, and the state."""
    if best is not None:
        return best(state, ids, floor)
    log_probabilities, state = step(state, ids)
    return log_probabilities, None, state


@dataclass(frozen=True)
class _Rows:
    """R hypotheses, those of a text side by side, the likeliest first.

    Args:
        texts: (R,). parents: (R,), rows of the step before. totals: (R,), l. logs: (R,), l without penalties.
        histories: (R, t). attention: sums (R, S) over the steps and the real places (R,), or None.
    """

    texts: Ids
    parents: Ids
    totals: Floats
    logs: Floats
    histories: Ids
    attention: tuple[Floats, Ids] | None

    @staticmethod
    def first(n: int) -> "_Rows":
        """A hypothesis without a symbol for each of n texts."""
        return _Rows(np.arange(n), np.arange(n), np.zeros(n), np.zeros(n), np.zeros((n, 0), dtype=np.int64), None)

    def after(
        self, parents: Ids, columns: Ids, totals: Floats, logs: NDArray[np.float32], symbols: Ids | None,
        attention: Attention | None,
    ) -> "_Rows":  # fmt: skip
        """The hypotheses that are one symbol longer."""
        ids = columns if symbols is None else symbols[parents, columns]
        summed = None
        if attention is not None:
            alpha, lengths = attention
            summed = alpha[parents].astype(np.float64), lengths[parents]
            if self.attention is not None:
                summed[0][:] += self.attention[0][parents, : alpha.shape[1]]
        return _Rows(
            self.texts[parents], parents, totals, self.logs[parents] + logs[parents, columns],
            np.concatenate([self.histories[parents], ids[:, None]], axis=1), summed,
        )  # fmt: skip

    def some(self, which: NDArray[np.bool_]) -> "_Rows":
        """Those that are marked."""
        summed = None if self.attention is None else (self.attention[0][which], self.attention[1][which])
        return _Rows(
            self.texts[which], self.parents[which], self.totals[which], self.logs[which], self.histories[which], summed
        )


def _searched(
    log_probabilities: NDArray[np.float32], symbols: Ids | None, rows: _Rows, *, config: BeamConfig, rules: Constraints
) -> NDArray[np.float32]:
    """The terms of l (R, N), or of some symbols (R, m): penalized, and -inf for what may not be written."""
    scores, (R, t) = log_probabilities, rows.histories.shape
    if symbols is not None:
        return rules.applied_to(scores, symbols, t)
    if config.repetition_penalty != 1:
        places = np.repeat(np.arange(R), t)
        scores = penalized(scores, places, rows.histories.ravel(), penalty=config.repetition_penalty)
    return rules.applied(scores, t, histories=rows.histories, texts=rows.texts)


def _likeliest(scores: NDArray[np.float32], rows: _Rows, room: Ids, *, few: bool) -> tuple[Ids, Ids, Floats]:
    """The likeliest continuations of each text, as many as it has room for: their rows, symbols and l.

    Only what is not below a floor is looked at one by one, which was measured ten times faster than argpartition.

    Args:
        few: whether the scores are of few symbols, of which each is looked at.
    """
    floors = LEAST if few else _floors(scores, rows, room)[:, None]
    parents, ids = np.divmod(np.flatnonzero(scores >= floors), scores.shape[1])
    totals = rows.totals[parents] + scores[parents, ids]
    texts = rows.texts[parents]
    order = np.lexsort((-totals, texts))  # stable: of equal ones the earlier row and the lower id come first
    texts = texts[order]
    rank = np.arange(len(texts)) - np.searchsorted(texts, texts)
    order = order[rank < room[texts]]
    return parents[order], ids[order], totals[order]


def _floors_of(first: NDArray[np.float32], *, rows: _Rows, room: Ids, rules: Constraints) -> NDArray[np.float32]:
    """The same, (R,), of ln p (R, N0) of the first symbols alone."""
    written = rows.histories.shape[1]
    return _floors(rules.applied(first, written, histories=rows.histories, texts=rows.texts), rows, room)


def _floors(scores: NDArray[np.float32], rows: _Rows, room: Ids) -> NDArray[np.float32]:
    """For each row a score (R,) that no continuation falls below for which its text has room.

    The columns are dealt to blocks. Where a text has m places, the m-th of the greatest of all blocks of its rows is
    such a score. It is lowered a little against rounding, and to a finite number: -inf is no continuation.
    """
    R, N = scores.shape
    blocks = min(N, max(BLOCKS, 8 * int(room.max())))
    tops = scores[:, : N // blocks * blocks].reshape(R, N // blocks, blocks).max(axis=1)  # (R, blocks)
    is_first = np.ones(R, dtype=bool)
    is_first[1:] = rows.texts[1:] != rows.texts[:-1]
    begins, which = np.flatnonzero(is_first), np.cumsum(is_first) - 1
    rank = np.arange(R) - begins[which]
    grid = np.full((len(begins), int(rank.max()) + 1, blocks), -np.inf)
    grid[which, rank] = rows.totals[:, None] + tops
    flat = grid.reshape(len(begins), -1)
    places = room[rows.texts[begins]]
    kept = min(int(places.max()), flat.shape[1])
    best = np.sort(np.partition(flat, flat.shape[1] - kept, axis=1)[:, -kept:], axis=1)[:, ::-1]  # (n, kept)
    floor = np.where(places <= kept, best[np.arange(len(begins)), np.minimum(places, kept) - 1], -np.inf)
    floors = floor[which] - rows.totals
    floors -= 1e-6 * (1 + np.abs(floors))
    return np.asarray(np.maximum(floors, LEAST), dtype=scores.dtype)


@dataclass(frozen=True)
class _Ended:
    """A hypothesis that is not written on, and the row that it was a continuation of."""

    history: Ids
    log_probability: float
    score: float
    finished: bool
    parent: int


class _Found:
    """What has ended, text by text, and how much is still looked for."""

    def __init__(self, config: BeamConfig, longest: Ids) -> None:
        self.config, self.longest = config, longest
        self.ended: list[list[_Ended]] = [[] for _ in longest]
        self.room = np.full(len(longest), config.beam)
        self.bar = np.full(len(longest), -np.inf)  # the score of the n_best-th finished hypothesis
        self.trail: list[tuple[Attention, Ids]] = []

    def remember(self, attention: Attention | None, rows: _Rows) -> None:
        """Keep the attention of a step, to be followed back from what has ended."""
        if attention is not None:
            self.trail.append((attention, rows.parents))

    def sorted_out(self, rows: _Rows, is_end: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Take in what has ended or is cut; which of the rows are to be written on, (R,)."""
        self.add(rows.some(is_end), finished=True)
        longest = self.longest[rows.texts].astype(np.float64)
        is_cut = ~is_end & (longest <= rows.histories.shape[1])
        self.add(rows.some(is_cut), finished=False)
        going = ~is_end & ~is_cut
        reach = np.full(len(self.longest), -np.inf)
        np.maximum.at(reach, rows.texts[going], (rows.totals / longest**self.config.length_penalty)[going])
        return np.asarray(going & (reach > self.bar)[rows.texts])

    def leave(self, rows: _Rows, after: _Rows) -> None:
        """Take in, as not finished, the hypotheses of texts that are not written on."""
        goes_on = np.zeros(len(self.longest), dtype=bool)
        goes_on[after.texts] = True
        self.add(rows.some(~goes_on[rows.texts]), finished=False)

    def add(self, rows: _Rows, *, finished: bool) -> None:
        """Take in hypotheses that have ended; a finished one keeps a place of its text."""
        scores = self._scores(rows)
        for row, text in enumerate(rows.texts.tolist()):
            log, score, parent = float(rows.logs[row]), float(scores[row]), int(rows.parents[row])
            self.ended[text].append(_Ended(rows.histories[row], log, score, finished, parent))
        for text in np.unique(rows.texts).tolist() if finished else ():
            best = sorted((one.score for one in self.ended[text] if one.finished), reverse=True)
            self.room[text] = self.config.beam - len(best)
            if len(best) >= self.config.n_best:
                self.bar[text] = best[self.config.n_best - 1]

    def _scores(self, rows: _Rows) -> Floats:
        scores = rows.totals / float(max(1, rows.histories.shape[1])) ** self.config.length_penalty
        if self.config.coverage_penalty and rows.attention is not None:
            sums, lengths = rows.attention
            covered = np.log(np.clip(sums, FAINT, 1.0))  # (R, S)
            is_real = np.arange(sums.shape[1]) < lengths[:, None]
            scores = scores + self.config.coverage_penalty * np.where(is_real, covered, 0.0).sum(axis=1)
        return np.asarray(scores)

    def best(self) -> list[list[Hypothesis]]:
        """The best of each text: finished ones by their scores, then the others; of equal ones the first found."""
        return [
            [self._told(one) for one in sorted(ended, key=lambda one: (not one.finished, -one.score))][
                : self.config.n_best
            ]
            for ended in self.ended
        ]

    def _told(self, one: _Ended) -> Hypothesis:
        ids = one.history[:-1] if one.finished else one.history
        attention = self._followed(one)[: len(ids)] if self.trail else None
        return Hypothesis(ids, one.log_probability, one.score, one.finished, attention)

    def _followed(self, one: _Ended) -> NDArray[np.float32]:
        """The attention of each symbol, from the last back to the first, (T, S), the end's too."""
        row, found = one.parent, []
        for (alpha, lengths), parents in reversed(self.trail[: len(one.history)]):
            found.append(alpha[row, : lengths[row]])
            row = int(parents[row])  # in the end the number of the text
        (_, lengths), _ = self.trail[0]
        return np.array(found[::-1], dtype=np.float32).reshape(len(found), int(lengths[row]))
