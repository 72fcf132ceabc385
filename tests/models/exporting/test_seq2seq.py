"""Exported seq2seq models against those that they were made from, in every shape."""

from pathlib import Path

import numpy as np
import pytest

import elman
import remade
from elman.nn.config import ATTENTIONS, CELLS
from tiny import pair_table, reversed_words

SOURCES = ["abc", "", "e", "abcde" * 4, "zab", "dab"]


@pytest.fixture(scope="module")
def base() -> elman.Seq2Seq:
    found: elman.Seq2Seq = remade.load("seq2seq")
    return found


@pytest.mark.parametrize(
    "options",
    [
        *({"cell": cell, "layers": 2, "decoder_layers": 2, "input_feeding": True} for cell in CELLS),
        *({"attention": kind} for kind in ATTENTIONS),
        *({"attention": kind, "bidirectional": False} for kind in ATTENTIONS),
        {"attention": "none", "decoder_layers": 3, "layers": 2},
        {"attention": "mlp", "coverage": 1.0}, {"attention": "dot", "coverage": 1.0, "decoder_layers": 2},
        {"copy": True}, {"copy": True, "coverage": 0.5, "input_feeding": True, "joint": False},
        {"joint": False}, {"tied": False}, {"adaptive": True},
        {"adaptive": True, "tied": False, "joint": False, "copy": True},
        {"embedding": 8}, {"embedding": 8, "joint": False, "copy": True},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_an_exported_model_answers_as_the_trained_one(
    options: dict[str, object], base: elman.Seq2Seq, tmp_path: Path
) -> None:
    model = remade.seq2seq(base, **{"copy": False, **options})
    report = model.export(tmp_path / "exported")
    assert report["check"]["largest_difference"] < 1e-5 and report["check"]["equal"] == 1.0
    other = elman.load(tmp_path / "exported")
    one, two = (each.translate(SOURCES, beam=3, n_best=1, maximum_length=9) for each in (model, other))
    for (mine,), (its,) in zip(one, two, strict=True):
        assert mine.text == its.text
        assert its.log_probability == pytest.approx(mine.log_probability, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("options", [
    {}, {"tied": False}, {"tied": False, "embedding": 8}, {"joint": False, "attention": "none"},
    *({"attention": kind, "coverage": 1.0, "input_feeding": True} for kind in ATTENTIONS if kind != "none"),
    {"attention": "dot", "bidirectional": False, "decoder_layers": 2},
], ids=str)  # fmt: skip
def test_of_an_adaptive_softmax_only_what_is_needed_is_computed(
    options: dict[str, object], base: elman.Seq2Seq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = remade.seq2seq(base, **{"copy": False, "adaptive": True, **options})
    model.export(tmp_path / "m")
    other = elman.load(tmp_path / "m")
    assert other.engine.tells_best and not model.engine.tells_best
    asked: list[str] = []
    monkeypatch.setattr(other.engine, "step", lambda *given: (asked.append("step"), step(*given))[1])
    step = type(other.engine).step.__get__(other.engine)
    pruned = list(other.translate(SOURCES, beam=4, n_best=3, maximum_length=9))
    assert asked == ["step"], "the first symbols"
    for one, two in zip(pruned, model.translate(SOURCES, beam=4, n_best=3, maximum_length=9), strict=True):
        assert [found.text for found in one] == [found.text for found in two]
        assert [found.score for found in one] == pytest.approx([found.score for found in two], rel=1e-4, abs=1e-5)


def test_what_is_not_below_the_floor_is_told_and_nothing_else(base: elman.Seq2Seq, tmp_path: Path) -> None:
    remade.seq2seq(base, copy=False, adaptive=True).export(tmp_path / "m")
    engine = elman.load(tmp_path / "m").engine
    lengths = np.array([3, 1, 2])
    state = engine.encode(np.array([[3, 4, 5], [6, 0, 0], [4, 4, 0]]), lengths)
    ids = np.array([1, 5, 4])
    whole, _ = engine.step(state, ids)
    for floors in ([-1e9] * 3, [-1.0, -3.0, 0.5], [float(np.sort(row)[-2]) for row in whole]):
        least = np.array(floors, dtype=np.float32)
        first: list[int] = []
        logs, symbols, _ = engine.best(
            state, ids, lambda some, least=least, first=first: (first.append(some.shape[1]), least)[1]
        )
        assert len(first) == 1 and first[0] < whole.shape[1]
        for row, (values, names) in enumerate(zip(logs, symbols, strict=True)):
            wanted = np.flatnonzero(whole[row] >= least[row] - 1e-6)
            told = names[np.isfinite(values)]
            assert set(told.tolist()) <= set(wanted.tolist()) and sorted(told.tolist()) == told.tolist()
            assert set(np.flatnonzero(whole[row] >= least[row] + 1e-6).tolist()) <= set(told.tolist())
            np.testing.assert_allclose(values[np.isfinite(values)], whole[row, told], atol=1e-5)


def test_gold_symbols_have_the_same_nats(base: elman.Seq2Seq, tmp_path: Path) -> None:
    model = remade.seq2seq(base, input_feeding=True)
    model.export(tmp_path / "m")
    other, path = elman.load(tmp_path / "m"), pair_table(tmp_path / "new.tsv", reversed_words(12, seed=4))
    one, two = (each.evaluate(path)["metrics"] for each in (model, other))
    for name, figure in one.items():
        assert two[name] == pytest.approx(figure, rel=1e-4)


def test_models_of_both_engines_answer_together(base: elman.Seq2Seq, tmp_path: Path) -> None:
    model, second = (remade.seq2seq(base, attention=kind) for kind in ("dot", "mlp"))
    path = pair_table(tmp_path / "new.tsv", reversed_words(6, seed=4))
    model.export(tmp_path / "m")
    second.export(tmp_path / "n")
    exported, written = elman.load(tmp_path / "m"), []
    for one, others in ((model, [second]), (exported, [second]), (exported, [tmp_path / "n"])):
        lines: list[str] = []
        one.predict_to([path], lines.append, ensemble=others)
        written.append(lines)
    assert written[0] == written[1] == written[2]


def test_what_is_written_as_it_comes_is_the_same(base: elman.Seq2Seq, tmp_path: Path) -> None:
    model = base
    model.export(tmp_path / "m", int8=False)
    assert elman.load(tmp_path / "m").generate("abcd", max_tokens=8) == model.generate("abcd", max_tokens=8)
