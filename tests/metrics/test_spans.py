"""Span scores against seqeval, strict and as conlleval, on random labels, ill-formed ones too; and a hand count."""

import random

import pytest
import seqeval.scheme
from seqeval.metrics import f1_score
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_scores

from elman.metrics.spans import SpanTally
from elman.text.labels import SCHEMES

THEIRS = {"IOB2": "IOB2", "IOE2": "IOE2", "BIOES": "IOBES", "BILOU": "BILOU"}


def labelled(name: str, *, sentences: int, seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Random gold labels, and predictions that differ from them in every third place."""
    draw = random.Random(seed)
    labels = ["O", *(f"{letter}-{kind}" for letter in sorted(SCHEMES[name].letters) for kind in ("X", "Y", "Z-z"))]
    gold = [draw.choices(labels, k=draw.randint(1, 9)) for _ in range(sentences)]
    return gold, [[draw.choice([label, label, draw.choice(labels)]) for label in sentence] for sentence in gold]


def tallied(name: str, gold: list[list[str]], predicted: list[list[str]]) -> SpanTally:
    tally = SpanTally(SCHEMES[name])
    for pair in zip(gold, predicted, strict=True):
        tally.add(*pair)
    return tally


@pytest.mark.parametrize("name", THEIRS)
def test_strict_scores_are_those_of_seqeval(name: str) -> None:
    gold, predicted = labelled(name, sentences=300, seed=1)
    tally = tallied(name, gold, predicted)
    scheme = getattr(seqeval.scheme, THEIRS[name])
    asked = {"scheme": scheme, "zero_division": 0}
    metrics = tally.metrics()
    micro = strict_scores(gold, predicted, average="micro", **asked)[:3]
    assert [metrics[key] for key in ("precision", "recall", "f1")] == pytest.approx(micro)
    each = strict_scores(gold, predicted, average=None, **asked)
    for row, figures in zip(zip(*each, strict=True), tally.by_type().values(), strict=True):
        assert list(figures.values()) == pytest.approx(row)


@pytest.mark.parametrize("name", ["IOB1", "IOB2", "IOE2", "BIOES"])
def test_conllevals_score_is_that_of_seqevals_default(name: str) -> None:
    gold, predicted = labelled(name, sentences=300, seed=2)
    wanted = f1_score(gold, predicted, zero_division=0)
    assert tallied(name, gold, predicted).metrics()["f1_conlleval"] == pytest.approx(wanted)


def test_figures_of_a_hand_count() -> None:
    # Gold X, X and Y. Predicted: X right, X too short, and one that begins with I-, which only conlleval counts.
    gold = [["B-X", "O", "B-X", "I-X"], ["O", "B-Y"]]
    predicted = [["B-X", "O", "B-X", "O"], ["O", "I-Y"]]
    tally = tallied("IOB2", gold, predicted)
    assert tally.metrics() == {"precision": 1 / 2, "recall": 1 / 3, "f1": 2 / 5, "f1_conlleval": 4 / 6}
    assert tally.by_type() == {
        "X": {"precision": 1 / 2, "recall": 1 / 2, "f1": 1 / 2, "support": 2},
        "Y": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
    }


def test_without_spans_every_score_is_zero() -> None:
    tally = tallied("BIOES", [["O", "O"]], [["O", "O"]])
    assert set(tally.metrics().values()) == {0.0}
    assert tally.by_type() == {}


def test_a_type_that_is_only_predicted_has_no_support() -> None:
    tally = tallied("BILOU", [["O"]], [["U-X"]])
    assert tally.by_type() == {"X": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}}
