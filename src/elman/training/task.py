"""What is trained, for how long, and what is told on the way: the words that the loop and those who call it share.

Knows networks, batches and functions as things that are handed over; does nothing. Used by `training.loop` and
`models`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from elman.training.optimizer import Layer

State = tuple[Tensor, ...]


class Source(Protocol):
    """Batches by epoch and place, a pure function of the two, so that a run can go on from anywhere."""

    def steps(self, epoch: int) -> int:
        """How many batches the epoch has."""

    def batch(self, epoch: int, step: int) -> Any:
        """The batch at the given place of the epoch."""

    def told(self, epoch: int, step: int) -> str:
        """What the batch holds, for people: files and lines, or numbers."""


@dataclass
class Clock:
    """How far a run is, from 0 to 1, set before every step: for a loss that changes on the way."""

    share: float = 0.0


@dataclass(frozen=True)
class Task:
    """What is trained.

    Args:
        loss: maps batch, carried state and generator to (sum of nats, count, state). evaluate: nats a symbol on dev
            text; None where there is none. tables: weights with sparse gradients. layers: what learns at other rates,
            or not from the begin, as `Optimizer` has them. clock: told how far the run is.
    """

    network: nn.Module
    source: Source
    loss: Callable[[Any, State | None, torch.Generator], tuple[Tensor, int, State]]
    evaluate: Callable[[], float] | None
    tables: tuple[nn.Parameter, ...] = ()
    layers: tuple[Layer, ...] = ()
    clock: Clock | None = None


@dataclass(frozen=True)
class Limits:
    """How long a run goes on: either so many epochs, or until a clock that began at `started` has run `budget` seconds.

    Args:
        started: reading of `time.monotonic` at which everything began. estimate: steps that a first plan assumes.
        reserve: seconds kept for what follows the last step; final_evaluations: the same, in evaluations.
    """

    epochs: int | None
    budget: float | None
    started: float
    estimate: int = 100
    reserve: float = 0.0
    final_evaluations: float = 0.0
    most_epochs: int | None = None


@dataclass(frozen=True)
class Event:
    """Where a run is, for those who watch; `scores` are set when an evaluation has just ended."""

    fraction: float
    step: int
    epoch: int
    tokens: int
    seconds: float
    loss: float
    scores: dict[str, float] | None = None
