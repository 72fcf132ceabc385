"""Layers without recurrence against products that are written out."""

import torch

from elman.nn.feed_forward import FeedForward

X = torch.randn(4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def made(layers: int, dropout: float = 0.0) -> FeedForward:
    net = FeedForward(3, layers=layers, hidden=5, dropout=dropout).double()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in net.parameters():
            p.normal_(generator=generator)
    return net


def test_each_layer_is_a_product_whose_negative_numbers_are_cut() -> None:
    net = made(2)
    assert net.width == 5
    for x, found in zip(X, net(X), strict=True):
        for W, b in zip(net.W, net.b, strict=True):
            x = torch.stack([max((W[k] @ x + b[k]), x.new_zeros(())) for k in range(5)])
        torch.testing.assert_close(found, x)


def test_no_layer_leaves_a_vector_as_it_is() -> None:
    net = made(0)
    assert net.width == 3 and torch.equal(net(X), X)


def test_numbers_are_dropped_in_training_alone_also_where_there_is_no_layer() -> None:
    generator = torch.Generator().manual_seed(3)
    for layers in (0, 1):
        net = made(layers, dropout=0.5)
        assert torch.equal(net(X), made(layers)(X))
        assert not torch.equal(net(X, generator), net(X))
