"""Stacks against layers unrolled by the textbook, and the laws of state, lengths and steps."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from elman.nn.cells import State, unroll_textbook
from elman.nn.config import CELLS, StackConfig
from elman.nn.init import initialize
from elman.nn.stack import Stack

B, T, D, H = 3, 7, 4, 6
SHAPES = list(itertools.product(CELLS, [1, 3], [False, True], [None, [7, 0, 3]]))


def make(cell: str, *, layers: int = 2, bidirectional: bool = False, **dropped: float) -> Stack:
    stack = Stack(D, StackConfig(cell=cell, layers=layers, hidden=H, bidirectional=bidirectional, **dropped))
    initialize(stack, torch.Generator().manual_seed(1))
    return stack


def inputs(seed: int = 2) -> Tensor:
    return torch.randn(B, T, D, generator=torch.Generator().manual_seed(seed))


def by_textbook(stack: Stack, x: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
    ends = []
    for layer in stack.layers:
        outputs = []
        for d, direction in enumerate(layer):
            zero = tuple(part[0] for part in stack.zero_state(B))
            h, end = unroll_textbook(stack.config.cell, x, zero, direction.weights(), lengths=lengths, reverse=d == 1)
            outputs.append(h)
            ends.append(end)
        x = torch.cat(outputs, dim=2)
    return x, tuple(torch.stack(parts) for parts in zip(*ends, strict=True))


@pytest.mark.parametrize(("cell", "layers", "bidirectional", "lengths"), SHAPES)
def test_a_stack_is_its_layers_one_on_the_other(
    cell: str, layers: int, bidirectional: bool, lengths: list[int] | None
) -> None:
    stack = make(cell, layers=layers, bidirectional=bidirectional)
    counts = None if lengths is None else torch.tensor(lengths)
    wanted, got = by_textbook(stack, inputs(), counts), stack(inputs(), None, counts)
    torch.testing.assert_close(got[0], wanted[0], rtol=1e-5, atol=1e-6)
    for a, b in zip(got[1], wanted[1], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "layers", "lengths"), list(itertools.product(CELLS, [1, 2], [None, [7, 0, 3], [0, 0, 0]]))
)
def test_both_readings_have_the_gradients_of_their_layers(cell: str, layers: int, lengths: list[int] | None) -> None:
    stack, x = make(cell, layers=layers, bidirectional=True), inputs().requires_grad_()
    counts = None if lengths is None else torch.tensor(lengths)
    weight = torch.randn(B, T, 2 * H, generator=torch.Generator().manual_seed(4))
    found = []
    for h, end in (by_textbook(stack, x, counts), stack(x, None, counts)):
        total = (h * weight).sum() + sum(part.square().sum() for part in end)
        found.append(torch.autograd.grad(total, [x, *stack.parameters()]))
    for wanted, got in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("cell", "layers", "bidirectional", "lengths"), SHAPES)
def test_the_states_alone_are_those_of_the_whole_reading_with_their_gradients(
    cell: str, layers: int, bidirectional: bool, lengths: list[int] | None
) -> None:
    dropped = {"dropout": 0.3} | ({} if cell == "mingru" else {"weight_drop": 0.2})
    stack = make(cell, layers=layers, bidirectional=bidirectional, **dropped)
    counts = None if lengths is None else torch.tensor(lengths)
    weighted = torch.randn(B, T, H * stack.directions, generator=torch.Generator().manual_seed(4))
    found = []
    for read in (lambda *given: stack(given[0], None, *given[1:])[0], stack.read):
        x = inputs().requires_grad_()
        h = read(x, counts, torch.Generator().manual_seed(3))
        found.append([h.detach(), *torch.autograd.grad((h * weighted).sum(), [x, *stack.parameters()])])
    for wanted, got in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)


def test_the_states_alone_in_bf16_are_as_near_to_those_in_fp32_as_the_whole_reading() -> None:
    stack, counts = make("lstm", layers=3, bidirectional=True), torch.tensor([7, 0, 3])
    exact = stack.read(inputs(), counts)
    stack.compute = torch.bfloat16
    for rounded in (stack(inputs(), None, counts)[0], stack.read(inputs(), counts)):
        assert rounded.dtype == torch.float32
        assert torch.equal(rounded == 0, exact == 0), "zero at padding and nowhere else"
        torch.testing.assert_close(rounded, exact, rtol=0.02, atol=0.01)


def test_a_text_without_steps_has_no_states() -> None:
    stack = make("lstm", bidirectional=True)
    assert stack.read(torch.zeros(B, 0, D), torch.zeros(B, dtype=torch.int64)).shape == (B, 0, 2 * H)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("cut", [1, 3, 6])
def test_cutting_into_segments_changes_nothing(cell: str, cut: int) -> None:
    stack = make(cell)
    whole, end = stack(inputs())
    first, state = stack(inputs()[:, :cut])
    second, after = stack(inputs()[:, cut:], state)
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole, rtol=1e-5, atol=1e-6)
    for a, b in zip(after, end, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_single_steps_are_the_unroll(cell: str, layers: int) -> None:
    stack = make(cell, layers=layers)
    h, end = stack(inputs())
    stepper, state = stack.stepper(), stack.zero_state(B)
    for t in range(T):
        h_t, state = stepper.step(inputs()[:, t], state)
        torch.testing.assert_close(h_t, h[:, t], rtol=1e-5, atol=1e-6)
    for a, b in zip(state, end, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("cell", CELLS)
def test_the_state_that_is_given_is_not_written_to(cell: str, layers: int) -> None:
    stack = make(cell, layers=layers)
    state = tuple(torch.randn(part.shape) for part in stack.zero_state(B))
    kept = [part.clone() for part in state]
    stack(inputs(), state)
    _, after = stack.stepper().step(inputs()[:, 0], state)
    assert all(torch.equal(a, b) for a, b in zip(state, kept, strict=True))
    kept = [part.clone() for part in after]
    stack.stepper().step(inputs()[:, 1], after)
    assert all(torch.equal(a, b) for a, b in zip(after, kept, strict=True))


@pytest.mark.parametrize("cell", CELLS)
def test_a_stepper_reads_the_weights_as_they_are(cell: str) -> None:
    stack = make(cell)
    stepper, state = stack.stepper(), stack.zero_state(B)
    with torch.no_grad():
        for p in stack.parameters():
            p.mul_(-2).add_(0.1)
    h_t, _ = stepper.step(inputs()[:, 0], state)
    torch.testing.assert_close(h_t, stack(inputs()[:, :1])[0][:, 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "option"),
    [
        (cell, option)
        for cell in CELLS
        for option in ("dropout", "weight_drop")
        if (cell, option) != ("mingru", "weight_drop")
    ],
)
def test_dropout_is_repeatable_and_absent_in_evaluation(cell: str, option: str) -> None:
    stack, plain = make(cell, **{option: 0.5}), make(cell)
    runs = [stack(inputs(), generator=torch.Generator().manual_seed(seed))[0] for seed in (5, 5, 6)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.allclose(runs[0], runs[2])
    torch.testing.assert_close(stack(inputs())[0], plain(inputs())[0])


def test_states_alone_refuse_wrong_shapes_too() -> None:
    with pytest.raises(ValueError, match=r"x: wanted \(B, T, 4\), got \(3, 7, 5\)"):
        make("lstm", bidirectional=True).read(torch.zeros(B, T, D + 1))


def test_wrong_shapes_are_refused_with_both_shapes() -> None:
    stack = make("lstm")
    with pytest.raises(ValueError, match=r"wanted \(B, T, 4\), got \(3, 7, 5\)"):
        stack(torch.zeros(3, 7, 5))
    with pytest.raises(ValueError, match=r"wanted 2 of \(2, 3, 6\)"):
        stack(inputs(), (torch.zeros(2, 3, 6),))
    with pytest.raises(ValueError, match=r"lengths: wanted \(3,\)"):
        stack(inputs(), None, torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="no single step"):
        make("gru", bidirectional=True).stepper()


@pytest.mark.parametrize(("cell", "module"), [("elman", nn.RNN), ("gru", nn.GRU), ("lstm", nn.LSTM)])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_a_stack_is_torchs_module_with_the_same_weights_by_value_and_gradient(
    cell: str, module: type[nn.RNNBase], bidirectional: bool
) -> None:
    stack = make(cell, bidirectional=bidirectional)
    theirs = module(D, H, 2, batch_first=True, bidirectional=bidirectional)
    pairs = []
    for layer, directions in enumerate(stack.layers):
        for direction, suffix in zip(directions, ("", "_reverse"), strict=False):
            for mine, name in (("W", "weight_ih"), ("U", "weight_hh"), ("b", "bias_ih")):
                pairs.append((getattr(direction, mine), getattr(theirs, f"{name}_l{layer}{suffix}")))
            second = getattr(theirs, f"bias_hh_l{layer}{suffix}")
            with torch.no_grad():
                second.zero_()
                if cell == "gru":
                    second[2 * H :] = direction.b_u
    with torch.no_grad():
        for mine, other in pairs:
            other.copy_(mine)
    weight = torch.randn(B, T, H * stack.directions, generator=torch.Generator().manual_seed(4))
    got, wanted = stack(inputs())[0], theirs(inputs())[0]
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)
    got_gradients = torch.autograd.grad((got * weight).sum(), [mine for mine, _ in pairs])
    wanted_gradients = torch.autograd.grad((wanted * weight).sum(), [other for _, other in pairs])
    for a, b in zip(got_gradients, wanted_gradients, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
