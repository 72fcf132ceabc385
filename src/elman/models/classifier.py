"""`Classifier`: what a user holds of a trained classifier: labels for texts, how sure they are, scores, files.

Knows its words, its labels and an engine behind numpy arrays; training is in `models.classifying.preparing`, the folder
in `models.folder`. Called by users and by the command line.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.config import LabelledReadConfig
from elman.data.texts import read_labelled
from elman.errors import InputError, ModelFileError, OptionError
from elman.models import card, folder
from elman.models.base import Model
from elman.models.classifying.config import THRESHOLD, ClassifierEvaluation, ClassifierOutput
from elman.models.classifying.judging import chosen, compare, details, judge
from elman.models.classifying.labels import TextLabels
from elman.models.classifying.reading import TextReader
from elman.models.config import ClassifierConfig
from elman.models.kinds import CLASSIFIER
from elman.models.language_model import SYMBOLS
from elman.models.plans import Path_, Request, paths_of
from elman.models.progress import Progress
from elman.models.windows import windows
from elman.settings import build, by_name
from elman.text.features import WordFeatures
from elman.text.tokenizer import Tokenizer, from_json

TOKENIZER, SPELLING = "tokenizer.json", "spelling.json"
"""The documents that a folder has where symbols are read, and where characters are read beside words."""


class Classifier(Model):
    """A trained classifier: a distribution over labels for every text, or, for several labels a text, one for each.

    Made by `Classifier.train` or `elman.load`.

    Example:
        classifier = elman.Classifier.train("train.csv", dev="dev.csv", text_column="text", label_column="label")
        classifier.predict(["what a film"])
    """

    kind = "classifier"
    commands = ("elman predict DIR FILE", "elman evaluate DIR FILE")
    call = 'print(model.predict(["what a film"]))'

    def __init__(
        self,
        config: ClassifierConfig,
        features: WordFeatures,
        *,
        labels: TextLabels,
        engine: Any,
        record: folder.Record,
        tokenizer: Tokenizer | None = None,
        spelling: WordFeatures | None = None,
    ) -> None:
        self.config, self.features, self.labels, self.engine, self.record = config, features, labels, engine, record
        self.tokenizer, self.spelling = tokenizer, spelling
        self.reader = TextReader(
            engine, features, bag=config.bag, labels=labels, tokenizer=tokenizer, spelling=spelling
        )

    @classmethod
    def train(  # noqa: PLR0913 what files there are, and what to do with them
        cls,
        train: Path_ | Sequence[Path_],
        *,
        dev: Path_ | Sequence[Path_] | None = None,
        out: Path_ | None = None,
        overwrite: bool = False,
        from_: Path_ | None = None,
        replay: Path_ | None = None,
        resume: bool = False,
        vectors: Path_ | None = None,
        unlabelled: Path_ | Sequence[Path_] | None = None,
        progress: Callable[[Progress], None] | None = None,
        **options: Any,
    ) -> "Classifier":
        """Train on files of texts with labels, and judge on the dev files.

        Args:
            train: one file or several. dev: likewise; None sets aside every twentieth text of the training files,
                "none" trains on all without choosing. out: a folder to save to. overwrite: replace an elman folder that
                is there. from_: a folder to start from: a classifier, whose labels may be added to, or a language
                model, whose symbols, vectors and layers become the forward direction. replay: a folder whose run is
                repeated to the bit. resume: go on from the checkpoint beside out. vectors: a file of word vectors
                (word2vec, fastText or GloVe as text) to begin with. unlabelled: files of texts that are learnt, with
                those of train, before the labels. progress: called a few times a second. options: fields of the
                configs, by name.
        Raises:
            InputError: a file cannot be read or is not as its format wants it, or there are not two labels.
                OptionError: an option is unknown, out of range, or does not go with another. TrainingError: the loss
                was not finite; what was best so far is saved to `out`. KeyboardInterrupt: stopped; there is a
                checkpoint.
        """
        request = Request(
            CLASSIFIER, train=paths_of(train), dev=dev if dev in (None, "none") else tuple(paths_of(dev)), out=out,
            overwrite=overwrite, start=from_, replay=replay, resume=resume, options=options,
            files={
                **({} if vectors is None else {"vectors": [vectors]}),
                **({} if unlabelled is None else {"unlabelled": paths_of(unlabelled)}),
            },
        )  # fmt: skip
        from elman.models.classifying.preparing import prepare
        from elman.models.fitting import fit  # torch's optimizers are needed for training alone

        found: Classifier = fit(request, progress, prepare=partial(prepare, make=cls))
        return found

    @classmethod
    def restore(cls, stored: folder.Stored) -> "Classifier":
        """The model of a folder whose manifest holds.

        Raises:
            ModelFileError: a file does not fit the others.
        """
        where = str(stored.path)
        config = ClassifierConfig.from_json(stored.config)
        words = stored.document("words.json", entries=config.words_known + config.characters_known)
        features = WordFeatures.from_json(words, where=f"{where}/words.json")
        document, several = stored.document("labels.json", entries=config.labels), config.reading.multi_label
        labels = TextLabels.from_json(document, several=several, where=f"{where}/labels.json")
        known = (features.size, features.characters, features.features, features.config)
        wanted = (config.words_known, config.characters_known, config.features_known, config.words)
        if known != wanted or len(labels.names) != config.labels:
            raise ModelFileError("the words or labels are not those of config.json", where=where)
        tokenizer, spelling = _tokenizer(stored, config), _spelling(stored, config)
        record = stored.record()
        engine, exported = _engine(stored, config, features=features, spelling=spelling)
        found = cls(
            config, features, labels=labels, engine=engine, record=record, tokenizer=tokenizer, spelling=spelling
        )
        found.exported = exported
        return found

    def documents(self) -> dict[str, Any]:
        """The JSON files of the folder that this kind alone has."""
        further = {} if self.tokenizer is None else {TOKENIZER: self.tokenizer.to_json()}
        further |= {} if self.spelling is None else {SPELLING: self.spelling.to_json()}
        return {"words.json": self.features.to_json(), "labels.json": self.labels.to_json(), **further}

    def shape_rows(self) -> list[tuple[str, str]]:
        """What the card tells of reading and shape."""
        config, start = self.config, self.record.training.get("start")
        earlier = _pretraining(self.record.training.get("pretraining"))
        many = f", {config.head.members} such side by side" if config.head.members > 1 else ""
        many += "" if config.spelt is None else ", as many on characters"
        stack = f"{card.layers(config.stack)}, pooled by {config.head.pooling}{many}"
        deep = config.head.feed_forward_layers
        bag = f"{config.bag.bag_words} words, {config.bag.bag_characters} characters"
        several = ", any number of them a text" if self.labels.several else ""
        return [
            ("reads", _read(config)),
            *([("started from", str(start["path"]))] if start is not None else []),
            *([("pretrained", earlier)] if earlier is not None else []),
            ("network", stack + (f", {deep} layers of {config.head.feed_forward} units" if deep else "")),
            ("skip path", f"n-grams of up to {bag}, share {self.labels.bag_share:.1f}" if config.skip.bag else "none"),
            ("labels", f"{len(self.labels.names):,}{several}; temperature {self.labels.temperature:.3f}"),
        ]

    def predict(self, texts: Iterable[str]) -> list[str]:
        """The likeliest label of each text.

        Raises:
            InputError: a text is not a text.
        """
        names = self.labels.names
        return [names[k] for p in self._probabilities(texts) for k in p.argmax(axis=1)]

    def predict_many(self, texts: Iterable[str], *, threshold: float = THRESHOLD) -> list[tuple[str, ...]]:
        """All labels of each text whose probability is at least the threshold, maybe none, of a classifier that was
        trained with several labels a text.

        Raises:
            InputError: a text is not a text. OptionError: the classifier gives one label a text.
        """
        if not self.labels.several:
            raise OptionError("this classifier gives one label a text", mend="use predict, or train with multi_label")
        return [chosen(row, self.labels, threshold=threshold) for p in self._probabilities(texts) for row in p]

    def probabilities(self, texts: Iterable[str]) -> tuple[tuple[str, ...], NDArray[np.float64]]:
        """All labels, and the probability of each for each text, (n, K).

        Raises:
            InputError: a text is not a text.
        """
        names = self.labels.names
        return names, np.concatenate([np.empty((0, len(names))), *self._probabilities(texts)])

    def evaluate(
        self,
        files: Path_ | Sequence[Path_],
        *,
        against: "Classifier | Path_ | None" = None,
        reading: Mapping[str, Any] | None = None,
        **wanted: Any,
    ) -> dict[str, Any]:
        """The score on files: `kind`, `seconds`, `tokens`, `tokens_per_second`, `parameters`, `metrics`, and `details`
        (labels one by one, confusions, intervals).

        Args:
            against: another classifier, or its folder: add `against`, its `metrics`, and the `difference` in accuracy
                with its 95 % `interval` and `p_value`, by a paired bootstrap over texts. reading: fields of
                `LabelledReadConfig` that differ from training. wanted: further fields of `ClassifierEvaluation`.
        Raises:
            OptionError: no file is named, or the two models cannot be compared. InputError: a file cannot be read.
        """
        self._check_threshold(wanted)
        started = time.monotonic()
        paths, read, judged_by = paths_of(files), self.reading(reading), build(ClassifierEvaluation, wanted)
        other = folder.load(Path(against)) if isinstance(against, (str, PathLike)) else against
        if other is not None and (
            getattr(other, "kind", None) != self.kind or other.labels.several != self.labels.several
        ):
            raise OptionError("this is no classifier of the same sort", where="--against", mend="give another model")
        found = judge(self.reader, read_labelled(paths, read, labelled=True), threshold=judged_by.threshold)
        seconds = time.monotonic() - started
        report = {
            "kind": self.kind, "seconds": seconds, "tokens": found.tokens,
            "tokens_per_second": found.tokens / max(seconds, 1e-9), "parameters": self.engine.parameters(),
            "metrics": found.tally.metrics(), "details": details(found.tally),
        }  # fmt: skip
        if other is None:
            return report
        again = read_labelled(paths, read, labelled=True)
        return {**report, "against": compare(found, other.reader, again, threshold=judged_by.threshold)}

    def predict_to(
        self, files: Sequence[Path_], write: Callable[[str], object], *, reading: Mapping[str, Any] | None = None,
        workers: int = 1, **wanted: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Write the files with the label and its probability added to every text; returns counts.

        Args:
            workers: processes that answer a long text. wanted: fields of `ClassifierOutput`, by name.
        """
        from elman.models.classifying.predicting import write_predictions

        output = build(ClassifierOutput, wanted)
        self._check_threshold(wanted)
        if output.top is not None and "threshold" in wanted:
            raise OptionError("--top and --threshold are both given", mend="give one of them")
        return write_predictions(
            self, paths_of(files), write, reading=self.reading(reading), output=output, workers=workers
        )

    def reading(self, given: Mapping[str, Any] | None) -> LabelledReadConfig:
        """How files are read: the columns and what they hold as in training; all else each file has its own of.

        Raises:
            OptionError: an option is unknown or out of range, or one label or several was decided otherwise.
        """
        held = self.config.reading
        values = {"text_column": held.text_column, "label_column": held.label_column, **by_name(given, where="reading")}
        if values.pop("multi_label", held.multi_label) != held.multi_label:
            raise OptionError("one label or several is decided in training", where="--multi-label", mend="leave it out")
        return build(LabelledReadConfig, {**values, "multi_label": held.multi_label})

    def _check_threshold(self, wanted: Mapping[str, Any]) -> None:
        """Refuse a threshold where every text has one label."""
        if "threshold" in wanted and not self.labels.several:
            raise OptionError("this classifier gives one label a text", where="--threshold",
                              mend="leave it out; --abstain-below leaves labels empty")  # fmt: skip

    def _probabilities(self, texts: Iterable[str]) -> Iterator[NDArray[np.float64]]:
        """The probabilities of texts, some at a time.

        Raises:
            InputError: a text is not a text.
        """
        if isinstance(texts, str) or not isinstance(texts, Iterable):
            raise InputError("these are not texts", mend="give a list of them, say ['what a film']")
        for window in windows(_checked(texts)):
            yield self.reader.probabilities(window)[0]


def _engine(
    stored: folder.Stored, config: ClassifierConfig, *, features: WordFeatures, spelling: WordFeatures | None
) -> tuple[Any, folder.Exported | None]:
    """What runs the model of a folder, and what it was exported to, if it was."""
    if stored.engine == "onnx":
        from elman.models.engines.onnx_classifier import OnnxClassifier

        exported = stored.exported({})
        return OnnxClassifier(config, exported), exported
    from elman.models.engines.torch_classifier import TorchClassifier, build_classifier, classifier_shapes

    arrays = stored.weights(classifier_shapes(config))
    spelt = None if spelling is None else spelling.counts
    return TorchClassifier(build_classifier(config, seen=features.counts, spelt=spelt, start=arrays)), None


def _tokenizer(stored: folder.Stored, config: ClassifierConfig) -> Tokenizer | None:
    """The tokenizer of a folder, where symbols are read.

    Raises:
        ModelFileError: there is none and config.json has symbols, or the reverse, or they are other symbols.
    """
    read = config.symbols
    if stored.has(TOKENIZER) != (read is not None):
        raise ModelFileError(f"{TOKENIZER} and the symbols of config.json do not go together", where=str(stored.path))
    if read is None:
        return None
    tokenizer = from_json(stored.document(TOKENIZER, entries=read.symbols), where=str(stored.path / TOKENIZER))
    if tokenizer.size != read.symbols or tokenizer.kind != read.text.tokenizer:
        raise ModelFileError(
            f"the tokenizer has {tokenizer.size} symbols ({tokenizer.kind}), config.json says {read.symbols} "
            f"({read.text.tokenizer})",
            where=str(stored.path),
        )
    return tokenizer


def _spelling(stored: folder.Stored, config: ClassifierConfig) -> WordFeatures | None:
    """What a folder knows of characters, where they are read beside words.

    Raises:
        ModelFileError: it does not and config.json says that they are read, or the reverse, or they are others.
    """
    if stored.has(SPELLING) != (config.spelt is not None):
        raise ModelFileError(f"{SPELLING} and config.json do not go together", where=str(stored.path))
    if config.spelt is None:
        return None
    where = str(stored.path / SPELLING)
    spelling = WordFeatures.from_json(stored.document(SPELLING, entries=config.spelt), where=where)
    if (spelling.size, spelling.features, spelling.config) != (config.spelt, config.spelt_features, config.words):
        raise ModelFileError("the characters are not those of config.json", where=where)
    return spelling


def _read(config: ClassifierConfig) -> str:
    """What is read of a text, in words."""
    read = config.symbols
    if read is None:
        return "words: vectors of " + ", ".join(card.word_parts(config))
    ngrams = f", n-grams up to {read.embedding.ngrams}" if read.embedding.ngrams > 1 else ""
    return f"{SYMBOLS[read.text.tokenizer]}, vocabulary of {read.symbols:,}{ngrams}"


def _pretraining(found: Any) -> str | None:
    """What a record tells of pretraining, in words; nothing where it tells of none."""
    read, tokens = (found.get("read"), found.get("tokens")) if isinstance(found, dict) else (None, None)
    if not isinstance(read, int) or not isinstance(tokens, int) or tokens < 1:
        return None
    return f"as language models, {read / tokens:.2f} epochs of {tokens:,} words or symbols"


def _checked(texts: Iterable[str]) -> Iterator[str]:
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise InputError(f"text {number} is of type {type(text).__name__}", mend="give texts")
        yield text
