"""How likely labels, spans and whole sequences are under a linear chain: forward and backward over a batch.

Knows emissions and the chain's weights as numpy arrays; knows no network and no label's name. Used by the tagger in
`models` and by `decoding.k_best`.

All is counted in float64. Factors are multiplied as they are, each step scaled by its greatest: the same numbers as in
logarithms, to the 12th digit, at the cost of one small product a step. Memory and time are linear in T.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.decoding.viterbi import Floats, Transitions

FLOOR = 1e-140
"""No factor is taken for less than this part (322 nats below) of the greatest of its kind, so that no product of a step
is ever 0: a row that no path fits has finite numbers, and one that some path fits has the same as without."""

LEAST = 1e-30
"""The least probability that `log_marginals` tells."""


def log_partition(emissions: Floats, lengths: NDArray[np.int64], transitions: Transitions) -> NDArray[np.float64]:
    """ln of the sum of exp(score) over all sequences of labels of each row, (B,); 0 for a row of length 0.

    Args:
        emissions: (B, T, K). lengths: (B,).
    """
    if emissions.shape[1] == 0:
        return np.zeros(emissions.shape[0])
    x, tops = _emitted(emissions, lengths)  # (T, B, K), (T, B)
    return _whole(_arrivals(x, tops, transitions), x, tops, lengths=lengths, transitions=transitions)


def marginals(emissions: Floats, lengths: NDArray[np.int64], transitions: Transitions) -> NDArray[np.float64]:
    """The probability of each label at each step, (B, T, K), over all sequences of the row; 0 at padding.

    Args:
        emissions: (B, T, K). lengths: (B,).
    """
    if emissions.shape[1] == 0:
        return np.zeros(emissions.shape)
    x, tops = _emitted(emissions, lengths)  # (T, B, K), (T, B)
    p = _arrivals(x, tops, transitions).weights * x * _departures(x, tops, lengths, transitions=transitions).weights
    p /= p.sum(axis=2, keepdims=True)
    p *= _is_real(lengths, len(x))[:, :, None]
    return p.transpose(1, 0, 2)


def log_marginals(emissions: Floats, lengths: NDArray[np.int64], transitions: Transitions) -> NDArray[np.float32]:
    """ln of `marginals`, (B, T, K); what is as good as impossible, and padding, has ln of 1e-30."""
    return np.log(np.maximum(marginals(emissions, lengths, transitions), LEAST)).astype(np.float32)


def path_score(
    emissions: Floats, labels: NDArray[np.int64], lengths: NDArray[np.int64], *, transitions: Transitions
) -> NDArray[np.float64]:
    """The score of the given labels of each row, (B,): its emissions and its steps, begin and end among them.

    Args:
        emissions: (B, T, K). labels: (B, T), anything at padding. lengths: (B,).
    """
    B, T, _ = emissions.shape
    if B == 0 or T == 0:
        return np.zeros(B)
    is_real = _is_real(lengths, T).T  # (B, T)
    y = np.where(is_real, labels, 0)  # (B, T)
    chosen = np.take_along_axis(emissions, y[:, :, None], axis=2)[:, :, 0].astype(np.float64)  # (B, T)
    steps = transitions.between[y[:, :-1], y[:, 1:]].astype(np.float64)  # (B, T - 1)
    last = y[np.arange(B), np.maximum(lengths - 1, 0)]  # (B,)
    ends = transitions.begin[y[:, 0]].astype(np.float64) + transitions.end[last]  # (B,)
    return np.asarray(
        np.where(is_real, chosen, 0).sum(1) + np.where(is_real[:, 1:], steps, 0).sum(1) + np.where(lengths > 0, ends, 0)
    )


def sequence_log_probability(
    emissions: Floats, labels: NDArray[np.int64], lengths: NDArray[np.int64], transitions: Transitions
) -> NDArray[np.float64]:
    """ln p of the given labels of each row among all sequences of its length, (B,); 0 for a row of length 0.

    Args:
        emissions: (B, T, K). labels: (B, T), anything at padding. lengths: (B,).
    """
    score = path_score(emissions, labels, lengths, transitions=transitions)
    return np.minimum(score - log_partition(emissions, lengths, transitions), 0.0)


@dataclass(frozen=True)
class Lattice:
    """One sentence read from both ends, so that any span of it is told at once; made by `lattice`.

    Args:
        emissions: (T, K). between: (K, K). arrive: (T, K), ln of the sum over all ways to come to a label at t, without
            its emission. leave: (T, K), the same over all ways to go on from it. whole: ln of the sum over all.
    """

    emissions: NDArray[np.float64]
    between: NDArray[np.float64]
    arrive: NDArray[np.float64]
    leave: NDArray[np.float64]
    whole: float

    def span_log_probabilities(
        self, labels: NDArray[np.int64], *, starts: NDArray[np.int64], ends: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """ln p that the labels from starts[n] to ends[n] - 1 are those of `labels` there, for every n at once.

        What stands before and behind a span is free: all ways to come to it and to go on from it are counted in.

        Args:
            labels: (T,), a path through the sentence; only what is inside a span is read. starts, ends: one number a
                span, at least one step long.
        """
        chosen = self.emissions[np.arange(len(labels)), labels]  # (T,)
        steps = np.concatenate([[0.0], self.between[labels[:-1], labels[1:]]])  # (T,)
        inside = np.cumsum(chosen + steps)  # (T,)
        first, last = labels[starts], labels[ends - 1]
        path = inside[ends - 1] - inside[starts] + chosen[starts]
        total = self.arrive[starts, first] + path + self.leave[ends - 1, last]
        return np.asarray(np.minimum(total - self.whole, 0.0))


def lattice(emissions: Floats, transitions: Transitions) -> Lattice:
    """A sentence (T, K), T at least 1, read from both ends."""
    lengths = np.array([len(emissions)])
    x, tops = _emitted(emissions[None], lengths)  # (T, 1, K), (T, 1)
    arrivals, departures = _arrivals(x, tops, transitions), _departures(x, tops, lengths, transitions=transitions)
    return Lattice(
        emissions=emissions.astype(np.float64),
        between=transitions.between.astype(np.float64),
        arrive=arrivals.logarithms()[:, 0],
        leave=departures.logarithms()[:, 0],
        whole=float(_whole(arrivals, x, tops, lengths=lengths, transitions=transitions)[0]),
    )


def span_log_probability(
    emissions: Floats, transitions: Transitions, *, start: int, labels: NDArray[np.int64]
) -> float:
    """ln p that the labels at start, start + 1, … are exactly these, whatever stands before and behind.

    For many spans of one sentence, `lattice` reads it once.

    Args:
        emissions: (T, K). labels: those of the span, at least one.
    """
    path = np.zeros(len(emissions), dtype=np.int64)  # (T,)
    path[start : start + len(labels)] = labels
    starts, ends = np.array([start]), np.array([start + len(labels)])
    return float(lattice(emissions, transitions).span_log_probabilities(path, starts=starts, ends=ends)[0])


@dataclass(frozen=True)
class _Ways:
    """weights (T, B, K), those of all ways to a label, without its emission, divided by exp(scales), (T, B)."""

    weights: NDArray[np.float64]
    scales: NDArray[np.float64]

    def logarithms(self) -> NDArray[np.float64]:
        return np.log(self.weights) + self.scales[:, :, None]


def _whole(
    arrivals: _Ways,
    x: NDArray[np.float64],
    tops: NDArray[np.float64],
    *,
    lengths: NDArray[np.int64],
    transitions: Transitions,
) -> NDArray[np.float64]:
    """ln of the sum over all sequences, (B,): all ways to the last step, its emission, and the end."""
    place = np.maximum(lengths - 1, 0), np.arange(len(lengths))
    end, top_end = _factors(transitions.end)
    total = np.log((arrivals.weights[place] * x[place]) @ end) + arrivals.scales[place] + tops[place] + top_end
    return np.where(lengths > 0, total, 0.0)


def _arrivals(x: NDArray[np.float64], tops: NDArray[np.float64], transitions: Transitions) -> _Ways:
    return _read(x, tops, first=transitions.begin, between=transitions.between)


def _departures(
    x: NDArray[np.float64], tops: NDArray[np.float64], lengths: NDArray[np.int64], *, transitions: Transitions
) -> _Ways:
    """What arrivals are, read from the last real step of each row to its first."""
    t, rows = np.arange(len(x))[:, None], np.arange(len(lengths))
    turned = np.where(_is_real(lengths, len(x)), lengths - 1 - t, t), rows  # (T, B)
    ways = _read(x[turned], tops[turned], first=transitions.end, between=transitions.between.T)
    return _Ways(ways.weights[turned], ways.scales[turned])


def _read(
    x: NDArray[np.float64], tops: NDArray[np.float64], *, first: NDArray[np.float32], between: NDArray[np.float32]
) -> _Ways:
    """All ways to every label of every step, from the first on."""
    U, top = _factors(between)
    begin, top_begin = _factors(first)
    weights, greatest = np.empty_like(x), np.ones_like(tops)  # (T, B, K), (T, B)
    weights[0] = begin
    for t in range(1, len(x)):
        alpha = weights[t - 1] * x[t - 1]  # (B, K)
        alpha.max(axis=1, out=greatest[t])
        alpha /= greatest[t, :, None]
        np.matmul(alpha, U, out=weights[t])
    grown = np.log(greatest)  # (T, B)
    grown[1:] += tops[:-1] + top
    grown[0] = top_begin
    return _Ways(weights, np.cumsum(grown, axis=0))


def _emitted(emissions: Floats, lengths: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The factors of the emissions, (T, B, K), time first from here on, and ln of what they were divided by, (T, B)."""
    is_real = _is_real(lengths, emissions.shape[1])[:, :, None]  # (T, B, 1)
    x = np.where(is_real, emissions.transpose(1, 0, 2), 0).astype(np.float64)  # (T, B, K)
    tops = x.max(axis=2)  # (T, B)
    x -= tops[:, :, None]
    return np.maximum(np.exp(x, out=x), FLOOR, out=x), tops


def _factors(scores: NDArray[np.float32]) -> tuple[NDArray[np.float64], float]:
    """exp(scores) divided by the greatest, and the logarithm of that."""
    top = float(scores.max())
    return np.maximum(np.exp(scores.astype(np.float64) - top), FLOOR), top


def _is_real(lengths: NDArray[np.int64], T: int) -> NDArray[np.bool_]:
    return np.asarray(np.arange(T)[:, None] < lengths)  # (T, B)
