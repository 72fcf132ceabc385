"""From the files of a job to what training a classifier works on: words, labels, corpus, network.

Knows the order of the steps; the steps themselves are in `text`, `data` and `nn`. Called by `models.fitting`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.repeats import Met
from elman.data.text_batches import TextCorpus, build_texts, number_corpus
from elman.data.texts import LabelledText, read_labelled
from elman.data.tokens import SentenceBatches, part_of
from elman.errors import InputError
from elman.models.classifying.config import TransferConfig
from elman.models.classifying.judging import DevTexts
from elman.models.classifying.labels import TextLabels, all_labels
from elman.models.classifying.pretraining import PlainTexts, Pretraining, check_transfer, plain_texts, read_unlabelled
from elman.models.classifying.reading import TextReader
from elman.models.classifying.sizing import Facts, choose
from elman.models.classifying.starting import encoded, forward_arrays, refuse_word_options, symbol_config
from elman.models.config import ClassifierConfig, SymbolConfig
from elman.models.engines.torch_classifier import TorchClassifier, build_classifier, classifier_loss
from elman.models.fitting import Prepared
from elman.models.folder import Record
from elman.models.kinds import ClassifierOptions, flat
from elman.models.overlap import tell_shared
from elman.models.plans import Job
from elman.models.vectors import with_vectors
from elman.text.bags import SYLLABLES
from elman.text.features import WordFeatures, normal_form
from elman.text.tokenizer import Tokenizer
from elman.text.tokens import split_words
from elman.training import machine
from elman.training.optimizer import Layer

log = logging.getLogger("elman")
TOLD = 3
"""Unknown labels that are told."""
NO_WORDS = {"word_width": 0, "feature_width": 0}
"""What need not be chosen where symbols are read."""


@dataclass(frozen=True)
class Read:
    """What the files hold, what was learnt of it, the words and the labels, and the symbols that are read instead.

    Args:
        spelling: what is known of characters; whether they are read is another matter.
    """

    corpus: TextCorpus
    dev: list[LabelledText] | None
    features: WordFeatures
    spelling: WordFeatures
    labels: TextLabels
    vectors: NDArray[np.float32] | None
    tokenizer: Tokenizer | None
    symbols: SymbolConfig | None
    plain: PlainTexts | None


def prepare(job: Job, folder: Path, *, make: Callable[..., Any]) -> Prepared:
    """Read the files; learn words and labels; choose the shape; draw or load the weights.

    Args:
        make: the model of what training comes to, as the class of its kind is made.
    """
    read = _read(job)
    options = _sized(job, read)
    wanted = options.train if job.recorded is None else Record(job.recorded)
    device = machine.choose_device(wanted.device)
    precision = machine.choose_precision(wanted.precision, device)
    spelling = read.spelling if options.head.spelling else None
    config = ClassifierConfig(
        words_known=read.features.size, characters_known=read.features.characters,
        features_known=read.features.features, labels=len(read.labels.names), reading=options.reading,
        words=options.words, bag=options.bag, embedding=options.embedding, stack=options.stack, skip=options.skip,
        head=options.head, symbols=read.symbols,
        spelt=None if spelling is None else spelling.size,
        spelt_features=None if spelling is None else spelling.features,
    )  # fmt: skip
    start = _first_weights(job, read)
    seed, labels = options.train.seed, read.labels
    network = build_classifier(
        config, seen=read.features.counts, spelt=None if spelling is None else spelling.counts, precision=precision,
        seed=seed, start=start,
    ).to(device)  # fmt: skip
    dev = None
    if read.dev is not None:
        dev = DevTexts(
            read.dev,
            lambda: TextReader(
                TorchClassifier(network),
                read.features,
                bag=config.bag,
                labels=labels,
                tokenizer=read.tokenizer,
                spelling=spelling,
            ),
        )
    targets = labels.targets(read.corpus.labels)
    data = number_corpus(
        read.corpus, read.features, targets=targets, minimum=options.bag.bag_minimum, spelling=spelling
    )
    choice = choose(_facts(job, read), job.given)
    return Prepared(
        options=options, network=network, precision=precision,
        source=SentenceBatches(data, options.batch, seed=seed), layers=_layers(network, options.transfer),
        earlier=None if read.plain is None else Pretraining(
            job, options, network=network, texts=read.plain, features=read.features, precision=precision
        ),
        loss=classifier_loss(network, labels.weights(balanced=options.head.class_weights == "balanced")),
        dev=dev, tokens=int(data.starts[-1]), estimate=choice.steps,
        most_epochs=choice.most_epochs,
        evaluation_tokens=choice.dev_tokens if job.recorded is None else job.recorded["evaluation_tokens"],
        sums=job.sums(),
        finish=lambda record: make(
            config, read.features, labels=labels if dev is None else dev.fitted,
            engine=TorchClassifier(network), record=record, tokenizer=read.tokenizer, spelling=spelling,
        ),
    )  # fmt: skip


def _layers(network: Any, transfer: TransferConfig) -> tuple[Layer, ...]:
    """What the layers of a network learn at, and from when on: all alike unless options tell otherwise."""
    if transfer.layer_decay == 1 and transfer.thaw == 0:
        return ()
    depths = network.depths()
    return tuple(
        Layer(parameters, rate=transfer.layer_decay**-k, thaw=transfer.thaw * k / (len(depths) - 1))
        for k, parameters in enumerate(depths)
    )


def _first_weights(job: Job, read: Read) -> dict[str, NDArray[np.float32]] | None:
    """The weights that training begins with where they are not drawn."""
    if read.vectors is not None:
        return {"embedding.E": read.vectors}
    if job.start is None:
        return None
    arrays: dict[str, NDArray[np.float32]] = job.start.engine.arrays()
    return arrays if job.start.kind == job.kind.name else forward_arrays(arrays, job.options.stack)


def _facts(job: Job, read: Read) -> Facts:
    corpus = read.corpus
    return Facts(
        texts=len(corpus.labels), tokens=len(corpus.tokens if corpus.symbols is None else corpus.symbols.ids),
        labels=len(read.labels.names), seconds=job.seconds, epochs=job.options.train.epochs,
        several=job.options.reading.multi_label, syllables=_syllables(corpus.spelling.counts()),
        transferred=read.plain is not None or (job.start is not None and job.start.kind != job.kind.name),
    )  # fmt: skip


def _syllables(counts: Mapping[str, int]) -> float:
    """The share of syllables in characters that occur so often, blanks left out."""
    every = sum(count for character, count in counts.items() if character != " ")
    return sum(count for character, count in counts.items() if ord(character) >= SYLLABLES) / max(1, every)


def _sized(job: Job, read: Read) -> ClassifierOptions:
    """The options with what was left open."""
    options: ClassifierOptions = job.options
    if job.recorded is not None:
        return options
    choice = choose(_facts(job, read), {**job.given, **(NO_WORDS if read.symbols is not None else {})})
    log.info("%s", choice.reason)
    width = {} if read.vectors is None else {"word_width": read.vectors.shape[1]}
    found: ClassifierOptions = job.kind.build({**flat(options), **choice.values, **width})
    return found


def _read(job: Job) -> Read:
    """The files of a job; the words and labels of the training part, or those of the folder that is started from."""
    options: ClassifierOptions = job.options
    part, several = "train" if job.dev is None else None, options.reading.multi_label
    gone_by = Met()
    texts = gone_by.passing(
        part_of(read_labelled(job.train, options.reading, labelled=True), part), lambda one: one.text
    )
    form = normal_form if options.words.normalize else str
    check_transfer(job)
    tokenizer, symbols = _symbols(job)
    longest = options.batch.longest
    encode = None if tokenizer is None else partial(encoded, tokenizer)
    corpus = build_texts(
        texts, options.bag, longest=longest, form=form,
        encode=None if encode is None else partial(encode, longest=longest),
    )  # fmt: skip
    where = str(job.train[0])
    if not corpus.labels:
        raise InputError("there is no text with words to train on", where=where, mend="give files with texts")
    corpora, plain = [corpus], None
    if "unlabelled" in job.files:
        corpora.append(read_unlabelled(job.files["unlabelled"], options, encode=encode))
        plain = plain_texts(corpora)
    spelling = WordFeatures.train(corpus.spelling.counts(), options.words)
    if job.start is not None and job.start.kind == job.kind.name:
        features, labels = job.start.features, job.start.labels.extended(corpus.labels)
        spelling = job.start.spelling or spelling
    else:
        counts = (plain or plain_texts(corpora)).counts
        features = WordFeatures.train(counts if tokenizer is None else {}, options.words)
        labels = TextLabels.train(corpus.labels, several=several)
    if len(labels.names) < (1 if several else 2):
        raise InputError(f"there is no more than one label, {', '.join(labels.names)}", where=where,
                         mend="give texts of two labels or more")  # fmt: skip
    _tell(corpus, features, labels, longest=options.batch.longest)
    dev = _dev(job, labels)
    if dev is not None:
        tell_shared(gone_by.count(text.text for text in dev), len(dev), "texts")
    vectors = None
    if "vectors" in job.files:
        met = [*corpus.types, *(token for text in dev or [] for token in split_words(text.text))]
        features, vectors = with_vectors(job, features, met)
    return Read(corpus, dev, features, spelling, labels, vectors, tokenizer, symbols, plain)


def _symbols(job: Job) -> tuple[Tokenizer | None, SymbolConfig | None]:
    """The symbols that are read in place of words where training starts from a folder that has some.

    Raises:
        OptionError: options are given that only words heed.
    """
    start = job.start
    if start is None or (start.kind == job.kind.name and start.tokenizer is None):
        return None, None
    if start.kind == job.kind.name:
        return start.tokenizer, start.config.symbols
    refuse_word_options({} if job.recorded is not None else job.given, job.files)
    return start.tokenizer, symbol_config(start.config)


def _tell(corpus: TextCorpus, features: WordFeatures, labels: TextLabels, *, longest: int) -> None:
    """Log what the training files have."""
    sizes = (len(corpus.labels), len(corpus.tokens), len(corpus.types), features.size - 1, len(labels.names))
    told = "training text: %s texts, %s words, %s distinct; %s words have a vector; %s labels"
    log.info(told, *(f"{size:,}" for size in sizes))
    if corpus.symbols is not None:
        log.info("they are read as %s symbols", f"{len(corpus.symbols.ids):,}")
    if corpus.empty:
        log.info("%s texts without words are passed over", f"{corpus.empty:,}")
    if corpus.cut:
        log.info("of %s texts with more than %s words, training reads the first three quarters of so many and the last "
                 "quarter (--longest)", f"{corpus.cut:,}", f"{longest:,}")  # fmt: skip


def _dev(job: Job, labels: TextLabels) -> list[LabelledText] | None:
    """The texts to judge on."""
    if job.dev == "none":
        return None
    reading = job.options.reading
    if job.dev is None:
        found = list(part_of(read_labelled(job.train, reading, labelled=True), "dev"))
        if not found:
            log.warning("there are too few texts to set some aside: training on all of them, without choosing")
            return None
        log.info("no --dev: every twentieth text of the training files is set aside")
    else:
        found = list(read_labelled(list(job.dev), reading, labelled=True))
    log.info("judging on %s dev texts", f"{len(found):,}")
    strange = sorted(all_labels(text.labels for text in found) - set(labels.names))
    if strange:
        log.warning("%d labels of the dev texts are not in the training texts (%s); they count as wrong",
                    len(strange), ", ".join(strange[:TOLD]))  # fmt: skip
    return found
