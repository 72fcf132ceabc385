"""Runs that were stopped and gone on with give the bits of runs that never were; and what does not fit is refused."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

import elman
from elman.errors import ElmanError, ModelFileError, OptionError
from elman.models.progress import Progress
from elman.models.resuming import TASK, Beside
from elman.training.checkpoint import Keeper, read
from elman.training.loop import Trainer
from tiny import (
    CLASSIFIER,
    SEQ2SEQ,
    SIZE,
    TAGGER,
    columns,
    conllu,
    pair_table,
    reversed_words,
    reviews,
    sentences,
    table,
    tagged,
    write,
)  # fmt: skip

DROPPED = {"input_dropout": 0.2, "output_dropout": 0.2}


@dataclass(frozen=True)
class Case:
    """A kind of model, its files, and options of which a run depends on much that could be forgotten."""

    front: Any
    files: dict[str, Any]
    options: dict[str, Any]
    done: dict[str, Path] = field(default_factory=dict)

    def whole(self, out: Path, **options: Any) -> None:
        """A run that nobody stops, made once for the same options and copied."""
        made = self.done.get(str(options))
        if made is None:
            self.train(out, **options)
            self.done[str(options)] = made = Path(mkdtemp(dir=self.place)) / "m"
            shutil.copytree(out, made)
        else:
            shutil.copytree(made, out)

    @property
    def place(self) -> Path:
        """Where its files are."""
        return Path(self.files["dev"]).parent

    def train(self, out: Path, **options: Any) -> Any:
        return self.front.train(**self.files, out=out, **{**self.options, **options})

    def go_on(self, out: Path, **options: Any) -> Any:
        return self.front.train(**self.files, out=out, resume=True, **options)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    folder = tmp_path_factory.mktemp("resuming")
    lines = {
        "train": write(folder / "train.txt", sentences(32)), "dev": write(folder / "dev.txt", sentences(12, seed=2)),
    }  # fmt: skip
    words = {
        "train": conllu(folder / "train.conllu", tagged(30)), "dev": conllu(folder / "dev.conllu", tagged(8, seed=2)),
    }  # fmt: skip
    spans = {
        "train": columns(folder / "train.bio", tagged(30)), "dev": columns(folder / "dev.bio", tagged(8, seed=2)),
    }  # fmt: skip
    texts = {
        "train": table(folder / "train.tsv", reviews(40)), "dev": table(folder / "dev.tsv", reviews(12, seed=2)),
    }  # fmt: skip
    more = write(folder / "more.txt", [text for _, text in reviews(30, seed=3)])
    pairs = {
        "train": pair_table(folder / "pairs.tsv", reversed_words(60)),
        "dev": pair_table(folder / "more.tsv", reversed_words(12, seed=2)),
    }  # fmt: skip
    common: dict[str, Any] = {"epochs": 3, "evaluations": 3, "averaging": 0.1, "precision": "fp32"}
    ngrams = {"ngrams": 3, "ngram_bits": 6, "embedding_dropout": 0.1}
    return {
        "language-model": Case(elman.LanguageModel, lines, {**SIZE, **DROPPED, **common, **ngrams}),
        "running text": Case(elman.LanguageModel, lines, {**SIZE, **DROPPED, **common, "continuous": True}),
        "tagger": Case(elman.Tagger, words, {**TAGGER, **common}),
        "spans": Case(elman.Tagger, spans, {**TAGGER, **common, "label_columns": ["2"], "swap_spans": 0.5}),
        "classifier": Case(elman.Classifier, texts, {**CLASSIFIER, **DROPPED, **common, "bag_dropout": 0.1}),
        "pretrained": Case(elman.Classifier, {**texts, "unlabelled": more},
                           {**CLASSIFIER, **common, "pretraining_epochs": 2}),
        "seq2seq": Case(elman.Seq2Seq, pairs, {**SEQ2SEQ, **common, "symbol_dropout": 0.1, "scheduled_sampling": 0.3}),
    }  # fmt: skip


def stopped(monkeypatch: pytest.MonkeyPatch, at: list[int], train: Callable[[], Any]) -> None:
    """Train, but be interrupted before each step of these numbers, counted over all parts of a run."""
    step, taken = Trainer.step, 0

    def counted(trainer: Trainer) -> None:
        nonlocal taken
        taken += 1
        if taken in at:
            raise KeyboardInterrupt
        step(trainer)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "step", counted)
        with pytest.raises(KeyboardInterrupt):
            train()


def content(folder: Path) -> dict[str, bytes]:
    """All of a model folder that does not tell of time."""
    told = {"training.json", "history.jsonl", "README.md", "manifest.json"}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in told}


def steps(folder: Path) -> int:
    return int(elman.load(folder).report["steps"])


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("language-model", {"cell": "gru", "layers": 2, "dropout": 0.2}),
    ("language-model", {"cell": "elman", "clip": 0.0, "weight_drop": 0.2, "precision": "bf16"}),
    ("running text", {}), ("running text", {"cell": "mingru", "averaging": 0.0, "weight_decay": 0.5}),
    ("tagger", {"cell": "mingru", "members": 2, "word_dropout": 0.3}),
    ("spans", {}),
    ("classifier", {"thaw": 0.5, "layer_decay": 2.0, "layers": 2}),
    ("seq2seq", {"cell": "gru", "input_feeding": True, "copy": True}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_a_run_that_was_stopped_twice_gives_the_same_bits(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any]
) -> None:
    case = cases[name]
    case.whole(tmp_path / "whole", **options)
    total = steps(tmp_path / "whole")
    out = tmp_path / "m"
    stopped(monkeypatch, [total // 4 + 1], lambda: case.train(out, **options))
    assert not out.exists()
    stopped(monkeypatch, [total // 3], lambda: case.train(out, **options, resume=True))
    model = case.go_on(out)
    assert content(out) == content(tmp_path / "whole")
    assert model.report["steps"] == total
    assert not (tmp_path / "m.training").exists()


NEW_PROCESS = """
import json, sys, elman
for front, files, out in json.loads(sys.argv[1]):
    getattr(elman, front).train(**files, out=out, resume=True)
"""


def test_a_run_of_every_kind_goes_on_in_another_process(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, asked = ("language-model", "tagger", "classifier", "seq2seq"), []
    for name in names:
        case = cases[name]
        case.whole(tmp_path / f"{name} whole")
        total = steps(tmp_path / f"{name} whole")
        stopped(monkeypatch, [total // 3 + 1], lambda case=case, name=name: case.train(tmp_path / name))
        files = {key: str(path) for key, path in case.files.items()}
        asked.append((case.front.__name__, files, str(tmp_path / name)))
    subprocess.run([sys.executable, "-c", NEW_PROCESS, json.dumps(asked)], check=True)
    for name in names:
        assert content(tmp_path / name) == content(tmp_path / f"{name} whole")


@pytest.mark.parametrize("share", [0.05, 0.45, 0.8])
def test_a_pretrained_classifier_goes_on_in_either_part(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float
) -> None:
    case, taken = cases["pretrained"], []
    with monkeypatch.context() as patch:
        step = Trainer.step
        patch.setattr(Trainer, "step", lambda trainer: (taken.append(1), step(trainer))[1])
        case.train(tmp_path / "whole")
    at = int(share * len(taken))
    stopped(monkeypatch, [at], lambda: case.train(tmp_path / "m"))
    model = case.go_on(tmp_path / "m")
    assert content(tmp_path / "m") == content(tmp_path / "whole")
    assert model.record.training["pretraining"] == elman.load(tmp_path / "whole").record.training["pretraining"]


def test_a_part_that_has_to_be_done_again_gives_the_same_bits(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases["pretrained"]
    case.whole(tmp_path / "whole")
    kept = Keeper.keep

    def dies(keeper: Keeper, trainer: Trainer, *, now: bool = False) -> None:
        if keeper.phase == TASK:
            raise ElmanError("dead")
        kept(keeper, trainer, now=trainer.run.step == 3)

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "keep", dies)
        with pytest.raises(ElmanError, match="dead"):
            case.train(tmp_path / "m")
    assert read(tmp_path / "m.training" / "checkpoint").state["step"] == 3
    case.go_on(tmp_path / "m")
    assert content(tmp_path / "m") == content(tmp_path / "whole")


@pytest.mark.usefixtures("own_time")
def test_a_budget_that_was_stopped_is_kept_and_its_run_can_be_repeated(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"
    budget = {"epochs": None, "budget": "1.5s"}
    stopped(monkeypatch, [2], lambda: case.train(out, **budget))
    used = read(tmp_path / "m.training" / "checkpoint").seconds
    model = case.go_on(out)
    assert used < model.report["seconds"]
    case.front.train(**case.files, out=tmp_path / "n", replay=out)
    assert content(tmp_path / "n") == content(out)
    # A repetition can be stopped and gone on with too, with and without naming what it repeats.
    total = steps(out)
    for name, more in (("x", {}), ("y", {"replay": out})):
        stopped(monkeypatch, [total // 2 + 1],
                lambda name=name: case.front.train(**case.files, out=tmp_path / name, replay=out))  # fmt: skip
        case.go_on(tmp_path / name, **more)
        assert content(tmp_path / name) == content(out)


def test_a_run_from_a_folder_goes_on(cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = cases["language-model"]
    case.train(tmp_path / "start")
    start = {"from_": tmp_path / "start", "epochs": 2, "lr": 0.01, "batch_size": 4}
    case.front.train(**case.files, out=tmp_path / "whole", **start)
    out = tmp_path / "m"
    stopped(monkeypatch, [9], lambda: case.front.train(**case.files, out=out, **start))
    assert "started from another folder" in refused(lambda: case.go_on(out))
    case.go_on(out, from_=tmp_path / "start")
    assert content(out) == content(tmp_path / "whole")


def refused(call: Callable[[], Any], kind: type[ElmanError] = OptionError) -> str:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
    return str(caught.value)


def test_another_run_is_refused_by_name_and_both_values(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["language-model"], tmp_path / "m"
    stopped(monkeypatch, [5], lambda: case.train(out))
    assert "has hidden 16, not 32" in refused(lambda: case.go_on(out, hidden=32))
    assert "--hidden" in refused(lambda: case.go_on(out, hidden=32))
    assert "has epochs 3, not 4" in refused(lambda: case.go_on(out, epochs=4))
    assert "has budget None, not 5m" in refused(lambda: case.go_on(out, budget="5m"))
    assert "trains a language-model, not a tagger" in refused(lambda: cases["tagger"].go_on(out))
    other = write(tmp_path / "other.txt", sentences(50, seed=7))
    for files, option in (({"train": other}, "--train"), ({"dev": other}, "--dev"), ({"dev": "none"}, "--dev")):
        told = refused(lambda files=files: case.front.train(**{**case.files, **files}, out=out, resume=True))
        assert told.startswith(f"{option}: these are not the files of the run in")
    monkeypatch.setattr("elman.training.machine.threads", lambda: 7)
    assert "had 1 threads, this one 7" in refused(lambda: case.go_on(out))
    monkeypatch.undo()
    monkeypatch.setattr("elman.models.resuming.__version__", "9.9")
    assert "begun with elman 0.1.0, this is 9.9" in refused(lambda: case.go_on(out))
    monkeypatch.undo()
    case.go_on(out, seed=1, hidden=16, checkpoint_seconds=1.0)


def test_what_stands_beside_a_model_decides_what_may_be_asked(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "new" / "m"
    assert "there is no checkpoint to go on from; leave --resume out" in refused(lambda: case.go_on(out))
    assert "--out" in refused(lambda: case.front.train(**case.files, resume=True))
    assert "name --out" in refused(lambda: case.front.train(**case.files, epochs=1, checkpoint_seconds=3.0))
    assert list(tmp_path.iterdir()) == []
    stopped(monkeypatch, [5], lambda: case.train(out))
    told = refused(lambda: case.train(out))
    assert "m.training: a run that did not end has left a checkpoint" in told
    assert "--resume" in told and "--overwrite" in told
    case.train(out, overwrite=True)
    assert sorted(os.listdir(out.parent)) == ["m"]
    assert f"there is no checkpoint to go on from; there is a model in {out}" in refused(lambda: case.go_on(out))
    place = out.parent / "m.training"
    place.mkdir()
    (place / "notes.txt").write_text("mine")
    for options in ({}, {"overwrite": True}, {"resume": True}):
        assert "other content" in refused(lambda options=options: case.train(out, **{"overwrite": True, **options}))
    assert (place / "notes.txt").read_text() == "mine"
    shutil.rmtree(place)
    place.write_text("a file")
    assert "no folder" in refused(lambda: case.train(out, overwrite=True))


def test_a_model_that_is_to_be_replaced_stays_until_the_end(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"
    case.train(out, seed=5)
    before = content(out)
    stopped(monkeypatch, [5], lambda: case.train(out, overwrite=True))
    assert content(out) == before
    case.go_on(out)
    case.whole(tmp_path / "whole")
    assert content(out) == content(tmp_path / "whole") != before


def test_a_model_that_came_meanwhile_is_not_replaced(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"
    case.train(tmp_path / "other", seed=5)
    stopped(monkeypatch, [5], lambda: case.train(out))
    shutil.copytree(tmp_path / "other", out)
    assert "there is a model in this folder" in refused(lambda: case.go_on(out))
    assert content(out) == content(tmp_path / "other")
    case.go_on(out, overwrite=True)
    assert content(out) != content(tmp_path / "other")


def test_a_run_that_died_after_saving_has_ended(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"

    def dies(place: Beside) -> None:
        raise ElmanError("dead")

    with monkeypatch.context() as patch:
        patch.setattr(Beside, "finish", dies)
        with pytest.raises(ElmanError, match="dead"):
            case.train(out)
    before = content(out)
    inode = out.stat().st_ino
    assert os.listdir(tmp_path / "m.training") == ["checkpoint"]
    model = case.go_on(out)
    assert content(out) == before and out.stat().st_ino == inode and model.report["steps"] > 0
    assert os.listdir(tmp_path) == ["m"]


def test_a_damaged_checkpoint_is_one_line(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"
    stopped(monkeypatch, [5], lambda: case.train(out))
    place = tmp_path / "m.training" / "checkpoint"
    for name in os.listdir(place):
        before = (place / name).read_bytes()
        for after in (before[:-7], before[:20] + bytes([before[20] ^ 4]) + before[21:], b""):
            (place / name).write_bytes(after)
            told = refused(lambda: case.go_on(out), ModelFileError)
            assert "m.training" in told and "--overwrite" in told
        (place / name).write_bytes(before)
    case.go_on(out)


def test_a_second_run_is_refused_before_data_are_read(cases: dict[str, Case], tmp_path: Path) -> None:
    case, out, told = cases["running text"], tmp_path / "m", []

    def another(progress: Progress) -> None:
        if not told:
            for resume in (False, True):
                told.append(refused(lambda resume=resume: case.front.train(tmp_path / "no", out=out, resume=resume)))

    case.train(out, progress=another)
    assert len(told) == 2 and all(f"process {os.getpid()} on" in line for line in told)
    assert os.listdir(tmp_path) == ["m"]


def test_a_full_disk_while_training_or_saving_loses_nothing(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"
    case.whole(tmp_path / "whole")

    def full(*given: Any, **named: Any) -> None:
        raise OSError(28, os.strerror(28))

    stopped(monkeypatch, [5], lambda: case.train(out))
    for place in ("elman.training.checkpoint.save_tensors", "elman.models.folder.save_tensors"):
        with monkeypatch.context() as patch:
            patch.setattr(place, full)
            with pytest.raises(ElmanError, match="cannot be written: No space left on device") as caught:
                case.go_on(out)
            assert caught.value.exit_code == 1
        assert sorted(os.listdir(tmp_path)) == ["m.training", "whole"]
        assert os.listdir(tmp_path / "m.training") == ["checkpoint"]
    case.go_on(out)
    assert content(out) == content(tmp_path / "whole")


def test_an_interruption_of_the_last_judgement_can_be_gone_on_from(
    cases: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, out = cases["running text"], tmp_path / "m"
    case.whole(tmp_path / "whole")

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("elman.models.language_modelling.dev.DevText.tally", interrupt)
        with pytest.raises(KeyboardInterrupt):
            case.train(out)
    assert not out.exists()
    model = case.go_on(out)
    assert content(out) == content(tmp_path / "whole") and model.report["metrics"]
