"""The training loop: steps along a plan, evaluations on the way, the best weights at the end.

Knows a network, a source of batches, and two functions: `loss(batch, state, generator)` and `evaluate()`. Knows
neither what is learnt nor where it comes from. Called by the `train` of each kind in `models`.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from elman.errors import TrainingError
from elman.training.config import TrainConfig
from elman.training.optimizer import AveragedWeights, Layer, Optimizer, copy_weights, put_weights
from elman.training.schedule import REPLANNED_AT, Pace, Plan, PlanPoint, learning_rate

State = tuple[Tensor, ...]


class Source(Protocol):
    """Batches by epoch and place, a pure function of the two, so that a run can go on from anywhere."""

    def steps(self, epoch: int) -> int:
        """How many batches the epoch has."""

    def batch(self, epoch: int, step: int) -> Any:
        """The batch at the given place of the epoch."""


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


@dataclass
class Run:
    """The whole state of a run beside weights, optimizer and generator: where it is and what it has seen."""

    plan: Plan
    step: int = 0
    epoch: int = 0
    place: int = 0
    carried: State | None = None
    evaluations: int = 0
    judged: int = 0
    waited: int = 0
    tokens: int = 0
    training_seconds: float = 0.0
    replanned: int = 0
    best: float | None = None
    best_weights: list[Tensor] | None = None
    recent: tuple[float, int] = (0.0, 0)
    gradient_norm: float = 0.0
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What a run came to; the network holds the best weights.

    Args:
        stopped: why the run ended before its plan, if it did.
    """

    run: Run
    stopped: BaseException | None

    @property
    def is_good(self) -> bool:
        """Whether the weights are worth keeping: not so where a run failed before anything had been judged."""
        return self.run.best_weights is not None or not isinstance(self.stopped, TrainingError)


class Trainer:
    """One run of one task. `train()` goes through it; a plan that is given is followed to the step."""

    def __init__(
        self,
        task: Task,
        config: TrainConfig,
        *,
        limits: Limits,
        plan: Plan | None = None,
        watch: Callable[[Event], None] | None = None,
        device: torch.device | None = None,
    ) -> None:
        self.task, self.config, self.limits, self.watch = task, config, limits, watch
        self.generator = torch.Generator(device or "cpu").manual_seed(config.seed)
        self.optimizer = Optimizer(task.network, config, tables=task.tables, layers=task.layers)
        self.average: AveragedWeights | None = None
        if config.averaging > 0 and task.evaluate is not None:
            self.average = AveragedWeights(self.optimizer.dense, share=config.averaging)
        self.followed = plan
        self.run = Run(Plan([self._next_followed(0) or PlanPoint(0, 0.0, self._first_total())]))
        self.pace = Pace(limits.budget or math.inf, limits.reserve)
        self._watched = 0.0

    def train(self) -> Outcome:
        """Go along the plan to its end, or until interrupted or failed; the best weights are in the network after."""
        run = self.run
        stopped = self._guarded(self._follow)
        self.optimizer.thaw(1.0)
        if stopped is not None:
            run.plan.points.append(PlanPoint(run.step, 1.0, run.step))
        is_judged = bool(run.history) and run.history[-1]["step"] == run.step
        if not is_judged and not isinstance(stopped, TrainingError):
            interrupted = self._guarded(self._evaluate)
            stopped = stopped or interrupted
        if run.best_weights is not None:
            put_weights(self.task.network, run.best_weights)
        return Outcome(run, stopped)

    def _guarded(self, work: Callable[[], object]) -> BaseException | None:
        """Do a part of the work; what has stopped it, if something did."""
        try:
            work()
        except (KeyboardInterrupt, TrainingError) as error:
            return error
        return None

    def _follow(self) -> None:
        run = self.run
        while run.plan.progress(run.step) < 1:
            self.step()
            self._replan()
            if self._is_evaluation_due():
                if self._evaluate():
                    break
                run.judged = run.step + 1  # what the evaluation has cost is known: plan again after the next step

    def _first_total(self) -> int:
        if self.limits.epochs is not None:
            return sum(self.task.source.steps(epoch) for epoch in range(self.limits.epochs))
        return self._limited(max(1, self.limits.estimate))

    def _limited(self, total: int) -> int:
        """A number of steps, no more than those of so many epochs as may be."""
        most = self.limits.most_epochs
        return total if most is None else min(total, sum(self.task.source.steps(epoch) for epoch in range(most)))

    def step(self) -> None:
        """One batch: loss, gradients, clipping, the optimizer, the average."""
        run = self.run
        begun = time.perf_counter()
        share = run.plan.progress(run.step)
        self.optimizer.thaw(share)
        if self.task.clock is not None:
            self.task.clock.share = share
        batch = self.task.source.batch(run.epoch, run.place)
        nats, count, run.carried = self.task.loss(batch, run.carried, self.generator)
        loss = nats.item() / max(count, 1)
        if not math.isfinite(loss):
            raise TrainingError(
                f"the loss is {loss} at step {run.step} (epoch {run.epoch}, batch {run.place})",
                mend="give a lower --lr or --clip",
            )
        self.optimizer.zero()
        (nats / max(count, 1)).backward()  # type: ignore[no-untyped-call]
        run.gradient_norm = self.optimizer.clip()
        if not math.isfinite(run.gradient_norm):
            raise TrainingError(f"the gradient is not finite at step {run.step}", mend="give a lower --lr or --clip")
        rate = learning_rate(run.plan.progress(run.step), highest=self.config.lr, warmup=self.config.warmup)
        self.optimizer.step(rate)
        run.step += 1
        if self.average is not None:
            self.average.update(step=run.step, total=run.plan.total)
        run.tokens += count
        run.recent = (run.recent[0] + loss * count, run.recent[1] + count)
        run.place += 1
        if run.place >= self.task.source.steps(run.epoch):
            run.epoch, run.place = run.epoch + 1, 0
        run.training_seconds += time.perf_counter() - begun
        self._tell(None)

    def _next_followed(self, step: int) -> PlanPoint | None:
        points = self.followed.points if self.followed is not None else []
        return next((point for point in points if point.step == step), None)

    def _replan(self) -> None:
        """Take the next point of the plan that is followed, or, under a budget, make one from the speed measured."""
        run = self.run
        if self.followed is not None:
            point = self._next_followed(run.step)
            if point is not None:
                run.plan.points.append(point)
            return
        if self.limits.budget is None:
            return
        spent = time.monotonic() - self.limits.started
        due = run.replanned < len(REPLANNED_AT) and spent >= REPLANNED_AT[run.replanned] * self.limits.budget
        if run.step not in (3, run.judged) and not due and not self.pace.is_off(run.step, run.training_seconds):
            return
        while run.replanned < len(REPLANNED_AT) and spent >= REPLANNED_AT[run.replanned] * self.limits.budget:
            run.replanned += 1
        self.pace.measure(run.step, run.training_seconds)
        left = 0.0
        if self.task.evaluate is not None:
            left = max(0, self.config.evaluations - run.evaluations) + self.limits.final_evaluations
        total = self._limited(self.pace.total(run.step, spent=spent, evaluations_left=left))
        run.plan.points.append(PlanPoint(run.step, run.plan.progress(run.step), total))

    def _is_evaluation_due(self) -> bool:
        run = self.run
        due = (run.evaluations + 1) / self.config.evaluations
        return due < 1 and run.plan.progress(run.step) >= due and run.plan.progress(run.step) < 1

    def _evaluate(self) -> bool:
        """Judge the weights and their average; keep the better if it is the best so far. Has patience run out?"""
        run = self.run
        begun = time.perf_counter()
        scores = {name: score for name, score in self._judge().items() if math.isfinite(score)}
        if scores:
            name = min(scores, key=lambda key: scores[key])
            improved = run.best is None or scores[name] < run.best
            run.waited = 0 if improved else run.waited + 1
            if improved:
                run.best = scores[name]
                run.best_weights = self._copy(averaged=name == "averaged")
        elif self.task.evaluate is None:  # what is kept in case that the run fails
            run.best_weights = copy_weights(self.task.network)
        run.evaluations += 1
        self.pace.evaluation_seconds = time.perf_counter() - begun
        nats, count = run.recent
        run.history.append({
            "step": run.step, "epoch": run.epoch, "progress": run.plan.progress(run.step), "tokens": run.tokens,
            "loss": nats / count if count else None, "gradient_norm": run.gradient_norm, "dev": scores,
            "learning_rate": self.optimizer.rate,
            "seconds": time.monotonic() - self.limits.started,
        })  # fmt: skip
        self._tell(scores)
        run.recent = (0.0, 0)
        return self.config.patience is not None and run.waited >= self.config.patience

    def _judge(self) -> dict[str, float]:
        if self.task.evaluate is None:
            return {}
        scores = {"weights": self.task.evaluate()}
        if self.average is not None:
            self.average.swap()
            scores["averaged"] = self.task.evaluate()
            self.average.swap()
        return scores

    def _copy(self, *, averaged: bool) -> list[Tensor]:
        """The weights, or their average in the place of those that have one."""
        if not averaged or self.average is None:
            return copy_weights(self.task.network)
        self.average.swap()
        weights = copy_weights(self.task.network)
        self.average.swap()
        return weights

    def _tell(self, scores: dict[str, float] | None) -> None:
        now = time.monotonic()
        if self.watch is None or (scores is None and now - self._watched < 0.2):
            return
        self._watched = now
        run = self.run
        nats, count = run.recent
        loss = nats / count if count else math.nan
        fraction = run.plan.progress(run.step)
        epoch = run.epoch - (1 if run.place == 0 and run.step > 0 else 0)  # that of the last batch
        self.watch(Event(fraction, run.step, epoch, run.tokens, run.training_seconds, loss, scores))
