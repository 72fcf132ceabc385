"""Weights in eight bits: how near they are, and that no processor's sum of two products can overflow."""

import numpy as np

from elman.export.quantize import LARGEST, rounded


def test_every_weight_is_within_half_a_step_of_its_own_column() -> None:
    matrix = np.random.default_rng(0).standard_normal((2, 30, 5)).astype(np.float32) * np.array([1, 10, 0.1, 1, 0])
    values, scales = rounded(matrix.astype(np.float32))
    assert values.dtype == np.int8 and scales.shape == (2, 5)
    apart = np.abs(values * scales[:, None] - matrix)
    assert (apart <= scales[:, None] / 2 + 1e-6).all()


def test_two_products_fit_into_sixteen_bits() -> None:
    assert 2 * 255 * LARGEST < 1 << 15
