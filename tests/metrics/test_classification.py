"""Figures of a classifier against scikit-learn, on random texts with ties and labels that are missing; hand counts."""

import json
import time
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as theirs

from elman.metrics.calibration import expected_calibration_error
from elman.metrics.classification import ClassificationTally, average_precision, roc_auc

LABELS = ["ham", "eggs", "bread", "never", "tea", "jam"]
KNOWN = LABELS[:3] + LABELS[4:]


def probabilities(texts: int, labels: int, *, seed: int) -> NDArray[np.float64]:
    """Rows that sum to 1, of few different values, so that there are ties."""
    weights = np.random.default_rng(seed).integers(1, 5, (texts, labels)).astype(np.float64)
    return weights / weights.sum(axis=1, keepdims=True)


def texts_of_one_label(*, seed: int) -> tuple[list[str], NDArray[np.float64], list[str]]:
    """Gold labels, one in six of them unknown to the model; probabilities, never highest for `never`; predictions."""
    p = probabilities(300, len(LABELS), seed=seed)
    p[:, LABELS.index("never")] = 0
    gold = np.random.default_rng(seed).choice([*KNOWN, "unknown"], len(p)).tolist()
    return gold, p, [LABELS[place] for place in p.argmax(axis=1)]


def tallied(
    labels: Sequence[str], gold: Sequence[Sequence[str]], p: NDArray[np.float64], *, multi_label: bool = False
) -> ClassificationTally:
    tally = ClassificationTally(labels, multi_label=multi_label)
    for start in range(0, len(gold), 70):
        tally.add_many(gold[start : start + 70], p[start : start + 70])
    return tally


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_of_one_label_a_text_are_those_of_scikit_learn(seed: int) -> None:
    gold, p, predicted = texts_of_one_label(seed=seed)
    assert tallied(LABELS, [[label] for label in gold], p).metrics() == pytest.approx({
        "accuracy": theirs.accuracy_score(gold, predicted),
        "macro_f1": theirs.f1_score(gold, predicted, average="macro", zero_division=0),
        "weighted_f1": theirs.f1_score(gold, predicted, average="weighted", zero_division=0),
        "ece": expected_calibration_error(p.max(axis=1), np.array(gold) == predicted),
    })  # fmt: skip


def test_figures_by_label_and_confusions_are_those_of_scikit_learn() -> None:
    gold, p, predicted = texts_of_one_label(seed=3)
    details = tallied(LABELS, [[label] for label in gold], p).details()
    names = [*LABELS, "unknown"]
    wanted = theirs.precision_recall_fscore_support(gold, predicted, labels=names, zero_division=0)
    assert list(details["labels"]) == names
    for row, figures in zip(zip(*wanted, strict=True), details["labels"].values(), strict=True):
        assert list(figures.values()) == pytest.approx(row)
    dense = [[details["confusion"].get(row, {}).get(column, 0) for column in names] for row in names]
    assert dense == theirs.confusion_matrix(gold, predicted, labels=names).tolist()
    places = [names.index(label) for label in gold]
    columns = np.hstack([p, np.full((len(p), 1), -1.0)])  # "unknown" is the least likely of all
    eased = columns - 1e-9 * np.arange(len(names))  # of equals, the first
    for k in (1, 3, 5):
        top = theirs.top_k_accuracy_score(places, eased, k=k, labels=range(len(names)))
        assert details["at_k"][f"r_at_{k}"] == pytest.approx(top)
        assert details["at_k"][f"p_at_{k}"] == pytest.approx(top / k)
    assert json.loads(json.dumps(details)) == details


@pytest.mark.parametrize("labels", [["ham", "spam"], ["spam", "ham"]])
def test_figures_of_two_labels_are_those_of_scikit_learn(labels: list[str]) -> None:
    p = probabilities(200, 2, seed=4)
    gold = np.random.default_rng(4).choice(labels, 200, p=[0.7, 0.3]).tolist()
    predicted = [labels[place] for place in p.argmax(axis=1)]
    tally = tallied(labels, [[label] for label in gold], p)
    positive, scores = [label == "spam" for label in gold], p[:, labels.index("spam")]
    figures = tally.metrics()
    assert (tally.positive, tally.details()["positive"]) == ("spam", "spam")
    assert figures["roc_auc"] == pytest.approx(theirs.roc_auc_score(positive, scores))
    assert figures["pr_auc"] == pytest.approx(theirs.average_precision_score(positive, scores))
    assert figures["mcc"] == pytest.approx(theirs.matthews_corrcoef(gold, predicted))
    assert figures["macro_f1"] == pytest.approx(theirs.f1_score(gold, predicted, average="macro"))


def test_a_text_of_neither_label_counts_as_not_positive() -> None:
    p = probabilities(60, 2, seed=5)
    gold = np.random.default_rng(5).choice(["a", "b", "c"], 60).tolist()
    figures = tallied(["a", "b"], [[label] for label in gold], p).metrics()
    assert figures["roc_auc"] == pytest.approx(theirs.roc_auc_score([label == "b" for label in gold], p[:, 1]))
    assert figures["mcc"] == pytest.approx(theirs.matthews_corrcoef(gold, np.array(["a", "b"])[p.argmax(axis=1)]))


def test_areas_without_both_kinds_of_text_are_none() -> None:
    scores = np.array([0.2, 0.7])
    assert roc_auc(scores, np.array([True, True])) is None
    assert roc_auc(scores, np.array([False, False])) is None
    assert average_precision(scores, np.array([True, True])) == 1.0
    assert average_precision(scores, np.array([False, False])) is None
    one_sided = tallied(["a", "b"], [["a"], ["a"]], np.array([[0.9, 0.1], [0.8, 0.2]])).metrics()
    assert (one_sided["roc_auc"], one_sided["pr_auc"], one_sided["mcc"]) == (None, None, 0.0)


def texts_of_many_labels() -> tuple[list[list[str]], NDArray[np.float64]]:
    """Up to three gold labels a text, some twice, one of them unknown to the model; independent probabilities."""
    draw = np.random.default_rng(6)
    gold = [draw.choice([*KNOWN, "unknown"], draw.integers(0, 4)).tolist() for _ in range(200)]
    known = np.array([[label in labels for label in LABELS] for labels in gold])
    p = np.clip(draw.integers(0, 8, known.shape) / 10 + 0.4 * known, 0, 1)
    p[:, LABELS.index("never")] = 0.1
    return gold, p


def test_figures_of_many_labels_a_text_are_those_of_scikit_learn() -> None:
    gold, p = texts_of_many_labels()
    names = [*LABELS, "unknown"]
    truth = np.array([[label in labels for label in names] for labels in gold]).astype(int)
    predicted = np.hstack([p >= 0.5, np.zeros((len(p), 1))]).astype(int)
    occur = np.flatnonzero((truth + predicted).any(axis=0))  # all but "never"
    f1 = {
        average: theirs.f1_score(truth, predicted, average=average, labels=occur, zero_division=0)
        for average in ("micro", "macro", "weighted")
    }
    best = np.argsort(-p, axis=1, kind="stable")
    assert tallied(LABELS, gold, p, multi_label=True).metrics() == pytest.approx({
        "accuracy": theirs.accuracy_score(truth, predicted),
        "macro_f1": f1["macro"],
        "weighted_f1": f1["weighted"],
        "ece": expected_calibration_error(p.ravel(), truth[:, :-1].ravel() == 1),
        "micro_f1": f1["micro"],
        "p_at_1": np.take_along_axis(truth, best[:, :1], axis=1).mean(),
        "p_at_5": np.take_along_axis(truth, best[:, :5], axis=1).mean(),
    })  # fmt: skip


def test_figures_of_a_hand_count_of_many_labels() -> None:
    tally = ClassificationTally(["a", "b", "c"], multi_label=True, threshold=0.3)
    tally.add(["b", "a"], np.array([0.3, 0.9, 0.1]))  # predicted a and b, both right
    tally.add([], np.array([0.1, 0.2, 0.2]))  # none predicted, none gold
    tally.add(["a", "z"], np.array([0.2, 0.1, 0.6]))  # c is wrong; a and z are missed
    figures, details = tally.metrics(), tally.details()
    assert (figures["accuracy"], figures["micro_f1"]) == (2 / 3, 2 * 2 / (3 + 4))
    assert figures["macro_f1"] == pytest.approx((2 / 3 + 1 + 0 + 0) / 4)
    assert details["labels"]["a"] == {"precision": 1.0, "recall": 0.5, "f1": 2 / 3, "support": 2}
    assert details["labels"]["z"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}
    # First labels b, b, c: one hit; of all three labels a text, three hits of nine.
    wanted = {"p_at_1": 1 / 3, "r_at_1": 1 / 4, "p_at_3": 3 / 9, "r_at_3": 3 / 4, "p_at_5": 3 / 9, "r_at_5": 3 / 4}
    assert details["at_k"] == pytest.approx(wanted)
    assert "confusion" not in details


def test_texts_one_by_one_count_as_in_a_batch() -> None:
    gold, p = texts_of_many_labels()
    alone = ClassificationTally(LABELS, multi_label=True)
    for labels, row in zip(gold, p, strict=True):
        alone.add(labels, row)
    batched = tallied(LABELS, gold, p, multi_label=True)
    assert alone.metrics() == pytest.approx(batched.metrics())
    assert alone.details() == batched.details()


def test_without_texts_there_are_no_figures() -> None:
    for tally in (ClassificationTally(["a", "b"]), ClassificationTally(["a"], multi_label=True)):
        assert set(tally.metrics().values()) == {None}
        assert tally.details()["intervals"] is None
        tally.add_many([], np.zeros((0, len(tally.labels))))
        assert set(tally.metrics().values()) == {None}


def test_an_interval_of_accuracy_is_that_of_the_normal_approximation() -> None:
    # 800 of 1000 right: 0.8 ± 1.96 sqrt(0.8 · 0.2 / 1000) = 0.8 ± 0.0248.
    gold = ["a"] * 400 + ["b"] * 600
    p = np.eye(2)[[0] * 350 + [1] * 50 + [1] * 450 + [0] * 150]
    intervals = tallied(["a", "b"], [[label] for label in gold], p).details()["intervals"]
    assert intervals["accuracy"] == pytest.approx([0.7752, 0.8248], abs=0.003)


def test_intervals_are_those_of_texts_drawn_one_by_one() -> None:
    gold, p, predicted = texts_of_one_label(seed=7)
    intervals = tallied(LABELS, [[label] for label in gold], p).details()["intervals"]
    draw = np.random.default_rng(8)
    names = [*LABELS, "unknown"]
    pairs = np.array([[names.index(label) for label in column] for column in (gold, predicted)])
    scores = []
    for _ in range(1000):
        confusion = np.zeros((len(names), len(names)))
        np.add.at(confusion, tuple(pairs[:, draw.integers(0, len(gold), len(gold))]), 1)
        both = confusion.sum(axis=0) + confusion.sum(axis=1)
        scores.append((2 * confusion.diagonal()[both > 0] / both[both > 0]).mean())
    assert intervals["macro_f1"] == pytest.approx(np.percentile(scores, [2.5, 97.5]).tolist(), abs=0.006)


def test_fifty_thousand_texts_of_77_labels_are_cheap() -> None:
    labels = [f"intent {n}" for n in range(77)]
    p = np.random.default_rng(9).random((2000, 77), dtype=np.float32)
    gold = [[labels[place]] for place in p.argmax(axis=1)]
    tally = ClassificationTally(labels)
    begun = time.process_time()
    for _ in range(5):
        tally.add_many(gold, p)
    assert tally.metrics()["accuracy"] == 1.0
    assert time.process_time() - begun < 1.0
