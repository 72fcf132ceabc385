"""The commands on real files and real classifiers: what comes out, and what a wrong request is told."""

import io
import json
import os
from pathlib import Path

import pytest

from elman.cli.main import main
from tiny import CLASSIFIER, reviews, table, write

SMALL = [word for name, value in CLASSIFIER.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep to ourselves what the commands write to the environment."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a trained model, its training file beside it."""
    folder = tmp_path_factory.mktemp("model")
    path = table(folder / "t.tsv", reviews(60))
    words = ["--train", str(path), "--out", str(folder / "m"), "--epochs", "12", "--lr", "0.02", "--threads", "1"]
    assert main(["train", "classifier", *words, *SMALL]) == 0
    return folder / "m"


def test_files_are_scored_and_the_report_is_the_last_line(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(model), str(model.parent / "t.tsv"), "--json", "--threads", "1"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["kind"] == "classifier" and report["metrics"]["accuracy"] > 0.8
    assert set(report["details"]["label"]["types"]) == {"bad", "good"}


def test_a_model_is_scored_against_another(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", str(model), str(model.parent / "t.tsv"), "--against", str(model), "--threads", "1"]
    assert main([*words, "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["against"]["difference"] == 0 and report["against"]["metrics"] == report["metrics"]
    assert main(words) == 0
    assert "p_value" in capsys.readouterr().out


def test_a_table_without_a_header_is_read_by_numbers(model: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", [f"x\t{text}\t{label}" for label, text in reviews(12, seed=3)])
    words = ["--no-header", "--text-column", "1", "--threads", "1"]
    assert main(["predict", str(model), str(path), "--out", str(tmp_path / "p.tsv"), *words]) == 0
    rows = [line.split("\t") for line in (tmp_path / "p.tsv").read_text(encoding="utf-8").splitlines()]
    assert [row[:3] for row in rows] == [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    assert sum(row[2] == row[3] for row in rows) >= 9 and all(0.5 <= float(row[4]) <= 1 for row in rows)
    assert main(["evaluate", str(model), str(path), *words, "--label-column", "2"]) == 0


def test_standard_input_is_answered_line_by_line(
    model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = io.TextIOWrapper(io.BytesIO("the film is fine\n영화는 is dull\n".encode()), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", lines)
    assert main(["predict", str(model), "-", "--threads", "1"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["label"] for one in found] == ["good", "bad"]


def test_training_goes_on_from_a_folder(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "more.tsv", [("odd", "argh"), *reviews(20, seed=4)])
    words = ["--train", str(path), "--from", str(model), "--out", str(tmp_path / "m"), "--epochs", "1", "--dev", "none"]
    assert main(["train", "classifier", *words, "--threads", "1"]) == 0
    assert main(["show", str(tmp_path / "m")]) == 0
    assert "labels 3; temperature 1.000" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["predict", "M", "T", "--top", "0"], "--top: 0 is out of range"),
        (["predict", "M", "T", "--top", "2", "--abstain-below", "0.5"], "--top and --abstain-below are both given"),
        (["predict", "M", "T", "--spans"], "--spans: a classifier has no such option"),
        (["predict", "M", "T", "--text-column", "txt"], "did you mean text?"),
        (["evaluate", "M", "T", "--dynamic"], "--dynamic: a classifier has no such option"),
        (["evaluate", "M", "T", "--threshold", "2"], "--threshold: 2.0 is out of range"),
        (["evaluate", "M", "T", "--against", "N"], "there is no such folder"),
        (["evaluate", "M", "T", "--label-column", "lable"], "did you mean label?"),
        (
            ["evaluate", "M", "T", "--label-column", "1"],
            "numbers name columns only in tables without a header (--",
        ),
        (
            ["train", "classifier", "--train", "T", "--out", "O", "--pooling", "las"],
            "is not a pooling; did you mean last?",
        ),
        (["train", "classifier", "--train", "T", "--out", "O", "--crf"], "--crf: there is no such option"),
    ],
    ids=" ".join,
)
def test_a_wrong_request_is_one_line_and_exit_code_2(
    model: Path, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"M": model, "T": model.parent / "t.tsv", "N": model.parent / "n", "O": model.parent / "o"}
    assert main([str(places.get(word, word)) for word in words]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and told in shown.err and shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("label\ttext\ngood\n", ":2: "),
        ("label\ttext\n\tthe film\n", ":2: this text has no label"),
        ("a\tb\tc\n1\t2\t3\n", "a.tsv:1: "),
        ("label\ttext\n", "there is no text in this file"),
        ("", "a.tsv"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    tmp_path: Path, content: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(content, encoding="utf-8")
    assert main(["train", "classifier", "--train", str(path), "--out", str(tmp_path / "m"), "--epochs", "1"]) == 2
    shown = capsys.readouterr().err
    assert told in shown and shown.count("\n") == 1 and not (tmp_path / "m").exists()
