"""Exported seq2seq models against those that they were made from, in every shape."""

from pathlib import Path

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
