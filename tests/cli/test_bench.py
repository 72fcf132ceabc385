"""`elman bench` on the command line: every form of a model is timed, and what is wrong is refused in one line."""

import json
from pathlib import Path

import pytest

import remade
from elman.cli.main import main
from tiny import columns, tagged


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tagger in `m`, the same exported in `x`, a file beside them."""
    place = tmp_path_factory.mktemp("bench")
    columns(place / "new.bio", tagged(24))
    model = remade.load("tagger")
    model.save(place / "m")
    model.export(place / "x")
    return place


def bench(*words: object) -> int:
    return main(["bench", *map(str, words), "--seconds", "0.01"])


def test_all_engines_and_number_formats_are_timed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench(folder / "m", folder / "new.bio", "--threads", 1, "--json") == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    forms = [(row["engine"], row["precision"], row["batch"], row["threads"]) for row in report["rows"]]
    assert forms == [(*form, batch, 1) for form in (("torch", "fp32"), ("onnx", "fp32"), ("onnx", "int8"))
                     for batch in (1, 64)]  # fmt: skip
    assert (report["engine"], report["precision"]) == ("torch", "fp32")
    for row in report["rows"]:
        assert row["tokens_per_second"] > 0 and row["milliseconds"] > 0
        assert 0 < row["share_of_peak"] < 10


def test_an_exported_folder_is_timed_as_it_is_on_one_and_on_all_cores(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("elman.cli.bench.cores", lambda: 2)
    assert bench(folder / "x") == 0
    lines = capsys.readouterr().out.splitlines()
    assert "auto: onnx fp32; counted are words" in lines
    rows = [line.split()[:4] for line in lines if line.startswith("onnx")]
    assert rows == [["onnx", "fp32", batch, threads] for threads in "12" for batch in ("1", "64")]


@pytest.mark.parametrize(
    ("words", "told"),
    [(["--seconds", "0"], "--seconds"), (["--threads", "0"], "--threads"), (["missing.bio"], "missing.bio")],
)
def test_what_is_wrong_is_refused_in_one_line(
    words: list[str], told: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", str(folder / "x"), *words]) == 2
    fault = capsys.readouterr().err
    assert told in fault and fault.count("\n") == 1
