"""The head of a tagger against the logarithms of a softmax that is written out, and what it does not count."""

import math

import pytest
import torch
from torch import Tensor

from elman.nn.labels import IGNORED, MANY, LabelHead

M, D, K = 5, 4, 3
LABELS = torch.tensor([2, IGNORED, 0, 1, IGNORED])


def head() -> LabelHead:
    made = LabelHead(K, D).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in made.parameters():
            p.normal_(generator=generator)
    return made


def states() -> Tensor:
    return torch.randn(M, D, dtype=torch.float64, generator=torch.Generator().manual_seed(2)).requires_grad_()


def written_out(made: LabelHead, h: Tensor, smoothing: float) -> Tensor:
    """Sum over the labels that count of -sum_k q_k ln p_k, q the label's share and an even one for all."""
    total = h.new_zeros(())
    for h_t, label in zip(h, LABELS.tolist(), strict=True):
        if label >= 0:
            scores = [sum(made.V[k, d] * h_t[d] for d in range(D)) + made.b[k] for k in range(K)]
            z = torch.stack([torch.as_tensor(score) for score in scores]).exp().sum()
            for k, score in enumerate(scores):
                q = (1 - smoothing) * (k == label) + smoothing / K
                total = total - q * (score - z.log())
    return total


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_textbooks_by_value_and_gradient(smoothing: float) -> None:
    made, h = head(), states()
    found = []
    for nats in (written_out(made, h, smoothing), made.loss(h, LABELS, smoothing=smoothing)[0]):
        found.append([nats, *torch.autograd.grad(nats, [h, *made.parameters()])])
    for wanted, got in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted)


def test_ignored_labels_are_not_counted_and_get_no_gradient() -> None:
    made, h = head(), states()
    nats, count = made.loss(h, LABELS)
    assert count == 3
    (gradient,) = torch.autograd.grad(nats, h)
    assert gradient[LABELS >= 0].all() and not gradient[LABELS < 0].any()
    nothing, none = made.loss(h, torch.full((M,), IGNORED))
    assert (nothing.item(), none) == (0.0, 0)


def test_a_head_without_weights_finds_all_labels_equally_likely() -> None:
    nats, count = LabelHead(K, D)(torch.ones(2, 7, D)).log_softmax(dim=2), 14
    assert nats.shape == (2, 7, K)
    assert math.isclose(-nats[..., 0].sum().item(), count * math.log(K), rel_tol=1e-6)


@pytest.mark.parametrize("labels", [MANY - 1, MANY])
def test_products_are_rounded_where_labels_are_many_alone(labels: int) -> None:
    generator = torch.Generator().manual_seed(1)
    made, h = LabelHead(labels, D), torch.randn(M, D, generator=generator)
    with torch.no_grad():
        made.V.normal_(generator=generator)
    exact, _ = made.loss(h, LABELS)
    rounded, count = made.loss(h, LABELS, compute=torch.bfloat16)
    assert count == 3 and torch.equal(rounded, exact) == (labels < MANY)
    torch.testing.assert_close(rounded, exact, rtol=2e-2, atol=2e-2)
