"""From a request to a trained model: training along a plan, the record of it, the folder. The same for all kinds.

Knows the order of the steps; what a kind trains on is prepared by the kind (`Prepared`). Called by the `train` of each
kind.
"""

import itertools
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from elman.errors import ElmanError
from elman.files.atomic import check_target, work_folder
from elman.models.folder import Record
from elman.models.kinds import flat
from elman.models.networks.weights import put_arrays, weight_arrays
from elman.models.plans import Job, Request, plan_job
from elman.models.progress import Progress
from elman.models.tables import rounded
from elman.training import machine
from elman.training.loop import Clock, Event, Limits, Outcome, Source, Task, Trainer
from elman.training.optimizer import Layer
from elman.training.schedule import Plan

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

    def train(self, started: float, watch: Callable[[Event], None] | None) -> dict[str, Any]:
        """Train; returns what `training.json` tells of it.

        Raises:
            KeyboardInterrupt, TrainingError: stopped before the end; there is nothing to save yet.
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
        KeyboardInterrupt, TrainingError: stopped before the end; what was best so far has been saved, if the task
            itself had begun.
    """
    started = time.monotonic()
    out = Path(request.out) if request.out is not None else None
    if out is not None:
        check_target(out, overwrite=request.overwrite)
    job = plan_job(request)
    with work_folder(out) as folder:
        model, outcome, stopped = _train(job, prepare(job, folder), started=started, progress=progress)
    if out is not None and outcome.is_good:
        _save(model, out, overwrite=request.overwrite)
    if stopped is not None:
        raise stopped
    return model


def _save(model: Any, out: Path, *, overwrite: bool) -> None:
    """Save a trained model; where its place was taken meanwhile, beside it.

    Raises:
        ElmanError: the place was taken, or cannot be written; told is where the model is now.
    """
    try:
        model.save(out, overwrite=overwrite)
        log.info("saved to %s", out)
    except ElmanError as error:
        beside = next(p for n in itertools.count(2) if not os.path.lexists(p := out.with_name(f"{out.name}-{n}")))
        model.save(beside)
        raise ElmanError(f"{error}; the model was saved to {beside} instead") from error


def _train(
    job: Job, prepared: Prepared, *, started: float, progress: Callable[[Progress], None] | None
) -> tuple[Any, Outcome, BaseException | None]:
    options, network, dev = prepared.options, prepared.network, prepared.dev
    whole = 0.0
    if dev is not None:
        shares = dev.tokens / min(dev.tokens, prepared.evaluation_tokens)
        whole = (0.5 + prepared.final_evaluations) * shares
    limits = Limits(
        epochs=options.train.epochs, budget=job.seconds, started=started, estimate=prepared.estimate,
        reserve=SAVING_SECONDS, final_evaluations=whole, most_epochs=prepared.most_epochs,
    )  # fmt: skip
    share, earlier = 0.0, {}
    if prepared.earlier is not None:
        share = prepared.earlier.share
        earlier = prepared.earlier.train(started, _teller(progress, limits, part=(0.0, share)))
    task = Task(
        network, prepared.source, prepared.loss, tables=network.tables, layers=prepared.layers,
        clock=prepared.clock,
        evaluate=None if dev is None else lambda: dev.loss(prepared.evaluation_tokens),
    )  # fmt: skip
    plan = None if job.recorded is None else Plan.from_json(job.recorded["plan"])
    watch = _teller(progress, limits, part=(share, 1.0))
    outcome = Trainer(task, options.train, limits=limits, plan=plan, watch=watch, device=network.device).train()
    described = machine.describe(network.device, prepared.precision)
    network.compute_in("fp32")
    _round_tables(network, job.kind.packed)
    stopped = outcome.stopped
    metrics: dict[str, Any] = {}
    try:
        metrics = {} if dev is None or not outcome.is_good else dev.metrics()
    except KeyboardInterrupt as error:
        stopped = stopped or error
    report = {
        "kind": job.kind.name,
        "seconds": time.monotonic() - started,
        "tokens": outcome.run.tokens,
        "tokens_per_second": outcome.run.tokens / max(outcome.run.training_seconds, 1e-9),
        "parameters": sum(p.numel() for p in network.parameters()),
        "epochs": outcome.run.tokens / prepared.tokens,
        "steps": outcome.run.step,
        "metrics": metrics,
    }
    training = {
        "options": flat(options), "plan": outcome.run.plan.to_json(), "evaluation_tokens": prepared.evaluation_tokens,
        "data": prepared.sums, "start": job.start_record, "machine": described, "report": report, **earlier,
    }  # fmt: skip
    return prepared.finish(Record(training, outcome.run.history)), outcome, stopped


def _round_tables(network: Any, packed: tuple[str, ...]) -> None:
    """Bring the tables to the values that a folder stores, so that the model in memory is the one that is loaded."""
    arrays = weight_arrays(network)
    put_arrays(network, {name: rounded(array) if name in packed else array for name, array in arrays.items()})


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
