"""Dynamic evaluation against its update rule, step by step."""

import torch
from torch import nn

from elman.training.dynamic import DECAY, MEMORY, RATE, DynamicWeights


def test_the_step_is_the_rule_written_out() -> None:
    network = nn.Linear(2, 1, bias=False)
    frozen = nn.Parameter(torch.ones(1))
    network.register_parameter("other", frozen)
    start = network.weight.detach().clone()
    weights = DynamicWeights(network, frozen=(frozen,))
    theta, square = start.clone(), torch.zeros_like(start)
    for step, x in enumerate((torch.tensor([1.0, 2.0]), torch.tensor([-1.0, 0.5])), 1):
        weights.learn((network.weight @ x).sum() * frozen)
        square = MEMORY * square + (1 - MEMORY) * x**2
        theta = theta + DECAY * (start - theta) - RATE * x / ((square / (1 - MEMORY**step)).sqrt() + 1e-6)
        torch.testing.assert_close(network.weight.detach(), theta, rtol=1e-5, atol=1e-7)
    assert frozen.item() == 1.0


def test_without_gradients_the_weights_are_drawn_back() -> None:
    network = nn.Linear(2, 1, bias=False)
    weights = DynamicWeights(network)
    start = network.weight.detach().clone()
    with torch.no_grad():
        network.weight += 1
    for _ in range(2000):
        weights.learn((network.weight * 0).sum())
    assert (network.weight - start).abs().max() < 0.05
