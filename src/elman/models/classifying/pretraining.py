"""Pretraining of a classifier: its words and layers learn to predict the texts, labelled or not, before the labels.

Knows texts without labels, plans and the loop; knows no network from inside. Used by `models.classifying.preparing`.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.config import LabelledReadConfig
from elman.data.symbol_texts import SymbolTexts
from elman.data.text_batches import TextCorpus, build_texts
from elman.data.texts import SUFFIXES, read_labelled
from elman.data.tokens import LabelledTokens, SentenceBatches, numbered, occurrences, stretches
from elman.errors import InputError, ModelFileError, OptionError
from elman.models.engines.torch_pretraining import build_pretraining, pretraining_loss
from elman.models.kinds import ClassifierOptions
from elman.models.plans import Job
from elman.text.config import BagConfig
from elman.text.features import WordFeatures
from elman.training.checkpoint import Keeper
from elman.training.loop import Trainer
from elman.training.schedule import Plan
from elman.training.task import Event, Limits, Task

log = logging.getLogger("elman")
STRETCH = 128
"""Words of a text that are read at a time: longer ones are cut, where labels would want all of it."""
WITHOUT_BAGS = BagConfig(bag_words=0, bag_characters=0)


@dataclass(frozen=True)
class PlainTexts:
    """Texts without labels as words and, where these are read, symbols.

    Args:
        types, tokens, starts, symbols: as `TextCorpus` has them.
    """

    types: list[str]
    tokens: NDArray[np.int32]
    starts: NDArray[np.int64]
    symbols: SymbolTexts | None

    @property
    def size(self) -> int:
        """Words or symbols."""
        return len(self.tokens if self.symbols is None else self.symbols.ids)

    @property
    def counts(self) -> dict[str, int]:
        """How often each word stands in the texts."""
        return occurrences(self.types, self.tokens)

    def cut(self, features: WordFeatures) -> LabelledTokens | SymbolTexts:
        """What batches are cut from."""
        if self.symbols is not None:
            return SymbolTexts(self.symbols.ids, stretches(self.symbols.starts, STRETCH * 4))
        return LabelledTokens.unlabelled(self.tokens, features.rows(self.types), stretches(self.starts, STRETCH))


def plain_texts(corpora: Sequence[TextCorpus]) -> PlainTexts:
    """The texts of several corpora, one behind the other, without their labels."""
    known: dict[str, int] = {}
    tokens = [numbered(corpus.types, known)[corpus.tokens] for corpus in corpora]
    lengths = [length for corpus in corpora for length in np.diff(corpus.starts)]
    symbols = [corpus.symbols for corpus in corpora if corpus.symbols is not None]
    return PlainTexts(
        list(known), np.concatenate(tokens), np.cumsum([0, *lengths], dtype=np.int64),
        SymbolTexts.joined(symbols) if symbols else None,
    )  # fmt: skip


def read_unlabelled(
    files: Sequence[Any], options: ClassifierOptions, *, encode: Callable[[str], Any] | None
) -> TextCorpus:
    """The texts of files, of which no labels are read. What a suffix says of a file goes before `--format`.

    Raises:
        InputError: a file cannot be read, or there is no text.
    """
    texts = chain.from_iterable(read_labelled([file], _reading(file, options), labelled=False) for file in files)
    corpus = build_texts(texts, WITHOUT_BAGS, longest=sys.maxsize, form=str, encode=encode, spelling=False)
    if not corpus.labels:
        raise InputError("there is no text with words", where=str(files[0]), mend="give files with texts")
    log.info("texts without labels: %s of %s words", f"{len(corpus.labels):,}", f"{len(corpus.tokens):,}")
    return corpus


def _reading(file: Any, options: ClassifierOptions) -> LabelledReadConfig:
    """How a file is read: by its suffix where that tells a format, else as the other files are."""
    is_told = str(file).removesuffix(".gz").endswith(tuple(SUFFIXES))
    return replace(options.reading, format=None if is_told else options.reading.format)


def check_transfer(job: Job) -> None:
    """Refuse options of pretraining that would not be heeded.

    Raises:
        OptionError: there is nothing to pretrain on; a length is given that is not the one that the run goes by; or a
            classifier that has learnt labels is to begin anew.
    """
    given = {} if job.recorded is not None else job.given
    is_transferred = "unlabelled" in job.files or (job.start is not None and job.start.kind != job.kind.name)
    for name, one in (("members", 1), ("spelling", False)):
        if is_transferred and given.get(name, one) != one:
            raise OptionError("what was learnt before is one stack", where=f"--{name}", mend="leave it out")
    if "unlabelled" not in job.files:
        for name in ("pretraining_share", "pretraining_epochs"):
            if given.get(name) is not None:
                raise OptionError("there is no text to pretrain on", where=f"--{name.replace('_', '-')}",
                                  mend="give --unlabelled FILE, or leave it out")  # fmt: skip
        return
    if job.start is not None and job.start.kind == job.kind.name:
        raise OptionError("a classifier that has learnt labels is not pretrained", where="--unlabelled",
                          mend="leave it out, or leave out --from")  # fmt: skip
    other, own = ("epochs", "share") if job.seconds is not None else ("share", "epochs")
    if given.get(f"pretraining_{other}") is not None:
        raise OptionError(f"this run goes by {'time' if own == 'share' else 'epochs'}",
                          where=f"--pretraining-{other}", mend=f"give --pretraining-{own}")  # fmt: skip


class Pretraining:
    """The run of the language models of a classifier's network, a part of that of the classifier.

    Args:
        share: of the whole run, of its time where there is a budget.
    """

    def __init__(
        self, job: Job, options: ClassifierOptions, *, network: Any, texts: PlainTexts, features: WordFeatures,
        precision: str,
    ) -> None:  # fmt: skip
        self.job, self.options, self.network, self.texts, self.features = job, options, network, texts, features
        self.precision = precision
        self.share = options.transfer.pretraining_share
        data = texts.cut(features)
        self.source = SentenceBatches(data, options.batch, seed=options.train.seed)

    def train(self, started: float, watch: Callable[[Event], None] | None, *, keeper: Keeper | None) -> dict[str, Any]:
        """Train along a plan; returns what `training.json` tells of it: `pretraining`, with the plan, words or symbols
        that were read, those of the texts, and the nats of a prediction in the end."""
        plan = None if self.job.followed is None else recorded_plan(self.job.recorded or {})
        seed = self.options.train.seed
        models = build_pretraining(self.network, precision=self.precision, seed=seed)
        task = Task(models, self.source, pretraining_loss(models), evaluate=None, tables=self.network.tables)
        outcome = Trainer(
            task, self.options.train, limits=self._limits(started), plan=plan, watch=watch, device=self.network.device,
            keeper=keeper,
        ).train()  # fmt: skip
        if outcome.stopped is not None:
            raise outcome.stopped
        run = outcome.run
        nats = run.history[-1]["loss"]
        read = run.tokens // self.network.stack.directions
        log.info("pretrained on %s words or symbols: %.3f nats for each that is predicted", f"{read:,}", nats)
        found = {"plan": run.plan.to_json(), "read": read, "tokens": self.texts.size, "nats": nats}
        return {"pretraining": found}

    def _limits(self, started: float) -> Limits:
        """Its part of the time that is left, or its epochs."""
        transfer, train = self.options.transfer, self.options.train
        if self.job.seconds is None:
            return Limits(epochs=transfer.pretraining_epochs or train.epochs, budget=None, started=started)
        budget = transfer.pretraining_share * self.job.seconds
        return Limits(epochs=None, budget=budget, started=started, estimate=self.source.steps(0))


def recorded_plan(recorded: dict[str, Any]) -> Plan:
    """The plan of the pretraining of a run that is repeated.

    Raises:
        ModelFileError: there is none, or it is not one.
    """
    found = recorded.get("pretraining")
    points = found.get("plan") if isinstance(found, dict) else None
    if (
        not isinstance(points, list)
        or not points
        or not all(isinstance(point, list) and [type(x) for x in point] == [int, float, int] for point in points)
    ):
        raise ModelFileError("the plan of pretraining is missing, or is none", where="training.json")
    return Plan.from_json(points)
