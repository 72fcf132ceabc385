"""Each command calls one thing of the library with what was given, and shows what comes back."""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.cli.main import main
from elman.decoding.config import SamplingConfig
from elman.errors import TrainingError
from elman.models.kinds import LANGUAGE_MODEL
from elman.models.progress import Progress
from elman.models.threads import VARIABLES

REPORT = {"kind": "language-model", "seconds": 1.5, "metrics": {"loss": 1.25}}


class FakeModel:
    """Records how it is called; answers with fixed values."""

    kind = "language-model"
    calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []  # noqa: RUF012 one list for all of a test
    report = REPORT

    @classmethod
    def train(cls, *values: Any, progress: Callable[[Progress], None], **named: Any) -> "FakeModel":
        cls.calls.append(("train", values, named))
        progress(Progress(0.5, 1.0, 10.0, 3, 0, 1.5, scores={"weights": 1.5}))
        return cls()

    def evaluate(self, *values: Any, **named: Any) -> dict[str, Any]:
        self.calls.append(("evaluate", values, named))
        return REPORT

    def predict_to(self, files: Sequence[str], write: Callable[[str], None], **named: Any) -> dict[str, Any]:
        self.calls.append(("predict_to", (files,), named))
        write('{"text": "글"}\n')
        if "bad" in files:
            raise TrainingError("broken")
        return {"kind": "language-model", "lines": 1}

    def stream(self, prompt: str, config: SamplingConfig) -> Iterator[tuple[int, str]]:
        self.calls.append(("stream", (prompt, config), {}))
        for word in ("one", " two"):
            for k in range(config.samples):
                yield k, f"{word}{k}"

    def show(self) -> str:
        return "kind  language-model"

    def description(self) -> dict[str, Any]:
        return {"kind": "language-model"}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    def load(path: str, engine: str = "auto") -> FakeModel:
        FakeModel.calls.append(("load", (path,), {} if engine == "auto" else {"engine": engine}))
        return FakeModel()

    FakeModel.calls = []
    monkeypatch.setitem(elman.__dict__, "load", load)
    monkeypatch.setattr("elman.models.folder.kind_of", lambda path: LANGUAGE_MODEL)
    monkeypatch.setitem(elman.__dict__, "LanguageModel", FakeModel)
    for name in (*VARIABLES, "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return FakeModel.calls


def test_train_hands_over_files_and_options(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    words = "--train a b --dev c --out m --overwrite --from n --hidden 8 --no-tied --continuous"
    assert main(["train", "language-model", *words.split()]) == 0
    named = {
        "dev": ["c"], "out": "m", "overwrite": True, "from_": "n", "replay": None, "resume": False, "hidden": 8,
        "tied": False,
    }  # fmt: skip
    assert calls == [("train", (["a", "b"],), {**named, "continuous": True})]
    shown = capsys.readouterr()
    assert shown.out.split() == ["loss", "1.2500"]
    assert "dev weights 1.5000" in shown.err


def test_train_without_dev_and_with_none(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "language-model", "--train", "a", "--out", "m"]) == 0
    assert main(["train", "language-model", "--train", "a", "--out", "m", "--dev", "none", "--json"]) == 0
    assert [named["dev"] for _, _, named in calls] == [None, "none"]
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == REPORT


def test_a_replay_has_the_threads_of_the_run(calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "training.json").write_text('{"machine": {"threads": 5}}')
    assert main(["train", "language-model", "--train", "a", "--out", "m", "--replay", str(tmp_path)]) == 0
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert calls[0][2]["replay"] == str(tmp_path)


@pytest.mark.parametrize("words", [["evaluate", "m", "a"], ["predict", "m", "a"], ["generate", "m"]], ids=" ".join)
def test_the_engine_is_handed_on(calls: list[Any], words: list[str]) -> None:
    assert main([*words, "--engine", "onnx"]) == 0
    assert calls[0] == ("load", ("m",), {"engine": "onnx"})


def test_evaluate_hands_over_what_reading_needs(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    words = "--dynamic --format csv --encoding cp949 --text-column t --delimiter ; --no-header --json"
    assert main(["evaluate", "m", "a", "b", *words.split()]) == 0
    reading = {"format": "csv", "encoding": "cp949", "text_column": "t", "delimiter": ";", "header": False}
    assert calls == [("load", ("m",), {}), ("evaluate", (["a", "b"],), {"dynamic": True, "reading": reading})]
    assert json.loads(capsys.readouterr().out) == REPORT


def test_predict_writes_to_stdout(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "m", "--threads", "3"]) == 0
    assert calls[1:] == [("predict_to", (["-"],), {"reading": {}, "workers": 3})]
    assert capsys.readouterr().out == '{"text": "글"}\n'


def test_predict_has_the_workers_that_are_given_and_else_a_few(calls: list[Any]) -> None:
    assert main(["predict", "m", "--threads", "64"]) == 0
    assert calls[1:] == [("predict_to", (["-"],), {"reading": {}, "workers": 8})]
    calls.clear()
    assert main(["predict", "m", "--threads", "3", "--workers", "2"]) == 0
    assert calls[1:] == [("predict_to", (["-"],), {"reading": {}, "workers": 2})]


def test_predict_writes_a_file_whole(calls: list[Any], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "o.jsonl"
    assert main(["predict", "m", "a", "--out", str(out), "--json"]) == 0
    assert out.read_text(encoding="utf-8") == '{"text": "글"}\n'
    assert json.loads(capsys.readouterr().out) == {"kind": "language-model", "lines": 1}
    out.write_text("old")
    assert main(["predict", "m", "bad", "--out", str(out)]) == 1
    assert out.read_text() == "old"
    assert list(tmp_path.iterdir()) == [out]


def test_generate_shows_one_sample_as_it_comes(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "m", "--prompt", "글 ", "--top-k", "3", "--stop", "x", "--stop", "y"]) == 0
    assert calls[1] == ("stream", ("글 ", SamplingConfig(top_k=3, stop=("x", "y"))), {})
    assert capsys.readouterr().out == "one0 two0\n"


def test_generate_shows_several_samples_one_after_the_other(
    calls: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["generate", "m", "--samples", "2"]) == 0
    assert capsys.readouterr().out == "--- 1\none0 two0\n--- 2\none1 two1\n"
    assert main(["generate", "m", "--samples", "2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"samples": ["one0 two0", "one1 two1"]}


def test_show_prints_the_card(calls: list[Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "m"]) == 0
    assert capsys.readouterr().out == "kind  language-model\n"
    assert main(["show", "m", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"kind": "language-model"}


def test_a_prompt_may_begin_with_a_dash(calls: list[Any]) -> None:
    assert main(["generate", "m", "--prompt", "-- he said"]) == 0
    assert main(["generate", "m", "--prompt=--he"]) == 0
    assert [values[0] for name, values, _ in calls if name == "stream"] == ["-- he said", "--he"]
