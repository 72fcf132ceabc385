"""How well texts are classified: accuracy, F1, areas under curves, precision at k, confusions, and their intervals.

Knows labels as strings and probabilities as numpy arrays; knows no model, no logits and no file. Filled by the
classifier in `models`, batch by batch.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.metrics.calibration import CalibrationTally, Floats

AT = (1, 3, 5)
"""The k of precision and recall at k."""
DRAWS = 1000
"""Samples of the bootstrap: the ends of an interval then stand to about a tenth of its width."""

Places = tuple[int, ...]


class ClassificationTally:
    """Counts over texts, from which all figures are made.

    Of one label a text, the prediction is the likeliest label (of equals, the first). Of several, it is every label
    whose probability is the threshold or more, and may be none. A gold label that is not among `labels` can only be
    missed: it counts in accuracy, in F1 and in recall as a label of its own.

    Args:
        labels: those of the model, in the order of the probabilities. multi_label: a text may have any number of
            labels; else it has one. threshold: read for several labels only.
    """

    def __init__(self, labels: Sequence[str], *, multi_label: bool = False, threshold: float = 0.5) -> None:
        self.labels, self.multi_label, self.threshold = list(labels), multi_label, threshold
        self._places = {label: place for place, label in enumerate(labels)}
        assert 0 < len(self._places) == len(self.labels), "labels that differ"
        self._cells: Counter[tuple[Places, Places]] = Counter()
        self._hits = np.zeros(min(max(AT), len(self.labels)), dtype=np.int64)
        self._calibration = CalibrationTally()
        self._scores: list[NDArray[np.float64]] = []
        self._positives: list[NDArray[np.bool_]] = []

    @property
    def positive(self) -> str | None:
        """The label that `roc_auc` and `pr_auc` look for: the last in sorted order, as scikit-learn takes it; None
        where there are not exactly two labels, one a text."""
        return max(self.labels) if len(self.labels) == 2 and not self.multi_label else None

    def add(self, gold: Sequence[str], probabilities: Floats) -> None:
        """Count a text: its gold labels and the probabilities (K,)."""
        self.add_many([gold], probabilities[None])

    def add_many(self, gold: Sequence[Sequence[str]], probabilities: Floats) -> None:
        """Count texts: the gold labels of each, and probabilities (B, K)."""
        p = np.asarray(probabilities, dtype=np.float64)  # (B, K)
        assert p.shape == (len(gold), len(self.labels)), "a probability for every label of every text"
        known = [self._known(labels) for labels in gold]
        truth = _truth(known, p.shape)  # (B, K)
        ranked = _ranked(p, len(self._hits))  # (B, k)
        hits = np.take_along_axis(truth, ranked, axis=1)  # (B, k)
        self._hits += hits.sum(axis=0)
        if self.multi_label:
            predicted = [tuple(np.flatnonzero(row).tolist()) for row in p >= self.threshold]
            self._calibration.add(p.ravel(), truth.ravel())
        else:
            predicted = [(place,) for place in ranked[:, 0].tolist()]
            self._calibration.add(p.max(axis=1), hits[:, 0])
        self._cells.update(zip(known, predicted, strict=True))
        if self.positive is not None:
            place = self._places[self.positive]
            self._scores.append(p[:, place].copy())
            self._positives.append(truth[:, place])

    def metrics(self) -> dict[str, float | None]:
        """The figures, 0 to 1 (`mcc` from -1); all None without texts.

        `accuracy`: texts whose label is right; of several labels, whose set is exactly right. `macro_f1`: the mean of
        F1 over the labels that occur, in the gold labels or among the predicted; `weighted_f1`: weighted by support.
        `ece`: expected calibration error of the first label; of several, of every label of every text.
        For two labels `roc_auc`, `pr_auc` (average precision) and `mcc`; the areas are None where no text, or every
        text, is positive. For several labels a text `micro_f1`, `p_at_1` and `p_at_5`.
        Where F1 has nothing to divide by it is 0, and so is `mcc`.
        """
        counts = self._table().counts()
        figures = {
            "accuracy": counts.accuracy(),
            "macro_f1": counts.macro_f1(),
            "weighted_f1": counts.weighted_f1(),
            "ece": self._calibration.error(),
        }
        if self.multi_label:
            at = self._at(counts)
            figures |= {"micro_f1": counts.micro_f1(), "p_at_1": at["p_at_1"], "p_at_5": at["p_at_5"]}
        if self.positive is not None:
            scores = np.concatenate([np.zeros(0), *self._scores])
            positives = np.concatenate([np.zeros(0, dtype=bool), *self._positives])
            figures |= {"roc_auc": roc_auc(scores, positives), "pr_auc": average_precision(scores, positives)}
            figures["mcc"] = counts.matthews()
        return figures if counts.texts else dict.fromkeys(figures)

    def details(self) -> dict[str, Any]:
        """What stands behind the figures, ready for JSON.

        `labels`: `precision`, `recall`, `f1` and `support` of each label, those never trained on last. `at_k`: of the
        first k labels, `p_at_k` those that are gold, and of the gold labels, `r_at_k` those among the first k (k of 1,
        3, 5; all labels where there are fewer), as fastText counts. `intervals`: 95 % intervals of `accuracy` and
        `macro_f1`, by 1000 draws of as many texts with repetition, percentiles, always the same draws; None without
        texts. `confusion`, for one label a text: texts by gold, then predicted label, cells of 0 left out. `positive`,
        for two labels: which of them the areas look for.
        """
        table = self._table()
        counts, names = table.counts(), list(self._places)
        details = {
            "labels": dict(zip(names, counts.by_label(), strict=True)),
            "at_k": self._at(counts),
            "intervals": table.intervals(),
        }
        if not self.multi_label:
            confusion: dict[str, dict[str, int]] = {}
            for ((gold,), (predicted,)), times in sorted(self._cells.items()):
                confusion.setdefault(names[gold], {})[names[predicted]] = times
            details["confusion"] = confusion
        if self.positive is not None:
            details["positive"] = self.positive
        return details

    def _known(self, labels: Sequence[str]) -> Places:
        """The places of gold labels, in order; a label that is new gets the next place."""
        assert self.multi_label or len(labels) == 1, "one label a text"
        return tuple(sorted({self._places.setdefault(label, len(self._places)) for label in labels}))

    def _at(self, counts: "_Counts") -> dict[str, float | None]:
        figures: dict[str, float | None] = {}
        for k in AT:
            hits, first = int(self._hits[:k].sum()), min(k, len(self.labels))
            figures[f"p_at_{k}"] = hits / (first * counts.texts) if counts.texts else None
            figures[f"r_at_{k}"] = hits / float(counts.gold.sum()) if counts.gold.any() else None
        return figures

    def _table(self) -> "_Table":
        cells = sorted(self._cells.items())
        pairs = [pair for pair, _ in cells]
        return _Table(
            labels=len(self._places),
            times=np.array([times for _, times in cells], dtype=np.int64),
            exact=np.array([gold == predicted for gold, predicted in pairs], dtype=bool),
            gold=_listed([gold for gold, _ in pairs]),
            predicted=_listed([predicted for _, predicted in pairs]),
            right=_listed([tuple(set(gold) & set(predicted)) for gold, predicted in pairs]),
        )


def roc_auc(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float | None:
    """The chance that a positive text has a higher score than a negative one, an equal score counted as half.

    That is the area under the curve of true against false positives; None where either kind is missing.

    Args:
        scores, positive: (n,).
    """
    found, others = _by_score(scores, positive)
    if not found.any() or not others.any():
        return None
    above = np.cumsum(found) - found / 2
    return float(above @ others / (found.sum() * others.sum()))


def average_precision(scores: NDArray[np.float64], positive: NDArray[np.bool_]) -> float | None:
    """The area under precision against recall, as a sum of steps: at each score from above, the precision of all texts
    down to it, times the part of the positive texts that has this score. None without positive texts.

    Args:
        scores, positive: (n,).
    """
    found, others = _by_score(scores, positive)
    if not found.any():
        return None
    precision = np.cumsum(found) / np.cumsum(found + others)
    return float(precision @ found / found.sum())


@dataclass(frozen=True)
class _Counts:
    """texts, and of them those exactly right; for every label the texts where it is right, predicted, gold."""

    texts: int
    exact: int
    right: NDArray[np.float64]
    predicted: NDArray[np.float64]
    gold: NDArray[np.float64]

    def accuracy(self) -> float:
        return self.exact / max(self.texts, 1)

    def f1(self) -> NDArray[np.float64]:
        return 2 * self.right / np.maximum(self.predicted + self.gold, 1)

    def macro_f1(self) -> float:
        return float(self.f1().sum() / max(np.count_nonzero(self.predicted + self.gold), 1))

    def weighted_f1(self) -> float:
        return float(self.f1() @ self.gold / max(self.gold.sum(), 1))

    def micro_f1(self) -> float:
        return float(2 * self.right.sum() / max(self.predicted.sum() + self.gold.sum(), 1))

    def matthews(self) -> float:
        """Matthews' correlation, in the form for any number of labels: Gorodkin 2004, equation 8, in counts."""
        square = float(self.texts) ** 2
        spread = (square - self.predicted @ self.predicted) * (square - self.gold @ self.gold)
        return float((self.exact * self.texts - self.predicted @ self.gold) / np.sqrt(spread)) if spread else 0.0

    def by_label(self) -> Iterator[dict[str, float]]:
        precision, recall = self.right / np.maximum(self.predicted, 1), self.right / np.maximum(self.gold, 1)
        for row in zip(precision.tolist(), recall.tolist(), self.f1().tolist(), self.gold.tolist(), strict=True):
            yield {"precision": row[0], "recall": row[1], "f1": row[2], "support": int(row[3])}


Listed = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Labels of cells laid end to end: for each the cell it is of, and its place."""


@dataclass(frozen=True)
class _Table:
    """The cells (a pair of gold and predicted labels, and how often it came), from which any sample is counted."""

    labels: int
    times: NDArray[np.int64]
    exact: NDArray[np.bool_]
    gold: Listed
    predicted: Listed
    right: Listed

    def counts(self, times: NDArray[np.int64] | None = None) -> _Counts:
        """The counts of the texts that were added, or of a sample where every cell comes so many times."""
        times = self.times if times is None else times
        right, predicted, gold = (
            _sums(places, times[cells], size=self.labels) for cells, places in (self.right, self.predicted, self.gold)
        )
        return _Counts(int(times.sum()), int(times[self.exact].sum()), right=right, predicted=predicted, gold=gold)

    def intervals(self) -> dict[str, list[float]] | None:
        """95 % intervals by the bootstrap. To draw texts is to draw how often each cell comes, which is multinomial."""
        texts = int(self.times.sum())
        if not texts:
            return None
        draw = np.random.default_rng(0)
        samples = [self.counts(draw.multinomial(texts, self.times / texts)) for _ in range(DRAWS)]
        drawn = {
            "accuracy": [sample.accuracy() for sample in samples],
            "macro_f1": [sample.macro_f1() for sample in samples],
        }
        return {name: np.percentile(figures, [2.5, 97.5]).tolist() for name, figures in drawn.items()}


def _listed(cells: Sequence[Places]) -> Listed:
    places = np.fromiter(chain.from_iterable(cells), dtype=np.int64)
    return np.repeat(np.arange(len(cells)), [len(cell) for cell in cells]), places


def _truth(known: Sequence[Places], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Which text has which label of the model, (B, K)."""
    rows, places = _listed(known)
    inside = places < shape[1]
    truth = np.zeros(shape, dtype=bool)  # (B, K)
    truth[rows[inside], places[inside]] = True
    return truth


def _ranked(p: NDArray[np.float64], most: int) -> NDArray[np.int64]:
    """The likeliest labels of each text, the first of equals before the others: (B, most)."""
    left, rows = p.copy(), np.arange(len(p))
    ranked = np.empty((len(p), most), dtype=np.int64)
    for k in range(most):
        ranked[:, k] = left.argmax(axis=1)
        left[rows, ranked[:, k]] = -np.inf
    return ranked


def _by_score(
    scores: NDArray[np.float64], positive: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Positive and other texts at each score that occurs, the highest first."""
    values, places = np.unique(-scores, return_inverse=True)
    return _sums(places, positive, size=len(values)), _sums(places, ~positive, size=len(values))


def _sums(
    places: NDArray[np.int64], weights: NDArray[np.int64] | NDArray[np.bool_], *, size: int
) -> NDArray[np.float64]:
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)
