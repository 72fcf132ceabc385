"""`ElmanClassifier`: a classifier of texts that scikit-learn's tools can clone, cross-validate, search over and chain.

Knows scikit-learn's protocol, and how texts and labels in memory become a file; all else is `models.classifier`. Needs
the extra `sklearn`; imported by users alone.
"""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.preprocessing import LabelEncoder, MultiLabelBinarizer
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "scikit-learn is needed for elman.sklearn; pip install 'elman[sklearn]'", name=error.name
    ) from error

from elman.data.formats.jsonl import line_of
from elman.errors import InputError, OptionError
from elman.models.base import load
from elman.models.classifier import Classifier
from elman.models.classifying.config import THRESHOLD

FILES = ("dev", "vectors", "unlabelled")
"""The parameters that are no options of the configs."""


@dataclass(kw_only=True, eq=False, repr=False)
class ElmanClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier of texts.

    The parameters are the options of `elman train classifier`, which `--help` explains; None leaves them to elman, so
    that a plain one trains for five minutes: give `budget="1m"`, or `epochs`.

    Args:
        dev: "none" trains on all texts without choosing; None sets aside every twentieth; or labelled files. vectors: a
            file of word vectors to begin with. unlabelled: files of texts that are learnt before the labels.
            multi_label: a text may have any number of labels.
    Attributes:
        classes_: the labels as they were given, sorted; of an indicator matrix the numbers of its columns. model_: the
            `elman.Classifier`, say to save.

    Example:
        classifier = ElmanClassifier(epochs=10).fit(["what a film", "how dull"], ["good", "bad"])
        classifier.predict_proba(["a dull film"])
    """

    dev: str | PathLike[str] | None = None
    vectors: str | PathLike[str] | None = None
    unlabelled: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None
    epochs: int | None = None
    budget: str | None = None
    lr: float | None = None
    warmup: float | None = None
    table_rate: float | None = None
    weight_decay: float | None = None
    clip: float | None = None
    averaging: float | None = None
    evaluations: int | None = None
    patience: int | None = None
    seed: int | None = None
    device: str | None = None
    precision: str | None = None
    multi_label: bool | None = None
    batch_size: int | None = None
    longest: int | None = None
    minimum_count: int | None = None
    normalize: bool | None = None
    affixes: int | None = None
    char_ngrams: int | None = None
    shape: bool | None = None
    jamo: bool | None = None
    feature_minimum: int | None = None
    most_features: int | None = None
    hash_bits: int | None = None
    bag_words: int | None = None
    bag_characters: int | None = None
    bag_minimum: int | None = None
    bag_bits: int | None = None
    word_width: int | None = None
    feature_width: int | None = None
    character_width: int | None = None
    character_hidden: int | None = None
    word_spread: float | None = None
    feature_spread: float | None = None
    word_dropout: float | None = None
    feature_dropout: float | None = None
    input_dropout: float | None = None
    cell: str | None = None
    layers: int | None = None
    hidden: int | None = None
    bidirectional: bool | None = None
    dropout: float | None = None
    weight_drop: float | None = None
    bag: bool | None = None
    bag_width: int | None = None
    bag_dropout: float | None = None
    pooling: str | None = None
    feed_forward_layers: int | None = None
    feed_forward: int | None = None
    members: int | None = None
    spelling: bool | None = None
    output_dropout: float | None = None
    label_smoothing: float | None = None
    class_weights: str | None = None
    pretraining_share: float | None = None
    pretraining_epochs: int | None = None
    layer_decay: float | None = None
    thaw: float | None = None

    def fit(self, X: Iterable[str], y: Any) -> "ElmanClassifier":  # noqa: N803 scikit-learn's name
        """Train on texts and as many labels.

        Args:
            y: a label a text; with `multi_label` a list of labels a text, or an array (n, K) of 0 and 1.
        Raises:
            ValueError: texts and labels are not as many, a text is not a text, there are not two labels, or a parameter
                is out of range. TrainingError: the loss was not finite.
        """
        texts = _texts(X)
        classes, places = _encoded(y, several=bool(self.multi_label))
        check_consistent_length(texts, places)
        names = _names(classes)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "texts.jsonl"
            with path.open("w", encoding="utf-8", newline="") as file:
                for text, some in zip(texts, places, strict=True):
                    labels = [names[k] for k in some]
                    file.write(line_of({"text": text, "label": labels if self.multi_label else labels[0]}))
            try:
                files = {name: getattr(self, name) for name in FILES}
                model = Classifier.train(path, **files, **self._options())
            except (InputError, OptionError) as error:
                raise ValueError(str(error).replace(str(path), "X")) from error
        self.model_, self.classes_ = model, classes
        return self

    def predict(self, X: Iterable[str]) -> NDArray[Any]:  # noqa: N803 scikit-learn's name
        """The likeliest label of each text, (n,); with `multi_label` whether it has each of `classes_`, (n, K) of 0
        and 1.

        Raises:
            NotFittedError: `fit` was not called. ValueError: a text is not a text.
        """
        p = self.predict_proba(X)
        if self.multi_label:
            return (p >= THRESHOLD).astype(np.int64)
        labels: NDArray[Any] = self.classes_[p.argmax(axis=1)]
        return labels

    def predict_proba(self, X: Iterable[str]) -> NDArray[np.float64]:  # noqa: N803 scikit-learn's name
        """The probability of each of `classes_` for each text, (n, K); 0 for a label that stands only in texts that
        were set aside.

        Raises:
            NotFittedError, ValueError: as `predict`.
        """
        check_is_fitted(self)
        names, p = self.model_.probabilities(_texts(X))
        places = {name: place for place, name in enumerate(_names(self.classes_))}
        found = np.zeros((len(p), len(self.classes_)))
        found[:, [places[name] for name in names]] = p
        return found

    def score(self, X: Iterable[str], y: Any, sample_weight: Any = None) -> float:  # noqa: N803 scikit-learn's name
        """The share of texts whose label, or whose set of labels, is right."""
        if not self.multi_label or _is_matrix(y):
            return float(super().score(X, y, sample_weight))
        found, wanted = self.predict(X), [set(row) for row in _rows(y)]
        check_consistent_length(found, wanted, sample_weight)
        right = [set(self.classes_[row > 0].tolist()) == gold for row, gold in zip(found, wanted, strict=True)]
        return float(np.average(right, weights=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.string = False, True
        tags.classifier_tags.multi_label = bool(self.multi_label)
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """What copies and joblib's workers are made from: the model as the files of its folder."""
        state = dict(super().__getstate__())
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder) / "model"
                self.model_.save(place)
                state["model_"] = {path.name: path.read_bytes() for path in place.iterdir()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "model_" in state:
            with tempfile.TemporaryDirectory() as folder:
                for name, content in state["model_"].items():
                    (Path(folder) / name).write_bytes(content)
                state = {**state, "model_": load(folder)}
        super().__setstate__(state)

    def _options(self) -> dict[str, Any]:
        """The options that were given, those of numpy (a grid's, say) as plain numbers."""
        given = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in FILES}
        plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in given.items()}
        return {name: value for name, value in plain.items() if value is not None}


def _texts(given: Iterable[str]) -> list[str]:
    """The texts as a list.

    Raises:
        ValueError: these are not texts.
    """
    if isinstance(given, str) or not isinstance(given, Iterable) or getattr(given, "ndim", 1) != 1:
        raise ValueError("X is not a list of texts; give one, say ['what a film']")
    texts = list(given)
    wrong = next((number for number, text in enumerate(texts) if not isinstance(text, str)), None)
    if wrong is not None:
        raise ValueError(f"X[{wrong}] is of type {type(texts[wrong]).__name__}, not a text")
    return texts


def _encoded(y: Any, *, several: bool) -> tuple[NDArray[Any], list[list[int]]]:
    """The labels that there are, sorted, and for each text the places of its own among them.

    Raises:
        ValueError: these are not labels.
    """
    if not several:
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        encoder = LabelEncoder()
        places = encoder.fit_transform(labels)
        return encoder.classes_, [[place] for place in places.tolist()]
    if _is_matrix(y):
        matrix = y.toarray() if hasattr(y, "toarray") else np.asarray(y)
        if not np.isin(matrix, (0, 1)).all():
            raise ValueError("y is a matrix of more than 0 and 1; give lists of labels, or whether each text has each")
        classes = np.arange(matrix.shape[1])
    else:
        binarizer = MultiLabelBinarizer()
        matrix = binarizer.fit_transform(_rows(y))
        classes = binarizer.classes_
    return classes, [np.flatnonzero(row).tolist() for row in matrix]


def _is_matrix(y: Any) -> bool:
    return getattr(y, "ndim", 1) == 2


def _rows(y: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """The labels of each text, given as a list a text."""
    rows = list(y)
    if any(isinstance(row, str) or not isinstance(row, Iterable) for row in rows):
        raise ValueError("y is not a list of labels for every text; give such lists, or leave out multi_label")
    return [list(row) for row in rows]


def _names(classes: NDArray[Any]) -> list[str]:
    """What the model calls the labels: as they are written, where a file can hold that and it tells them apart, else by
    number."""
    names = [str(label) for label in classes.tolist()]
    is_plain = all(name and name == name.strip() and name.isprintable() for name in names)
    return names if is_plain and len(set(names)) == len(names) else [str(place) for place in range(len(names))]
