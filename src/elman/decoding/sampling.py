"""One symbol from one distribution: temperature, top-k, top-p, min-p, and the draw.

Knows logits as numpy arrays; knows no network and no text. Used by `decoding.stream`.
"""

import numpy as np
from numpy.typing import NDArray

from elman.decoding.config import SamplingConfig

Floats = NDArray[np.float64]
FEW = 128
"""Symbols that are sorted first where a share of the probability is asked for."""
NEAR = 1e-9
"""More than what sums of probabilities in another order differ by."""


def distribution(logits: Floats, config: SamplingConfig) -> Floats:
    """The probabilities (M, N) that are drawn from, given logits (M, N); -inf marks what may not be drawn.

    First the temperature, then the cuts, each on what the one before left: the k likeliest; the smallest set of
    likeliest symbols that holds top_p; those with at least min_p of the likeliest one's probability. At temperature 0
    all probability is on the likeliest symbol, the first of equals.
    """
    if config.temperature == 0:
        likeliest = np.zeros_like(logits)
        likeliest[np.arange(len(logits)), logits.argmax(axis=1)] = 1.0
        return likeliest
    scaled = (logits - logits.max(axis=1, keepdims=True)) / config.temperature
    y = np.exp(scaled)
    y /= y.sum(axis=1, keepdims=True)
    if config.top_k or config.top_p < 1:
        y = _likeliest(y, k=config.top_k or y.shape[1], p=config.top_p)
    if config.min_p > 0:
        y = np.where(y >= config.min_p * y.max(axis=1, keepdims=True), y, 0.0)
        y /= y.sum(axis=1, keepdims=True)
    return np.asarray(y)


def _likeliest(y: Floats, *, k: int, p: float) -> Floats:
    """The k likeliest symbols, and of them the fewest that hold the share p of what they hold together."""
    kept = np.zeros_like(y)
    for row, target in zip(y, kept, strict=True):
        order = _first(row, k if k < len(row) else 0, p)
        ranked = row[order] / row[order].sum() if k < len(row) else row[order]
        if p < 1:
            before = np.cumsum(ranked) - ranked
            count = max(1, int((before < p).sum()))
            order, ranked = order[:count], ranked[:count]
            ranked[0] = max(ranked[0], np.finfo(np.float64).tiny)
        target[order] = ranked / ranked.sum()
    return kept


def _first(y: Floats, k: int, p: float) -> NDArray[np.int64]:
    """The places of the k likeliest of y (N,), falling, of equals the first; with k 0, of as many as hold the share p.

    Sorted is only what can be among them: most of a large vocabulary holds nothing.
    """
    count = k or min(FEW, len(y))
    while True:
        least = np.partition(y, len(y) - count)[len(y) - count]
        some = np.flatnonzero(y >= least)
        if k or count == len(y) or y[some].sum() > p + NEAR:
            order = some[np.argsort(-y[some], kind="stable")]
            return np.asarray(order[:k] if k else order)
        count = min(8 * count, len(y))


def draw(y: Floats, uniform: Floats) -> NDArray[np.int64]:
    """A symbol for each row of the distribution (M, N), by inversion at numbers (M,) drawn from [0, 1)."""
    cumulated = np.cumsum(y, axis=1)
    ids = (cumulated <= uniform[:, None] * cumulated[:, -1:]).sum(axis=1)
    last = y.shape[1] - 1 - (y[:, ::-1] > 0).argmax(axis=1)
    return np.asarray(np.minimum(ids, last), dtype=np.int64)
