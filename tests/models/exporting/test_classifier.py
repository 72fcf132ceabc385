"""Exported classifiers against those that they were made from, in every shape."""

from pathlib import Path

import numpy as np
import pytest

import elman
import remade
from elman.export import onnx_scan
from elman.nn.config import CELLS, POOLINGS
from tiny import reviews, table

TEXTS = ["the film is not funny !", "", "영화는 좋은", "zz 7 " * 40, "it", "."]


@pytest.fixture(scope="module")
def base() -> elman.Classifier:
    found: elman.Classifier = remade.load("classifier")
    return found


@pytest.mark.parametrize(
    "options",
    [
        *({"cell": cell, "layers": 2} for cell in CELLS), *({"pooling": way} for way in POOLINGS),
        {"pooling": "attention+max", "bidirectional": False}, {"feed_forward_layers": 2, "feed_forward": 5},
        {"members": 3}, {"bag": False}, {"bag_width": 4}, {"bag_width": 0}, {"character_hidden": 3},
        {"spelling": True}, {"spelling": True, "members": 2, "pooling": "max"},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_an_exported_classifier_answers_as_the_trained_one(
    options: dict[str, object], base: elman.Classifier, tmp_path: Path
) -> None:
    model = remade.classifier(base, **options)
    report = model.export(tmp_path / "exported")
    assert report["check"]["largest_difference"] < 1e-5 and report["check"]["equal"] == 1.0
    other = elman.load(tmp_path / "exported")
    assert other.predict(TEXTS) == model.predict(TEXTS)
    np.testing.assert_allclose(other.probabilities(TEXTS)[1], model.probabilities(TEXTS)[1], atol=1e-5)
    for text in TEXTS:
        np.testing.assert_allclose(other.probabilities([text])[1], model.probabilities([text])[1], atol=1e-5)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_states_are_pooled_however_a_layer_is_run(
    cell: str, bidirectional: bool, base: elman.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By ONNX's operators, and, but for the LSTM, as a product and a scan."""
    options = {"cell": cell, "bidirectional": bidirectional, "pooling": "last+mean+max+attention"}
    model = remade.classifier(base, **options)
    wanted = model.probabilities(TEXTS)[1]
    for least in (0, 1 << 20):
        if cell == "mingru" and least:
            continue
        kinds = {} if cell == "lstm" else {(cell, int8): least for int8 in (False, True)}
        monkeypatch.setattr(onnx_scan, "LEAST", kinds)
        model.export(tmp_path / f"exported{least}")
        other = elman.load(tmp_path / f"exported{least}")
        np.testing.assert_allclose(other.probabilities(TEXTS)[1], wanted, atol=1e-5)


@pytest.mark.parametrize("options", [{"ngrams": 3, "ngram_bits": 8}, {"adaptive": True}], ids=str)
def test_one_that_reads_the_symbols_of_a_language_model(options: dict[str, object], tmp_path: Path) -> None:
    remade.language_model(remade.load("language-model"), **options).save(tmp_path / "lm")
    wanted = {"from_": tmp_path / "lm", "bag_bits": 10, "batch_size": 4, "dev": "none", "epochs": 1}
    model = elman.Classifier.train(table(tmp_path / "t.tsv", reviews(8)), **wanted)
    model.export(tmp_path / "exported")
    other = elman.load(tmp_path / "exported")
    np.testing.assert_allclose(other.probabilities(TEXTS)[1], model.probabilities(TEXTS)[1], atol=1e-5)


def test_files_are_judged_and_labelled_as_by_torch(base: elman.Classifier, tmp_path: Path) -> None:
    model, path = base, table(tmp_path / "train.tsv", reviews(40))
    report = model.export(tmp_path / "m", files=[path])
    other = elman.load(tmp_path / "m")
    assert report["metrics"]["accuracy"] == report["metrics_before"]["accuracy"]
    written: tuple[list[str], list[str]] = ([], [])
    for one, lines in zip((model, other), written, strict=True):
        one.predict_to([tmp_path / "train.tsv"], lines.append)
    assert [line.split("\t")[:3] for line in written[0]] == [line.split("\t")[:3] for line in written[1]]
