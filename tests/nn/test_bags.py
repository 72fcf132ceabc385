"""The path past the stack against means that are written out, and its gradients, which touch the rows met alone."""

import pytest
import torch

from elman.nn.bags import BagTensors, TextBag
from elman.nn.config import TextBagConfig

K, ROWS = 3, 10
BAGS = [[1, 4, 4], [2], [], [], [9, 0], [7, 7, 3]]
SIZES = [5, 1, 0, 2, 2, 3]
"""Of the first bag two n-grams were left out, of the fourth all."""


def tensors() -> BagTensors:
    flat = [row for bag in BAGS for row in bag]
    starts = [sum(len(bag) for bag in BAGS[:k]) for k in range(len(BAGS))]
    return BagTensors(torch.tensor(flat), torch.tensor(starts), torch.tensor(SIZES))


def made(width: int, dropout: float = 0.0) -> TextBag:
    bag = TextBag(K, TextBagConfig(bag_width=width, bag_dropout=dropout), rows=ROWS).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in bag.parameters():
            p.normal_(generator=generator)
    return bag


@pytest.mark.parametrize("width", [0, 2])
def test_scores_are_those_of_both_bags_over_the_roots_of_their_sizes(width: int) -> None:
    bag = made(width)
    found = bag(tensors())
    assert found.shape == (3, K)
    for text in range(3):
        s = torch.zeros(width or K, dtype=torch.float64)
        for k in (2 * text, 2 * text + 1):
            for row in BAGS[k]:
                s = s + bag.E[row] / SIZES[k] ** 0.5
        torch.testing.assert_close(found[text], bag.V @ s if width else s)


@pytest.mark.parametrize("width", [0, 2])
def test_only_the_rows_that_were_met_have_a_gradient(width: int) -> None:
    bag = made(width)
    bag(tensors()).sum().backward()
    assert bag.E.grad is not None and bag.E.grad.is_sparse
    met = {row for k in BAGS for row in k}
    assert set(bag.E.grad.coalesce().indices()[0].tolist()) == met


def test_n_grams_are_dropped_in_training_alone_and_the_mean_stays() -> None:
    bag, plain = made(0, dropout=0.5), made(0)
    torch.testing.assert_close(bag(tensors()), plain(tensors()))
    generator = torch.Generator().manual_seed(3)
    drawn = torch.stack([bag(tensors(), generator) for _ in range(1000)])
    assert len({tuple(one.flatten().tolist()) for one in drawn[:20]}) > 1
    torch.testing.assert_close(drawn.mean(dim=0), plain(tensors()), atol=0.25, rtol=0)
