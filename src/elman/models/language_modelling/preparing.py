"""From the files of a job to what training a language model works on: tokenizer, corpora, shape, network.

Knows the order of the steps; the steps themselves are in `text`, `data` and `nn`. Called by `models.fitting`.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from elman.data.batches import LineBatches
from elman.data.corpus import Corpus, build_corpus, training_text
from elman.data.segments import Segments
from elman.errors import InputError, OptionError
from elman.models.config import LanguageModelConfig
from elman.models.engines.torch_language_model import TorchLanguageModel, build_network, training_loss
from elman.models.fitting import LAST_JUDGEMENT, Prepared
from elman.models.folder import Record
from elman.models.kinds import LanguageModelOptions, flat
from elman.models.language_modelling.dev import DevText
from elman.models.language_modelling.sizing import Choice, Facts, choose
from elman.models.overlap import SharedLines
from elman.models.plans import Job
from elman.text.tokenizer import Tokenizer, train_tokenizer
from elman.training import machine

log = logging.getLogger("elman")


def prepare(job: Job, folder: Path, *, make: Callable[..., Any]) -> Prepared:
    """Read the files twice, for the symbols and for the ids; choose the shape; draw or load the weights.

    Args:
        make: the model of what training comes to, as the class of its kind is made.
    """
    reading, text = job.options.reading, job.options.text
    part = "train" if job.dev is None else None
    tokenizer: Tokenizer = (
        job.start.tokenizer
        if job.start is not None
        else train_tokenizer(training_text(job.train, config=reading, part=part), text, continuous=reading.continuous)
    )
    shared = _shared(job)
    train = build_corpus(
        job.train, tokenizer, config=reading, folder=folder, name="train", part=part,
        watch=None if shared is None else shared.watch,
    )  # fmt: skip
    if shared is not None:
        shared.tell()
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
    batches = Segments if options.reading.continuous else LineBatches
    return Prepared(
        options=options, network=network, precision=precision,
        source=batches(train, options.batch, seed=options.train.seed), loss=training_loss(network),
        dev=None if dev is None else DevText(network, dev, segment=options.batch.segment),
        tokens=train.counts.tokens, estimate=choice.steps, evaluation_tokens=dev_tokens,
        sums=job.sums(),
        finish=lambda record: make(config, tokenizer, TorchLanguageModel(network), record=record),
    )  # fmt: skip


def _shared(job: Job) -> SharedLines | None:
    """The dev lines that are looked for in the training text; of running text that is set aside there are none."""
    reading = job.options.reading
    if job.dev == "none" or (job.dev is None and reading.continuous):
        return None
    paths, part = (job.train, "dev") if job.dev is None else (list(job.dev), None)
    text = training_text(paths, config=reading, part=part)
    return SharedLines(([piece] for piece in text), continuous=reading.continuous)


def _sized(job: Job, facts: Facts) -> tuple[LanguageModelOptions, Choice]:
    """The options with what was left open chosen; those of a run that is repeated are all there."""
    choice = choose(facts, job.given)
    if job.recorded is not None:
        return job.options, choice
    options: LanguageModelOptions = job.kind.build({**flat(job.options), **choice.values})
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
