"""The optimizer against torch's own AdamW and SparseAdam, and the average against its formula."""

import pytest
import torch
from torch import nn

from elman.training.config import TrainConfig
from elman.training.optimizer import AveragedWeights, Layer, Optimizer, copy_weights, put_weights


class Network(nn.Module):
    """A matrix, a vector and a table."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(1)
        self.W = nn.Parameter(torch.randn(3, 4, generator=generator))
        self.b = nn.Parameter(torch.randn(3, generator=generator))
        self.table = nn.Parameter(torch.randn(10, 4, generator=generator))

    def loss(self, rows: list[int]) -> torch.Tensor:
        x = nn.functional.embedding(torch.tensor(rows), self.table, sparse=True)
        return ((x @ self.W.T + self.b) ** 2).sum()


ROWS = [[1, 2, 2], [2, 5], [1], [7, 7, 7], [2, 9]]


def trained(config: TrainConfig, rate: float = 0.01) -> Network:
    network = Network()
    optimizer = Optimizer(network, config, tables=(network.table,))
    for rows in ROWS:
        optimizer.zero()
        network.loss(rows).backward()
        optimizer.clip()
        optimizer.step(rate)
    return network


def test_dense_weights_follow_adamw_with_decay_on_matrices_alone() -> None:
    network, theirs = trained(TrainConfig(clip=0, weight_decay=0.3)), Network()
    oracle = torch.optim.AdamW(
        [{"params": [theirs.W], "weight_decay": 0.3}, {"params": [theirs.b], "weight_decay": 0.0}],
        lr=0.01, betas=(0.9, 0.99),
    )  # fmt: skip
    sparse = torch.optim.SparseAdam([theirs.table], lr=0.01 * TrainConfig().table_rate, betas=(0.9, 0.99))
    for rows in ROWS:
        theirs.zero_grad()
        theirs.loss(rows).backward()
        oracle.step()
        sparse.step()
    torch.testing.assert_close(network.W, theirs.W)
    torch.testing.assert_close(network.b, theirs.b)
    torch.testing.assert_close(network.table, theirs.table)


def test_rows_that_are_not_met_do_not_move() -> None:
    network, before = trained(TrainConfig()), Network()
    moved = (network.table != before.table).any(dim=1).nonzero()[:, 0].tolist()
    assert moved == sorted({row for rows in ROWS for row in rows})


def test_layers_move_at_rates_of_their_own() -> None:
    network, theirs = Network(), Network()
    layers = (Layer((network.W,)), Layer((network.b,), rate=0.5), Layer((network.table,), rate=0.1))
    config = TrainConfig(clip=0, weight_decay=0.0)
    optimizer = Optimizer(network, config, tables=(network.table,), layers=layers)
    oracle = torch.optim.Adam([{"params": [theirs.W], "lr": 0.01}, {"params": [theirs.b], "lr": 0.005}],
                              betas=(0.9, 0.99))  # fmt: skip
    sparse = torch.optim.SparseAdam([theirs.table], lr=0.001 * config.table_rate, betas=(0.9, 0.99))
    for rows in ROWS:
        optimizer.zero()
        network.loss(rows).backward()
        optimizer.step(0.01)
        theirs.zero_grad()
        theirs.loss(rows).backward()
        oracle.step()
        sparse.step()
    for name, p in network.named_parameters():
        torch.testing.assert_close(p, theirs.get_parameter(name))
    assert optimizer.rate == 0.01


def test_a_layer_stands_still_until_it_is_thawed() -> None:
    network, before = Network(), Network()
    layers = (Layer((network.W,)), Layer((network.b, network.table), thaw=0.5))
    optimizer = Optimizer(network, TrainConfig(weight_decay=0.5), tables=(network.table,), layers=layers)
    for progress, is_moved in ((0.0, False), (0.49, False), (0.5, True)):
        optimizer.thaw(progress)
        optimizer.zero()
        network.loss([1, 2]).backward()
        optimizer.clip()
        optimizer.step(0.01)
        assert not torch.equal(network.W, before.W)
        assert torch.equal(network.b, before.b) != is_moved and torch.equal(network.table, before.table) != is_moved


def test_clipping_scales_the_joint_norm_and_tells_the_norm_before() -> None:
    network = Network()
    optimizer = Optimizer(network, TrainConfig(clip=0.5), tables=(network.table,))
    network.loss([1, 2]).backward()
    assert network.W.grad is not None and network.b.grad is not None
    wanted = torch.cat([network.W.grad.flatten(), network.b.grad]).norm().item()
    assert optimizer.clip() == pytest.approx(wanted)
    assert torch.cat([network.W.grad.flatten(), network.b.grad]).norm().item() == pytest.approx(0.5, rel=1e-4)


def test_the_average_is_the_one_of_its_half_life() -> None:
    parameter = nn.Parameter(torch.tensor([0.0]))
    average = AveragedWeights([parameter], share=0.1)
    expected = 0.0
    for step in range(1, 41):
        parameter.data.fill_(float(step))
        average.update(step=step, total=100)
        half_life = max(1.0, min(10.0, step / 3))
        expected += (step - expected) * (1 - 0.5 ** (1 / half_life))
    assert average.weights[0].item() == pytest.approx(expected, rel=1e-5)


def test_swapping_twice_is_as_before() -> None:
    parameter = nn.Parameter(torch.tensor([1.0]))
    average = AveragedWeights([parameter], share=0.1)
    parameter.data = torch.tensor([5.0])
    average.swap()
    assert (parameter.item(), average.weights[0].item()) == (1.0, 5.0)
    average.swap()
    assert (parameter.item(), average.weights[0].item()) == (5.0, 1.0)


def test_copied_weights_can_be_put_back() -> None:
    network = Network()
    kept = copy_weights(network)
    with torch.no_grad():
        for p in network.parameters():
            p.zero_()
    put_weights(network, kept)
    assert torch.equal(network.W, Network().W)
