"""The textbook steps against torch's cells and hand computation, and the fast unrolls against the textbook."""

import itertools
import math

import pytest
import torch
from torch import Tensor, nn

from elman.nn.cells import CellWeights, State, elman_step, mingru_step, state_names, unroll_textbook
from elman.nn.config import CELLS, StackConfig
from elman.nn.init import initialize
from elman.nn.kernels import unroll
from elman.nn.recurrence import ElmanUnroll, GRUUnroll
from elman.nn.scan import parallel_scan, sequential_scan
from elman.nn.stack import Stack

B, T, D, H = 4, 6, 5, 7
LENGTHS = [None, [6, 6, 6, 6], [4, 0, 6, 1], [0, 0, 3, 2]]


def make(cell: str, dtype: torch.dtype) -> CellWeights:
    stack = Stack(D, StackConfig(cell=cell, hidden=H), compute=dtype).to(dtype)
    initialize(stack, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for p in stack.parameters():
            p += 0.1 * torch.randn(p.shape, dtype=dtype, generator=torch.Generator().manual_seed(2))
    return stack.layers[0][0].weights()


def drawn(cell: str, dtype: torch.dtype, seed: int = 3) -> tuple[Tensor, State]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(B, T, D, dtype=dtype, generator=generator).requires_grad_()
    state = tuple(torch.randn(B, H, dtype=dtype, generator=generator).requires_grad_() for _ in state_names(cell))
    return x, state


def value_and_gradients(h: Tensor, end: State, inputs: list[Tensor]) -> list[Tensor]:
    weighted = (h * torch.linspace(-1, 2, h.numel(), dtype=h.dtype).view_as(h)).sum()
    for k, part in enumerate(end):
        weighted = weighted + (part * torch.linspace(0.5, 1 + k, part.numel(), dtype=h.dtype).view_as(part)).sum()
    return [h, *end, *torch.autograd.grad(weighted, inputs)]


@pytest.mark.parametrize(
    ("cell", "dtype", "reverse", "lengths"),
    list(itertools.product(CELLS, [torch.float32, torch.float64], [False, True], LENGTHS)),
)
def test_the_fast_unroll_is_the_textbook_by_value_and_gradient(
    cell: str, dtype: torch.dtype, reverse: bool, lengths: list[int] | None
) -> None:
    weights, (x, state) = make(cell, dtype), drawn(cell, dtype)
    counts = None if lengths is None else torch.tensor(lengths)
    inputs = [x, *state, *(part for part in weights if part is not None)]
    slow = unroll_textbook(cell, x, state, weights, lengths=counts, reverse=reverse)
    fast = unroll(cell, x, state, weights, lengths=counts, reverse=reverse, compute=dtype)
    tolerance = 1e-12 if dtype == torch.float64 else 2e-5
    for wanted, got in zip(value_and_gradients(*slow, inputs), value_and_gradients(*fast, inputs), strict=True):
        torch.testing.assert_close(got, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("cell", "module"), [("elman", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
def test_the_textbook_is_torchs_module_with_the_same_weights(cell: str, module: type[nn.RNNBase]) -> None:
    weights, (x, state) = make(cell, torch.float64), drawn(cell, torch.float64)
    theirs = module(D, H, batch_first=True).double()
    inner = torch.zeros_like(weights.b)
    if weights.b_u is not None:
        inner[2 * H :] = weights.b_u
    with torch.no_grad():
        for name, value in zip(
            ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"), (weights.W, weights.U, weights.b, inner),
            strict=True,
        ):  # fmt: skip
            assert value is not None
            getattr(theirs, name).copy_(value)
    given = tuple(part[None] for part in state)
    wanted, end = theirs(x, given if cell == "lstm" else given[0])
    h, after = unroll_textbook(cell, x, state, weights)
    torch.testing.assert_close(h, wanted)
    for got, part in zip(after, end if cell == "lstm" else (end,), strict=True):
        torch.testing.assert_close(got, part[0])


def test_one_elman_step_by_hand() -> None:
    # One unit: tanh(0.5 * 2 + 3 * 1 - 0.25) = tanh(3.75).
    weights = CellWeights(torch.tensor([[3.0]]), torch.tensor([[0.5]]), torch.tensor([-0.25]), None)
    (h,) = elman_step(torch.tensor([[1.0]]), (torch.tensor([[2.0]]),), weights)
    assert math.isclose(h.item(), math.tanh(3.75), rel_tol=1e-6)


@pytest.mark.parametrize(("x", "candidate"), [(2.0, 2.5), (-2.0, 1 / (1 + math.exp(2)))])
def test_one_mingru_step_by_hand(x: float, candidate: float) -> None:
    # z = sigmoid(0) = 1/2: half of the old state 4 and half of the candidate g(x).
    weights = CellWeights(torch.tensor([[0.0], [1.0]]), None, torch.zeros(2), None)
    (h,) = mingru_step(torch.tensor([[x]]), (torch.tensor([[4.0]]),), weights)
    assert math.isclose(h.item(), 2 + candidate / 2, rel_tol=1e-6)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("lengths", [None, [3, 0, 2, 1]])
def test_gradients_are_those_of_finite_differences(cell: str, lengths: list[int] | None) -> None:
    weights, (x, state) = make(cell, torch.float64), drawn(cell, torch.float64)
    counts = None if lengths is None else torch.tensor(lengths)
    parts = [part.detach().requires_grad_() for part in weights if part is not None]

    def run(x: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        given, own = rest[: len(state)], iter(rest[len(state) :])
        again = CellWeights(*(None if part is None else next(own) for part in weights))
        h, end = unroll(cell, x, given, again, lengths=counts, compute=torch.float64)
        return h, *end

    short = x[:, :3].detach().requires_grad_()
    assert torch.autograd.gradcheck(run, (short, *state, *parts), fast_mode=False)


@pytest.mark.parametrize("function", [ElmanUnroll, GRUUnroll])
def test_own_functions_pass_gradcheck_alone(function: type[torch.autograd.Function]) -> None:
    generator = torch.Generator().manual_seed(5)

    def tensor(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()

    if function is ElmanUnroll:
        arguments = (tensor(3, 2, 4), tensor(2, 4), tensor(4, 4), torch.float64)
    else:
        arguments = (tensor(3, 2, 12), tensor(2, 4), tensor(12, 4), tensor(4), torch.float64)
    assert torch.autograd.gradcheck(function.apply, arguments)


def test_the_parallel_scan_is_the_sequential_one_by_value_and_gradient() -> None:
    generator = torch.Generator().manual_seed(7)
    v = torch.randn(3, 40, 10, dtype=torch.float64, generator=generator).mul_(3).requires_grad_()
    initial = torch.randn(3, 5, dtype=torch.float64, generator=generator).requires_grad_()
    found = []
    for scan in (sequential_scan, parallel_scan):
        h = scan(v, initial)
        found.append([h, *torch.autograd.grad((h * h).sum(), [v, initial])])
    for wanted, got in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("cell", CELLS)
def test_no_steps_leave_the_state_as_it_was(cell: str) -> None:
    weights, (x, state) = make(cell, torch.float32), drawn(cell, torch.float32)
    h, end = unroll(cell, x[:, :0], state, weights)
    assert h.shape == (B, 0, H)
    assert all(torch.equal(a, b) for a, b in zip(state, end, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_padding_is_neither_read_nor_given_a_gradient(cell: str) -> None:
    weights, (x, state) = make(cell, torch.float32), drawn(cell, torch.float32)
    lengths = torch.tensor([4, 0, 6, 1])
    real = (torch.arange(T) < lengths[:, None])[:, :, None]
    other = torch.where(real, x.detach(), 1e6).requires_grad_()
    wanted = unroll(cell, x, state, weights, lengths=lengths)
    got = unroll(cell, other, state, weights, lengths=lengths)
    assert torch.equal(wanted[0], got[0])
    assert all(torch.equal(a, b) for a, b in zip(wanted[1], got[1], strict=True))
    (gradient,) = torch.autograd.grad(got[0].sum() + got[1][-1].sum(), other)
    assert not gradient[~real.expand_as(gradient)].any()


@pytest.mark.parametrize("cell", CELLS)
def test_bf16_is_near_fp32_and_its_results_are_fp32(cell: str) -> None:
    weights, (x, state) = make(cell, torch.float32), drawn(cell, torch.float32)
    inputs = [x, *state, *(part for part in weights if part is not None)]
    exact = value_and_gradients(*unroll(cell, x, state, weights), inputs)
    rough = value_and_gradients(*unroll(cell, x, state, weights, compute=torch.bfloat16), inputs)
    for wanted, got in zip(exact, rough, strict=True):
        assert got.dtype == torch.float32
        assert (got - wanted).abs().max() < 0.05 * wanted.abs().max()
