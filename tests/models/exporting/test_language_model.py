"""Exported language models against those that they were made from, in every shape."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

import elman
import remade
from elman.errors import OptionError
from elman.export import onnx_graph
from elman.models.exporting import checking
from elman.nn.config import CELLS
from tiny import sentences, write


@pytest.mark.parametrize(
    "options",
    [
        *({"cell": cell, "layers": 2} for cell in CELLS), {"ngrams": 3, "ngram_bits": 8}, {"tied": True, "hidden": 9},
        {"tied": True, "embedding": 8}, {"adaptive": True, "tied": True}, {"adaptive": True, "tied": False},
        {"adaptive": True, "tied": True, "embedding": 40}, {"continuous": True, "ngrams": 1},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_an_exported_model_answers_as_the_trained_one(options: dict[str, object], tmp_path: Path) -> None:
    model = remade.language_model(remade.load("language-model"), **options)
    report = model.export(tmp_path / "exported")
    assert report["check"]["largest_difference"] < 1e-5 and report["check"]["equal"] == 1.0
    other, text = elman.load(tmp_path / "exported"), "the cat 찾는다 me. zz"
    one, two = (each.score(text, each.feed("a dog "), end=True) for each in (model, other))
    assert [scored.symbol for scored in one] == [scored.symbol for scored in two]
    for mine, its in zip(one, two, strict=True):
        assert its.log_probability == pytest.approx(mine.log_probability, rel=1e-5, abs=1e-5)
    sampling = {"seed": 3, "max_tokens": 30, "samples": 2}
    assert other.generate("the ", **sampling) == model.generate("the ", **sampling)
    path = write(tmp_path / "train.txt", sentences(12))
    for name, figure in model.evaluate(path)["metrics"].items():
        assert other.evaluate(path)["metrics"][name] == pytest.approx(figure, rel=1e-5)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[elman.LanguageModel, elman.LanguageModel, Path]:
    folder = tmp_path_factory.mktemp("pair")
    model = remade.language_model(remade.load("language-model"), ngrams=3, ngram_bits=8)
    model.export(folder / "m")
    return model, elman.load(folder / "m"), folder


def test_rows_of_uneven_lengths_carry_their_states(pair: tuple[elman.LanguageModel, elman.LanguageModel, Path]) -> None:
    one, two = (each.engine for each in pair[:2])
    ids = np.random.default_rng(0).integers(2, pair[0].config.symbols, (4, 9))
    lengths, state = np.array([9, 0, 4, 1]), one.read(one.start(4), ids[:, :3])
    (wanted, after), (got, its_after) = (each.nats(state, ids, targets=ids, lengths=lengths) for each in (one, two))
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    for mine, its in zip(after, its_after, strict=True):
        np.testing.assert_allclose(its, mine, atol=1e-5)
        assert its.dtype == mine.dtype


def test_a_state_of_one_engine_is_one_of_the_other(
    pair: tuple[elman.LanguageModel, elman.LanguageModel, Path], tmp_path: Path
) -> None:
    model, other, _ = pair
    other.save_state(other.feed("the cat"), tmp_path / "s")
    likely = model.next(model.load_state(tmp_path / "s"))
    for (mine, p), (its, q) in zip(likely, other.next(other.feed("the cat")), strict=True):
        assert mine == its and q == pytest.approx(p, rel=1e-4)


def test_it_does_not_learn_while_it_is_judged(pair: tuple[elman.LanguageModel, elman.LanguageModel, Path]) -> None:
    with pytest.raises(OptionError, match="does not learn"):
        pair[1].evaluate(write(pair[2] / "new.txt", sentences(2)), dynamic=True)


@pytest.mark.parametrize("options", [{}, {"adaptive": True}], ids=str)
def test_in_int8_large_matrices_are_rounded_and_most_answers_equal(
    options: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx_graph, "SMALL", 0)
    model = remade.language_model(
        remade.load("language-model"), cell="lstm", hidden=64, embedding=64, tied=True, **options
    )
    path = write(tmp_path / "new.txt", sentences(12))
    monkeypatch.setattr(checking, "EQUAL", 0.5)  # weights that are drawn are never sure
    report = model.export(tmp_path / "m", int8=True, files=[path])
    assert 1e-5 < report["check"]["largest_difference"] < 0.5
    assert (tmp_path / "m" / "states.onnx").stat().st_size < model.engine.parameters() * 2
    assert report["metrics"]["loss"] == pytest.approx(report["metrics_before"]["loss"], rel=0.05)


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_a_step_is_what_reading_one_symbol_is(cell: str, int8: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_graph, "SMALL", 0)
    monkeypatch.setattr(checking, "EQUAL", 0.5)
    model = remade.language_model(remade.load("language-model"), cell=cell, hidden=64, embedding=64, ngrams=1)
    with TemporaryDirectory() as folder:
        model.export(Path(folder) / "m", int8=int8)
        engine = elman.load(Path(folder) / "m").engine
    state, near = engine.start(3), 0.1 if int8 else 1e-5
    wanted_state = model.engine.start(3)
    for ids in np.random.default_rng(0).integers(3, model.config.symbols, (6, 3)):
        logs, state = engine.step(state, ids)
        wanted_state = model.engine.read(wanted_state, ids[:, None])
        wanted = model.engine.log_probabilities(wanted_state)
        np.testing.assert_allclose(logs[:, 2:], wanted[:, 2:], atol=near)
        for got, part in zip(state, wanted_state, strict=True):
            np.testing.assert_allclose(got, part, atol=near)
