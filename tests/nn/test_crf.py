"""The conditional random field against enumeration of all sequences, its textbook twin and pytorch-crf."""

import itertools

import pytest
import torch
import torchcrf
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman.nn.crf import CRF, Chain, log_partition, log_partition_textbook
from elman.nn.softmax import NEVER

B, T, K = 4, 4, 3
LENGTHS = [[4, 4, 4, 4], [3, 0, 4, 1], [0, 1, 1, 0]]


def drawn(*shape: int, seed: int, scale: float = 2.0, dtype: torch.dtype = torch.float64) -> Tensor:
    return scale * torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def chain_of(seed: int, *, labels: int = K, dtype: torch.dtype = torch.float64) -> Chain:
    shapes = ((labels,), (labels, labels), (labels,))
    begin, A, end = (drawn(*shape, seed=seed + n, dtype=dtype).requires_grad_() for n, shape in enumerate(shapes))
    return begin, A, end


def filled(crf: CRF, chain: Chain) -> CRF:
    crf.to(chain[0].dtype)
    with torch.no_grad():
        for weight, value in zip((crf.begin, crf.A, crf.end), chain, strict=True):
            weight.copy_(value)
    return crf


def scheme() -> Chain:
    """0 is outside, 1 begins, 2 goes on: 2 neither begins nor follows 0, and 1 does not end."""
    may_follow = torch.ones(K, K, dtype=torch.bool)
    may_follow[0, 2] = False
    return torch.tensor([True, True, False]), may_follow, torch.tensor([True, False, True])


def score(emissions: Tensor, path: tuple[int, ...], chain: Chain) -> Tensor:
    begin, A, end = chain
    steps = sum((A[i, j] for i, j in itertools.pairwise(path)), start=begin[path[0]] + end[path[-1]])
    return steps + sum(emissions[t, k] for t, k in enumerate(path))


def enumerated(emissions: Tensor, lengths: Tensor, chain: Chain) -> Tensor:
    """ln Z by the sum over all K ** T sequences of each row."""
    rows = []
    for row, length in zip(emissions, lengths.tolist(), strict=True):
        paths = itertools.product(range(row.shape[1]), repeat=length)
        rows.append(torch.logsumexp(torch.stack([score(row, p, chain) for p in paths]), 0) if length else row.sum() * 0)
    return torch.stack(rows)


def values(found: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    weights = torch.linspace(0.5, 2, len(found), dtype=found.dtype)
    return [found, *torch.autograd.grad((found * weights).sum(), inputs, materialize_grads=True)]


@pytest.mark.parametrize("lengths", LENGTHS)
def test_the_partition_is_the_sum_over_all_sequences_by_value_and_gradient(lengths: list[int]) -> None:
    emissions, chain, counts = drawn(B, T, K, seed=1).requires_grad_(), chain_of(2), torch.tensor(lengths)
    wanted = values(enumerated(emissions, counts, chain), [emissions, *chain])
    for function in (log_partition, log_partition_textbook):
        for a, b in zip(values(function(emissions, counts, chain), [emissions, *chain]), wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
@pytest.mark.parametrize("constrained", [False, True])
def test_the_fast_partition_is_the_textbook(dtype: torch.dtype, tolerance: float, constrained: bool) -> None:
    emissions = drawn(6, 30, K, seed=3, scale=4, dtype=dtype).requires_grad_()
    crf = filled(CRF(K, allowed=scheme() if constrained else None), chain_of(4, dtype=dtype))
    lengths, inputs = torch.tensor([30, 7, 0, 1, 2, 29]), [emissions, crf.begin, crf.A, crf.end]
    fast = values(log_partition(emissions, lengths, crf.transitions()), inputs)
    exact = tuple(part.double() for part in crf.transitions())
    slow = values(log_partition_textbook(emissions.double(), lengths, (exact[0], exact[1], exact[2])), inputs)
    for got, wanted in zip(fast, slow, strict=True):
        torch.testing.assert_close(got, wanted, rtol=tolerance, atol=10 * tolerance)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 1000), st.sampled_from([0.1, 3.0, 40.0]))
def test_the_fast_partition_is_the_textbook_at_any_scale(labels: int, steps: int, seed: int, scale: float) -> None:
    emissions = drawn(3, steps, labels, seed=seed, scale=scale).requires_grad_()
    chain, lengths = chain_of(seed, labels=labels), torch.tensor([steps, 0, steps // 2])
    inputs = [emissions, *chain]
    fast = values(log_partition(emissions, lengths, chain), inputs)
    for got, wanted in zip(fast, values(log_partition_textbook(emissions, lengths, chain), inputs), strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("lengths", LENGTHS)
def test_gradients_are_those_of_finite_differences(lengths: list[int]) -> None:
    def run(emissions: Tensor, begin: Tensor, A: Tensor, end: Tensor) -> Tensor:
        return log_partition(emissions, torch.tensor(lengths), (begin, A, end))

    assert torch.autograd.gradcheck(run, (drawn(B, T, K, seed=5).requires_grad_(), *chain_of(6)))


@pytest.mark.parametrize("lengths", [[4, 4, 4, 4], [3, 2, 4, 1]])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_loss_is_that_of_pytorch_crf_by_value_and_gradient(lengths: list[int], dtype: torch.dtype) -> None:
    emissions, counts = drawn(B, T, K, seed=7, dtype=dtype).requires_grad_(), torch.tensor(lengths)
    labels = torch.randint(K, (B, T), generator=torch.Generator().manual_seed(8))
    ours, theirs = filled(CRF(K, allowed=None), chain_of(9, dtype=dtype)), torchcrf.CRF(K, batch_first=True).to(dtype)
    with torch.no_grad():
        theirs.start_transitions.copy_(ours.begin)
        theirs.transitions.copy_(ours.A)
        theirs.end_transitions.copy_(ours.end)
    loss, count = ours.loss(emissions, labels, counts)
    wanted = -theirs(emissions, labels, mask=torch.arange(T) < counts[:, None])
    assert count == sum(lengths)
    torch.testing.assert_close(loss, wanted)
    got = torch.autograd.grad(loss, [emissions, ours.begin, ours.A, ours.end])
    weights = [emissions, theirs.start_transitions, theirs.transitions, theirs.end_transitions]
    for a, b in zip(got, torch.autograd.grad(wanted, weights), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


def test_the_loss_counts_only_sequences_that_the_scheme_allows() -> None:
    emissions, chain = drawn(1, 4, K, seed=10), chain_of(11)
    may_begin, may_follow, may_end = scheme()
    allowed = [
        path
        for path in itertools.product(range(K), repeat=4)
        if may_begin[path[0]] and may_end[path[-1]] and all(may_follow[i, j] for i, j in itertools.pairwise(path))
    ]
    total = torch.logsumexp(torch.stack([score(emissions[0], path, chain) for path in allowed]), 0)
    loss, _ = filled(CRF(K, allowed=scheme()), chain).loss(emissions, torch.tensor([[0, 1, 2, 0]]), torch.tensor([4]))
    torch.testing.assert_close(loss, total - score(emissions[0], (0, 1, 2, 0), chain))


@pytest.mark.parametrize("labels", [[0, 1, 2, 0], [2, 0, 2, 1]])
def test_weights_of_steps_that_are_not_allowed_have_no_gradient(labels: list[int]) -> None:
    crf = filled(CRF(K, allowed=scheme()), chain_of(12))
    loss, _ = crf.loss(drawn(1, 4, K, seed=13), torch.tensor([labels]), torch.tensor([4]))
    gradients = torch.autograd.grad(loss, [crf.begin, crf.A, crf.end])
    for gradient, allowed in zip(gradients, scheme(), strict=True):
        assert not gradient[~allowed].any()
        assert gradient[allowed].all()


@pytest.mark.parametrize("broken", [[2, 0, 0, 0], [0, 0, 2, 0], [0, 1, 2, 1]])
def test_a_row_that_breaks_the_scheme_is_judged_by_the_chain_without_it(broken: list[int]) -> None:
    emissions, chain = drawn(2, 4, K, seed=14), chain_of(15)
    labels, lengths = torch.tensor([[0, 1, 2, 0], broken]), torch.tensor([4, 4])
    crf = filled(CRF(K, allowed=scheme()), chain)
    alone = [crf.loss(emissions[n : n + 1], labels[n : n + 1], lengths[n : n + 1])[0] for n in (0, 1)]
    free = tuple(part.detach().masked_fill(~may, 0) for part, may in zip(chain, scheme(), strict=True))
    without = (free[0], free[1], free[2])
    wanted = enumerated(emissions[1:], lengths[1:], without)[0] - score(emissions[1], tuple(broken), without)
    torch.testing.assert_close(alone[1], wanted)
    torch.testing.assert_close(crf.loss(emissions, labels, lengths)[0], alone[0] + alone[1])


def test_padding_is_neither_read_nor_given_a_gradient() -> None:
    crf, lengths = filled(CRF(K, allowed=scheme()), chain_of(16)), torch.tensor([3, 0, 4, 1])
    labels, is_real = torch.zeros(B, T, dtype=torch.long), torch.arange(T) < lengths[:, None]
    emissions = drawn(B, T, K, seed=17)
    other = torch.where(is_real[:, :, None], emissions, torch.inf).requires_grad_()
    loss, count = crf.loss(other, torch.where(is_real, labels, -1), lengths)
    alone = [
        crf.loss(emissions[n : n + 1, :c], labels[n : n + 1, :c], lengths[n : n + 1]) for n, c in enumerate(lengths)
    ]
    assert count == 8
    torch.testing.assert_close(loss, torch.stack([nats for nats, _ in alone]).sum())
    (gradient,) = torch.autograd.grad(loss, other)
    assert not gradient[~is_real].any()
    assert gradient.isfinite().all()


@pytest.mark.parametrize("scale", [1e3, 1e5])
def test_emissions_without_measure_leave_loss_and_gradients_finite(scale: float) -> None:
    crf = filled(CRF(K, allowed=scheme()), chain_of(18, dtype=torch.float32))
    emissions = drawn(B, T, K, seed=19, scale=scale, dtype=torch.float32).requires_grad_()
    loss, _ = crf.loss(emissions, torch.tensor([[0, 1, 2, 0]]).expand(B, T), torch.tensor([4, 4, 1, 0]))
    assert loss.isfinite()
    assert loss >= 0
    assert all(part.isfinite().all() for part in torch.autograd.grad(loss, [emissions, crf.begin, crf.A, crf.end]))


@pytest.mark.parametrize(("rows", "steps"), [(0, 0), (0, 4), (3, 0), (3, 4)])
def test_nothing_to_judge_costs_nothing(rows: int, steps: int) -> None:
    crf, lengths = CRF(K, allowed=scheme()), torch.zeros(rows, dtype=torch.long)
    loss, count = crf.loss(torch.zeros(rows, steps, K), torch.zeros(rows, steps, dtype=torch.long), lengths)
    assert (loss.item(), count) == (0.0, 0)


def test_exported_transitions_are_never_where_the_scheme_forbids_and_the_weights_elsewhere() -> None:
    chain = chain_of(20)
    crf = filled(CRF(K, allowed=scheme()), chain)
    for got, weight, may in zip(crf.transitions(), chain, scheme(), strict=True):
        assert torch.equal(got, torch.where(may, weight, NEVER))
    assert set(crf.state_dict()) == {"begin", "A", "end"}


def test_a_wrong_shape_is_told_with_the_right_one() -> None:
    crf = CRF(K, allowed=None)
    with pytest.raises(ValueError, match=r"emissions: wanted \(B, T, 3\), got \(2, 4, 5\)"):
        crf.loss(torch.zeros(2, 4, 5), torch.zeros(2, 4, dtype=torch.long), torch.tensor([4, 4]))
    with pytest.raises(ValueError, match=r"labels: wanted \(2, 4\), got \(2, 3\)"):
        crf.loss(torch.zeros(2, 4, 3), torch.zeros(2, 3, dtype=torch.long), torch.tensor([4, 4]))
    with pytest.raises(ValueError, match=r"may_end: wanted \(3,\), got \(2,\)"):
        CRF(K, allowed=(*scheme()[:2], torch.ones(2, dtype=torch.bool)))
