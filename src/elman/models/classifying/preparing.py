"""From the files of a job to what training a classifier works on: words, labels, corpus, network.

Knows the order of the steps; the steps themselves are in `text`, `data` and `nn`. Called by `models.fitting`.
"""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elman.data.text_batches import TextCorpus, build_texts, number_corpus
from elman.data.texts import LabelledText, read_labelled
from elman.data.tokens import SentenceBatches, part_of
from elman.errors import InputError
from elman.models.classifier import Classifier
from elman.models.classifying.judging import DevTexts
from elman.models.classifying.labels import TextLabels, all_labels
from elman.models.classifying.reading import TextReader
from elman.models.classifying.sizing import Facts, choose
from elman.models.config import ClassifierConfig
from elman.models.engines.torch_classifier import TorchClassifier, build_classifier, classifier_loss
from elman.models.fitting import Prepared
from elman.models.folder import Record
from elman.models.kinds import ClassifierOptions, flat
from elman.models.plans import Job
from elman.models.vectors import with_vectors
from elman.text.features import WordFeatures, normal_form
from elman.text.tokens import split_words
from elman.training import machine

log = logging.getLogger("elman")
TOLD = 3
"""Unknown labels that are told."""


@dataclass(frozen=True)
class Read:
    """What the files hold, and what was learnt of it: the words and the labels."""

    corpus: TextCorpus
    dev: list[LabelledText] | None
    features: WordFeatures
    labels: TextLabels
    vectors: NDArray[np.float32] | None


def prepare(job: Job, folder: Path) -> Prepared:
    """Read the files; learn words and labels; choose the shape; draw or load the weights."""
    read = _read(job)
    options = _sized(job, read)
    wanted = options.train if job.recorded is None else Record(job.recorded)
    device = machine.choose_device(wanted.device)
    precision = machine.choose_precision(wanted.precision, device)
    config = ClassifierConfig(
        words_known=read.features.size, characters_known=read.features.characters, labels=len(read.labels.names),
        reading=options.reading, words=options.words, bag=options.bag, embedding=options.embedding,
        stack=options.stack, skip=options.skip, head=options.head,
    )  # fmt: skip
    start = None if job.start is None else job.start.engine.arrays()
    if read.vectors is not None:
        start = {"embedding.E": read.vectors}
    seed, labels = options.train.seed, read.labels
    network = build_classifier(config, seen=read.features.counts, precision=precision, seed=seed, start=start).to(
        device
    )
    dev = None
    if read.dev is not None:
        dev = DevTexts(
            read.dev, lambda: TextReader(TorchClassifier(network), read.features, bag=config.bag, labels=labels)
        )
    targets = labels.targets(read.corpus.labels)
    data = number_corpus(read.corpus, read.features, targets=targets, minimum=options.bag.bag_minimum)
    choice = choose(_facts(job, read), job.given)
    return Prepared(
        options=options, network=network, precision=precision,
        source=SentenceBatches(data, options.batch, seed=seed),
        loss=classifier_loss(network, labels.weights(balanced=options.head.class_weights == "balanced")),
        dev=dev, tokens=len(read.corpus.tokens), estimate=choice.steps,
        evaluation_tokens=choice.dev_tokens if job.recorded is None else job.recorded["evaluation_tokens"],
        sums=job.sums(),
        finish=lambda record: Classifier(
            config, read.features, labels=labels.at(1.0 if dev is None else dev.temperature),
            engine=TorchClassifier(network), record=record,
        ),
    )  # fmt: skip


def _facts(job: Job, read: Read) -> Facts:
    return Facts(
        texts=len(read.corpus.labels), tokens=len(read.corpus.tokens), labels=len(read.labels.names),
        seconds=job.seconds, epochs=job.options.train.epochs,
    )  # fmt: skip


def _sized(job: Job, read: Read) -> ClassifierOptions:
    """The options with what was left open."""
    options: ClassifierOptions = job.options
    if job.recorded is not None:
        return options
    choice = choose(_facts(job, read), job.given)
    log.info("%s", choice.reason)
    width = {} if read.vectors is None else {"word_width": read.vectors.shape[1]}
    found: ClassifierOptions = job.kind.build({**flat(options), **choice.values, **width})
    return found


def _read(job: Job) -> Read:
    """The files of a job; the words and labels of the training part, or those of the folder that is started from."""
    options: ClassifierOptions = job.options
    part, several = "train" if job.dev is None else None, options.reading.multi_label
    texts = part_of(read_labelled(job.train, options.reading, labelled=True), part)
    form = normal_form if options.words.normalize else str
    corpus = build_texts(texts, options.bag, longest=options.batch.longest, form=form)
    where = str(job.train[0])
    if not corpus.labels:
        raise InputError("there is no text with words to train on", where=where, mend="give files with texts")
    counts = dict(zip(corpus.types, np.bincount(corpus.tokens, minlength=len(corpus.types)).tolist(), strict=True))
    if job.start is None:
        features = WordFeatures.train(counts, options.words)
        labels = TextLabels.train(corpus.labels, several=several)
    else:
        features, labels = job.start.features, job.start.labels.extended(corpus.labels)
    if len(labels.names) < (1 if several else 2):
        raise InputError(f"there is no more than one label, {', '.join(labels.names)}", where=where,
                         mend="give texts of two labels or more")  # fmt: skip
    _tell(corpus, features, labels, longest=options.batch.longest)
    dev = _dev(job, labels)
    vectors = None
    if "vectors" in job.files:
        met = [*corpus.types, *(token for text in dev or [] for token in split_words(text.text))]
        features, vectors = with_vectors(job, features, met)
    return Read(corpus, dev, features, labels, vectors)


def _tell(corpus: TextCorpus, features: WordFeatures, labels: TextLabels, *, longest: int) -> None:
    """Log what the training files have."""
    sizes = (len(corpus.labels), len(corpus.tokens), len(corpus.types), features.size - 1, len(labels.names))
    told = "training text: %s texts, %s words, %s distinct; %s words have a vector; %s labels"
    log.info(told, *(f"{size:,}" for size in sizes))
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
