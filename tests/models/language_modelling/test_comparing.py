"""One language model against another: both scores, and a difference that is theirs."""

import math
from pathlib import Path

import pytest

import elman
from elman.errors import OptionError
from elman.metrics.paired import paired_bootstrap
from tiny import SIZE


@pytest.fixture(scope="module")
def short(model: elman.LanguageModel, files: dict[str, Path]) -> elman.LanguageModel:
    """A worse model that reads as the other does, symbols of another sort."""
    continuous = model.config.reading.continuous
    return elman.LanguageModel.train(
        files["train"], dev="none", epochs=1, lr=1e-4, tokenizer="byte", continuous=continuous, **SIZE
    )


def test_the_difference_is_that_of_the_two_scores(
    model: elman.LanguageModel, short: elman.LanguageModel, files: dict[str, Path]
) -> None:
    report = model.evaluate(files["dev"], against=short)
    alone, other = model.evaluate(files["dev"]), short.evaluate(files["dev"])
    assert report["metrics"] == alone["metrics"] and report["against"]["metrics"] == other["metrics"]
    bits = alone["metrics"]["bits_per_character"] - other["metrics"]["bits_per_character"]
    assert math.isclose(report["against"]["difference"], bits, rel_tol=1e-5)
    low, high = report["against"]["interval"]
    assert low < bits < high < 0 and report["against"]["p_value"] < 0.01
    assert report["against"]["items"] == 20


def test_the_pairs_are_the_lines(
    model: elman.LanguageModel, short: elman.LanguageModel, files: dict[str, Path]
) -> None:
    nats = [[-sum(s.log_probability for s in line) for line in one.predict(files["dev"])] for one in (model, short)]
    lengths = [len(line) + 1 for line in files["dev"].read_text(encoding="utf-8").splitlines()]
    wanted = paired_bootstrap(*([n / math.log(2) for n in one] for one in nats), counts=lengths)
    found = model.evaluate(files["dev"], against=short)["against"]
    assert found["interval"] == pytest.approx(wanted["interval"]) and found["p_value"] == wanted["p_value"]


def test_a_model_from_its_folder_is_no_better_than_itself(
    model: elman.LanguageModel, files: dict[str, Path], tmp_path: Path
) -> None:
    model.save(tmp_path / "m")
    found = model.evaluate(files["dev"], against=tmp_path / "m")["against"]
    assert found["difference"] == pytest.approx(0, abs=1e-6) and found["p_value"] > 0.5


def test_what_cannot_be_compared_is_refused(model: elman.LanguageModel, files: dict[str, Path]) -> None:
    turned = not model.config.reading.continuous
    other = elman.LanguageModel.train(files["train"], dev="none", epochs=1, continuous=turned, **SIZE)
    with pytest.raises(OptionError, match="running text"):
        model.evaluate(files["dev"], against=other)
    with pytest.raises(OptionError, match="no language-model"):
        model.evaluate(files["dev"], against=files)
