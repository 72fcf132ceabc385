"""Rows that are added so that kernels meet few shapes: how many, and that they change nothing that is given out."""

import pytest
import torch
from torch.nn.functional import linear

from elman.nn.config import StackConfig
from elman.nn.shapes import next_size, with_more_rows
from elman.nn.softmax import cross_entropy, product
from elman.nn.stack import Stack

GENERATOR = torch.Generator().manual_seed(1)


def test_sizes_are_few_and_never_much_larger() -> None:
    sizes = [next_size(rows) for rows in range(1, 5000)]
    assert all(rows <= size <= max(32, rows * 1.125) or size - rows < 32 for rows, size in enumerate(sizes, 1))
    assert len(set(sizes)) < 80
    assert next_size(0) == 0
    assert [next_size(size) for size in sizes] == sizes


def test_rows_are_added_in_bf16_alone() -> None:
    x = torch.randn(33, 4, generator=GENERATOR)
    assert with_more_rows(x, torch.float32) is x
    more = with_more_rows(x, torch.bfloat16)
    assert more.shape == (64, 4) and torch.equal(more[:33], x.bfloat16()) and not more[33:].any()


@pytest.mark.parametrize("rows", [0, 1, 33, 64])
def test_products_in_bf16_are_those_of_the_rows_alone(rows: int) -> None:
    h, matrix, bias = (torch.randn(*shape, generator=GENERATOR) for shape in ((rows, 16), (7, 16), (7,)))
    fast, slow = h.clone().requires_grad_(), h.clone().requires_grad_()
    found = product(fast, matrix, bias, compute=torch.bfloat16)
    wanted = linear(slow.bfloat16(), matrix.bfloat16()).float() + bias
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, wanted, rtol=1e-2, atol=1e-2)
    found.square().sum().backward()
    wanted.square().sum().backward()
    torch.testing.assert_close(fast.grad, slow.grad, rtol=2e-2, atol=5e-2)


@pytest.mark.parametrize("rows", [0, 1, 45])
def test_cross_entropy_in_bf16_is_that_of_torch_within_its_rounding(rows: int) -> None:
    parts = [torch.randn(*shape, generator=GENERATOR) for shape in ((rows, 16), (50, 16), (50,))]
    targets = torch.randint(0, 50, (rows,), generator=GENERATOR)
    weights = torch.rand(rows, generator=GENERATOR)
    fast, slow = ([part.clone().requires_grad_() for part in parts] for _ in range(2))
    h, matrix, bias = fast
    found = cross_entropy(h, targets, matrix=matrix, bias=bias, compute=torch.bfloat16)
    wanted = torch.nn.functional.cross_entropy(linear(*slow), targets, reduction="none")
    torch.testing.assert_close(found, wanted, rtol=2e-2, atol=6e-2)
    (found * weights).sum().backward()
    (wanted * weights).sum().backward()
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=5e-2, atol=8e-2)


def test_a_stack_in_bf16_gives_a_row_what_it_gives_it_beside_empty_ones() -> None:
    stack = Stack(5, StackConfig(hidden=8, layers=2, bidirectional=True), compute=torch.bfloat16)
    with torch.no_grad():
        for p in stack.parameters():
            p.uniform_(-0.5, 0.5, generator=GENERATOR)
    x, lengths = torch.randn(3, 6, 5, generator=GENERATOR), torch.tensor([6, 2, 4])
    h, state = stack(x, None, lengths)
    more = torch.nn.functional.pad(x, (0, 0, 0, 0, 0, 4))
    h_more, state_more = stack(more, None, torch.nn.functional.pad(lengths, (0, 4)))
    torch.testing.assert_close(h_more[:3], h, rtol=1e-2, atol=1e-2)
    for one, other in zip(state_more, state, strict=True):
        torch.testing.assert_close(one[:, :3], other, rtol=1e-2, atol=1e-2)
