"""The neural cache against its formula, written out symbol by symbol."""

import itertools

import numpy as np
import pytest

from elman.decoding.cache import NeuralCache


@pytest.mark.parametrize("size", [3, 100])
def test_the_mixture_is_the_formula_however_the_text_is_cut(size: int) -> None:
    rng = np.random.default_rng(1)
    T, H, share, sharpness = 25, 4, 0.3, 0.7
    h, targets = rng.normal(size=(T, H)).astype(np.float32), rng.integers(0, 4, T)
    nats = rng.uniform(0.5, 3, T).astype(np.float32)
    wanted = []
    for t in range(T):
        weights = {i: np.exp(sharpness * float(h[t] @ h[i])) for i in range(max(0, t - size), t)}
        p = float(np.exp(-nats[t]))
        if weights:
            recalled = sum(w for i, w in weights.items() if targets[i] == targets[t]) / sum(weights.values())
            p = (1 - share) * p + share * recalled
        wanted.append(-np.log(p))
    for cuts in ([25], [1] * 25, [7, 11, 7]):
        cache = NeuralCache(H, size=size, share=share, sharpness=sharpness)
        edges = np.cumsum([0, *cuts])
        parts = [cache.mixed(nats[a:b], h[a:b], targets[a:b]) for a, b in itertools.pairwise(edges)]
        np.testing.assert_allclose(np.concatenate(parts), wanted, rtol=1e-5)


def test_what_has_just_been_seen_is_likelier_and_the_first_symbol_is_the_models() -> None:
    h = np.ones((3, 2), np.float32)
    cache = NeuralCache(2)
    found = cache.mixed(np.full(3, 5.0, np.float32), h, np.array([7, 7, 8]))
    assert found[0] == pytest.approx(5.0)
    assert found[1] < 5.0 < found[2]
