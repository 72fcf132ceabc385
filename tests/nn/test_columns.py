"""Matrices by columns: the same numbers, lying the other way."""

import pytest
import torch

from elman.nn.columns import by_columns


@pytest.mark.parametrize("shape", [(3, 4), (1, 4), (3, 1)])
def test_the_copy_has_the_numbers_and_shape_of_the_matrix_and_its_columns_in_memory(shape: tuple[int, int]) -> None:
    matrix = torch.nn.Parameter(torch.arange(float(shape[0] * shape[1])).view(shape))
    copy = by_columns(matrix)
    assert torch.equal(copy, matrix)
    assert copy.T.is_contiguous() and not copy.requires_grad
    with torch.no_grad():
        matrix.zero_()
    assert copy.sum() == sum(range(shape[0] * shape[1]))
