"""From the files of a job to what training a seq2seq model works on: vocabularies, corpus, shape, network.

Knows the order of the steps; the steps themselves are in `text`, `data` and `nn`. Called by `models.fitting`.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.data.pair_batches import PairBatches, PairCorpus, build_pairs
from elman.data.pairs import Pair, check_sides, read_pairs
from elman.data.repeats import Met
from elman.data.tokens import part_of
from elman.errors import InputError, OptionError
from elman.models.config import Seq2SeqConfig
from elman.models.engines.torch_seq2seq import TorchSeq2Seq, build_seq2seq, seq2seq_loss
from elman.models.fitting import Prepared
from elman.models.folder import Record
from elman.models.kinds import Seq2SeqOptions, flat
from elman.models.overlap import tell_shared
from elman.models.plans import Job
from elman.models.translating.judging import DevPairs
from elman.models.translating.reading import LONGEST_SOURCE, PairReader
from elman.models.translating.sizing import Choice, Facts, choose, vocabulary_size
from elman.models.windows import refuse_long
from elman.text.pairs import train_tokenizers
from elman.text.tokenizer import Tokenizer
from elman.training import machine
from elman.training.task import Clock

log = logging.getLogger("elman")
DECODED = 500
"""Dev pairs that are translated at the end of training."""
DECODING = 4.0
"""What that costs, in evaluations of the loss on the same pairs."""


@dataclass(frozen=True)
class Read:
    """What the files hold, and what was learnt of it."""

    corpus: PairCorpus
    dev: list[Pair] | None
    tokenizers: tuple[Tokenizer, Tokenizer]
    options: Seq2SeqOptions


def prepare(job: Job, folder: Path, *, make: Callable[..., Any]) -> Prepared:
    """Read the files; learn the vocabularies; choose the shape; draw or load the weights.

    Raises:
        InputError, OptionError: as `Seq2Seq.train`.

    Args:
        make: the model of what training comes to, as the class of its kind is made.
    """
    _check_files(job)
    read = _read(job)
    source, target = read.tokenizers
    wanted = job.options.train if job.recorded is None else Record(job.recorded)
    device = machine.choose_device(wanted.device)
    precision = machine.choose_precision(wanted.precision, device)
    facts = Facts(
        pairs=read.corpus.pairs, tokens=len(read.corpus.targets), source_tokens=len(read.corpus.sources),
        symbols=target.size, source_symbols=source.size, seconds=job.seconds, epochs=job.options.train.epochs,
        flops=machine.flops(device, precision, machine.threads()),
    )  # fmt: skip
    choice = choose(facts, job.given)
    options = _sized(job, read.options, choice)
    config = Seq2SeqConfig(
        source_symbols=source.size, target_symbols=target.size, reading=options.reading, text=options.text,
        embedding=options.embedding, stack=options.stack, decoder=options.decoder,
    )  # fmt: skip
    start = None if job.start is None else job.start.engine.arrays()
    network = build_seq2seq(config.shape, precision=precision, seed=options.train.seed, start=start).to(device)
    dev = None if read.dev is None else _dev_pairs(read, config, network)
    dev_tokens = choice.dev_tokens if job.recorded is None else job.recorded["evaluation_tokens"]
    clock = Clock()
    return Prepared(
        options=options, network=network, precision=precision,
        source=PairBatches(read.corpus, options.batch, seed=options.train.seed), dev=dev,
        loss=seq2seq_loss(network, progress=lambda: clock.share), clock=clock,
        tokens=len(read.corpus.targets), estimate=choice.steps, evaluation_tokens=dev_tokens, sums=job.sums(),
        finish=lambda record: make(config, read.tokenizers, TorchSeq2Seq(network), record=record),
        final_evaluations=0.0 if dev is None else DECODING * len(dev.shown) / max(len(dev.pairs), 1),
    )  # fmt: skip


def _sized(job: Job, options: Seq2SeqOptions, choice: Choice) -> Seq2SeqOptions:
    """The options with what was left open."""
    if job.recorded is not None:
        return options
    log.info("%s", choice.reason)
    found: Seq2SeqOptions = job.kind.build({**flat(options), **choice.values})
    return found


def _read(job: Job) -> Read:
    """The files of a job; the vocabularies of the training part, or those of the folder that is started from."""
    options: Seq2SeqOptions = job.options
    part = "train" if job.dev is None else None
    gone_by = Met()
    pairs = list(gone_by.passing(part_of(_pairs(job, job.train, "train_target"), part), lambda pair: pair.source))
    if not pairs:
        raise InputError("there is no pair to train on", where=str(job.train[0]), mend="give files with pairs")
    options = _with_vocabulary(job, options, pairs)
    tokenizers = train_tokenizers(pairs, options.text) if job.start is None else (job.start.source, job.start.target)
    corpus = build_pairs(
        pairs, *tokenizers, longest_source=options.batch.longest_source, longest_target=options.batch.longest_target,
        copy=options.decoder.copy,
    )  # fmt: skip
    if not corpus.pairs:
        raise InputError(f"all targets have more than {options.batch.longest_target} symbols", where=str(job.train[0]),
                         mend="give a higher --longest-target")  # fmt: skip
    _tell(corpus, tokenizers)
    dev = _dev(job)
    if dev is not None:
        tell_shared(gone_by.count(pair.source for pair in dev), len(dev), "sources")
    return Read(corpus, dev, tokenizers, options)


def _with_vocabulary(job: Job, options: Seq2SeqOptions, pairs: list[Pair]) -> Seq2SeqOptions:
    """The options with a size for vocabularies of byte pairs, where none was given."""
    is_open = job.recorded is None and job.start is None and options.text.vocabulary_size is None
    if not is_open or "bpe" not in (options.text.tokenizer, options.text.of_source().tokenizer):
        return options
    characters = sum(len(pair.source) + len(pair.targets[0]) for pair in pairs)
    size = vocabulary_size(characters)
    name = "vocabulary_size" if options.text.tokenizer == "bpe" else "source_vocabulary_size"
    if getattr(options.text, name) is not None:
        return options
    found: Seq2SeqOptions = job.kind.build({**flat(options), name: size})
    return found


def _check_files(job: Job) -> None:
    """Refuse files without targets, and targets without files, before anything is read."""
    check_sides(job.train, job.options.reading, targets=_targets(job, "train_target"), option="--train-target")
    targets = _targets(job, "dev_target")
    if job.dev not in (None, "none"):
        check_sides(list(job.dev), job.options.reading, targets=targets, option="--dev-target")
    elif targets:
        raise OptionError("there are no sources to these targets", where="--dev-target", mend="name them with --dev")


def _targets(job: Job, name: str) -> list[list[Any]]:
    """The files of targets that were given under a name, a list for each reference."""
    return [some for key, some in job.files.items() if key == name or key.startswith(f"{name}_")]


def _pairs(job: Job, files: list[Any], name: str) -> Iterator[Pair]:
    """The pairs of files, with the targets that were given beside them."""
    return read_pairs(files, job.options.reading, targets=_targets(job, name), targeted=True)


def _tell(corpus: PairCorpus, tokenizers: tuple[Tokenizer, Tokenizer]) -> None:
    """Log what the training files have."""
    source, target = tokenizers
    sizes = f"{source.size:,} ({source.kind})"
    if source is not target:
        sizes += f" and {target.size:,} ({target.kind})"
    log.info("training text: %s pairs, %s and %s symbols; vocabulary of %s", f"{corpus.pairs:,}",
             f"{len(corpus.sources):,}", f"{len(corpus.targets):,}", sizes)  # fmt: skip
    if corpus.cut:
        log.info("%s long sources are cut (--longest-source)", f"{corpus.cut:,}")
    if corpus.left_out:
        log.info("%s pairs with long targets are left out (--longest-target)", f"{corpus.left_out:,}")


def _dev(job: Job) -> list[Pair] | None:
    """The pairs to judge on."""
    if job.dev == "none":
        return None
    if job.dev is None:
        found = list(part_of(_pairs(job, job.train, "train_target"), "dev"))
        if not found:
            log.warning("there are too few pairs to set some aside: training on all of them, without choosing")
            return None
        log.info("no --dev: every twentieth pair of the training files is set aside")
    else:
        found = list(_pairs(job, list(job.dev), "dev_target"))
        if not found:
            raise InputError("there is no pair to judge on", where=str(job.dev[0]), mend="give files with pairs")
    for number, pair in enumerate(found, 1):
        refuse_long(pair, number, len(pair.source), LONGEST_SOURCE)
    log.info("judging on %s dev pairs", f"{len(found):,}")
    return found


def _dev_pairs(read: Read, config: Seq2SeqConfig, network: Any) -> DevPairs:
    """The dev pairs as numbers, none left out."""
    assert read.dev is not None
    copy = config.decoder.copy
    corpus = build_pairs(read.dev, *read.tokenizers, longest_source=None, longest_target=None, copy=copy)
    return DevPairs(
        read.dev, corpus, nats=lambda batch: TorchSeq2Seq(network).nats(batch), decoded=DECODED,
        make=lambda: PairReader([TorchSeq2Seq(network)], *read.tokenizers, copy=copy),
    )  # fmt: skip
