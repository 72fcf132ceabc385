"""Both readings in one call against the textbook's two, by value and gradient; what padding may and may not do."""

import itertools

import pytest
import torch
from torch import Tensor

from elman.nn.cells import CellWeights, State, state_names, unroll_textbook
from elman.nn.config import CELLS, GATES
from elman.nn.kernels import unroll, unroll_both

B, T, D, H = 4, 6, 5, 3
LENGTHS = [None, [6, 6, 6, 6], [4, 0, 6, 1], [0, 0, 3, 2], [0, 0, 0, 0]]


def drawn(cell: str, dtype: torch.dtype) -> tuple[Tensor, CellWeights, CellWeights]:
    """An input, and weights for the reading from the left and for that from the right."""
    generator = torch.Generator().manual_seed(3)

    def tensor(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=dtype, generator=generator).mul_(0.7).requires_grad_()

    def weights() -> CellWeights:
        G = GATES[cell]
        U = None if cell == "mingru" else tensor(G * H, H)
        return CellWeights(tensor(G * H, D), U, tensor(G * H), tensor(H) if cell == "gru" else None)

    return tensor(B, T, D), weights(), weights()


def by_textbook(
    cell: str, x: Tensor, weights: tuple[CellWeights, CellWeights], *, lengths: Tensor | None
) -> tuple[Tensor, tuple[State, State]]:
    zero = tuple(x.new_zeros(B, H) for _ in state_names(cell))
    forward, after = unroll_textbook(cell, x, zero, weights[0], lengths=lengths)
    backward, before = unroll_textbook(cell, x, zero, weights[1], lengths=lengths, reverse=True)
    return torch.cat([forward, backward], dim=2), (after, before)


def value_and_gradients(h: Tensor, ends: tuple[State, State], inputs: list[Tensor]) -> list[Tensor]:
    parts = [h, *itertools.chain(*ends)]
    weighted = sum((part * torch.linspace(-1, 2, part.numel(), dtype=h.dtype).view_as(part)).sum() for part in parts)
    assert isinstance(weighted, Tensor)
    return [*parts, *torch.autograd.grad(weighted, inputs)]


@pytest.mark.parametrize(
    ("cell", "dtype", "lengths"), list(itertools.product(CELLS, [torch.float32, torch.float64], LENGTHS))
)
def test_both_readings_are_the_textbooks_by_value_and_gradient(
    cell: str, dtype: torch.dtype, lengths: list[int] | None
) -> None:
    x, *weights = drawn(cell, dtype)
    both, counts = (weights[0], weights[1]), None if lengths is None else torch.tensor(lengths)
    inputs = [x, *(part for one in both for part in one if part is not None)]
    slow = by_textbook(cell, x, both, lengths=counts)
    fast = unroll_both(cell, x, both, lengths=counts, compute=dtype)
    tolerance = 1e-12 if dtype == torch.float64 else 2e-5
    for wanted, got in zip(value_and_gradients(*slow, inputs), value_and_gradients(*fast, inputs), strict=True):
        assert got.dtype == dtype
        torch.testing.assert_close(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("cell", CELLS)
def test_padding_is_neither_read_nor_given_a_gradient(cell: str) -> None:
    x, *weights = drawn(cell, torch.float32)
    both, lengths = (weights[0], weights[1]), torch.tensor([4, 0, 6, 1])
    real = (torch.arange(T) < lengths[:, None])[:, :, None]
    other = torch.where(real, x.detach(), 50.0).requires_grad_()
    wanted, got = (unroll_both(cell, one, both, lengths=lengths) for one in (x, other))
    for a, b in zip([wanted[0], *itertools.chain(*wanted[1])], [got[0], *itertools.chain(*got[1])], strict=True):
        assert torch.equal(a, b)
    gradient = value_and_gradients(*got, [other])[-1]
    assert gradient.any() and not gradient[~real.expand_as(gradient)].any()
    assert not got[0][~real.expand_as(got[0])].any()


@pytest.mark.parametrize("cell", CELLS)
def test_no_steps_leave_zero_states(cell: str) -> None:
    x, *weights = drawn(cell, torch.float32)
    h, ends = unroll_both(cell, x[:, :0], (weights[0], weights[1]))
    assert h.shape == (B, 0, 2 * H)
    assert [part.shape for end in ends for part in end] == [(B, H)] * 2 * len(state_names(cell))
    assert not any(part.any() for end in ends for part in end)


@pytest.mark.parametrize("cell", CELLS)
def test_bf16_is_near_fp32_and_its_results_are_fp32(cell: str) -> None:
    x, *weights = drawn(cell, torch.float32)
    both, lengths = (weights[0], weights[1]), torch.tensor([4, 0, 6, 1])
    inputs = [x, *(part for one in both for part in one if part is not None)]
    exact = value_and_gradients(*unroll_both(cell, x, both, lengths=lengths), inputs)
    rough = value_and_gradients(*unroll_both(cell, x, both, lengths=lengths, compute=torch.bfloat16), inputs)
    for wanted, got in zip(exact, rough, strict=True):
        assert got.dtype == torch.float32
        assert (got - wanted).abs().max() < 0.05 * wanted.abs().max()


@pytest.mark.parametrize("cell", CELLS)
def test_one_step_of_one_row_leaves_weights_and_inputs_as_they_are(cell: str) -> None:
    x, weights, _ = drawn(cell, torch.float32)
    x = x[:1, :1]
    state = tuple(torch.full((1, H), 0.5) for _ in state_names(cell))
    held = [part for part in (x, *state, *weights) if part is not None]
    before = [part.detach().clone() for part in held]
    with torch.no_grad():
        wanted, _ = unroll_textbook(cell, x, state, weights, lengths=None)
        for _ in range(2):
            found, _ = unroll(cell, x, state, weights, lengths=None, compute=torch.float32)
            torch.testing.assert_close(found, wanted)
    assert all(torch.equal(part, one) for part, one in zip(held, before, strict=True))
