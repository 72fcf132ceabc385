"""Tiny files and tiny trained models that the tests of models share."""

from pathlib import Path

import pytest

import elman
from tiny import SIZE, sentences, write


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A training and a dev file."""
    folder = tmp_path_factory.mktemp("texts")
    return {
        "train": write(folder / "train.txt", sentences(120)),
        "dev": write(folder / "dev.txt", sentences(20, seed=2)),
    }


@pytest.fixture(scope="session", params=["lines", "running"])
def model(request: pytest.FixtureRequest, files: dict[str, Path]) -> elman.LanguageModel:
    """A model of characters, of lines and of running text, with n-grams and two layers."""
    return elman.LanguageModel.train(
        files["train"], dev=files["dev"], epochs=2, continuous=request.param == "running",
        **{**SIZE, "layers": 2, "ngrams": 3, "ngram_bits": 8},
    )  # fmt: skip
