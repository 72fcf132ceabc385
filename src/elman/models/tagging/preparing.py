"""From the files of a job to what training a tagger works on: words, labels, corpus, network.

Knows the order of the steps; the steps themselves are in `text`, `data` and `nn`. Called by `models.fitting`.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.config import TokenReadConfig
from elman.data.paragraphs import Sentence
from elman.data.repeats import Met
from elman.data.sentences import check_columns, label_columns, read_sentences
from elman.data.swapping import SwappedBatches
from elman.data.tokens import (
    LabelledTokens,
    SentenceBatches,
    TokenCorpus,
    build_tokens,
    part_of,
    stretches,
)
from elman.errors import InputError, OptionError
from elman.models.config import TaggerConfig
from elman.models.engines.torch_tagger import TorchTagger, build_tagger, tagger_loss
from elman.models.fitting import Prepared
from elman.models.folder import Record
from elman.models.kinds import TaggerOptions, flat
from elman.models.overlap import tell_shared
from elman.models.plans import Job
from elman.models.tagging.decoding import LARGEST_CRF, SHARE, LabelReader, has_crf
from elman.models.tagging.judging import DevSentences
from elman.models.tagging.sizing import Facts, choose
from elman.models.vectors import with_vectors
from elman.nn.config import LabelHeadConfig
from elman.text.bags import SYLLABLES
from elman.text.context import Contexts, held
from elman.text.features import WordFeatures
from elman.text.hangul import to_codes
from elman.text.labels import LabelSet, ill_formed, strays, to_spans
from elman.text.seen import SeenWords
from elman.training import machine
from elman.training.task import Source

log = logging.getLogger("elman")
FITTING = 0.5
"""What it takes to find the share of contexts, as a share of an evaluation of both kinds of weights."""
TOLD = 3
"""Faulty labels that are told with their place."""


@dataclass(frozen=True)
class Read:
    """What the files hold, and what was learnt of it: the words and the labels."""

    corpus: TokenCorpus
    dev: list[Sentence] | None
    features: WordFeatures
    labels: list[LabelSet]
    seen: SeenWords
    vectors: NDArray[np.float32] | None
    contexts: Contexts | None = None


def prepare(job: Job, folder: Path, *, make: Callable[..., Any]) -> Prepared:
    """Read the files; learn words and labels; choose the shape; draw or load the weights.

    Args:
        make: the model of what training comes to, as the class of its kind is made.
    """
    options: TaggerOptions = job.options
    reading = _reading(job)
    read = _read(job, reading.label_columns)
    wanted = options.train if job.recorded is None else Record(job.recorded)
    device = machine.choose_device(wanted.device)
    precision = machine.choose_precision(wanted.precision, device)
    width = {} if read.vectors is None else {"word_width": read.vectors.shape[1]}
    embedding = replace(options.embedding, **width)
    facts = Facts(
        tokens=len(read.corpus.tokens), sentences=read.corpus.sentences, seconds=job.seconds,
        epochs=options.train.epochs, spans=read.labels[0].scheme is not None, alike=_alike(read),
        words=_table_bytes(read.features.size, embedding.word_width),
        features=_table_bytes(read.features.features, embedding.feature_width), read=embedding.width,
        labels=sum(len(one.internal) for one in read.labels), parts=_has_parts(options), contexts=True,
        precision=precision, threads=machine.threads(), **_characters(read.corpus.types),
    )  # fmt: skip
    choice = choose(facts, job.given)
    if job.recorded is None:
        options = job.kind.build({**flat(options), **choice.values, **width})
        log.info("%s", choice.reason)
    read = replace(read, contexts=_contexts(job, read, options))
    config = TaggerConfig(
        words_known=read.features.size, characters_known=read.features.characters,
        features_known=read.features.features, reading=reading, words=options.words, embedding=options.embedding,
        stack=options.stack, head=options.head, turns=_turns(job, options, facts),
        **_context_parts(read.contexts, options),
    )  # fmt: skip
    start = None if job.start is None else job.start.engine.arrays()
    if read.vectors is not None:
        start = {f"members.{k}.embedding.E": read.vectors for k in range(options.head.members)}
    network = build_tagger(
        config, read.labels, seen=read.features.counts, precision=precision, seed=options.train.seed, start=start
    ).to(device)

    def reader(outside: Sequence[float] | None, share: float) -> LabelReader:
        return LabelReader(
            TorchTagger(network), read.features, read.labels, outside=outside, smoothing=options.head.label_smoothing,
            contexts=read.contexts, share=share,
        )  # fmt: skip

    dev = None
    if read.dev is not None:
        dev = DevSentences(read.dev, reader, read.seen)
    evaluation = choice.dev_tokens if job.recorded is None else job.recorded["evaluation_tokens"]
    return Prepared(
        options=options, network=network, precision=precision,
        source=_source(read, options),
        loss=tagger_loss(network), dev=dev, tokens=len(read.corpus.tokens), estimate=choice.steps,
        most_epochs=choice.most_epochs,
        evaluation_tokens=evaluation, sums=job.sums(), final_evaluations=0.0 if read.contexts is None else FITTING,
        finish=lambda record: make(
            config, reader(*((None, SHARE) if dev is None else (dev.outside, dev.share))), seen=read.seen, record=record
        ),
    )  # fmt: skip


def _characters(tokens: Sequence[str]) -> dict[str, float]:
    """How many characters distinct tokens have on average, and the share of syllables among them."""
    codes = to_codes("".join(tokens))
    return {"letters": len(codes) / len(tokens), "syllables": float((codes >= SYLLABLES).mean()) if len(codes) else 0.0}


def _has_parts(options: TaggerOptions) -> bool:
    """Whether there are vectors of parts of words, beyond their shape."""
    return bool(options.embedding.feature_width and (options.words.affixes or options.words.char_ngrams))


def _turns(job: Job, options: TaggerOptions, facts: Facts) -> bool | None:
    """Whether members take turns, as in a folder that is started from; None where they do not."""
    if job.start is not None:
        held: bool | None = job.start.config.turns
        return held
    has_both = bool(options.embedding.character_hidden) and _has_parts(options)
    return (options.head.members > 1 and has_both and not facts.is_syllabic) or None


def _contexts(job: Job, read: Read, options: TaggerOptions) -> Contexts | None:
    """What stands around tokens, of the training text or of the folder that is started from, if that is to be read."""
    if job.start is not None:
        held: Contexts | None = job.start.reader.contexts
        return held
    if not options.contexts.context:
        return None
    corpus = read.corpus
    return Contexts.train(corpus.types, corpus.tokens, corpus.starts, features=read.features, config=options.contexts)


def _context_parts(contexts: Contexts | None, options: TaggerOptions) -> dict[str, Any]:
    """What the config of a tagger says of contexts."""
    if contexts is None:
        return {}
    return {"contexts": contexts.config, "context_head": options.context_head, "contexts_known": contexts.rows}


def _table_bytes(rows: int, width: int) -> int:
    """What a table takes in a folder: a byte a number, and the scale and the number of each row."""
    return rows * (width + 8) if width else 0


def _reading(job: Job) -> TokenReadConfig:
    """How the model will read files unless told otherwise: as the first one was read; as the folder that is started
    from does, whatever its columns are called in the files of the job.

    Raises:
        InputError, OptionError: the files do not have the wanted columns, or not the same ones.
    """
    reading: TokenReadConfig = job.options.reading
    check_columns([*job.train, *(job.dev if isinstance(job.dev, tuple) else ())], reading)
    columns = label_columns(job.train[:1], reading)
    if job.start is None:
        return replace(reading, label_columns=columns)
    held: TokenReadConfig = job.start.config.reading
    return replace(reading, token_column=held.token_column, label_columns=held.label_columns)


def _read(job: Job, columns: tuple[str, ...]) -> Read:
    """The files of a job; the words and labels of the training part, or those of the folder that is started from."""
    reading = job.options.reading
    part = "train" if job.dev is None else None
    gone_by = Met()
    sentences = part_of(read_sentences(job.train, reading, labelled=True, columns=columns), part)
    corpus = build_tokens(gone_by.passing(sentences, lambda sentence: sentence.tokens), columns)
    if not len(corpus.tokens):
        raise InputError("there is no sentence to train on", where=str(job.train[0]), mend="give files with sentences")
    seen = SeenWords.of(corpus.types)
    if job.start is None:
        features = WordFeatures.train(corpus.counts(), job.options.words)
        labels = [LabelSet.train(corpus.sequences(column), name=column) for column in columns]
    else:
        features, seen = job.start.features, seen.joined(job.start.seen)
        labels = [one.extended(corpus.sequences(one.name)) for one in job.start.labels]
    _check_head(job.options.head, labels)
    if job.options.batch.swap_spans and (fault := _unswappable(labels)):
        raise OptionError(fault, where="--swap-spans", mend="leave it out")
    for one in labels:
        _tell_labels(one, corpus)
    log.info("training text: %s sentences, %s tokens, %s distinct; %s words have a vector", f"{corpus.sentences:,}",
             f"{len(corpus.tokens):,}", f"{len(corpus.types):,}", f"{features.size - 1:,}")  # fmt: skip
    dev = _dev(job, labels)
    if dev is not None:
        tell_shared(gone_by.count(sentence.tokens for sentence in dev), len(dev), "sentences")
    vectors = None
    if "vectors" in job.files:
        met = [*corpus.types, *(token for sentence in dev or [] for token in sentence.tokens)]
        features, vectors = with_vectors(job, features, met)
    return Read(corpus, dev, features, labels, seen, vectors)


def _check_head(head: LabelHeadConfig, labels: list[LabelSet]) -> None:
    """Refuse options that would change nothing."""
    chained = [has_crf(one, head.crf) for one in labels]
    if head.crf and not any(chained):
        raise OptionError(f"a column has more labels than a CRF can have, {LARGEST_CRF}", where="--crf",
                          mend="leave it out")  # fmt: skip
    if head.label_smoothing and all(chained):
        raise OptionError("every column has a CRF, where nothing is smoothed", where="--label-smoothing",
                          mend="leave it out, or give --no-crf")  # fmt: skip


def _tell_labels(labels: LabelSet, corpus: TokenCorpus) -> None:
    """Log what a column has, and warn of labels that do not fit."""
    scheme = labels.scheme
    if scheme is None:
        log.info("column %s: %s labels", labels.name, f"{len(labels.labels):,}")
        return
    log.info("column %s: spans in the scheme %s, %s labels", labels.name, scheme.name, f"{len(labels.labels):,}")
    wrong = strays(corpus.sequences(labels.name), scheme)
    for sentence, place, label in wrong[:TOLD]:
        path, line = corpus.where[sentence]
        log.warning("%s: token %d of the sentence that begins in line %d: %r is no label of the scheme; it counts as O",
                    path, place + 1, line, label)  # fmt: skip
    if len(wrong) > TOLD:
        log.warning("… and %d more such labels", len(wrong) - TOLD)
    broken = sum(len(ill_formed(sequence, scheme)) for sequence in corpus.sequences(labels.name))
    if broken:
        log.warning("%d labels of column %s break the scheme; a span is read where one can be", broken, labels.name)


def _dev(job: Job, labels: list[LabelSet]) -> list[Sentence] | None:
    """The sentences to judge on."""
    if job.dev == "none":
        return None
    reading, columns = job.options.reading, [one.name for one in labels]
    if job.dev is None:
        found = list(part_of(read_sentences(job.train, reading, labelled=True, columns=columns), "dev"))
        if not found:
            log.warning("there are too few sentences to set some aside: training on all of them, without choosing")
            return None
        log.info("no --dev: every twentieth sentence of the training files is set aside")
    else:
        found = list(read_sentences(list(job.dev), reading, labelled=True, columns=columns))
    log.info("judging on %s sentences of dev text", f"{len(found):,}")
    for one in labels:
        known = set(one.labels)
        strange = sorted({label for sentence in found for label in sentence.labels[one.name]} - known)
        if strange:
            log.warning("column %s: %d labels of the dev text are not in the training text (%s); they count as wrong",
                        one.name, len(strange), ", ".join(strange[:TOLD]))  # fmt: skip
    return found


def _unswappable(labels: list[LabelSet]) -> str | None:
    """Why spans cannot stand in place of others, if they cannot."""
    first, *further = labels
    if first.scheme is None or not any("-" in label for label in first.internal):
        return f"the labels of column {first.name} do not stand for spans of some type"
    torn = [one.name for one in further if one.scheme is not None]
    return f"spans of column {torn[0]} would be torn where those of {first.name} change places" if torn else None


def _alike(read: Read) -> float:
    """How many spans a type has, on average, where they can stand in place of others; else 0."""
    first = read.labels[0]
    if first.scheme is None or _unswappable(read.labels):
        return 0.0
    spans = sum(len(to_spans(sequence, first.scheme)) for sequence in read.corpus.sequences(first.name))
    return spans / len({label[2:] for label in first.internal if "-" in label})


def _source(read: Read, options: Any) -> Source:
    """The batches of training."""
    data, seed = _numbered(read, options), options.train.seed
    if options.batch.swap_spans == 0:
        return SentenceBatches(data, options.batch, seed=seed)
    return SwappedBatches(data, options.batch, internal=read.labels[0].internal, seed=seed)


def _numbered(read: Read, options: Any) -> LabelledTokens:
    """The corpus as batches want it: rows of features for every distinct token, internal ids of labels."""
    corpus = read.corpus
    ids = [np.concatenate([one.encode(sequence) for sequence in corpus.sequences(one.name)]) for one in read.labels]
    borders = stretches(corpus.starts, options.batch.segment)
    sentences = np.searchsorted(corpus.starts, borders[:-1], side="right") - 1
    where = [corpus.where[sentence] for sentence in sentences]
    around = None if read.contexts is None else read.contexts.around(held(corpus.types, read.features))
    rows = read.features.rows(corpus.types)
    return LabelledTokens(corpus.tokens, rows, np.stack(ids), borders, where=where, around=around)
