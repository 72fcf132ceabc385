"""AdamW, clipping, and the running average of the weights.

Knows parameters, not what they are for. Used by `training.loop`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from elman.training.config import TrainConfig

BETAS = (0.9, 0.99)
"""Runs are short: a longer memory of squares (0.999) is still warming up when they end."""


@dataclass(frozen=True)
class Layer:
    """Parameters that learn together.

    Args:
        rate: their learning rate as a multiple of that of the schedule. thaw: the share of the run from which on they
            move at all.
    Source: Howard & Ruder 2018 (ULMFiT), discriminative fine-tuning and gradual unfreezing.
    """

    parameters: tuple[nn.Parameter, ...]
    rate: float = 1.0
    thaw: float = 0.0


class Optimizer:
    """AdamW over the weights of a network; only matrices decay. In tables only the rows with a gradient are stepped.

    Args:
        tables: parameters whose gradients are sparse. They neither decay nor count in the clipping norm. layers: the
            parameters that are to differ in rate or begin, each in one layer; none of them is all alike.
    Source: Loshchilov & Hutter 2019, Decoupled weight decay regularization; the rows of tables follow Kingma & Ba 2015,
        with their moments standing still while a row is not met (as in torch.optim.SparseAdam).
    """

    def __init__(
        self,
        network: nn.Module,
        config: TrainConfig,
        *,
        tables: tuple[nn.Parameter, ...] = (),
        layers: tuple[Layer, ...] = (),
    ) -> None:
        self.tables = tables
        self.layers = layers or (Layer(tuple(network.parameters())),)
        self.is_gradual = any(layer.thaw > 0 for layer in layers)
        self.dense = dense_parameters(network, tables)
        self.largest, self.last = config.clip, config.lr
        groups: list[dict[str, Any]] = []
        self.rates: list[float] = []
        for layer in self.layers:
            own = {id(p) for p in layer.parameters}
            dense = [p for p in self.dense if id(p) in own]
            for parameters, decay in (
                ([p for p in dense if p.dim() > 1], config.weight_decay),
                ([p for p in dense if p.dim() <= 1], 0.0),
            ):
                if parameters:
                    groups.append({"params": parameters, "weight_decay": decay})
                    self.rates.append(layer.rate)
        self.adam = torch.optim.AdamW(groups, lr=config.lr, betas=BETAS, fused=True)
        layer_rates = {id(p): layer.rate for layer in self.layers for p in layer.parameters}
        self.table_rates = [config.table_rate * layer_rates[id(table)] for table in tables]
        self.moments = [(torch.zeros_like(table), torch.zeros_like(table)) for table in tables]
        self.steps = 0

    @property
    def rate(self) -> float:
        """The learning rate of the last step, that of the schedule."""
        return self.last

    def thaw(self, progress: float) -> None:
        """Freeze the layers whose time, as a share of the run, has not come."""
        for layer in self.layers if self.is_gradual else ():
            for p in layer.parameters:
                p.requires_grad_(layer.thaw <= progress)

    def zero(self) -> None:
        """Forget all gradients."""
        self.adam.zero_grad(set_to_none=True)
        for table in self.tables:
            table.grad = None

    def clip(self) -> float:
        """Scale the gradients so that their joint norm is at most the largest allowed; returns the norm before.

        It is not finite where the gradient of a table is not, either.
        """
        largest = self.largest if self.largest > 0 else float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self.dense, largest)
        sums = [table.grad._values().sum() for table in self.tables if table.grad is not None]
        return float(norm + 0 * torch.stack(sums).sum()) if sums else float(norm)

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move the weights against their gradients."""
        self.last = rate
        for group, share in zip(self.adam.param_groups, self.rates, strict=True):
            group["lr"] = rate * share
        self.adam.step()
        self.steps += 1
        for table, share, (first, second) in zip(self.tables, self.table_rates, self.moments, strict=True):
            if table.grad is not None:
                _step_rows(table, first, second, rate=share * rate, steps=self.steps)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """All moments by name, those of AdamW for the parameters that it has stepped."""
        for n, p in enumerate(self.dense):
            for name, tensor in self.adam.state.get(p, {}).items():
                yield f"adam.{n}.{name}", tensor
        for n, (first, second) in enumerate(self.moments):
            yield f"table.{n}.first", first
            yield f"table.{n}.second", second

    def prepare(self, stepped: Iterable[int]) -> None:
        """Make room for AdamW's moments of the dense parameters of these numbers, as its first step would."""
        for p in {self.dense[n] for n in stepped}:
            step = torch.zeros((), dtype=torch.float32, device=p.device)
            self.adam.state[p] = {"step": step, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}


def _step_rows(table: nn.Parameter, first: Tensor, second: Tensor, *, rate: float, steps: int) -> None:
    """Adam on the rows that have a gradient; first and second are the moments, of the table's shape."""
    assert table.grad is not None
    gradient = table.grad.coalesce()
    rows, g = gradient.indices()[0], gradient.values()  # (R,), (R, D)
    m = first.index_select(0, rows).lerp_(g, 1 - BETAS[0])
    v = second.index_select(0, rows).mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
    first.index_copy_(0, rows, m)
    second.index_copy_(0, rows, v)
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
