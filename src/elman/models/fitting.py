"""From files to a trained language model: tokenizer, corpora, shape, training, folder.

Knows the order of the steps and what each hands to the next; the steps themselves are in `text`, `data`, `nn` and
`training`. Called by `LanguageModel.train`.
"""

import itertools
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.data.batches import LineBatches
from elman.data.corpus import Corpus, build_corpus, training_text
from elman.data.segments import Segments
from elman.errors import ElmanError, InputError, OptionError
from elman.files.atomic import check_target, work_folder
from elman.files.sums import file_sums
from elman.models.config import LanguageModelConfig
from elman.models.dev import DevText
from elman.models.engines.torch import TorchLanguageModel, build_network, put_arrays, training_loss
from elman.models.folder import PACKED, Record
from elman.models.language_model import LanguageModel
from elman.models.networks import LanguageModelNetwork
from elman.models.options import Options
from elman.models.plans import Job, Request, plan_job
from elman.models.progress import Progress
from elman.models.sizing import Choice, Facts, choose
from elman.models.tables import rounded
from elman.text.tokenizer import Tokenizer, train_tokenizer
from elman.training import machine
from elman.training.loop import Event, Limits, Outcome, Task, Trainer
from elman.training.schedule import Plan

log = logging.getLogger("elman")
LAST_JUDGEMENT = 8
"""The dev text is at most so many times what an evaluation on the way takes of it: judging must not eat the budget."""
SAVING_SECONDS = 1.0
"""Seconds of a budget that are kept for writing the folder."""


@dataclass(frozen=True)
class Prepared:
    """What training works on: symbols, texts, shape and network; how many steps are expected; sums of the files."""

    tokenizer: Tokenizer
    train: Corpus
    dev: Corpus | None
    options: Options
    network: LanguageModelNetwork
    precision: str
    estimate: int
    dev_tokens: int
    sums: dict[str, Any]


def fit(request: Request, progress: Callable[[Progress], None] | None) -> LanguageModel:
    """Train, judge on the dev text, and save where a folder was named.

    Raises:
        KeyboardInterrupt, TrainingError: stopped before the end; what was best so far has been saved.
    """
    started = time.monotonic()
    out = Path(request.out) if request.out is not None else None
    if out is not None:
        check_target(out, overwrite=request.overwrite)
    job = plan_job(request)
    with work_folder(out) as folder:
        prepared = _prepare(job, folder)
        model, outcome, stopped = _train(job, prepared, started=started, progress=progress)
    if out is not None and outcome.is_good:
        _save(model, out, overwrite=request.overwrite)
    if stopped is not None:
        raise stopped
    return model


def _save(model: LanguageModel, out: Path, *, overwrite: bool) -> None:
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


def _prepare(job: Job, folder: Path) -> Prepared:
    """Read the files twice, for the symbols and for the ids; choose the shape; draw or load the weights."""
    reading, text = job.options.reading, job.options.text
    part = "train" if job.dev is None else None
    tokenizer = job.tokenizer or train_tokenizer(
        training_text(job.train, config=reading, part=part), text, continuous=reading.continuous
    )
    train = build_corpus(job.train, tokenizer, config=reading, folder=folder, name="train", part=part)
    if train.counts.tokens < 2:
        raise InputError("there is no text to train on", where=str(job.train[0]), mend="give files with text")
    log.info("training text: %s symbols, vocabulary of %s (%s)", f"{train.counts.tokens:,}", f"{tokenizer.size:,}",
             tokenizer.kind)  # fmt: skip
    wanted = job.options.train if job.recorded is None else Record(job.recorded)
    device = machine.choose_device(wanted.device)
    precision = machine.choose_precision(wanted.precision, device)
    facts = Facts(
        symbols=tokenizer.size, tokens=train.counts.tokens, tokenizer=tokenizer.kind, seconds=job.seconds,
        epochs=job.options.train.epochs,
        flops=machine.flops(device, precision, machine.threads()),
    )  # fmt: skip
    options, choice = _sized(job, facts)
    dev_tokens = choice.dev_tokens if job.recorded is None else job.recorded["evaluation_tokens"]
    characters = 1.1 * train.counts.characters / train.counts.tokens  # of a symbol, and some to spare
    dev = _dev(job, tokenizer, folder, limit=int(LAST_JUDGEMENT * dev_tokens * characters))
    config = LanguageModelConfig(
        symbols=tokenizer.size, reading=options.reading, text=options.text, embedding=options.embedding,
        stack=options.stack, softmax=options.softmax,
    )  # fmt: skip
    start = None if job.start is None else job.start.engine
    network = build_network(config, precision=precision, seed=options.train.seed, start=start).to(device)
    dev_files = job.dev if job.dev in (None, "none") else file_sums(list(job.dev))
    sums = {"train": file_sums(job.train), "dev": dev_files}
    return Prepared(
        tokenizer, train, dev, options=options, network=network, precision=precision, estimate=choice.steps,
        dev_tokens=dev_tokens, sums=sums,
    )  # fmt: skip


def _sized(job: Job, facts: Facts) -> tuple[Options, Choice]:
    """The options with what was left open chosen; those of a run that is repeated are all there."""
    choice = choose(facts, job.given)
    if job.recorded is not None:
        return job.options, choice
    options = Options.build({**job.options.flat(), **choice.values})
    if choice.values:
        log.info("%s", choice.reason)
    if options.embedding.ngrams == 1 and {"ngram_bits", "ngram_width"} & set(job.given) and job.start is None:
        raise OptionError("there are no n-grams", where="--ngram-bits, --ngram-width", mend="give --ngrams 2 or more")
    return options, choice


def _dev(job: Job, tokenizer: Tokenizer, folder: Path, *, limit: int) -> Corpus | None:
    """The text to judge on, of at most about so many characters: of a large one the begin is enough."""
    if job.dev == "none":
        return None
    if job.dev is None:
        dev = build_corpus(
            job.train, tokenizer, config=job.options.reading, folder=folder, name="dev", part="dev", limit=limit
        )
        log.info("no --dev: a twentieth of the training text is set aside")
    else:
        dev = build_corpus(list(job.dev), tokenizer, config=job.options.reading, folder=folder, name="dev", limit=limit)
    if dev.counts.tokens == 0:
        if job.dev is None:
            log.warning("the text is too short to set some aside: training on all of it, without choosing")
            return None
        raise InputError("there is no text to judge on", where=str(job.dev[0]), mend="give another file, or --dev none")
    log.info("judging on %s symbols of dev text", f"{dev.counts.tokens:,}")
    if dev.counts.unknown:
        rate = dev.counts.unknown / dev.counts.tokens
        log.info("%s of the dev symbols (%.2f %%) are unknown", f"{dev.counts.unknown:,}", 100 * rate)
    return dev


def _train(
    job: Job, prepared: Prepared, *, started: float, progress: Callable[[Progress], None] | None
) -> tuple[LanguageModel, Outcome, BaseException | None]:
    options, network = prepared.options, prepared.network
    make = Segments if options.reading.continuous else LineBatches
    source = make(prepared.train, options.batch, seed=options.train.seed)
    dev = None if prepared.dev is None else DevText(network, prepared.dev, segment=options.batch.segment)
    whole = 0.0 if dev is None else 0.5 * dev.tokens / min(dev.tokens, prepared.dev_tokens)
    limits = Limits(
        epochs=options.train.epochs, budget=job.seconds, started=started, estimate=prepared.estimate,
        reserve=SAVING_SECONDS, final_evaluations=whole,
    )  # fmt: skip
    task = Task(
        network, source, training_loss(network), tables=network.tables,
        evaluate=None if dev is None else lambda: dev.loss(prepared.dev_tokens),
    )  # fmt: skip
    plan = None if job.recorded is None else Plan.from_json(job.recorded["plan"])
    trainer = Trainer(
        task, options.train, limits=limits, plan=plan, watch=_teller(progress, limits), device=network.device
    )
    outcome = trainer.train()
    described = machine.describe(network.device, prepared.precision)
    network.compute_in("fp32")
    _round_tables(network)
    stopped = outcome.stopped
    metrics: dict[str, float | None] = {}
    try:
        metrics = {} if dev is None or not outcome.is_good else dev.tally().metrics()
    except KeyboardInterrupt as error:
        stopped = stopped or error
    report = {
        "kind": LanguageModel.kind,
        "seconds": time.monotonic() - started,
        "tokens": outcome.run.tokens,
        "tokens_per_second": outcome.run.tokens / max(outcome.run.training_seconds, 1e-9),
        "parameters": sum(p.numel() for p in network.parameters()),
        "epochs": outcome.run.tokens / prepared.train.counts.tokens,
        "steps": outcome.run.step,
        "metrics": metrics,
    }
    training = {
        "options": options.flat(), "plan": outcome.run.plan.to_json(), "evaluation_tokens": prepared.dev_tokens,
        "data": prepared.sums, "start": job.start_record, "machine": described, "report": report,
    }  # fmt: skip
    record = Record(training, outcome.run.history)
    model = LanguageModel(network.config, prepared.tokenizer, TorchLanguageModel(network), record=record)
    return model, outcome, stopped


def _round_tables(network: LanguageModelNetwork) -> None:
    """Bring the tables to the values that a folder stores, so that the model in memory is the one that is loaded."""
    arrays = {name: p.detach().cpu().numpy() for name, p in network.named_parameters()}
    put_arrays(network, {name: rounded(array) if name in PACKED else array for name, array in arrays.items()})


def _teller(progress: Callable[[Progress], None] | None, limits: Limits) -> Callable[[Event], None] | None:
    if progress is None:
        return None

    def tell(event: Event) -> None:
        spent = time.monotonic() - limits.started
        left = limits.budget - spent if limits.budget else spent * (1 - event.fraction) / max(event.fraction, 1e-6)
        rate = event.tokens / max(event.seconds, 1e-9)
        progress(Progress(event.fraction, max(0.0, left), rate, event.step, event.epoch, event.loss, event.scores))

    return tell
