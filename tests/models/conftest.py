"""Tiny files and tiny trained models that the tests of models share."""

import random
from pathlib import Path

import pytest

import elman
from tiny import CLASSIFIER, SIZE, TAGGER, columns, conllu, reviews, sentences, table, tagged, write


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A training and a dev file."""
    folder = tmp_path_factory.mktemp("texts")
    return {
        "train": write(folder / "train.txt", sentences(60)),
        "dev": write(folder / "dev.txt", sentences(20, seed=2)),
    }


@pytest.fixture(scope="session", params=["lines", "running"])
def model(request: pytest.FixtureRequest, files: dict[str, Path]) -> elman.LanguageModel:
    """A model of characters, of lines and of running text, with n-grams and two layers."""
    return elman.LanguageModel.train(
        files["train"], dev=files["dev"], epochs=2, continuous=request.param == "running",
        **{**SIZE, "layers": 2, "ngrams": 3, "ngram_bits": 8},
    )  # fmt: skip


@pytest.fixture(scope="session")
def treebank(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A training and a dev file with parts of speech, and the same sentences with spans."""
    folder = tmp_path_factory.mktemp("tokens")
    train, dev = tagged(60), tagged(12, seed=2)
    return {
        "train": conllu(folder / "train.conllu", train), "dev": conllu(folder / "dev.conllu", dev),
        "train spans": columns(folder / "train.bio", train), "dev spans": columns(folder / "dev.bio", dev),
    }  # fmt: skip


@pytest.fixture(scope="session")
def tagger(treebank: dict[str, Path]) -> elman.Tagger:
    """A tagger of two columns, spans with a CRF and parts of speech without, which has learnt its small grammar."""
    dropped = ("input_dropout", "output_dropout", "word_dropout", "feature_dropout")
    return elman.Tagger.train(
        treebank["train spans"], dev=treebank["dev spans"], label_columns=["2", "1"], epochs=16, lr=0.05,
        **{**TAGGER, **dict.fromkeys(dropped, 0.0)},
    )  # fmt: skip


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A training and a dev file of texts with one label each."""
    folder = tmp_path_factory.mktemp("reviews")
    return {
        "train": table(folder / "train.tsv", reviews(80)), "dev": table(folder / "dev.tsv", reviews(24, seed=2)),
    }  # fmt: skip


@pytest.fixture(scope="session")
def classifier(tables: dict[str, Path]) -> elman.Classifier:
    """A classifier of two labels that has learnt its small grammar."""
    return elman.Classifier.train(tables["train"], dev=tables["dev"], epochs=12, lr=0.02, **CLASSIFIER)


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[elman.Classifier, Path]:
    """A classifier of any number of labels a text, and the file that it has learnt."""
    path = tmp_path_factory.mktemp("many") / "train.ft"
    words = {"animal": "cat dog", "colour": "red blue", "number": "one two"}
    chooser = random.Random(1)
    lines = []
    for _ in range(80):
        chosen = [name for name in words if chooser.random() < 0.5]
        tokens = [chooser.choice(words[name].split()) for name in chosen] + ["thing"]
        lines.append(" ".join([*(f"__label__{name}" for name in chosen), *chooser.sample(tokens, len(tokens))]))
    write(path, lines)
    return elman.Classifier.train(path, dev="none", multi_label=True, epochs=24, lr=0.02, **CLASSIFIER), path
