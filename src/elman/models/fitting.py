"""From a request to a trained model: training along a plan, the record of it, the folder. The same for all kinds.

Knows the order of the steps; what a kind trains on is prepared by the kind (`Prepared`). Called by the `train` of each
kind.
"""

import itertools
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from elman.errors import ElmanError, OptionError
from elman.files.atomic import check_target, work_folder
from elman.models.folder import Record
from elman.models.kinds import flat
from elman.models.networks.weights import put_arrays, weight_arrays
from elman.models.plans import Job, Request, plan_job
from elman.models.progress import Progress
from elman.models.resuming import EARLIER, TASK, Beside, beside, finished, versions
from elman.models.tables import rounded
from elman.training import machine
from elman.training.checkpoint import Checkpoint, Keeper
from elman.training.loop import Outcome, Trainer
from elman.training.optimizer import Layer
from elman.training.task import Clock, Event, Limits, Source, Task

log = logging.getLogger("elman")
LAST_JUDGEMENT = 8
"""The dev text is at most so many times what an evaluation on the way takes of it: judging must not eat the budget."""
SAVING_SECONDS = 1.0
"""Seconds of a budget that are kept for writing the folder."""


class Dev(Protocol):
    """What training is judged on."""

    tokens: int

    def loss(self, tokens: int) -> float:
        """A score, lower for better, on about so many tokens."""

    def metrics(self) -> dict[str, Any]:
        """The figures on all of it."""


class Earlier(Protocol):
    """What the network is trained on before its task.

    Args:
        share: of the whole run that it takes, about.
    """

    share: float

    def train(self, started: float, watch: Callable[[Event], None] | None, *, keeper: Keeper | None) -> dict[str, Any]:
        """Train; returns what `training.json` tells of it.

        Raises:
            KeyboardInterrupt, TrainingError: stopped before the end.
        """


@dataclass(frozen=True)
class Prepared:
    """What training works on.

    Args:
        options: all configs, sized. network: with `tables`, `device` and `compute_in(precision)`. tokens: of an epoch.
            estimate: steps that a first plan assumes. evaluation_tokens: dev tokens of an evaluation on the way.
            sums: of the data files. finish: makes the model from the record of the run. final_evaluations: what its
            last figures cost beside the loss on all of dev, in evaluations of that. layers: what learns at other rates,
            or not from the begin. earlier: what comes before all this. clock: told by the run how far it is.
            most_epochs: under a budget, so many at most.
    """

    options: Any
    network: Any
    precision: str
    source: Source
    loss: Callable[..., Any]
    dev: Dev | None
    tokens: int
    estimate: int
    evaluation_tokens: int
    sums: dict[str, Any]
    finish: Callable[[Record], Any]
    final_evaluations: float = 0.0
    layers: tuple[Layer, ...] = ()
    clock: Clock | None = None
    most_epochs: int | None = None
    earlier: Earlier | None = None


def fit(
    request: Request, progress: Callable[[Progress], None] | None, *, prepare: Callable[[Job, Path], Prepared]
) -> Any:
    """Train, judge on the dev text, and save where a folder was named.

    Args:
        prepare: reads the files of a job and makes what it trains; the folder is for scratch files.
    Raises:
        TrainingError: training failed; what was best so far has been saved. KeyboardInterrupt: stopped before the end;
            nothing was saved but a checkpoint, if the task itself had begun.
    """
    started = time.monotonic()
    out = Path(request.out) if request.out is not None else None
    with beside(out, resume=request.resume, overwrite=request.overwrite) as place:
        found = None if place is None else place.found
        job = plan_job(request, found)
        overwrite = request.overwrite or (found is not None and found.record["overwrite"])
        if out is not None and place is not None and found is not None:
            model = finished(out, found)
            if model is not None:
                log.info("the run had ended: its model is in %s", out)
                place.finish()
                return model
            check_target(out, overwrite=overwrite)
            started -= found.seconds
        run = _Run(job, started, progress, place, is_overwritten=overwrite)
        try:
            with work_folder(out) as folder:
                model, outcome = run.train(prepare(job, folder))
            if out is not None and place is not None and outcome.is_good:
                _save(model, out, overwrite=overwrite, place=place)
        except KeyboardInterrupt:
            if place is not None and place.has_checkpoint:
                log.info("stopped; give --resume to go on from the checkpoint in %s", place.place)
            raise
        if outcome.stopped is not None:
            raise outcome.stopped
        return model


def _save(model: Any, out: Path, *, overwrite: bool, place: Beside) -> None:
    """Save a trained model; where its place was taken meanwhile, beside it. Its checkpoint is no longer needed then.

    Raises:
        ElmanError: the place was taken, or cannot be written; told is where the model is now.
    """
    try:
        model.save(out, overwrite=overwrite)
        place.finish()
        log.info("saved to %s", out)
    except OptionError as error:
        other = next(p for n in itertools.count(2) if not os.path.lexists(p := out.with_name(f"{out.name}-{n}")))
        model.save(other)
        place.finish()
        raise ElmanError(f"{error}; the model was saved to {other} instead") from error


@dataclass(frozen=True)
class _Run:
    """A run of a job, from what was prepared to a model.

    Args:
        started: when it began, the time that it had used before taken off. place: where its checkpoints are.
    """

    job: Job
    started: float
    progress: Callable[[Progress], None] | None
    place: Beside | None
    is_overwritten: bool

    @property
    def found(self) -> Checkpoint | None:
        """The checkpoint that it goes on from."""
        return None if self.place is None else self.place.found

    def train(self, prepared: Prepared) -> tuple[Any, Outcome]:
        """Train and judge; returns the model and what training came to."""
        job, options, network, dev = self.job, prepared.options, prepared.network, prepared.dev
        limits = self._limits(prepared)
        described = machine.describe(network.device, prepared.precision)
        record = {
            "options": flat(options), "evaluation_tokens": prepared.evaluation_tokens, "data": prepared.sums,
            "start": job.start_record, "machine": described,
        }  # fmt: skip
        keeper = self._keeper(record, most_epochs=limits.most_epochs, every=options.train.checkpoint_seconds)
        share, earlier = self._earlier(prepared, limits, keeper)
        task = Task(
            network, prepared.source, prepared.loss, tables=network.tables, layers=prepared.layers,
            clock=prepared.clock,
            evaluate=None if dev is None else lambda: dev.loss(prepared.evaluation_tokens),
        )  # fmt: skip
        watch = _teller(self.progress, limits, part=(share, 1.0))
        outcome = Trainer(
            task, options.train, limits=limits, plan=job.followed, watch=watch, device=network.device,
            keeper=keeper,
        ).train()  # fmt: skip
        network.compute_in("fp32")
        _round(network, job.kind.stored_packed)
        metrics = {} if dev is None or not outcome.is_good else dev.metrics()
        report = {
            "kind": job.kind.name,
            "seconds": time.monotonic() - self.started,
            "tokens": outcome.run.tokens,
            "tokens_per_second": outcome.run.tokens / max(outcome.run.training_seconds, 1e-9),
            "parameters": sum(p.numel() for p in network.parameters()),
            "epochs": outcome.run.tokens / prepared.tokens,
            "steps": outcome.run.step,
            "metrics": metrics,
        }
        training = {**record, "plan": outcome.run.plan.to_json(), "report": report, **earlier}
        return prepared.finish(Record(training, outcome.run.history)), outcome

    def _limits(self, prepared: Prepared) -> Limits:
        whole, dev = 0.0, prepared.dev
        if dev is not None:
            shares = dev.tokens / min(dev.tokens, prepared.evaluation_tokens)
            whole = (0.5 + prepared.final_evaluations) * shares
        most = prepared.most_epochs if self.found is None else self.found.record["most_epochs"]
        return Limits(
            epochs=prepared.options.train.epochs, budget=self.job.seconds, started=self.started,
            estimate=prepared.estimate, reserve=SAVING_SECONDS, final_evaluations=whole, most_epochs=most,
        )  # fmt: skip

    def _keeper(self, record: dict[str, Any], *, most_epochs: int | None, every: float) -> Keeper | None:
        """What writes checkpoints, which tell all that a run needs to go on."""
        if self.place is None:
            return None
        followed = self.job.recorded or {}
        record = {
            **record, "kind": self.job.kind.name, "asked": _plain(self.job.asked), "most_epochs": most_epochs,
            "overwrite": self.is_overwritten, "versions": versions(), "plan": followed.get("plan"),
            **{name: followed[name] for name in ("pretraining",) if name in followed},
        }  # fmt: skip
        self.place.begin()
        return Keeper(self.place.checkpoint, record, every=every, found=self.found)

    def _earlier(self, prepared: Prepared, limits: Limits, keeper: Keeper | None) -> tuple[float, dict[str, Any]]:
        """Do what comes before the task, if it has not been done: its share of the run, and what is told of it."""
        share, earlier = 0.0, dict[str, Any]()
        if prepared.earlier is not None:
            share = prepared.earlier.share
            if self.found is not None and self.found.phase == TASK:
                earlier = self.found.record["earlier"]
            else:
                watch = _teller(self.progress, limits, part=(0.0, share))
                if keeper is not None:
                    keeper.enter(EARLIER)
                earlier = prepared.earlier.train(self.started, watch, keeper=keeper)
        if keeper is not None:
            keeper.enter(TASK, earlier=earlier)
        return share, earlier


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _round(network: Any, packed: tuple[str, ...]) -> None:
    """Bring the weights to the values that a folder stores, so that the model in memory is the one that is loaded."""
    arrays = weight_arrays(network)
    put_arrays(network, {name: rounded(array) if name.endswith(packed) else array for name, array in arrays.items()})


def _teller(
    progress: Callable[[Progress], None] | None, limits: Limits, *, part: tuple[float, float]
) -> Callable[[Event], None] | None:
    """What tells of the events of a part of the run, of which the begin and the end are given as shares of it."""
    if progress is None:
        return None

    def tell(event: Event) -> None:
        spent = time.monotonic() - limits.started
        fraction = part[0] + (part[1] - part[0]) * event.fraction
        left = limits.budget - spent if limits.budget else spent * (1 - fraction) / max(fraction, 1e-6)
        rate = event.tokens / max(event.seconds, 1e-9)
        progress(Progress(fraction, max(0.0, left), rate, event.step, event.epoch, event.loss, event.scores))

    return tell
