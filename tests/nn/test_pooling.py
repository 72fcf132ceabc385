"""Pooling against sums and maxima that are written out row by row over the real steps."""

import math

import pytest
import torch
from torch import Tensor

from elman.nn.config import POOLINGS, StackConfig
from elman.nn.pooling import Pooling
from elman.nn.stack import Stack

B, T, D, H = 4, 5, 3, 2
LENGTHS = torch.tensor([5, 2, 0, 1])


def read(bidirectional: bool, layers: int = 1, cell: str = "lstm") -> tuple[Tensor, tuple[Tensor, ...], int]:
    """States of a stack, and how many directions it has."""
    config = StackConfig(cell=cell, hidden=H, layers=layers, bidirectional=bidirectional)
    stack = Stack(D, config).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in stack.parameters():
            p.normal_(generator=generator)
    x = torch.randn(B, T, D, dtype=torch.float64, generator=generator)
    h, state = stack(x, None, LENGTHS)
    return h.detach(), tuple(part.detach() for part in state), stack.directions


def written_out(way: str, steps: Tensor, a: Tensor, directions: int) -> Tensor:
    """The vector of one row of steps (t, D), none of which is padding."""
    if len(steps) == 0:
        return steps.new_zeros(steps.shape[1])
    if way == "last":
        return torch.cat([steps[-1, :H], steps[0, H:]]) if directions == 2 else steps[-1]
    if way == "mean":
        return torch.stack([sum(column, column.new_zeros(())) / len(column) for column in steps.T])
    if way == "max":
        return torch.stack([max(column) for column in steps.T])
    scores = [sum(a[d] * math.tanh(step[d]) for d in range(len(a))) for step in steps]
    weights = [math.exp(score) for score in scores]
    return torch.stack([w * step for w, step in zip(weights, steps, strict=True)]).sum(dim=0) / sum(weights)


@pytest.mark.parametrize("cell", ["lstm", "gru", "mingru"])
@pytest.mark.parametrize(("bidirectional", "layers"), [(True, 1), (True, 2), (False, 2)])
def test_every_way_is_the_textbooks_over_the_real_steps(bidirectional: bool, layers: int, cell: str) -> None:
    h, state, directions = read(bidirectional, layers, cell)
    width = H * directions
    pooling = Pooling("+".join(POOLINGS), width=width, directions=directions).double()
    with torch.no_grad():
        pooling.a.normal_(generator=torch.Generator().manual_seed(2))
    found = pooling(h, state, LENGTHS)
    assert found.shape == (B, pooling.width) == (B, width * len(POOLINGS))
    for row, steps in enumerate(LENGTHS.tolist()):
        for place, way in enumerate(POOLINGS):
            wanted = written_out(way, h[row, :steps], pooling.a.detach(), directions)
            torch.testing.assert_close(found[row, place * width : (place + 1) * width], wanted)


def test_padding_changes_nothing_whatever_its_number() -> None:
    h, state, directions = read(True)
    pooling = Pooling("max+attention+mean+last", width=2 * H, directions=directions).double()
    longer = torch.cat([h, torch.zeros(B, 7, 2 * H, dtype=h.dtype)], dim=1)
    torch.testing.assert_close(pooling(longer, state, LENGTHS), pooling(h, state, LENGTHS))


def test_a_maximum_below_zero_is_not_raised_by_padding() -> None:
    h = torch.tensor([[[-2.0], [-1.0], [0.0]]])
    found = Pooling("max", width=1, directions=1)(h, (torch.zeros(1, 1, 1),), torch.tensor([2]))
    assert found.item() == -1.0


def test_rows_without_any_step_are_zero_and_give_no_gradient_that_is_not_finite() -> None:
    pooling = Pooling("+".join(POOLINGS), width=2, directions=1)
    for steps in (0, 3):
        h = torch.zeros(2, steps, 2, requires_grad=True)
        found = pooling(h, (torch.zeros(1, 2, 2),), torch.zeros(2, dtype=torch.int64))
        assert torch.equal(found, torch.zeros(2, 8))
        (gradient,) = torch.autograd.grad(found.sum(), [h])
        assert torch.isfinite(gradient).all()
