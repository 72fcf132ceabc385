"""Output layers against a softmax written out, whole and adaptive, tied and not."""

import itertools

import pytest
import torch
from torch import Tensor

from elman.nn import softmax
from elman.nn.config import EmbeddingConfig
from elman.nn.cutoffs import default_cutoffs
from elman.nn.embedding import Embedding
from elman.nn.init import initialize
from elman.nn.softmax import AdaptiveSoftmax, Softmax, cross_entropy

N, H, M = 60, 8, 30
CASES = list(itertools.product([False, True], [False, True], [8, 12]))


def make(adaptive: bool, tied: bool, width: int) -> tuple[Embedding, Softmax | AdaptiveSoftmax]:
    cutoffs = default_cutoffs(N) if adaptive else ()
    embedding = Embedding(N, EmbeddingConfig(embedding=width), cutoffs=cutoffs)
    kind = AdaptiveSoftmax if adaptive else Softmax
    head = kind(N, H, embedding=embedding if tied else None)
    both = torch.nn.ModuleList([embedding, head])
    initialize(both, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for p in head.parameters():
            p += 0.3 * torch.randn(p.shape, generator=torch.Generator().manual_seed(len(p)))
    return embedding, head


def states_and_targets() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(M, H, generator=generator), torch.randint(0, N, (M,), generator=generator)


@pytest.mark.parametrize(("adaptive", "tied", "width"), CASES)
def test_probabilities_sum_to_one_and_losses_are_their_logarithms(adaptive: bool, tied: bool, width: int) -> None:
    _, head = make(adaptive, tied, width)
    h, targets = states_and_targets()
    logs = head.log_probabilities(h)
    torch.testing.assert_close(logs.exp().sum(dim=1), torch.ones(M), rtol=1e-5, atol=1e-5)
    wanted = -logs[torch.arange(M), targets]
    torch.testing.assert_close(head.nats(h, targets), wanted, rtol=1e-5, atol=1e-5)
    nats, count = head.loss(h, targets)
    assert count == M
    torch.testing.assert_close(nats, wanted.sum(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("tied", "width"), [(False, 8), (True, 8), (True, 12)])
def test_the_adaptive_softmax_is_head_times_cluster_written_out(tied: bool, width: int) -> None:
    embedding, head = make(True, tied, width)
    assert isinstance(head, AdaptiveSoftmax)
    h, _ = states_and_targets()
    matrix = (embedding if tied else head.own).matrix()
    narrow = h @ head.projection.P.T if width != H and tied else h
    edges = (*default_cutoffs(N), N)
    head_logits = torch.cat([narrow @ matrix[: edges[0]].T, narrow @ head.C.T], dim=1) + head.b_head
    log_head = torch.log_softmax(head_logits, dim=1)
    wanted = [log_head[:, : edges[0]]]
    for k, (begin, end) in enumerate(itertools.pairwise(edges)):
        inside = torch.log_softmax(narrow @ matrix[begin:end].T + head.b_tails[k], dim=1)
        wanted.append(inside + log_head[:, edges[0] + k, None])
    assert len(wanted) == 4
    torch.testing.assert_close(head.log_probabilities(h), torch.cat(wanted, dim=1), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("adaptive", "tied", "width"), CASES)
def test_every_product_is_made_as_one_is_told(adaptive: bool, tied: bool, width: int) -> None:
    _, head = make(adaptive, tied, width)
    h, _ = states_and_targets()

    def multiply(x: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
        return 2 * torch.nn.functional.linear(x, matrix, bias)

    got = head.log_probabilities(h, multiply)
    torch.testing.assert_close(got.exp().sum(dim=1), torch.ones(M), rtol=1e-5, atol=1e-5)
    assert not torch.allclose(got, head.log_probabilities(h), atol=0.1)
    if not adaptive and width == H:
        wanted = torch.log_softmax(2 * head.log_probabilities(h), dim=1)  # each logit twice as large
        torch.testing.assert_close(got, wanted, rtol=1e-4, atol=1e-4)


def test_a_tied_softmax_has_no_matrix_of_its_own_and_trains_the_embedding() -> None:
    for adaptive in (False, True):
        embedding, head = make(adaptive, True, H)
        assert not any(p.dim() == 2 and len(p) > 5 for p in head.parameters())
        h, targets = states_and_targets()
        head.loss(h, targets)[0].backward()
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in embedding.parameters())


@pytest.mark.parametrize("adaptive", [False, True])
def test_gradients_are_those_of_the_distribution(adaptive: bool) -> None:
    embedding, head = make(adaptive, True, H)
    h, targets = states_and_targets()
    parameters = [*embedding.parameters(), *head.parameters()]
    fast = torch.autograd.grad(head.loss(h, targets)[0], parameters, allow_unused=True)
    slow = torch.autograd.grad(-head.log_probabilities(h)[torch.arange(M), targets].sum(), parameters)
    for got, wanted in zip(fast, slow, strict=True):
        torch.testing.assert_close(torch.zeros_like(wanted) if got is None else got, wanted, rtol=1e-4, atol=1e-5)


def test_cross_entropy_is_torchs_and_passes_gradcheck() -> None:
    generator = torch.Generator().manual_seed(5)
    h, V, b = (torch.randn(*shape, dtype=torch.float64, generator=generator) for shape in ((6, 3), (9, 3), (9,)))
    targets = torch.tensor([0, 8, 4, 4, 1, 0])

    def nats(h: Tensor, V: Tensor, b: Tensor) -> Tensor:
        return cross_entropy(h, targets, matrix=V, bias=b, compute=torch.float64)

    wanted = torch.nn.functional.cross_entropy(h @ V.T + b, targets, reduction="none")
    torch.testing.assert_close(nats(h, V, b), wanted)
    assert torch.autograd.gradcheck(nats, tuple(part.requires_grad_() for part in (h, V, b)))


def test_a_symbol_that_was_thought_impossible_costs_its_logit() -> None:
    # Far below the smallest number of the format: -ln p is 500 - (-500), not infinity.
    V = torch.tensor([[500.0], [-500.0]])
    nats = cross_entropy(torch.ones(1, 1), torch.tensor([1]), matrix=V, bias=torch.zeros(2), compute=torch.float32)
    assert nats.item() == 1000.0


def test_a_batch_without_rare_symbols_needs_no_cluster() -> None:
    _, head = make(True, True, H)
    h, _ = states_and_targets()
    targets = torch.arange(M) % 5
    torch.testing.assert_close(head.nats(h, targets), -head.log_probabilities(h)[torch.arange(M), targets])


@pytest.mark.parametrize("symbols", [4, 60, 4_000, 10_000, 33_278, 1_000_000])
def test_cutoffs_rise_inside_the_vocabulary(symbols: int) -> None:
    edges = (0, *default_cutoffs(symbols), symbols)
    assert all(a < b for a, b in itertools.pairwise(edges))


def test_an_adaptive_softmax_is_not_tied_to_an_undivided_embedding() -> None:
    with pytest.raises(ValueError, match="clusters only"):
        AdaptiveSoftmax(N, H, embedding=Embedding(N, EmbeddingConfig(embedding=H)))


def test_bf16_products_are_near() -> None:
    for adaptive in (False, True):
        _, head = make(adaptive, False, H)
        h, targets = states_and_targets()
        exact = head.nats(h, targets)
        head.compute = torch.bfloat16
        rough = head.nats(h, targets)
        assert rough.dtype == torch.float32
        assert not torch.equal(rough, exact)
        torch.testing.assert_close(rough, exact, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("adaptive", [False, True])
def test_an_impossible_symbol_has_no_probability_and_no_gradient(adaptive: bool) -> None:
    embedding = Embedding(N, EmbeddingConfig(embedding=H), cutoffs=default_cutoffs(N) if adaptive else ())
    kind = AdaptiveSoftmax if adaptive else Softmax
    head = kind(N, H, embedding=embedding, impossible=(1,))
    initialize(torch.nn.ModuleList([embedding, head]), torch.Generator().manual_seed(1))
    h, targets = states_and_targets()
    assert head.log_probabilities(h)[:, 1].exp().max() == 0
    head.loss(h, targets.clamp(min=2))[0].backward()
    first = next(embedding.parameters()).grad
    assert first is not None and first[0].abs().sum() > 0 and not first[1].any()


@pytest.mark.parametrize(("tied", "width"), [(False, 8), (True, 8), (True, 12)])
def test_smoothing_is_torchs_over_the_possible_symbols_by_value_and_gradient(tied: bool, width: int) -> None:
    embedding = Embedding(N, EmbeddingConfig(embedding=width))
    head = Softmax(N, H, embedding=embedding if tied else None, impossible=(1, 7))
    initialize(torch.nn.ModuleList([embedding, head]), torch.Generator().manual_seed(1))
    h, targets = states_and_targets()
    targets = torch.where((targets == 1) | (targets == 7), 0, targets)
    possible = [n for n in range(N) if n not in (1, 7)]
    places = torch.tensor([possible.index(int(target)) for target in targets])
    matrix = embedding.E if tied else head.V
    weights = [h.requires_grad_(), *head.parameters(), *([matrix] if tied else [])]
    narrow = h @ head.projection.P.T if tied and width != H else h
    logits = (narrow @ matrix.T + head.b)[:, possible]
    by_row = torch.rand(M, generator=torch.Generator().manual_seed(5))
    smoothed = torch.nn.functional.cross_entropy(logits, places, label_smoothing=0.3, reduction="none")
    nats, spread = head.nats_and_spread(h, targets)
    got = 0.7 * nats + 0.3 * spread
    torch.testing.assert_close(got, smoothed, rtol=1e-5, atol=1e-5)
    wanted = torch.autograd.grad((smoothed * by_row).sum(), weights, retain_graph=True)
    for a, b in zip(torch.autograd.grad((got * by_row).sum(), weights), wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_adaptive_smoothing_is_torchs_in_both_steps_by_value_and_gradient() -> None:
    embedding = Embedding(N, EmbeddingConfig(embedding=H), cutoffs=default_cutoffs(N))
    head = AdaptiveSoftmax(N, H, embedding=embedding, impossible=(1,))
    initialize(torch.nn.ModuleList([embedding, head]), torch.Generator().manual_seed(1))
    h, targets = states_and_targets()
    targets, edges = targets.clamp(min=2), (0, *default_cutoffs(N), N)
    assert {int(k) for k in torch.bucketize(targets, torch.tensor(edges[1:-1]), right=True)} == {0, 1, 2, 3}
    weights = [h.requires_grad_(), *embedding.parameters(), *head.parameters()]
    tables, first = embedding.clusters, edges[1]
    assert tables is not None
    possible = [n for n in range(first + 3) if n != 1]
    logits = (h @ torch.cat([tables.tables[0], head.C]).T + head.b_head)[:, possible]
    smoothed = []
    for row, target in enumerate(targets.tolist()):
        k = sum(target >= edge for edge in edges[1:-1])
        place = torch.tensor(possible.index(target if k == 0 else first + k - 1))
        nats = torch.nn.functional.cross_entropy(logits[row], place, label_smoothing=0.3)
        if k:
            inside = tables.tables[k] @ (tables.projections[k - 1] @ h[row]) + head.b_tails[k - 1]
            nats = nats + torch.nn.functional.cross_entropy(
                inside, torch.tensor(target - edges[k]), label_smoothing=0.3
            )
        smoothed.append(nats)
    wanted = torch.stack(smoothed)
    nats, spread = head.nats_and_spread(h, targets)
    got, by_row = 0.7 * nats + 0.3 * spread, torch.rand(M, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(nats, head.nats(h, targets))
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)
    slow = torch.autograd.grad((wanted * by_row).sum(), weights, retain_graph=True)
    for a, b in zip(torch.autograd.grad((got * by_row).sum(), weights), slow, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("adaptive", "tied", "width"), CASES)
def test_pieces_of_the_rows_give_what_all_of_them_give(
    adaptive: bool, tied: bool, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    h, targets = states_and_targets()
    found = []
    for logits in (softmax.LOGITS, 1):  # in one piece, and in pieces of 16 rows
        monkeypatch.setattr(softmax, "LOGITS", logits)
        embedding, head = make(adaptive, tied, width)
        h = h.detach().requires_grad_()
        nats, spread = head.nats_and_spread(h, targets)
        (nats + 0.1 * spread).sum().backward()
        weights = torch.nn.ModuleList([embedding, head]).parameters()
        found.append([nats.detach(), spread.detach(), h.grad, *(p.grad for p in weights if p.grad is not None)])
    assert softmax.rows_at_once(N) == 16 < M
    for whole, pieces in zip(*found, strict=True):
        torch.testing.assert_close(pieces, whole, rtol=1e-5, atol=1e-6)
