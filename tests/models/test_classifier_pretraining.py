"""Pretraining of classifiers on texts without labels, and what moves at which rate from when on."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.cli.main import main
from elman.errors import InputError, ModelFileError, OptionError
from elman.files.manifest import write_manifest
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import CLASSIFIER as KIND
from elman.training.loop import Outcome, Trainer
from tiny import CLASSIFIER, SIZE, reviews, table, write

FILES = ("weights.safetensors", "words.json", "labels.json")
BASE: dict[str, Any] = {**CLASSIFIER, "dev": "none", "epochs": 1, "precision": "fp32"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with few labelled texts and many without labels, in three formats."""
    folder = tmp_path_factory.mktemp("pretraining")
    table(folder / "train.tsv", reviews(24))
    table(folder / "dev.tsv", reviews(24, seed=2))
    texts = [f"{text} zebra" for _, text in reviews(60, seed=3)]
    write(folder / "more.txt", texts)
    (folder / "more.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts[:9]), encoding="utf-8")
    table(folder / "more.tsv", reviews(9, seed=4))
    return folder


def trained(place: Path, **options: Any) -> elman.Classifier:
    return elman.Classifier.train(place / "train.tsv", **{**BASE, **options})


def test_texts_without_labels_are_learnt_and_their_words_known(place: Path) -> None:
    files = [place / "more.txt", place / "more.jsonl", place / "more.tsv"]
    with_texts = trained(place, unlabelled=files, lr=0.02, pretraining_epochs=1)
    longer = trained(place, unlabelled=files, lr=0.02, pretraining_epochs=6)
    without = trained(place, lr=0.02)
    assert "zebra" in with_texts.features.vocabulary and "zebra" not in without.features.vocabulary
    first, later = (model.record.training["pretraining"] for model in (with_texts, longer))
    assert later["nats"] < 0.7 * first["nats"]
    assert later["read"] == 6 * first["read"] == 6 * first["tokens"]
    assert [entry["name"] for entry in longer.record.training["data"]["unlabelled"]] == [file.name for file in files]
    assert "more.jsonl" in longer.show() and "as language models, 6.00 epochs of" in longer.show()
    assert "as language models" not in without.show()


def test_embedding_and_stack_are_what_pretraining_made_of_them(place: Path) -> None:
    still: dict[str, Any] = {"unlabelled": place / "more.txt", "layer_decay": 1000.0, "thaw": 0.0}
    one, other = (trained(place, pretraining_epochs=n, **still).engine.arrays() for n in (1, 2))
    for name in ("embedding.E", "embedding.features", "stack.layers.0.0.U", "stack.layers.0.1.W"):
        assert np.abs(one[name] - other[name]).max() > 1e-3
    np.testing.assert_array_equal(one["bag.E"] != 0, other["bag.E"] != 0)


@pytest.mark.usefixtures("own_time")
def test_a_budget_is_shared_kept_and_its_run_can_be_repeated(place: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    files: dict[str, Any] = {"dev": place / "dev.tsv", "unlabelled": place / "more.txt"}
    told: list[float] = []
    model = elman.Classifier.train(
        place / "train.tsv", **files, out=tmp_path / "a", budget="4s", **{**CLASSIFIER, "pretraining_share": 0.5},
        progress=lambda event: told.append(event.fraction),
    )  # fmt: skip
    assert time.monotonic() - begun < 6
    assert model.record.training["pretraining"]["read"] > 0 and model.report["steps"] > 0
    assert told == sorted(told) and 0 < told[0] < 0.5 < told[-1]
    elman.Classifier.train(place / "train.tsv", **files, out=tmp_path / "b", replay=tmp_path / "a")
    for name in FILES:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    with pytest.raises(OptionError, match="--unlabelled: these are not the files"):
        elman.Classifier.train(place / "train.tsv", dev=place / "dev.tsv", replay=tmp_path / "a")
    path = tmp_path / "a" / "training.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["pretraining"]["plan"] = [[0, "a", 1]]
    path.write_text(json.dumps(record), encoding="utf-8")
    write_manifest(tmp_path / "a", (*READ, WEIGHTS, *KIND.documents))
    with pytest.raises(ModelFileError, match="the plan of pretraining"):
        elman.Classifier.train(place / "train.tsv", **files, replay=tmp_path / "a")


def test_the_share_of_a_budget_is_heeded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    train, budgets = Trainer.train, []

    def watched(trainer: Trainer) -> Outcome:
        budgets.append(trainer.limits.budget)
        return train(trainer)

    monkeypatch.setattr(Trainer, "train", watched)
    for share in (0.25, 0.75):
        trained(place, epochs=None, budget="1s", unlabelled=place / "more.txt", pretraining_share=share)
    assert budgets == [0.25, 1.0, 0.75, 1.0]


def test_layers_stand_still_until_their_time_and_move_by_their_rates(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.step
    seen: list[tuple[float, dict[str, np.ndarray[Any, Any]]]] = []

    def watched(trainer: Trainer) -> None:
        weights = {name: p.detach().numpy().copy() for name, p in trainer.task.network.named_parameters()}
        seen.append((trainer.run.plan.progress(trainer.run.step), weights))
        step(trainer)

    monkeypatch.setattr(Trainer, "step", watched)
    options: dict[str, Any] = {"layers": 2, "weight_decay": 0.0, "epochs": 2, "averaging": 0.0, "clip": 0.0}
    trained(place, **options, thaw=0.6, lr=0.01)
    first = seen[0][1]
    begins = {"head.V": 0.0, "bag.E": 0.0, "stack.layers.1.0.U": 0.2, "stack.layers.0.1.W": 0.4, "embedding.E": 0.6}
    for name, begin in begins.items():
        for progress, weights in seen[1:]:
            moved = not np.array_equal(weights[name], first[name])
            before = progress - 1 / len(seen)  # what the last step was taken at
            assert moved == (before >= begin - 1e-9), (name, progress)
    seen.clear()
    trained(place, **options, layer_decay=10.0, lr=0.01, warmup=0.0)
    far = {name: np.abs(seen[1][1][name] - seen[0][1][name]).max() for name in begins}
    assert far["head.V"] == pytest.approx(10 * far["stack.layers.1.0.U"], rel=0.02)
    assert far["head.V"] == pytest.approx(100 * far["stack.layers.0.1.W"], rel=0.02)
    assert far["bag.E"] == pytest.approx(1000 * far["embedding.E"], rel=0.02)


def test_rates_fall_by_depth_where_something_was_learnt_before(place: Path) -> None:
    options = {
        "plain": trained(place), "pretrained": trained(place, unlabelled=place / "more.txt"),
        "given": trained(place, unlabelled=place / "more.txt", layer_decay=1.0, thaw=0.0),
    }  # fmt: skip
    found = {
        name: tuple(model.record.training["options"][key] for key in ("layer_decay", "thaw"))
        for name, model in options.items()
    }
    assert found == {"plain": (1.0, 0.0), "pretrained": (2.6, 0.2), "given": (1.0, 0.0)}
    arrays = {name: model.engine.arrays()["stack.layers.0.0.U"] for name, model in options.items()}
    assert not np.array_equal(arrays["pretrained"], arrays["given"])


def test_a_language_model_is_taken_and_the_texts_learnt_besides(place: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = write(place / "lines.txt", [text for _, text in reviews(30)])
    lm = place / "lm"
    elman.LanguageModel.train(lines, dev="none", out=lm, epochs=1, minimum_count=1, **SIZE)
    with caplog.at_level(logging.INFO, logger="elman"):
        model = elman.Classifier.train(
            place / "train.tsv", dev="none", from_=lm, unlabelled=place / "more.txt", epochs=1, pretraining_epochs=4,
            batch_size=4, lr=0.02,
        )  # fmt: skip
    assert "pretrained on" in caplog.text
    earlier = model.record.training["pretraining"]
    texts = [text for _, text in reviews(24)] + [f"{text} zebra" for _, text in reviews(60, seed=3)]
    assert earlier["tokens"] == sum(1 + len(text) for text in texts)
    assert earlier["nats"] < 2.5
    assert model.record.training["options"]["layer_decay"] == 2.6


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pretraining_epochs": 2}, "--pretraining-epochs: there is no text to pretrain on"),
        ({"pretraining_share": 0.2}, "--pretraining-share: there is no text to pretrain on"),
        ({"unlabelled": "more.txt", "pretraining_share": 0.2}, "--pretraining-share: this run goes by epochs"),
        (
            {"unlabelled": "more.txt", "pretraining_epochs": 2, "epochs": None, "budget": "2s"},
            "--pretraining-epochs: this run goes by time",
        ),
        ({"unlabelled": "empty.txt"}, "empty.txt: there is no text with words"),
        ({"unlabelled": "none.txt"}, "none.txt"),
        ({"layer_decay": 0.5}, "--layer-decay"),
    ],
)
def test_what_makes_no_sense_is_refused(place: Path, options: dict[str, Any], told: str) -> None:
    write(place / "empty.txt", ["", " "])
    options = {name: place / value if name == "unlabelled" else value for name, value in options.items()}
    with pytest.raises((OptionError, InputError), match=told):
        trained(place, **options)


def test_a_classifier_that_has_learnt_labels_is_not_pretrained(place: Path, tmp_path: Path) -> None:
    trained(place, out=tmp_path / "m")
    with pytest.raises(OptionError, match="--unlabelled: a classifier that has learnt labels"):
        elman.Classifier.train(place / "train.tsv", from_=tmp_path / "m", epochs=1, unlabelled=place / "more.txt")


def test_both_ways_are_commands(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--train", str(place / "train.tsv"), "--dev", "none", "--epochs", "1", "--threads", "1"]
    small = [word for name, value in CLASSIFIER.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    more = ["--unlabelled", str(place / "more.txt"), str(place / "more.jsonl"), "--pretraining-epochs", "2"]
    assert main(["train", "classifier", *words, *small, *more, "--out", str(tmp_path / "a")]) == 0
    lm = ["train", "language-model", "--train", str(place / "more.txt"), *words[2:], "--hidden", "8"]
    assert main([*lm, "--out", str(tmp_path / "lm")]) == 0
    start = ["--from", str(tmp_path / "lm"), "--layer-decay", "2", "--thaw", "0.1"]
    assert main(["train", "classifier", *words, *start, "--out", str(tmp_path / "b")]) == 0
    assert main(["predict", str(tmp_path / "b"), str(place / "more.txt"), "--out", str(tmp_path / "p.jsonl")]) == 0
    assert len((tmp_path / "p.jsonl").read_text(encoding="utf-8").splitlines()) == 60
    assert main(["show", str(tmp_path / "b")]) == 0
    assert "characters, vocabulary of" in capsys.readouterr().out
    missing = ["--unlabelled", str(tmp_path / "no.txt"), "--out", str(tmp_path / "c")]
    assert main(["train", "classifier", *words, *missing]) == 2
    assert "no.txt" in capsys.readouterr().err
