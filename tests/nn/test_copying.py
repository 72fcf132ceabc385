"""Copying against the sum over places written out, symbols out of the vocabulary among them."""

import itertools
import math

import torch
from torch import Tensor

from elman.nn.copying import Copying

N, EXTRA, S, M, D = 5, 2, 6, 4, 3
COPIES = torch.tensor([[2, 5, 2, 6, 5, -1], [4, 4, 4, 4, 4, 4], [6, 5, 3, -1, -1, -1], [0, 3, 3, 0, 5, 2]])


def make() -> tuple[Copying, Tensor, Tensor, Tensor]:
    module, generator = Copying(N, D), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in module.parameters():
            p.normal_(generator=generator)
    logs = torch.log_softmax(torch.randn(M, N, generator=generator), dim=1)
    alpha = torch.rand(M, S, generator=generator) * (COPIES >= 0)
    return module, logs, torch.randn(M, D, generator=generator), alpha / alpha.sum(dim=1, keepdim=True)


def by_sums(module: Copying, logs: Tensor, vectors: Tensor, alpha: Tensor) -> Tensor:
    p = torch.zeros(M, N + EXTRA)
    for m, w in itertools.product(range(M), range(N + EXTRA)):
        g = 1 / (1 + math.exp(-float(vectors[m] @ module.w + module.b)))
        written = math.exp(logs[m, w]) if w < N else 0.0
        p[m, w] = g * written + (1 - g) * sum(float(alpha[m, s]) for s in range(S) if COPIES[m, s] == w)
    return p


@torch.no_grad()
def test_the_distribution_is_the_sum_over_places_and_sums_to_one() -> None:
    module, logs, vectors, alpha = make()
    found = module.log_probabilities(logs, vectors=vectors, alpha=alpha, copies=COPIES, extra=EXTRA)
    torch.testing.assert_close(found.exp(), by_sums(module, logs, vectors, alpha), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(found.exp().sum(dim=1), torch.ones(M), rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_nats_are_the_logarithms_of_the_distribution() -> None:
    module, logs, vectors, alpha = make()
    wanted = by_sums(module, logs, vectors, alpha)
    gold = torch.tensor([5, 4, 3, 1])
    nats = -logs.gather(1, (gold % N)[:, None])[:, 0]  # where gold is N or above, of any symbol
    found = module.nats(nats, gold, vectors=vectors, alpha=alpha, copies=COPIES)
    torch.testing.assert_close(found, -wanted.gather(1, gold[:, None])[:, 0].log(), rtol=1e-5, atol=1e-6)


def test_a_word_that_is_looked_at_by_nothing_has_a_finite_loss_and_gradient() -> None:
    module, logs, vectors, alpha = make()
    alpha = (alpha * (COPIES != 5)).requires_grad_()
    nats = module.nats(-logs[:, 0], torch.full((M,), 5), vectors=vectors, alpha=alpha, copies=COPIES)
    nats.sum().backward()  # type: ignore[no-untyped-call]
    assert nats.isfinite().all() and alpha.grad is not None and alpha.grad.isfinite().all()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())
