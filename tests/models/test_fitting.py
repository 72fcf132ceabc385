"""Training runs as a user makes them: the same bits, repeated, gone on from, interrupted, saved or refused."""

import json
import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ElmanError, InputError, OptionError, TrainingError
from elman.models.progress import Progress
from tiny import SIZE, sentences, write


def bits(path: Path) -> bytes:
    return (path / "weights.safetensors").read_bytes()


@pytest.mark.parametrize("continuous", [False, True])
def test_the_same_seed_gives_the_same_bits(files: dict[str, Path], tmp_path: Path, continuous: bool) -> None:
    dropped = {"input_dropout": 0.2, "output_dropout": 0.2, "ngrams": 3, "ngram_bits": 8, "embedding_dropout": 0.1}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        elman.LanguageModel.train(
            files["train"], dev=files["dev"], out=tmp_path / name, epochs=2, seed=seed, continuous=continuous,
            **{**SIZE, **dropped},
        )  # fmt: skip
    assert bits(tmp_path / "a") == bits(tmp_path / "b") != bits(tmp_path / "c")
    assert (tmp_path / "a" / "tokenizer.json").read_bytes() == (tmp_path / "b" / "tokenizer.json").read_bytes()


@pytest.mark.usefixtures("own_time")
def test_a_budget_is_kept_and_its_run_can_be_repeated(files: dict[str, Path], tmp_path: Path) -> None:
    begun = time.monotonic()
    model = elman.LanguageModel.train(files["train"], out=tmp_path / "a", budget="2s", **SIZE)
    assert time.monotonic() - begun < 3
    assert model.report["seconds"] > 0.6
    elman.LanguageModel.train(files["train"], out=tmp_path / "b", replay=tmp_path / "a")
    assert bits(tmp_path / "a") == bits(tmp_path / "b")


def test_a_run_is_repeated_with_its_own_files_and_options_alone(files: dict[str, Path], tmp_path: Path) -> None:
    elman.LanguageModel.train(files["train"], dev=files["dev"], out=tmp_path / "a", epochs=1, **SIZE)
    with pytest.raises(OptionError, match="not the files of the run"):
        elman.LanguageModel.train(files["dev"], dev=files["dev"], replay=tmp_path / "a")
    with pytest.raises(OptionError, match="not the files of the run"):
        elman.LanguageModel.train(files["train"], replay=tmp_path / "a")
    with pytest.raises(OptionError, match="leave it out"):
        elman.LanguageModel.train(files["train"], dev=files["dev"], replay=tmp_path / "a", seed=3)


def test_training_goes_on_from_a_folder(files: dict[str, Path], tmp_path: Path) -> None:
    first = elman.LanguageModel.train(files["train"], dev=files["dev"], out=tmp_path / "a", epochs=4, lr=0.02, **SIZE)
    other = write(tmp_path / "other.txt", sentences(60, seed=9))
    on = elman.LanguageModel.train(other, dev=files["dev"], from_=tmp_path / "a", out=tmp_path / "b", epochs=2, lr=0.01)
    fresh = elman.LanguageModel.train(other, dev=files["dev"], epochs=2, lr=0.01, **SIZE)
    assert on.config.stack == first.config.stack
    assert on.tokenizer.symbols == first.tokenizer.symbols
    assert on.report["metrics"]["loss"] < fresh.report["metrics"]["loss"] - 0.3
    elman.LanguageModel.train(other, dev=files["dev"], from_=tmp_path / "a", replay=tmp_path / "b", out=tmp_path / "c")
    assert bits(tmp_path / "b") == bits(tmp_path / "c")


def test_a_folder_that_is_started_from_decides_the_shape(files: dict[str, Path], tmp_path: Path) -> None:
    elman.LanguageModel.train(files["train"], dev="none", out=tmp_path / "a", epochs=1, **SIZE)
    with pytest.raises(OptionError, match="has hidden 16"):
        elman.LanguageModel.train(files["train"], from_=tmp_path / "a", epochs=1, hidden=32)
    with pytest.raises(OptionError, match="another folder"):
        elman.LanguageModel.train(files["train"], dev="none", from_=tmp_path / "a", out=tmp_path / "b", epochs=1)
        elman.LanguageModel.train(files["train"], dev="none", replay=tmp_path / "b")


@pytest.mark.parametrize(("evaluations", "is_kept"), [(1, False), (200, True)])
def test_a_loss_that_is_not_finite_keeps_what_was_good(
    files: dict[str, Path], tmp_path: Path, evaluations: int, is_kept: bool
) -> None:
    with pytest.raises(TrainingError, match="give a lower --lr"):
        elman.LanguageModel.train(
            files["train"], dev=files["dev"], out=tmp_path / "a", epochs=30, lr=900, clip=0, cell="elman",
            weight_decay=10, evaluations=evaluations, **SIZE,
        )  # fmt: skip
    assert (tmp_path / "a").exists() == is_kept
    assert not list(tmp_path.glob("*.training"))
    if is_kept:
        assert isinstance(elman.load(tmp_path / "a").generate(max_tokens=3), str)


def test_without_dev_a_twentieth_is_set_aside(
    files: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="elman"):
        model = elman.LanguageModel.train(files["train"], epochs=1, **SIZE)
    assert "a twentieth of the training text is set aside" in caplog.text
    lines = files["train"].read_text(encoding="utf-8").splitlines()
    counted = sum(len(line) + 1 for i, line in enumerate(lines) if i % 20 != 19)
    assert model.report["tokens"] == counted
    whole = elman.LanguageModel.train(files["train"], dev="none", epochs=1, **SIZE)
    assert whole.report["tokens"] == sum(len(line) + 1 for line in lines)
    assert whole.report["metrics"] == {}


def test_what_was_left_open_is_chosen_and_told(files: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="elman"):
        model = elman.LanguageModel.train(files["train"], epochs=1)
    assert f"hidden {model.config.stack.hidden}" in caplog.text
    assert model.record.training["options"]["hidden"] == model.config.stack.hidden


def test_history_and_card_tell_the_run(files: dict[str, Path], tmp_path: Path) -> None:
    model = elman.LanguageModel.train(
        files["train"], dev=files["dev"], out=tmp_path / "a", epochs=2, evaluations=4, **SIZE
    )
    lines = [json.loads(line) for line in (tmp_path / "a" / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 4 and lines[-1]["progress"] == 1.0
    assert all(set(line["dev"]) == {"weights", "averaged"} for line in lines)
    page = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    assert "train.txt" in page and f"{model.report['metrics']['loss']:.4f}" in page
    assert "16 lstm units" in model.show()


def test_a_place_that_is_taken_meanwhile_costs_no_model(files: dict[str, Path], tmp_path: Path) -> None:
    def take(progress: Progress) -> None:
        (tmp_path / "a").mkdir(exist_ok=True)
        (tmp_path / "a" / "notes.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(ElmanError, match=r"saved to .*a-2 instead") as caught:
        elman.LanguageModel.train(files["train"], out=tmp_path / "a", epochs=1, progress=take, **SIZE)
    assert caught.value.exit_code == 1
    assert elman.load(tmp_path / "a-2").report["steps"] > 0
    assert (tmp_path / "a" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_loaded_model_keeps_its_history(files: dict[str, Path], tmp_path: Path) -> None:
    elman.LanguageModel.train(files["train"], out=tmp_path / "a", epochs=1, **SIZE)
    elman.load(tmp_path / "a").save(tmp_path / "b")
    assert (tmp_path / "a" / "history.jsonl").read_bytes() == (tmp_path / "b" / "history.jsonl").read_bytes()


def test_a_run_without_a_start_is_not_repeated_from_one(files: dict[str, Path], tmp_path: Path) -> None:
    elman.LanguageModel.train(files["train"], out=tmp_path / "a", epochs=1, **SIZE)
    with pytest.raises(OptionError, match="leave it out"):
        elman.LanguageModel.train(files["train"], from_=tmp_path / "a", replay=tmp_path / "a")


def test_one_dropout_stands_for_all_places(files: dict[str, Path]) -> None:
    model = elman.LanguageModel.train(files["train"], epochs=1, dropout=0.3, output_dropout=0.1, **SIZE)
    options = model.record.training["options"]
    assert (options["input_dropout"], options["output_dropout"]) == (0.3, 0.1)


def test_what_would_be_ignored_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    for options, told in (
        ({"patience": 2, "dev": "none"}, "nothing is judged"),
        ({"averaging": 0.5, "dev": "none"}, "nothing is judged"),
        ({"ngram_bits": 8, "ngrams": 1}, "no n-grams"),
        ({"cell": "mingru", "weight_drop": 0.5}, "no recurrent weights"),
        ({"bidirectional": True}, "only left"),
    ):
        assert told in refused(
            lambda options=options: elman.LanguageModel.train(files["train"], epochs=1, **{**SIZE, **options})
        )


def refused(call: Callable[[], Any], place: Path | None = None) -> str:
    with pytest.raises(ElmanError) as caught:
        call()
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    if place is not None:
        assert not place.exists()
    return str(caught.value)


def test_bad_requests_are_refused_in_one_line_and_leave_nothing(files: dict[str, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    empty, binary = tmp_path / "empty.txt", tmp_path / "binary.txt"
    empty.write_bytes(b"")
    binary.write_bytes(bytes(range(256)) * 4)
    korean = tmp_path / "cp949.txt"
    korean.write_bytes("한국어 글입니다\n".encode("cp949"))

    def train(path: Any, **options: Any) -> Callable[[], Any]:
        return lambda: elman.LanguageModel.train(path, out=out, **{"epochs": 1, **SIZE, **options})

    assert "missing.txt" in refused(train(tmp_path / "missing.txt"), out)
    assert "empty.txt" in refused(train(empty), out)
    assert "binary.txt" in refused(train(binary), out)
    assert "cp949.txt:1" in refused(train(korean), out) and "--encoding" in refused(train(korean), out)
    refused(train(tmp_path), out)
    assert "only once" in refused(train("-"), out)
    refused(train([]), out)
    refused(train(None), out)
    refused(train(files["train"], budget="5m"), out)
    refused(train(files["train"], lr=-1.0), out)
    refused(train(files["train"], cell="lstn"), out)
    refused(lambda: elman.LanguageModel.train(files["train"], budget="soon", out=out), out)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    ours = tmp_path / "mine"
    ours.mkdir()
    (ours / "thesis.txt").write_text("years of work", encoding="utf-8")
    refused(lambda: elman.LanguageModel.train(files["train"], out=ours, overwrite=True, epochs=1, **SIZE))
    assert (ours / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_cp949_files_are_read_with_their_encoding(tmp_path: Path) -> None:
    path = tmp_path / "cp949.txt"
    path.write_bytes("한국어 글입니다\n두 번째 줄\n".encode("cp949") * 30)
    model = elman.LanguageModel.train(path, epochs=1, encoding="cp949", **SIZE)
    assert "한" in model.tokenizer.symbols
    assert model.evaluate(path, reading={"encoding": "cp949"})["tokens"] == 60 * 8
    with pytest.raises(InputError, match="--encoding"):
        model.evaluate(path)


def test_a_folder_is_replaced_only_when_asked(files: dict[str, Path], tmp_path: Path) -> None:
    model = elman.LanguageModel.train(files["train"], out=tmp_path / "a", epochs=1, **SIZE)
    with pytest.raises(OptionError, match="--overwrite"):
        elman.LanguageModel.train(files["train"], out=tmp_path / "a", epochs=1, **SIZE)
    model.save(tmp_path / "a", overwrite=True)
    shutil.rmtree(tmp_path / "a")
    model.save(tmp_path / "a")
    assert elman.load(tmp_path / "a").report == model.report
