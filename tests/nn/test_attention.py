"""Attention against loops over rows, steps and places, by value and by gradient."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from elman.nn import attention
from elman.nn.attention import Attention

B, T, S, H = 3, 4, 5, 6
LENGTHS = torch.tensor([5, 0, 3])
CASES = list(itertools.product(["dot", "general", "mlp"], [6, 4], [False, True]))


def make(kind: str, width: int, covered: bool) -> Attention:
    module = Attention(kind, hidden=H, width=width, covered=covered, compute=torch.float64).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            p.normal_(generator=generator)
    return module


def inputs(width: int, covered: bool) -> tuple[Tensor, Tensor, Tensor | None]:
    generator = torch.Generator().manual_seed(2)
    queries = torch.randn(B, T, H, dtype=torch.float64, generator=generator)
    memory = torch.randn(B, S, width, dtype=torch.float64, generator=generator)
    coverage = torch.rand(B, T, S, dtype=torch.float64, generator=generator) if covered else None
    return queries, memory, coverage


def score(module: Attention, q: Tensor, h: Tensor, covered: Tensor | None) -> float:
    if module.kind == "mlp":
        inner = module.U @ q + module.W @ h + module.b
        return float(module.v @ torch.tanh(inner if covered is None else inner + module.a * covered))
    found = float(q @ (module.W @ h if hasattr(module, "W") else h))
    return found if covered is None else found + float(module.a[0] * covered)


@torch.no_grad()
@pytest.mark.parametrize(("kind", "width", "covered"), CASES)
def test_attention_is_the_formula_at_every_row_step_and_place(kind: str, width: int, covered: bool) -> None:
    module, (queries, memory, coverage) = make(kind, width, covered), inputs(width, covered)
    context, alpha = module(queries, memory, keys=module.keys(memory), lengths=LENGTHS, coverage=coverage)
    for b, t in itertools.product(range(B), range(T)):
        scores = [
            score(module, queries[b, t], memory[b, s], None if coverage is None else coverage[b, t, s])
            for s in range(int(LENGTHS[b]))
        ]
        total = sum(math.exp(one) for one in scores)
        wanted = torch.tensor(
            [math.exp(one) / total for one in scores] + [0.0] * (S - len(scores)), dtype=torch.float64
        )
        torch.testing.assert_close(alpha[b, t], wanted)
        torch.testing.assert_close(context[b, t], sum((wanted[s] * memory[b, s] for s in range(S)), 0 * memory[0, 0]))
        assert (alpha[b, t, int(LENGTHS[b]) :] == 0).all()


@pytest.mark.parametrize(("kind", "width", "covered"), CASES)
def test_gradients_are_finite_differences(
    kind: str, width: int, covered: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "PIECE", 1)  # a step at a time
    module, (queries, memory, coverage) = make(kind, width, covered), inputs(width, covered)
    lengths = torch.tensor([2, 0])
    weights = tuple(module.parameters())

    def both(queries: Tensor, memory: Tensor, coverage: Tensor, *weights: Tensor) -> tuple[Tensor, Tensor]:
        given = coverage if covered else None
        return module(queries, memory, keys=module.keys(memory), lengths=lengths, coverage=given)  # type: ignore[no-any-return]

    arguments = [queries[:2, :2], memory[:2, :3], (coverage if coverage is not None else torch.zeros_like(queries))]
    arguments[2] = arguments[2][:2, :2, :3]
    assert torch.autograd.gradcheck(both, [*(one.clone().requires_grad_() for one in arguments), *weights])


def test_pieces_of_the_mlp_form_are_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    module, (queries, memory, coverage) = make("mlp", 4, True), inputs(4, True)
    whole = module(queries, memory, keys=module.keys(memory), lengths=LENGTHS, coverage=coverage)
    monkeypatch.setattr(attention, "PIECE", 3 * B * S * H)  # three steps, then one
    pieces = module(queries, memory, keys=module.keys(memory), lengths=LENGTHS, coverage=coverage)
    for a, b in zip(pieces, whole, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("kind", ["dot", "general", "mlp"])
def test_a_source_without_places_gives_no_context(kind: str) -> None:
    module = make(kind, 4, False)
    queries, memory = torch.randn(2, T, H, dtype=torch.float64), torch.zeros(2, 0, 4, dtype=torch.float64)
    context, alpha = module(queries, memory, keys=module.keys(memory), lengths=torch.zeros(2, dtype=torch.int64))
    assert torch.equal(context, torch.zeros(2, T, 4, dtype=torch.float64))
    assert alpha.shape == (2, T, 0)


def test_wrong_shapes_are_refused_with_both_shapes() -> None:
    module = make("general", 4, False)
    queries, memory, _ = inputs(4, False)
    with pytest.raises(ValueError, match=r"wanted \(\(3, 4, 6\), \(3, 5, 4\), \(3, 5, 6\)\), got .*\(3, 5, 3\)"):
        module(queries, memory[:, :, :3], keys=module.keys(memory), lengths=LENGTHS)
