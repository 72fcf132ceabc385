"""Whether one model is better than another or was lucky with the text: a paired bootstrap over items scored by both.

Knows scores of items (lines, sentences, documents), no model and no file. Used by `models` where a model is judged
against another.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCKS = 4_000
"""Of more items than this, neighbours are drawn together, in so many blocks: a draw stays short, and what neighbours
have in common is no proof."""
AT_A_TIME = 1 << 20
"""Items that are drawn at a time."""


def paired_bootstrap(
    a: Sequence[float],
    b: Sequence[float],
    *,
    counts: Sequence[float] | None = None,
    seed: int = 1,
    draws: int = 10_000,
) -> dict[str, Any]:
    """How far two models differ on the same items, and how sure that is.

    The difference is (sum of a - sum of b) / sum of counts. It is drawn anew from as many items, with replacement.

    Args:
        a, b: the score of each item by each model. counts: what the scores of an item are sums over (its tokens or
            characters); None where each counts once.
    Returns:
        `difference`, in the unit of the scores; `interval`, the middle 95 % of the draws; `p_value`, two-sided: how
        often draws lie as far from the difference as that lies from 0, itself counted as a draw; `items`. Interval and
        p-value are None below two items.
    Raises:
        ValueError: the lengths differ, there is no item, or nothing was counted.
    Source: Efron & Tibshirani 1993, An introduction to the bootstrap, sections 13.3 and 16.4; for models of language
        Koehn 2004.
    """
    differences = np.asarray(a, dtype=np.float64) - np.asarray(b, dtype=np.float64)
    weights = np.ones(len(differences)) if counts is None else np.asarray(counts, dtype=np.float64)
    if len(a) != len(b) or len(weights) != len(differences):
        raise ValueError(f"scores of {len(a)} and {len(b)} items, counts of {len(weights)}")
    if len(differences) == 0 or weights.sum() <= 0:
        raise ValueError("there is nothing to compare")
    difference = float(differences.sum() / weights.sum())
    found: dict[str, Any] = {"difference": difference, "interval": None, "p_value": None, "items": len(differences)}
    if len(differences) > 1:
        drawn = _drawn(_blocks(differences), _blocks(weights), seed=seed, draws=draws)
        farther = np.count_nonzero(np.abs(drawn - difference) >= abs(difference) * (1 - 1e-12))
        found["interval"] = [float(edge) for edge in np.quantile(drawn, [0.025, 0.975])]
        found["p_value"] = (1 + int(farther)) / (1 + draws)
    return found


def _blocks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over blocks of neighbours, where there are more items than blocks."""
    if len(values) <= BLOCKS:
        return values
    return np.add.reduceat(values, np.linspace(0, len(values), BLOCKS, endpoint=False).astype(np.int64))


def _drawn(
    differences: NDArray[np.float64], weights: NDArray[np.float64], *, seed: int, draws: int
) -> NDArray[np.float64]:
    """The difference as each draw finds it; of a draw in which nothing was counted, 0."""
    chooser = np.random.default_rng(seed)
    items = len(differences)
    step = max(1, AT_A_TIME // items)
    found = []
    for begin in range(0, draws, step):
        chosen = chooser.integers(items, size=(min(step, draws - begin), items))
        sums, counted = differences[chosen].sum(axis=1), weights[chosen].sum(axis=1)
        found.append(np.divide(sums, counted, out=np.zeros_like(sums), where=counted > 0))
    return np.concatenate(found)
