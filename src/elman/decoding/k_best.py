"""The k likeliest sequences of labels, each with its probability: under a linear chain, or a softmax at each step.

Knows scores as numpy arrays; knows no network and no label's name. Used by the tagger in `models`.
"""

import heapq
import math

import numpy as np
from numpy.typing import NDArray

from elman.decoding.marginals import log_partition
from elman.decoding.viterbi import Floats, Transitions

Ranked = list[tuple[NDArray[np.int64], float]]
"""Sequences of labels (T,), each with ln p, falling."""

IMPOSSIBLE = 5000.0
"""A sequence this many nats behind the best takes a step that is impossible, which weighs -1e4."""


def k_best(emissions: Floats, transitions: Transitions, k: int) -> Ranked:
    """The k likeliest sequences under the chain; fewer where there are no more that are possible.

    Of equal ones the first is the one with the lowest last label, then the lowest label before it, and so on: the first
    of all is that of `viterbi`.

    Args:
        emissions: (T, K). k: at least 1.
    """
    T = len(emissions)
    if T == 0:
        return [(np.zeros(0, dtype=np.int64), 0.0)]
    onto = transitions.between.T.astype(np.float64)  # (K, K), row is where a step leads
    best = (transitions.begin + emissions[0].astype(np.float64))[:, None]  # (K, 1), then the M best ways to each label
    back: list[NDArray[np.unsignedinteger]] = []
    for t in range(1, T):
        best, places = _best_ways(onto, best, k)  # (K, M) each
        back.append(places)
        best += emissions[t][:, None]
    scores = best + transitions.end[:, None]  # (K, M)
    order = np.argsort(-scores.ravel(), kind="stable")[:k]
    order = order[scores.ravel()[order] > scores.max() - IMPOSSIBLE]
    paths = _traced(order, back, ways=best.shape[1])
    whole = log_partition(emissions[None], np.array([T]), transitions)[0]
    return [(path, min(0.0, float(scores.ravel()[n] - whole))) for path, n in zip(paths, order, strict=True)]


def _best_ways(
    onto: NDArray[np.float64], best: NDArray[np.float64], k: int
) -> tuple[NDArray[np.float64], NDArray[np.unsignedinteger]]:
    """The k best ways one step on, (K, M) as the scores and as places among the K M ways there were.

    Of each label only the best way not yet taken competes: k rounds over (K, K) instead of a sort of (K, K M), which
    was measured three times slower at K = 50, k = 5.
    """
    K, M = best.shape
    scores = np.empty((K, min(k, K * M)))
    places = np.empty(scores.shape, dtype=np.min_scalar_type(K * M))
    falling = np.column_stack([best, np.full(K, -np.inf)])  # (K, M + 1)
    competing, ranks = onto + best[:, 0], np.zeros((K, K), dtype=np.intp)  # (K, K) each
    rows = np.arange(K)
    for n in range(scores.shape[1]):
        label = competing.argmax(axis=1)  # (K,)
        rank = ranks[rows, label]  # (K,)
        scores[:, n], places[:, n] = competing[rows, label], label * M + rank
        ranks[rows, label] = rank + 1
        competing[rows, label] = onto[rows, label] + falling[label, rank + 1]
    return scores, places


def _traced(places: NDArray[np.intp], back: list[NDArray[np.unsignedinteger]], *, ways: int) -> NDArray[np.int64]:
    """The paths (n, T) that lead to the given places among K labels times `ways`."""
    paths = np.empty((len(places), len(back) + 1), dtype=np.int64)
    label, rank = np.divmod(places, ways)
    for t in range(len(back), 0, -1):
        paths[:, t] = label
        before = back[t - 2].shape[1] if t > 1 else 1
        label, rank = np.divmod(back[t - 1][label, rank].astype(np.int64), before)
    paths[:, 0] = label
    return paths


def k_best_independent(log_probabilities: Floats, k: int) -> Ranked:
    """The k likeliest sequences where each step is by itself; fewer where there are no more of probability above 0.

    Only the k - 1 steps at which the second label is the nearest to the first can differ from the best sequence, and
    sequences are made of them one by one, in their order: K and T may be large. Of equal labels the lower is before the
    higher; equal sequences are in a fixed order, the one that has the first of equal labels throughout before all.

    Args:
        log_probabilities: (T, K). k: at least 1.
    """
    logs = log_probabilities.astype(np.float64)
    first = logs.argmax(axis=1) if len(logs) else np.zeros(0, dtype=np.int64)
    top = math.fsum(logs[np.arange(len(logs)), first])
    steps, ranked = _nearest(logs, k)
    losses = [logs[t, labels[0]] - logs[t, labels] for t, labels in zip(steps, ranked, strict=True)]
    found: Ranked = []
    heap: list[tuple[float, tuple[tuple[int, int], ...]]] = [(0.0, ())]
    while heap and len(found) < k:
        loss, changes = heapq.heappop(heap)
        path = first.copy()
        for n, rank in changes:
            path[steps[n]] = ranked[n][rank]
        found.append((path, top - loss))
        for after in _worse(changes, losses):
            total = math.fsum(losses[n][rank] for n, rank in after)
            if total < math.inf:
                heapq.heappush(heap, (total, after))
    return found


def _nearest(logs: NDArray[np.float64], k: int) -> tuple[list[int], list[NDArray[np.int64]]]:
    """The steps that can differ from the best sequence, nearest first, and the k likeliest labels of each."""
    if logs.shape[1] < 2 or len(logs) == 0:
        return [], []
    two = np.partition(logs, -2, axis=1)[:, -2:]  # (T, 2)
    steps = np.argsort(two[:, 1] - two[:, 0], kind="stable")[: k - 1].tolist()
    return steps, [np.argsort(-logs[t], kind="stable")[:k] for t in steps]


def _worse(
    changes: tuple[tuple[int, int], ...], losses: list[NDArray[np.float64]]
) -> list[tuple[tuple[int, int], ...]]:
    """The sequences that are made from one and are not likelier, so that each is made once.

    A change is (number of the step, rank of its label). The last change takes the next rank; or the step after it is
    changed too; or, where it was of the first rank, is changed in its stead.
    """
    if not changes:
        return [((0, 1),)] if losses else []
    *before, (n, rank) = changes
    found = []
    if rank + 1 < len(losses[n]):
        found.append((*before, (n, rank + 1)))
    if n + 1 < len(losses):
        found.append((*changes, (n + 1, 1)))
        if rank == 1:
            found.append((*before, (n + 1, 1)))
    return found
