"""`elman export` and `--engine` on the command line: what is told, and what is refused in one line."""

import json
from pathlib import Path

import pytest

import remade
from elman.cli.main import main
from tiny import columns, tagged


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger in `m`, its training file beside it."""
    place = tmp_path_factory.mktemp("export")
    columns(place / "train.bio", tagged(24))
    remade.load("tagger").save(place / "m")
    return place


def test_it_tells_how_the_two_compare(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", folder / "m", folder / "train.bio", "--to", "onnx", "--out", tmp_path / "x"]
    assert main([*map(str, words), "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["check"]["equal"] == 1.0 and report["metrics"] == report["metrics_before"]
    assert main([*map(str, words), "--int8", "--overwrite"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("check equal") for line in lines)
    assert any(line.startswith("before label accuracy") for line in lines)


def test_both_engines_give_the_same_lines(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, path = str(tmp_path / "x"), str(folder / "train.bio")
    assert main(["export", str(folder / "m"), "--to", "onnx", "--out", place]) == 0
    capsys.readouterr()
    written = []
    for model, engine in ((folder / "m", "torch"), (folder / "m", "auto"), (place, "onnx"), (place, "auto")):
        assert main(["predict", str(model), path, "--engine", engine]) == 0
        written.append(capsys.readouterr().out)
    assert len(set(written)) == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["predict", "m", "train.bio", "--engine", "onnx"], "elman export DIR --to onnx --out DIR2"),
        (["predict", "m", "train.bio", "--engine", "onx"], "did you mean onnx"),
        (["export", "m", "--out", "y"], "--to"),
        (["export", "m", "--to", "wep", "--out", "y"], "did you mean web"),
        (["export", "m", "--to", "onnx", "--runtime", "m", "--out", "y"], "only a site has a runtime"),
        (["export", "m", "--to", "web", "--runtime", "none", "--out", "y"], "there is no such folder"),
        (["export", "m", "--to", "web", "--runtime", "m", "--out", "y"], "there is no ort.wasm.min.mjs"),
        (["export", "m", "--to", "web", "--out", "m"], "give another place"),
        (["export", "m", "--to", "onnx", "--out", "./m", "--overwrite"], "give another place"),
        (["export", "m", "--to", "onnx", "--out", "."], "give another place"),
        (["export", "m", "--to", "onnx"], "--out"),
        (["export", "m", "--to", "onnx", "--out", "m"], "m: this is the folder that is to be exported"),
        (["export", "n", "--to", "onnx", "--out", "y"], "there is no such folder"),
    ],
)
def test_wrong_requests_are_refused_in_one_line(
    folder: Path, words: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.count("\n") == 1 and told in captured.err
    assert not (folder / "y").exists()
