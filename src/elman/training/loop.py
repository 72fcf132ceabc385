"""The training loop: steps along a plan, evaluations and checkpoints on the way, the best weights at the end.

Knows a network, a source of batches, and two functions: `loss(batch, state, generator)` and `evaluate()`. Knows
neither what is learnt nor where it comes from. Called by the `train` of each kind in `models`.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from elman.errors import TrainingError
from elman.training.checkpoint import Keeper
from elman.training.config import TrainConfig
from elman.training.interruption import Asked, Interruption
from elman.training.optimizer import AveragedWeights, Optimizer, copy_weights, put_weights
from elman.training.schedule import REPLANNED_AT, Pace, Plan, PlanPoint, learning_rate
from elman.training.task import Event, Limits, State, Task

log = logging.getLogger("elman")
EXPLODED = 100.0
"""So many times its usual size, and ten times the largest that is left unclipped, a gradient is told of."""
MEND = "give a lower --lr or --clip"
QUIET = 1000
"""Steps for which no other one is then told of."""


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
    usual_norm: float = 0.0
    warned: int = -QUIET
    history: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Outcome:
    """What a run came to; the network holds the best weights.

    Args:
        stopped: why the run failed, if it did.
    """

    run: Run
    stopped: TrainingError | None

    @property
    def is_good(self) -> bool:
        """Whether the weights are worth keeping: not so where a run failed before anything had been judged."""
        return self.run.best_weights is not None or self.stopped is None


class Trainer:
    """One run of one task. `train()` goes through it; a plan that is given is followed to the step.

    Between any two lines of the loop the state is whole: a run that goes on from there gives the same bits.
    """

    def __init__(
        self,
        task: Task,
        config: TrainConfig,
        *,
        limits: Limits,
        plan: Plan | None = None,
        watch: Callable[[Event], None] | None = None,
        device: torch.device | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self.task, self.config, self.limits, self.watch, self.keeper = task, config, limits, watch, keeper
        self.generator = torch.Generator(device or "cpu").manual_seed(config.seed)
        self.optimizer = Optimizer(task.network, config, tables=task.tables, layers=task.layers)
        self.average: AveragedWeights | None = None
        if config.averaging > 0 and task.evaluate is not None:
            self.average = AveragedWeights(self.optimizer.dense, share=config.averaging)
        self.followed = plan
        self.run = Run(Plan([self._next_followed(0) or PlanPoint(0, 0.0, self._first_total())]))
        self.pace = Pace(limits.budget or math.inf, limits.reserve)
        self.interruption = Interruption()
        self._watched = 0.0
        if keeper is not None:
            keeper.begin(self)

    def train(self) -> Outcome:
        """Go along the plan to its end, or until it fails; the best weights are in the network after.

        Raises:
            KeyboardInterrupt: stopped; there is a checkpoint, unless it was to be at once.
        """
        run = self.run
        stopped: TrainingError | None = None
        with self.interruption.deferred():
            try:
                self._through(self._follow)
                self._keep(now=self.config.checkpoint_seconds > 0)
                if not self._is_judged():
                    self._through(self._evaluate)
            except TrainingError as error:
                stopped = error
                run.plan.points.append(PlanPoint(run.step, 1.0, run.step))
        self.optimizer.thaw(1.0)
        if run.best_weights is not None:
            put_weights(self.task.network, run.best_weights)
        return Outcome(run, stopped)

    def _through(self, work: Callable[[], object]) -> None:
        """Do a part of the work, which goes on from where the run is; write a checkpoint where it is interrupted."""
        while True:
            try:
                work()
            except Asked:
                self._keep(now=True)
                self.interruption.act()
            except KeyboardInterrupt:
                if not self.interruption.is_forced:
                    self._keep(now=True)
                raise
            else:
                return

    def _follow(self) -> None:
        run = self.run
        while not self._is_out_of_patience():
            self.interruption.check()
            if self._is_evaluation_due():
                self._evaluate()
            elif run.plan.progress(run.step) < 1:
                self.step()
                self._replan()
                self._tell(None)
                self._keep()
            else:
                return

    def _keep(self, *, now: bool = False) -> None:
        if self.keeper is not None:
            self.keeper.keep(self, now=now)

    def where(self) -> str:
        """The place of the run, for people."""
        return f"step {self.run.step} (epoch {self.run.epoch}, batch {self.run.place})"

    def _batch_told(self) -> str:
        """The same, with what the batch holds that is being learnt."""
        return f"{self.where()[:-1]}: {self.task.source.told(self.run.epoch, self.run.place)})"

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
            raise TrainingError(f"the loss is {loss} at {self._batch_told()}", mend=MEND)
        self.optimizer.zero()
        (nats / max(count, 1)).backward()  # type: ignore[no-untyped-call]
        self._note_norm(self.optimizer.clip())
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

    def _note_norm(self, norm: float) -> None:
        """Hold the norm of the gradient to what is usual; it is told once of many that are far above.

        Raises:
            TrainingError: it is not finite.
        """
        run, usual = self.run, self.run.usual_norm
        if not math.isfinite(norm):
            raise TrainingError(f"the gradient is not finite at {self._batch_told()}", mend=MEND)
        run.gradient_norm = norm
        if usual and norm > max(EXPLODED * usual, 10 * self.config.clip) and run.step >= run.warned + QUIET:
            log.warning("the gradient has a norm of %.3g at %s, usual is %.3g", norm, self._batch_told(), usual)
            run.warned = run.step
        run.usual_norm = 0.99 * usual + 0.01 * min(norm, 2 * usual) if usual else norm

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
        return due < 1 and due <= run.plan.progress(run.step) < 1 and not self._is_judged()

    def _is_judged(self) -> bool:
        """Has an evaluation been made after the last step?"""
        return bool(self.run.history) and self.run.history[-1]["step"] == self.run.step

    def _is_out_of_patience(self) -> bool:
        return self.config.patience is not None and self.run.waited >= self.config.patience

    def _evaluate(self) -> None:
        """Judge the weights and their average; keep the better if it is the best so far.

        Raises:
            TrainingError: the score of the weights is not finite.
        """
        run = self.run
        begun = time.perf_counter()
        with self.interruption.prompt():
            judged = self._judge()
        if not math.isfinite(judged.get("weights", 0.0)):
            raise TrainingError(
                f"the score on the dev text is {judged['weights']} at {self.where()}",
                mend=MEND,
            )
        scores = {name: score for name, score in judged.items() if math.isfinite(score)}
        if scores:
            name = min(scores, key=lambda key: scores[key])
            improved = run.best is None or scores[name] < run.best
            run.waited = 0 if improved else run.waited + 1
            if improved:
                run.best = scores[name]
                run.best_weights = self._copy(averaged=name == "averaged")
        else:  # what is kept in case that the run fails
            run.best_weights = copy_weights(self.task.network)
        run.evaluations += 1
        run.judged = run.step + 1  # what the evaluation has cost is known: plan again after the next step
        self.pace.evaluation_seconds = time.perf_counter() - begun
        nats, count = run.recent
        run.history.append({
            "step": run.step, "epoch": run.epoch, "progress": run.plan.progress(run.step), "tokens": run.tokens,
            "loss": nats / count if count else None, "gradient_norm": run.gradient_norm, "dev": scores,
            "learning_rate": self.optimizer.rate,
            "seconds": time.monotonic() - self.limits.started,
        })  # fmt: skip
        run.recent = (0.0, 0)
        self._tell(scores, recent=(nats, count))

    def _judge(self) -> dict[str, float]:
        if self.task.evaluate is None:
            return {}
        scores = {"weights": self.task.evaluate()}
        if self.average is not None:
            with self._averaged(self.average):
                scores["averaged"] = self.task.evaluate()
        return scores

    @contextmanager
    def _averaged(self, average: AveragedWeights) -> Iterator[None]:
        """Have the averaged weights in the network for the block."""
        average.swap()
        try:
            yield
        finally:
            average.swap()

    def _copy(self, *, averaged: bool) -> list[Tensor]:
        """The weights, or their average in the place of those that have one."""
        if not averaged or self.average is None:
            return copy_weights(self.task.network)
        with self._averaged(self.average):
            return copy_weights(self.task.network)

    def _tell(self, scores: dict[str, float] | None, *, recent: tuple[float, int] | None = None) -> None:
        now = time.monotonic()
        if self.watch is None or (scores is None and now - self._watched < 0.2):
            return
        self._watched = now
        run = self.run
        nats, count = recent or run.recent
        loss = nats / count if count else math.nan
        fraction = run.plan.progress(run.step)
        epoch = run.epoch - (1 if run.place == 0 and run.step > 0 else 0)  # that of the last batch
        self.watch(Event(fraction, run.step, epoch, run.tokens, run.training_seconds, loss, scores))
