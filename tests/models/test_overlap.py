"""Training tells how much of the dev text it has read, with a count, for every kind."""

from pathlib import Path
from typing import Any

import pytest

import elman
from elman.models import overlap
from elman.models.overlap import SharedLines
from tiny import CLASSIFIER, SEQ2SEQ, SIZE, TAGGER, columns, pair_table, reviews, sentences, table, tagged, write

FRONTS: dict[str, tuple[type[Any], dict[str, Any], str]] = {
    "language-model": (elman.LanguageModel, SIZE, "lines"), "tagger": (elman.Tagger, TAGGER, "sentences"),
    "classifier": (elman.Classifier, CLASSIFIER, "texts"), "seq2seq": (elman.Seq2Seq, SEQ2SEQ, "sources"),
}  # fmt: skip


def files(kind: str, folder: Path, *, shared: int) -> tuple[Path, Path, int, int]:
    """A training file of so many sequences, and a dev file with `shared` of them; how many both have."""
    if kind == "language-model":
        rows: list[Any] = [f"{line} {n}" for n, line in enumerate(sentences(24))]
        new: list[Any] = ["what is new", "and more"]
        make: Any = write
    elif kind == "tagger":
        rows = [[(f"w{n}", "X", "O"), *row] for n, row in enumerate(tagged(24))]
        new, make = [[("new", "X", "O")]], columns
    elif kind == "classifier":
        rows = [(label, f"{n} {text}") for n, (label, text) in enumerate(reviews(24))]
        new, make = [("good", "something new"), ("bad", "the very end")], table
    else:
        rows, new, make = [(f"{n} abc", "cba") for n in range(24)], [("new", "wen")], pair_table
    name = {"tagger": "bio", "language-model": "txt"}.get(kind, "tsv")
    dev = [*rows[3 : 3 + shared], *new]
    return make(folder / f"train.{name}", rows), make(folder / f"dev.{name}", dev), len(rows), len(dev)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if "stand in" in one.getMessage()]


@pytest.mark.parametrize("kind", list(FRONTS))
def test_what_training_and_dev_share_is_counted(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    front, size, unit = FRONTS[kind]
    train, dev, rows, count = files(kind, tmp_path, shared=5)
    front.train(train, dev=dev, epochs=1, **size)
    assert told(caplog) == [f"5 of {count} dev {unit} stand in the training text too (elman check tells which)"]
    caplog.clear()
    front.train(train, dev=train, epochs=1, **size)
    every = f"all {rows} dev {unit} stand in the training text too: the score on them tells nothing of new text"
    assert told(caplog) == [every]


@pytest.mark.parametrize("kind", list(FRONTS))
def test_files_that_share_nothing_are_not_warned_of(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    front, size, _ = FRONTS[kind]
    train, dev, _, _ = files(kind, tmp_path, shared=0)
    front.train(train, dev=dev, epochs=1, **size)
    assert told(caplog) == []


def test_what_is_set_aside_is_compared_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "a.txt", ["the same line"] * 19 + ["the same line"] + ["other"] * 18 + ["last"] * 2)
    elman.LanguageModel.train(path, epochs=1, **SIZE)
    assert "all 2 dev lines stand in the training text too" in caplog.text


def test_short_lines_of_running_text_are_not_compared(caplog: pytest.LogCaptureFixture) -> None:
    long = "x" * overlap.SHORTEST
    lines = SharedLines([[f"short\n{long}\n", f"{long}y\n"]], continuous=True)
    lines.watch([f"short\n{long}\nand"])
    lines.tell()
    assert "1 of 2 dev lines of at least 40 characters stand in the training text too" in caplog.text


def test_a_large_dev_text_is_compared_in_part(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlap, "LARGEST", 6)
    lines = SharedLines([["abc", "def", "ghi"], ["jkl"]], continuous=False)
    lines.watch(["def", "ghi", "jkl"])
    lines.tell()
    assert "1 of 2 dev lines stand" in caplog.text
