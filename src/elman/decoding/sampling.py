"""One symbol from one distribution: temperature, top-k, top-p, min-p, and the draw.

Knows logits as numpy arrays; knows no network and no text. Used by `decoding.stream`.
"""

import numpy as np
from numpy.typing import NDArray

from elman.decoding.config import SamplingConfig

Floats = NDArray[np.float64]


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
    order = np.argsort(-y, axis=1, kind="stable")
    ranked = np.take_along_axis(y, order, axis=1)
    ranked[:, k:] = 0.0
    ranked /= ranked.sum(axis=1, keepdims=True)
    if p < 1:
        before = np.cumsum(ranked, axis=1) - ranked
        ranked = np.where(before < p, ranked, 0.0)
        ranked[:, 0] = np.maximum(ranked[:, 0], np.finfo(np.float64).tiny)
        ranked /= ranked.sum(axis=1, keepdims=True)
    kept = np.zeros_like(y)
    np.put_along_axis(kept, order, ranked, axis=1)
    return kept


def draw(y: Floats, uniform: Floats) -> NDArray[np.int64]:
    """A symbol for each row of the distribution (M, N), by inversion at numbers (M,) drawn from [0, 1)."""
    cumulated = np.cumsum(y, axis=1)
    ids = (cumulated <= uniform[:, None] * cumulated[:, -1:]).sum(axis=1)
    last = y.shape[1] - 1 - (y[:, ::-1] > 0).argmax(axis=1)
    return np.asarray(np.minimum(ids, last), dtype=np.int64)
