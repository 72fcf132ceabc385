"""Weights in eight bits: a whole number for each, and a scale for each column.

Knows arrays. Products of such weights with inputs that are rounded to eight bits as they come are ONNX Runtime's.
"""

import numpy as np
from numpy.typing import NDArray

LARGEST = 63
"""Of seven bits. A processor without VNNI adds two products of eight bits with eight bits in sixteen, which overflows
for weights beyond: 255 * 64 * 2 < 2 ** 15, but 255 * 127 * 2 is not."""


def rounded(matrix: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix (…, D, N) as whole numbers of that shape and scales (…, N), such that values * scales is near it."""
    scales = (np.abs(matrix).max(axis=-2) / LARGEST).astype(np.float32)
    scales = np.maximum(scales, np.finfo(np.float32).tiny)
    values = np.rint(matrix / scales[..., None, :]).clip(-LARGEST, LARGEST).astype(np.int8)
    return values, scales
