"""AdamW, clipping, and the running average of the weights.

Knows parameters, not what they are for. Used by `training.loop`.
"""

import torch
from torch import Tensor, nn

from elman.training.config import TrainConfig

BETAS = (0.9, 0.99)
"""Runs are short: a longer memory of squares (0.999) is still warming up when they end."""


class Optimizer:
    """AdamW over the weights of a network; only matrices decay. In tables only the rows with a gradient are stepped.

    Args:
        tables: parameters whose gradients are sparse. They neither decay nor count in the clipping norm.
    Source: Loshchilov & Hutter 2019, Decoupled weight decay regularization; the rows of tables follow Kingma & Ba 2015,
        with their moments standing still while a row is not met (as in torch.optim.SparseAdam).
    """

    def __init__(self, network: nn.Module, config: TrainConfig, *, tables: tuple[nn.Parameter, ...] = ()) -> None:
        self.tables = tables
        self.dense = dense_parameters(network, tables)
        self.largest, self.table_rate = config.clip, config.table_rate
        groups = [
            {"params": [p for p in self.dense if p.dim() > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in self.dense if p.dim() <= 1], "weight_decay": 0.0},
        ]
        self.adam = torch.optim.AdamW(
            [group for group in groups if group["params"]], lr=config.lr, betas=BETAS, fused=True
        )
        self.moments = [(torch.zeros_like(table), torch.zeros_like(table)) for table in tables]
        self.steps = 0

    @property
    def rate(self) -> float:
        """The learning rate of the last step."""
        return float(self.adam.param_groups[0]["lr"])

    def zero(self) -> None:
        """Forget all gradients."""
        self.adam.zero_grad(set_to_none=True)
        for table in self.tables:
            table.grad = None

    def clip(self) -> float:
        """Scale the gradients so that their joint norm is at most the largest allowed; returns the norm before."""
        largest = self.largest if self.largest > 0 else float("inf")
        return float(torch.nn.utils.clip_grad_norm_(self.dense, largest))

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move the weights against their gradients."""
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        self.steps += 1
        for table, (first, second) in zip(self.tables, self.moments, strict=True):
            if table.grad is not None:
                _step_rows(table, first, second, rate=self.table_rate * rate, steps=self.steps)


def _step_rows(table: nn.Parameter, first: Tensor, second: Tensor, *, rate: float, steps: int) -> None:
    """Adam on the rows that have a gradient; first and second are the moments, of the table's shape."""
    assert table.grad is not None
    gradient = table.grad.coalesce()
    rows, g = gradient.indices()[0], gradient.values()  # (R,), (R, D)
    m = first[rows].lerp_(g, 1 - BETAS[0])
    v = second[rows].mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
    first[rows], second[rows] = m, v
    scale = v.div_(1 - BETAS[1] ** steps).sqrt_().add_(1e-8)
    table.index_add_(0, rows, m.div(1 - BETAS[0] ** steps).div_(scale), alpha=-rate)


def dense_parameters(network: nn.Module, tables: tuple[nn.Parameter, ...]) -> list[nn.Parameter]:
    """The parameters of a network that are not tables."""
    return [p for p in network.parameters() if not any(p is table for table in tables)]


class AveragedWeights:
    """An exponential moving average of weights.

    The half-life is a share of the run: `decay = 0.5 ** (1 / (share * steps))`, but never longer than a third of the
    steps done so far, so that the first weights are forgotten early in a run.
    """

    def __init__(self, parameters: list[nn.Parameter], *, share: float) -> None:
        self.share, self.parameters = share, parameters
        self.weights = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, *, step: int, total: int) -> None:
        """Move the average towards the weights after step `step` of `total`."""
        half_life = max(1.0, min(self.share * total, step / 3))
        torch._foreach_lerp_(self.weights, list(self.parameters), 1 - 0.5 ** (1 / half_life))

    def swap(self) -> None:
        """Exchange the weights and the averaged ones; twice is as before."""
        for averaged, parameter in zip(self.weights, self.parameters, strict=True):
            kept = parameter.data
            parameter.data = averaged
            averaged.data = kept


def copy_weights(network: nn.Module) -> list[Tensor]:
    """The weights as they are now, as copies."""
    return [p.detach().clone() for p in network.parameters()]


@torch.no_grad()
def put_weights(network: nn.Module, weights: list[Tensor]) -> None:
    """Write the given weights into the network."""
    for parameter, weight in zip(network.parameters(), weights, strict=True):
        parameter.copy_(weight)
