"""Training runs of classifiers as a user makes them: the same bits, gone on from, told of or refused; and every option
shows."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ElmanError, InputError, OptionError
from tiny import CLASSIFIER, reviews, table, write

FILES = ("weights.safetensors", "words.json", "labels.json")


def bits(path: Path) -> list[bytes]:
    return [(path / name).read_bytes() for name in FILES]


def logged(caplog: pytest.LogCaptureFixture, run: Callable[[], elman.Classifier]) -> tuple[elman.Classifier, str]:
    """The model of a run and what was logged meanwhile."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="elman"):
        return run(), caplog.text


def test_the_same_seed_gives_the_same_bits(tables: dict[str, Path], tmp_path: Path) -> None:
    dropped = {"word_dropout": 1.0, "feature_dropout": 0.2, "bag_dropout": 0.2, "output_dropout": 0.2}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        elman.Classifier.train(
            tables["train"], dev=tables["dev"], out=tmp_path / name, epochs=1, seed=seed, **{**CLASSIFIER, **dropped}
        )
    first, again, other = (bits(tmp_path / name) for name in "abc")
    assert first == again
    assert first[0] != other[0] and first[1] == other[1]


@pytest.mark.usefixtures("own_time")
def test_a_budget_is_kept_and_its_run_can_be_repeated(tables: dict[str, Path], tmp_path: Path) -> None:
    begun = time.monotonic()
    model = elman.Classifier.train(tables["train"], dev=tables["dev"], out=tmp_path / "a", budget="2s", **CLASSIFIER)
    assert time.monotonic() - begun < 3
    assert model.report["seconds"] > 0.6
    elman.Classifier.train(tables["train"], dev=tables["dev"], out=tmp_path / "b", replay=tmp_path / "a")
    assert bits(tmp_path / "a") == bits(tmp_path / "b")


def test_a_file_sorted_by_label_trains_as_well_as_a_shuffled_one(tmp_path: Path) -> None:
    rows = sorted(reviews(120))
    model = elman.Classifier.train(
        table(tmp_path / "sorted.tsv", rows), dev=table(tmp_path / "dev.tsv", reviews(40, seed=2)), epochs=8, lr=0.02,
        **CLASSIFIER,
    )  # fmt: skip
    assert model.report["metrics"]["accuracy"] > 0.9


@pytest.mark.parametrize("width", [0, 3])
def test_training_goes_on_from_a_folder_and_labels_are_added(tmp_path: Path, width: int) -> None:
    rows = reviews(40)
    first = elman.Classifier.train(
        table(tmp_path / "a.tsv", rows), dev="none", out=tmp_path / "a", epochs=1, precision="fp32", bag_width=width,
        **CLASSIFIER,
    )  # fmt: skip
    more = [*rows, *(("angry", f"{text} argh grr") for _, text in rows[:20])]
    path = table(tmp_path / "b.tsv", more)
    still = elman.Classifier.train(path, dev="none", from_=tmp_path / "a", epochs=1, lr=0.0)
    assert first.labels.names == ("bad", "good") and still.labels.names == ("bad", "good", "angry")
    assert still.labels.counts == (*(2 * count for count in first.labels.counts), 20)
    before, after = first.engine.arrays(), still.engine.arrays()
    for name, array in before.items():
        np.testing.assert_allclose(after[name][tuple(map(slice, array.shape))], array, rtol=1e-6, atol=1e-7)
    assert after["head.V"].shape[0] == 3
    on = elman.Classifier.train(path, dev="none", from_=tmp_path / "a", epochs=8, lr=0.02)
    assert on.predict(["the film is slow argh grr"]) == ["angry"]


def test_what_does_not_fit_the_folder_that_is_started_from_is_refused(tables: dict[str, Path], tmp_path: Path) -> None:
    elman.Classifier.train(tables["train"], dev="none", out=tmp_path / "a", epochs=1, **CLASSIFIER)

    def start(folder: str = "a", **options: Any) -> str:
        with pytest.raises((OptionError, InputError)) as caught:
            elman.Classifier.train(tables["train"], dev="none", from_=tmp_path / folder, epochs=1, **options)
        return str(caught.value)

    assert "has hidden 8" in start(hidden=16)
    assert "has bag_bits 10" in start(bag_bits=9)
    assert "has pooling last+mean+max" in start(pooling="mean")
    assert "has multi_label False" in start(multi_label=True)
    assert "--vectors" in start(vectors=write(tmp_path / "v.vec", ["fine 1 2 3 4 5 6"]))
    with pytest.raises(ElmanError, match="no such folder"):
        elman.Classifier.train(tables["train"], from_=tmp_path / "none", epochs=1)


def test_vectors_of_a_file_are_those_that_training_begins_with(tables: dict[str, Path], tmp_path: Path) -> None:
    vectors = write(tmp_path / "v.vec", ["2 3", "fine 1 2 3", "unheard 4 5 6"])
    size = {**CLASSIFIER, "word_width": 3}
    model = elman.Classifier.train(tables["train"], dev="none", vectors=vectors, epochs=1, lr=0.0, **size)
    place = 1 + model.features.vocabulary.index("fine")
    np.testing.assert_allclose(model.engine.arrays()["embedding.E"][place], [1, 2, 3], rtol=0.01)
    assert "unheard" not in model.features.vocabulary


def test_texts_without_words_and_long_ones_are_told_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [*reviews(20), ("good", " "), ("bad", "\u3000"), ("good", "fine " * 30)]
    path = table(tmp_path / "a.tsv", rows)
    model, text = logged(caplog, lambda: elman.Classifier.train(path, dev="none", epochs=1, longest=20, **CLASSIFIER))
    assert "2 texts without words are passed over" in text
    assert "of 1 texts with more than 20 words, training reads the first three quarters" in text
    assert model.labels.texts == 21


def test_labels_of_dev_that_training_has_not_are_warned_of_and_wrong(
    tables: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dev = table(tmp_path / "dev.tsv", [("odd", "the film is fine"), ("odd", "")])
    model, text = logged(caplog, lambda: elman.Classifier.train(tables["train"], dev=dev, epochs=1, **CLASSIFIER))
    assert "1 labels of the dev texts are not in the training texts (odd); they count as wrong" in text
    assert model.report["metrics"]["accuracy"] == 0.0 and model.labels.temperature == 1.0


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("good", "a"), ("good", "b")], "there is no more than one label, good"),
        ([("good", " "), ("bad", " ")], "there is no text with words"),
    ],
)
def test_files_that_teach_nothing_are_refused(tmp_path: Path, rows: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(InputError, match=told):
        elman.Classifier.train(table(tmp_path / "a.tsv", rows), dev="none", epochs=1, **CLASSIFIER)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pooling": "last+men"}, "did you mean mean"),
        ({"pooling": "max+max"}, "named twice"),
        ({"bag_bits": 24, "bag_width": 4096}, "the table of the bag"),
        ({"class_weights": "some"}, "--class-weights"),
        ({"hiden": 3}, "did you mean hidden"),
        ({"bag": False, "bag_width": 3}, "--bag-bits: it changes nothing beside --no-bag; leave one of them out"),
        ({"feed_forward_layers": 0, "feed_forward": 8}, "nothing beside --feed-forward-layers 0"),
    ],
)
def test_options_that_make_no_sense_are_refused(tables: dict[str, Path], options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        elman.Classifier.train(tables["train"], dev="none", **{**CLASSIFIER, **options})
