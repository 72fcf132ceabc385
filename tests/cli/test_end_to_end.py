"""The commands on real files and real models: what comes out, what is left behind, what a wrong file is told."""

import gzip
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from elman.cli.main import main

TEXT = "the cat sat on the mat\nthe dog sat on the log\n"
OPTIONS = "--epochs 1 --hidden 8 --embedding 8 --ngrams 1 --layers 1 --batch-size 4 --segment 16 --threads 1"
SMALL = OPTIONS.split()


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep to ourselves what the commands write to the environment."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


def train(folder: Path, *words: str) -> int:
    (folder / "t.txt").write_text(TEXT * 40, encoding="utf-8")
    return main(["train", "language-model", "--continuous", "--train", str(folder / "t.txt"), *SMALL, *words])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    assert train(folder, "--out", str(folder / "m")) == 0
    return folder / "m"


def test_the_same_seed_gives_the_same_weights_and_another_others(model: Path, tmp_path: Path) -> None:
    weights = (model / "weights.safetensors").read_bytes()
    assert train(tmp_path, "--out", str(tmp_path / "m")) == 0
    assert (tmp_path / "m" / "weights.safetensors").read_bytes() == weights
    assert train(tmp_path, "--out", str(tmp_path / "n"), "--seed", "2") == 0
    assert (tmp_path / "n" / "weights.safetensors").read_bytes() != weights
    assert sorted(os.listdir(tmp_path)) == ["m", "n", "t.txt"]


def test_the_report_is_the_last_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--out", str(tmp_path / "m"), "--json") == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out.splitlines()[-1])
    keys = {"kind", "seconds", "tokens", "tokens_per_second", "parameters", "epochs", "steps", "metrics"}
    assert set(report) == keys
    metrics = {"loss", "perplexity", "word_perplexity", "bits_per_character", "unknown_rate"}
    assert set(report["metrics"]) == metrics
    assert "a twentieth of the training text" in shown.err
    assert "dev weights" in shown.err


def test_generating_is_repeatable_and_follows_its_seed(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = []
    for seed in ("1", "1", "2"):
        assert main(["generate", str(model), "--prompt", "the cat", "--max-tokens", "60", "--seed", seed]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1] != texts[2]


def test_predictions_sum_to_the_score(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.txt").write_text(TEXT, encoding="utf-8")
    assert main(["predict", str(model), str(tmp_path / "x.txt")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["text"] for line in lines] == TEXT.splitlines()
    assert main(["evaluate", str(model), str(tmp_path / "x.txt"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    total = -sum(line["log_probability"] for line in lines)
    assert report["metrics"]["loss"] * report["tokens"] == pytest.approx(total, rel=1e-6)


def test_show_tells_of_shape_and_data(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(model)]) == 0
    shown = capsys.readouterr().out
    assert "1 layer of 8 lstm units" in shown
    assert "t.txt" in shown


def test_a_folder_is_replaced_only_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, "--out", str(tmp_path / "m")) == 0
    capsys.readouterr()
    assert train(tmp_path, "--out", str(tmp_path / "m"), "--seed", "2") == 2
    assert "there is a model in this folder; give another place, or --overwrite" in capsys.readouterr().err
    assert train(tmp_path, "--out", str(tmp_path / "m"), "--seed", "2", "--overwrite") == 0


def test_a_file_of_options_gives_the_same_bits(model: Path, tmp_path: Path) -> None:
    (tmp_path / "t.txt").write_text(TEXT * 40, encoding="utf-8")
    lines = ("epochs = 1", "hidden = 8", "embedding = 8", "ngrams = 1", "layers = 1", "batch-size = 4", "segment = 16")
    (tmp_path / "o.toml").write_text("\n".join((*lines, "continuous = true")), encoding="utf-8")
    words = ["--config", str(tmp_path / "o.toml"), "--threads", "1"]
    files = ["--train", str(tmp_path / "t.txt"), "--out", str(tmp_path / "m")]
    assert main(["train", "language-model", *files, *words]) == 0
    assert (tmp_path / "m" / "weights.safetensors").read_bytes() == (model / "weights.safetensors").read_bytes()


def test_training_that_is_stopped_goes_on_to_the_same_bits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "t.txt").write_text(TEXT * 40, encoding="utf-8")
    words = ["train", "language-model", "--continuous", "--train", str(tmp_path / "t.txt"), *SMALL, "--epochs", "4"]
    words += ["--evaluations", "40"]
    for number, code, more in ((signal.SIGINT, 130, []), (signal.SIGTERM, 143, ["--resume"])):
        command = [sys.executable, "-m", "elman", *words, "--out", str(tmp_path / "m"), *more]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
            assert child.stderr is not None
            for line in child.stderr:
                if "dev weights" in line:
                    break
            child.send_signal(number)
            told = child.stderr.read().splitlines()
        assert child.returncode == code
        assert told[-1] == f"stopped; give --resume to go on from the checkpoint in {tmp_path / 'm.training'}"
        assert sorted(os.listdir(tmp_path)) == ["m.training", "t.txt"]
        assert os.listdir(tmp_path / "m.training") == ["checkpoint"]
    assert main([*words, "--out", str(tmp_path / "m")]) == 2
    line = f"{tmp_path / 'm.training'}: a run that did not end has left a checkpoint; give --resume to go on, or "
    assert capsys.readouterr().err.splitlines()[-1] == f"{line}--overwrite to begin anew"
    assert main([*words[:5], "--out", str(tmp_path / "m"), "--resume"]) == 0
    assert main([*words, "--out", str(tmp_path / "n")]) == 0
    assert sorted(os.listdir(tmp_path)) == ["m", "n", "t.txt"]
    assert (tmp_path / "m" / "weights.safetensors").read_bytes() == (
        tmp_path / "n" / "weights.safetensors"
    ).read_bytes()


WRONG = {
    "missing.txt": (None, "there is no such file"),
    "empty.txt": (b"", "empty"),
    "bytes.txt": (b"good\nb\xffd\n", "bytes.txt:2: not valid utf-8 at byte"),
    "folder.txt": ("folder", "folder"),
    "binary.txt": (b"\x7fELF\0\0\0\0", "NUL"),
    "text.doc": (b"x", "--format"),
    "broken.txt.gz": (gzip.compress(b"text " * 1000)[:40], ""),
    "nothing.jsonl": (b'{"text": "a"}\n{"text": \n', "nothing.jsonl:2"),
    "column.csv": (b"txet,label\na,b\n", "column"),
    "number.jsonl": (b'{"text": 3}\n', "number.jsonl:1"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["train", "dev", "evaluate", "predict"])
def test_a_wrong_file_is_one_line_and_exit_2(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str], name: str, command: str
) -> None:
    content, part = WRONG[name]
    path, good = tmp_path / name, tmp_path / "good.txt"
    good.write_text(TEXT * 10, encoding="utf-8")
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    column = ["--text-column", "text"] if path.suffix in (".csv", ".jsonl") else []
    files = {"train": ["--train", str(path), *column], "dev": ["--train", str(good), "--dev", str(path)]}
    if command in files:
        words = ["train", "language-model", *files[command], "--out", str(tmp_path / "m"), *SMALL]
    else:
        words = [command, str(model), str(path), *column]
    assert main(words) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if name in line]
    assert len(lines) == 1
    assert part in lines[0]
    assert not (tmp_path / "m").exists()
    assert not [left for left in os.listdir(tmp_path) if ".tmp-" in left]


def test_lines_that_are_all_blank_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "blank.txt").write_text("\n\n \n")
    words = ["--train", str(tmp_path / "blank.txt"), "--out", str(tmp_path / "m"), *SMALL]
    assert main(["train", "language-model", *words]) == 2
    assert "blank.txt: " in capsys.readouterr().err
