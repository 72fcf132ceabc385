"""Sums of rows of tables against sums that are written out, values and gradients; which rows have a gradient."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from elman.nn.tables import bag_sums, grouped, put_rows, table_rows

BAGS = [[3, 3, 70_000], [], [0, 5, 3], [70_000, 1]]
ROWS, D = 70_001, 3


def table() -> Tensor:
    return torch.randn(ROWS, D, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()


def flat(bags: list[list[int]]) -> tuple[Tensor, Tensor]:
    starts = np.cumsum([0, *map(len, bags)])[:-1]
    return torch.tensor([row for bag in bags for row in bag], dtype=torch.long), torch.from_numpy(starts)


def written_out(E: Tensor, bags: list[list[int]], weights: Tensor) -> Tensor:
    at = iter(weights)
    zero = E.new_zeros(D)
    return torch.stack([sum((E[row] * next(at) for row in bag), start=zero) for bag in bags])


def test_sums_and_their_gradient_are_those_of_adding_one_by_one() -> None:
    rows, starts = flat(BAGS)
    weights = torch.arange(1.0, 9.0, dtype=torch.float64)
    fast, slow = table(), table()
    pull = torch.randn(len(BAGS), D, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    found, wanted = bag_sums(fast, rows, starts, weights), written_out(slow, BAGS, weights)
    torch.testing.assert_close(found, wanted)
    (found * pull).sum().backward()
    (wanted * pull).sum().backward()
    assert fast.grad is not None and slow.grad is not None
    torch.testing.assert_close(fast.grad.to_dense(), slow.grad)


def test_the_gradient_has_each_row_that_was_met_once_in_order() -> None:
    E = table()
    bag_sums(E, *flat(BAGS), torch.ones(8, dtype=torch.float64)).sum().backward()
    assert E.grad is not None and E.grad.is_sparse
    assert E.grad._indices()[0].tolist() == [0, 1, 3, 5, 70_000]
    assert E.grad._values()[:, 0].tolist() == [1, 1, 3, 1, 2]


def test_rows_looked_up_in_any_shape_have_the_gradient_of_indexing() -> None:
    fast, slow = table(), table()
    ids = torch.tensor([[5, 0, 5], [70_000, 5, 2]])
    pull = torch.randn(2, 3, D, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    assert torch.equal(table_rows(fast, ids), slow[ids])
    (table_rows(fast, ids) * pull).sum().backward()
    (slow[ids] * pull).sum().backward()
    assert fast.grad is not None and slow.grad is not None and fast.grad.is_sparse
    torch.testing.assert_close(fast.grad.to_dense(), slow.grad)


def test_a_batch_without_rows_gives_zeros_and_moves_nothing() -> None:
    E = table()
    rows, starts = flat([[], []])
    found = bag_sums(E, rows, starts, torch.ones(0, dtype=torch.float64))
    assert torch.equal(found, torch.zeros(2, D, dtype=torch.float64))
    found.sum().backward()
    assert E.grad is not None and E.grad._nnz() == 0


@pytest.mark.parametrize("highest", [7, 2**16 - 1, 2**16, 2**20, 2**40])
def test_rows_are_grouped_as_numpy_finds_them_however_high(highest: int) -> None:
    rows = torch.randint(0, highest + 1, (500,), generator=torch.Generator().manual_seed(1))
    rows = torch.cat([rows, rows[::3], torch.tensor([highest, 0, highest])])
    distinct, order, starts = grouped(rows)
    assert distinct.tolist() == np.unique(rows.numpy()).tolist()
    assert torch.equal(order, torch.sort(rows, stable=True).indices)
    assert torch.equal(rows[order][starts], distinct)
    assert torch.equal(starts[1:], torch.cumsum(torch.unique(rows, return_counts=True)[1], 0)[:-1])


@pytest.mark.parametrize("width", [1, 3, 64])
@pytest.mark.parametrize("rows", [[], [0], [8, 2, 5]])
def test_rows_are_put_where_they_belong_and_nowhere_else(width: int, rows: list[int]) -> None:
    into = nn.Parameter(torch.arange(9.0 * width).view(9, width))
    values = -1 - torch.arange(2.0 * len(rows) * width).view(len(rows), 2 * width)[:, ::2]  # not one after the other
    wanted = into.detach().clone()
    for row, value in zip(rows, values, strict=True):
        wanted[row] = value
    with torch.no_grad():
        put_rows(into, torch.tensor(rows, dtype=torch.int64), values)
    assert torch.equal(into.detach(), wanted)
