"""Distributions and draws against their definitions, by hand and by brute force."""

import numpy as np
import pytest

from elman.decoding.config import SamplingConfig
from elman.decoding.sampling import distribution, draw

LOGITS = np.log(np.array([[0.5, 0.25, 0.15, 0.1], [0.1, 0.2, 0.3, 0.4]]))


def test_plain_sampling_is_the_softmax() -> None:
    y = distribution(LOGITS + 7.0, SamplingConfig())
    np.testing.assert_allclose(y, np.exp(LOGITS), atol=1e-12)


def test_temperature_raises_probabilities_to_its_inverse() -> None:
    y = distribution(LOGITS, SamplingConfig(temperature=0.5))
    squared = np.exp(LOGITS) ** 2
    np.testing.assert_allclose(y, squared / squared.sum(axis=1, keepdims=True), atol=1e-12)


def test_temperature_zero_takes_the_first_of_the_likeliest() -> None:
    y = distribution(np.array([[1.0, 3.0, 3.0]]), SamplingConfig(temperature=0))
    np.testing.assert_array_equal(y, [[0.0, 1.0, 0.0]])


def test_top_k_keeps_k_and_renormalizes() -> None:
    y = distribution(LOGITS, SamplingConfig(top_k=2))
    np.testing.assert_allclose(y, [[2 / 3, 1 / 3, 0, 0], [0, 0, 3 / 7, 4 / 7]], atol=1e-12)


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.5, [1, 0, 0, 0]), (0.51, [2 / 3, 1 / 3, 0, 0]), (0.0, [1, 0, 0, 0]), (1.0, [0.5, 0.25, 0.15, 0.1])],
)
def test_top_p_keeps_the_fewest_that_hold_it(top_p: float, kept: list[float]) -> None:
    y = distribution(LOGITS[:1], SamplingConfig(top_p=top_p))
    np.testing.assert_allclose(y[0], kept, atol=1e-12)


def test_top_p_counts_what_top_k_has_left() -> None:
    # Of the three likeliest (.5, .25, .15 of .9), the first holds .556: alone it holds .55, not .6.
    assert (distribution(LOGITS[:1], SamplingConfig(top_k=3, top_p=0.55)) > 0).sum() == 1
    assert (distribution(LOGITS[:1], SamplingConfig(top_k=3, top_p=0.6)) > 0).sum() == 2


def test_min_p_is_a_share_of_the_likeliest() -> None:
    y = distribution(LOGITS[:1], SamplingConfig(min_p=0.3))
    np.testing.assert_allclose(y[0], [0.5 / 0.9, 0.25 / 0.9, 0.15 / 0.9, 0], atol=1e-12)


def test_what_is_forbidden_has_no_probability() -> None:
    logits = LOGITS[:1].copy()
    logits[0, 0] = -np.inf
    for config in (SamplingConfig(), SamplingConfig(top_k=3), SamplingConfig(top_p=0.9), SamplingConfig(temperature=0)):
        assert distribution(logits, config)[0, 0] == 0


def test_draws_follow_the_distribution() -> None:
    y = np.tile([[0.2, 0.0, 0.5, 0.3]], (20_000, 1))
    ids = draw(y, np.random.default_rng(0).random(len(y)))
    shares = np.bincount(ids, minlength=4) / len(y)
    np.testing.assert_allclose(shares, y[0], atol=0.015)
    assert shares[1] == 0


def test_a_draw_at_the_upper_edge_stays_inside() -> None:
    assert draw(np.array([[0.5, 0.5, 0.0]]), np.array([np.nextafter(1.0, 0.0)]))[0] == 1
    assert draw(np.array([[0.0, 1.0]]), np.array([0.0]))[0] == 1


def by_sorting(y: np.ndarray, k: int, p: float) -> np.ndarray:
    """Top-k and top-p of one row by its definition: all symbols sorted, and taken one by one."""
    kept = np.zeros_like(y)
    order = sorted(range(len(y)), key=lambda symbol: (-y[symbol], symbol))[: k or len(y)]
    total, before = sum(y[symbol] for symbol in order), 0.0
    for symbol in order:
        if before < p:
            kept[symbol] = y[symbol]
        before += y[symbol] / total
    return np.asarray(kept / kept.sum())


@pytest.mark.parametrize("k", [0, 1, 7, 300, 2000, 5000])
@pytest.mark.parametrize("p", [0.2003, 0.9702, 1.0])
def test_cuts_are_those_of_a_full_sort_whatever_is_equal(k: int, p: float) -> None:
    generator = np.random.default_rng(0)
    flat, peaked = np.zeros(2000), generator.integers(0, 6, 2000) * 3.0  # many are equal
    logits = np.stack([flat, peaked, generator.standard_normal(2000) * 4])
    y = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = distribution(logits, SamplingConfig(top_k=k, top_p=p))
    for row, got in zip(y, found, strict=True):
        wanted = by_sorting(row, k, p)
        np.testing.assert_array_equal(got > 0, wanted > 0)
        np.testing.assert_allclose(got, wanted, atol=1e-12)
