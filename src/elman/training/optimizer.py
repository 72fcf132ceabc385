"""AdamW, clipping, and the running average of the weights.

Knows parameters, not what they are for. Used by `training.loop`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from elman.nn.tables import put_rows
from elman.training.config import TrainConfig

BETAS = (0.9, 0.99)
"""Runs are short: a longer memory of squares (0.999) is still warming up when they end."""
ADAM: dict[str, Any] = {
    "fused": True, "amsgrad": False, "maximize": False, "beta1": BETAS[0], "beta2": BETAS[1], "eps": 1e-8,
}  # fmt: skip
"""How every step is made."""


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


class _Group(NamedTuple):
    """Numbers of dense parameters that are stepped together, their decay, and their rate as a multiple."""

    numbers: list[int]
    decay: float
    rate: float


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
        self.groups: list[_Group] = []
        for layer in self.layers:
            own = {id(p) for p in layer.parameters}
            dense = [n for n, p in enumerate(self.dense) if id(p) in own]
            for numbers, decay in (
                ([n for n in dense if self.dense[n].dim() > 1], config.weight_decay),
                ([n for n in dense if self.dense[n].dim() <= 1], 0.0),
            ):
                if numbers:
                    self.groups.append(_Group(numbers, decay, layer.rate))
        self.adam: dict[int, dict[str, Tensor]] = {}
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
        for p in (*self.dense, *self.tables):
            p.grad = None

    @torch.no_grad()
    def clip(self) -> float:
        """Scale the gradients so that their joint norm is at most the largest allowed; returns the norm before.

        It is not finite where the gradient of a table is not, either.
        """
        gradients = [p.grad for p in self.dense if p.grad is not None]
        norm = float(torch.nn.utils.get_total_norm(gradients))
        if 0 < self.largest < norm:
            torch._foreach_mul_(gradients, self.largest / norm)
        sums = [table.grad._values().sum() for table in self.tables if table.grad is not None]
        return norm + 0 * float(torch.stack(sums).sum()) if sums else norm

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """Move the weights against their gradients."""
        self.last = rate
        for group in self.groups:
            stepped = [n for n in group.numbers if self.dense[n].grad is not None]
            self.prepare(stepped)
            found = [self.adam[n] for n in stepped]
            adamw(
                [self.dense[n] for n in stepped], [cast(Tensor, self.dense[n].grad) for n in stepped],
                [one["exp_avg"] for one in found], [one["exp_avg_sq"] for one in found], [],
                [one["step"] for one in found], lr=rate * group.rate, weight_decay=group.decay, **ADAM,
            )  # fmt: skip
        self.steps += 1
        for table, share, (first, second) in zip(self.tables, self.table_rates, self.moments, strict=True):
            if table.grad is not None:
                _step_rows(table, first, second, rate=share * rate, steps=self.steps)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """All moments by name, those of AdamW for the parameters that it has stepped."""
        for n, moments in sorted(self.adam.items()):
            for name, tensor in moments.items():
                yield f"adam.{n}.{name}", tensor
        for n, (first, second) in enumerate(self.moments):
            yield f"table.{n}.first", first
            yield f"table.{n}.second", second

    def prepare(self, stepped: Iterable[int]) -> None:
        """Make room for AdamW's moments of the dense parameters of these numbers, where there is none."""
        for n in set(stepped) - self.adam.keys():
            p = self.dense[n].detach()
            step = torch.zeros((), dtype=torch.float32, device=p.device)
            self.adam[n] = {"step": step, "exp_avg": torch.zeros_like(p), "exp_avg_sq": torch.zeros_like(p)}


def _step_rows(table: nn.Parameter, first: Tensor, second: Tensor, *, rate: float, steps: int) -> None:
    """Adam on the rows that have a gradient; first and second are the moments, of the table's shape."""
    assert table.grad is not None
    rows, g = _rows_and_gradient(table.grad)
    moved = [part.index_select(0, rows) for part in (table, first, second)]  # (R, D) each
    weights, m, v = ([part] for part in moved)
    before = torch.tensor(float(steps - 1), device=table.device)
    adamw(weights, [g], m, v, [], [before], lr=rate, weight_decay=0.0, **ADAM)
    for part, values in zip((table, first, second), moved, strict=True):
        put_rows(part, rows, values)


def _rows_and_gradient(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """The rows (R,) that have a gradient, each once, and it, (R, D)."""
    rows = gradient._indices()[0]
    if not bool((rows[1:] > rows[:-1]).all()):  # autograd hands on what `nn.tables` makes, but not that it is coalesced
        gradient = gradient.coalesce()
    return gradient._indices()[0], gradient._values()


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
