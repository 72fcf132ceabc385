"""How good a classifier is on texts with labels, by itself and beside another one; how sure it may be of itself.

Knows tallies, temperatures and a reader of texts; knows no file. Used by `models.classifier` and
`models.classifying.preparing`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.texts import LabelledText
from elman.errors import OptionError
from elman.metrics.calibration import fit_sigmoid_temperature, fit_temperature
from elman.metrics.classification import ClassificationTally
from elman.metrics.paired import paired_bootstrap
from elman.models.classifying.config import THRESHOLD
from elman.models.classifying.labels import TextLabels
from elman.models.classifying.reading import TextReader
from elman.models.windows import windows

CONFUSIONS = 10
"""Mistakes that a report names."""
SHARES = tuple(n / 10 for n in range(11))
"""Of the bag in the scores, that are tried."""


@dataclass
class Judged:
    """What judging came to.

    Args:
        right: of each text, 1 where all is right that is predicted, else 0. tokens: words, or symbols, that were read.
    """

    tally: ClassificationTally
    right: list[float]
    tokens: int = 0


def judge(reader: TextReader, texts: Iterable[LabelledText], *, threshold: float = THRESHOLD) -> Judged:
    """The figures of texts with gold labels."""
    labels = reader.labels
    found = Judged(ClassificationTally(labels.names, multi_label=labels.several, threshold=threshold), [])
    for window in windows(texts, lambda text: len(text.text)):
        p, tokens = reader.probabilities([text.text for text in window])
        gold = [text.labels for text in window]
        found.tally.add_many(gold, p)
        found.right += _right(gold, p, labels=labels, threshold=threshold)
        found.tokens += tokens
    return found


def details(tally: ClassificationTally) -> dict[str, Any]:
    """What stands behind the figures of `label`: `types`, those of each label; `confusions`, the mistakes that cost
    most; and what the tally tells besides."""
    found = tally.details()
    types, confusion = found.pop("labels"), found.get("confusion", {})
    return {"label": {"types": types, "confusions": _worst(confusion), **found}}


def _worst(confusion: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    pairs = [
        (count, gold, predicted)
        for gold, row in confusion.items()
        for predicted, count in row.items()
        if gold != predicted
    ]
    worst = sorted(pairs, key=lambda pair: -pair[0])[:CONFUSIONS]
    return [{"gold": gold, "predicted": predicted, "count": count} for count, gold, predicted in worst]


def _right(
    gold: Sequence[tuple[str, ...]], p: NDArray[np.float64], *, labels: TextLabels, threshold: float
) -> list[float]:
    return [
        float(set(some) == set(chosen(row, labels, threshold=threshold))) for some, row in zip(gold, p, strict=True)
    ]


def chosen(p: NDArray[np.float64], labels: TextLabels, *, threshold: float) -> tuple[str, ...]:
    """The labels of a text of probabilities p (K,): the likeliest one, or where there may be several all of at least
    the threshold."""
    if not labels.several:
        return (labels.names[int(p.argmax())],)
    return tuple(labels.names[k] for k in np.flatnonzero(p >= threshold))


def compare(first: Judged, reader: TextReader, texts: Iterable[LabelledText], *, threshold: float) -> dict[str, Any]:
    """What `against` holds in a report: the `metrics` of the other model, and the paired bootstrap over texts.

    `difference` and `interval` are of accuracy, the first model less the other: above 0 the first is better.
    """
    other = judge(reader, texts, threshold=threshold)
    if not first.right:
        raise OptionError("there is no text to compare on", where="--against", mend="give files with texts")
    return {"metrics": other.tally.metrics(), **paired_bootstrap(first.right, other.right)}


class DevTexts:
    """The texts that training is judged on.

    Args:
        make: gives a reader of the network as it is at the moment.
    """

    def __init__(self, texts: Sequence[LabelledText], make: Callable[[], TextReader]) -> None:
        self.make = make
        self.gold = [text.labels for text in texts]
        reader = make()
        self.texts = [reader.cut(text.text) for text in texts]
        self.tokens = sum(text.size for text in self.texts)
        self.fitted = reader.labels

    def loss(self, tokens: int) -> float:
        """1 less accuracy, or, where texts may have several labels, less micro F1, on about so many tokens: a part of
        the texts, spread evenly."""
        step = max(1, round(self.tokens / max(tokens, 1)))
        reader = self.make()
        return self._loss(reader.labels, self._scores(reader, step), step)

    def metrics(self) -> dict[str, Any]:
        """The figures on all of the texts with the share of the bag and at the temperature that fit them best, which
        are kept in `fitted`, and the calibration error before, `ece_before`."""
        reader = self.make()
        paths = reader.paths(self.texts)
        labels = reader.labels.sharing(self._share(reader.labels, paths))
        scores = labels.mixed(paths)
        before = self._tally(labels, scores, 1).metrics()
        self.fitted = labels.at(self._temperature(labels, scores))
        after = self._tally(self.fitted, scores, 1).metrics()
        return {**after, "ece_before": before["ece"], "temperature": self.fitted.temperature}

    def _share(self, labels: TextLabels, paths: NDArray[np.float32]) -> float:
        """The share of the bag with which most is right; of equal ones the nearest to that of training."""
        if len(paths) == 1:
            return labels.bag_share
        losses = [(self._loss(labels, labels.sharing(s).mixed(paths), 1), abs(s - labels.bag_share), s) for s in SHARES]
        return min(losses)[2]

    def _scores(self, reader: TextReader, step: int) -> NDArray[np.float32]:
        return reader.scores(self.texts[::step])

    def _loss(self, labels: TextLabels, scores: NDArray[np.float32], step: int) -> float:
        figures = self._tally(labels, scores, step).metrics()
        found = figures["micro_f1" if labels.several else "accuracy"]
        return 1.0 - (0.0 if found is None else found)

    def _tally(self, labels: TextLabels, scores: NDArray[np.float32], step: int) -> ClassificationTally:
        p = labels.probabilities(scores)
        p[[not text.words for text in self.texts[::step]]] = labels.prior()
        tally = ClassificationTally(labels.names, multi_label=labels.several, threshold=THRESHOLD)
        tally.add_many(self.gold[::step], p)
        return tally

    def _temperature(self, labels: TextLabels, scores: NDArray[np.float32]) -> float:
        """The temperature by which the labels that the model knows are likeliest, of texts that have words."""
        known = set(labels.names)
        if labels.several:
            kept = [k for k, text in enumerate(self.texts) if text.words]
            truth = labels.truth([tuple(label for label in self.gold[k] if label in known) for k in kept])
            return fit_sigmoid_temperature(scores[kept], truth > 0) if kept else 1.0
        kept = [k for k, text in enumerate(self.texts) if text.words and self.gold[k][0] in known]
        return fit_temperature(scores[kept], labels.places([self.gold[k] for k in kept])) if kept else 1.0
