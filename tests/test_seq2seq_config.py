"""Every field of the configs of a seq2seq model changes its weights, the course of training, or what it writes.

What holds of configs of every kind is in `test_config.py`.
"""

from pathlib import Path
from typing import Any

import pytest

import elman
from elman.decoding.config import BeamConfig, SamplingConfig
from elman.errors import InputError, OptionError
from elman.models.kinds import SEQ2SEQ
from elman.settings import names
from tiny import SEQ2SEQ as SEQ2SEQ_SIZE
from tiny import pair_table, reversed_words, trained_once

# For every field of training a value that must show in the weights, and what else it needs to be seen.
BASE: dict[str, Any] = {
    **SEQ2SEQ_SIZE, "batch_tokens": 40, "epochs": 1, "lr": 0.01, "precision": "fp32", "dev": "none",
}  # fmt: skip
ELSEWHERE = {
    "budget", "patience", "evaluations", "averaging", "device", "format", "encoding", "errors", "source_column",
    "target_column", "delimiter", "header", "table_rate", "checkpoint_seconds",
}  # fmt: skip
CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "epochs": (2, {}), "lr": (0.02, {}), "warmup": (0.5, {}), "weight_decay": (1.0, {}), "clip": (0.01, {}),
    "seed": (2, {}), "precision": ("bf16", {}),
    "tokenizer": ("byte", {}), "source_tokenizer": ("word", {}), "joint": (False, {}), "vocabulary_size": (6, {}),
    "source_vocabulary_size": (6, {"joint": False}), "minimum_count": (1, {"tokenizer": "word"}),
    "batch_tokens": (90, {}), "longest_source": (3, {}), "longest_target": (3, {}), "embedding": (12, {}),
    "tied": (False, {}), "adaptive": (True, {}), "input_dropout": (0.5, {}), "symbol_dropout": (0.5, {}),
    "cell": ("gru", {}), "layers": (2, {}), "hidden": (9, {}), "bidirectional": (False, {}),
    "dropout": (0.5, {"layers": 2}), "weight_drop": (0.5, {}),
    "decoder_layers": (2, {}), "attention": ("mlp", {}), "input_feeding": (True, {}),
    "copy": (True, {}), "coverage": (0.5, {}), "output_dropout": (0.5, {}), "label_smoothing": (0.3, {}),
    "scheduled_sampling": (0.9, {}),
}  # fmt: skip
SAMPLING: dict[str, Any] = {
    "max_tokens": 10, "temperature": 0.1, "top_k": 1, "top_p": 0.01, "min_p": 0.9, "repetition_penalty": 9.0,
    "stop": (" ",), "samples": 2, "seed": 7, "no_repeat_ngram": 1, "minimum_tokens": 40,
}  # fmt: skip


def weights(path: Path, **options: Any) -> bytes:
    """The bytes of all weights of a seq2seq model after training."""
    model = elman.Seq2Seq.train(path, **{**BASE, **options})
    return b"".join(name.encode() + array.tobytes() for name, array in sorted(model.engine.arrays().items()))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty words, each with its letters turned round; two of them twice."""
    rows = reversed_words(28)
    return pair_table(tmp_path_factory.mktemp("config") / "pairs.tsv", [*rows, *rows[:2]])


@pytest.fixture(scope="module")
def translator(pairs: Path) -> elman.Seq2Seq:
    """A seq2seq model that has learnt next to nothing."""
    return elman.Seq2Seq.train(pairs, **BASE)


def test_every_field_is_looked_at() -> None:
    assert set(CHANGES) | ELSEWHERE == set(names(*SEQ2SEQ.configs.values()))
    assert not set(CHANGES) & ELSEWHERE


@pytest.mark.parametrize("field", list(CHANGES))
def test_a_field_of_training_changes_the_weights_of_a_seq2seq_model(field: str, pairs: Path) -> None:
    value, needed = CHANGES[field]
    assert weights(pairs, **{**needed, field: value}) != trained_once(weights, pairs, needed)


@pytest.mark.usefixtures("own_time")
def test_the_course_of_a_seq2seq_model_is_heeded(pairs: Path) -> None:
    def run(**options: Any) -> elman.Seq2Seq:
        return elman.Seq2Seq.train(pairs, **{**BASE, "dev": pairs, **options})

    assert [len(run(epochs=4, evaluations=n).record.history) for n in (4, 2)] == [4, 2]
    assert run(epochs=8, lr=0.0, patience=1).report["steps"] < run(epochs=8, lr=0.0).report["steps"]
    plain, averaged = (run(averaging=share).record.history[-1]["dev"] for share in (0.0, 0.5))
    assert set(plain) == {"weights"} and set(averaged) == {"weights", "averaged"}
    assert run(epochs=None, budget="1s").report["seconds"] < 1.6


def test_a_seq2seq_model_has_no_tables(pairs: Path) -> None:
    with pytest.raises(OptionError, match="--table-rate: a seq2seq model has no tables"):
        weights(pairs, table_rate=9.0)


def test_the_reading_of_pairs_is_heeded(tmp_path: Path) -> None:
    path, other = tmp_path / "pairs.csv", tmp_path / "pairs.unknown"
    rows = "a;b;c\n" + "".join(f"{one};{two};가{one}\n" for one, two in reversed_words(24))
    path.write_text(rows, encoding="utf-8")
    other.write_bytes(rows.encode("cp949"))

    def learnt(path: Path, **options: Any) -> tuple[set[str], set[str]]:
        columns = {"source_column": "a", "target_column": "b", "delimiter": ";", "tokenizer": "word", "joint": False}
        model = elman.Seq2Seq.train(path, **{**BASE, **columns, "minimum_count": 1, **options})
        return set(model.source.symbols[3:]), set(model.target.symbols[3:])

    words, turned = ({row[side] for row in reversed_words(24)} for side in (0, 1))
    assert learnt(path) == (words, turned)
    assert learnt(path, source_column="c") == ({f"가{word}" for word in words}, turned)
    assert learnt(path, target_column="c") == (words, {f"가{word}" for word in words})
    assert learnt(path, source_column="0", target_column="1", header=False) == ({*words, "a"}, {*turned, "b"})
    with pytest.raises(InputError, match="there is no column 'a'"):
        learnt(path, delimiter=None)
    with pytest.raises(InputError, match="--format"):
        learnt(other)
    assert learnt(other, format="csv", encoding="cp949") == (words, turned)
    wrong, _ = learnt(other, format="csv", errors="replace", source_column="c")
    assert wrong and all(word.startswith("\ufffd") for word in wrong)


def test_every_field_of_a_search_changes_what_is_found(translator: elman.Seq2Seq) -> None:
    def found(**wanted: Any) -> list[list[tuple[str, float]]]:
        every = translator.translate(["abcde", "ad"], **{"maximum_length": 9, **wanted})
        return [[(one.text, one.score) for one in some] for some in every]

    values: dict[str, Any] = {
        "beam": 1, "n_best": 2, "length_penalty": 0.0, "coverage_penalty": 1.0, "repetition_penalty": 9.0,
        "no_repeat_ngram": 1, "minimum_length": 8, "maximum_length": 2,
    }  # fmt: skip
    assert SEQ2SEQ.decoding is BeamConfig and set(values) == set(names(BeamConfig))
    for field, value in values.items():
        assert found(**{field: value}) != found(), field


def test_every_field_of_sampling_changes_what_a_seq2seq_model_writes(translator: elman.Seq2Seq) -> None:
    assert set(SAMPLING) == set(names(SamplingConfig))
    base: dict[str, Any] = {"max_tokens": 40, "temperature": 1.0, "minimum_tokens": 10}
    plain = translator.generate("abcde", **base)
    for field, value in {**SAMPLING, "stop": (plain[3],)}.items():
        assert translator.generate("abcde", **{**base, field: value}) != plain, field


def test_every_field_of_output_and_of_judging_counts_for_a_seq2seq_model(
    translator: elman.Seq2Seq, pairs: Path
) -> None:
    def written(**wanted: Any) -> str:
        parts: list[str] = []
        translator.predict_to([pairs], parts.append, maximum_length=3, **wanted)
        return "".join(parts)

    assert SEQ2SEQ.output is not None and names(SEQ2SEQ.output) == ["alignments"]
    assert written(alignments=True) != written()
    assert SEQ2SEQ.evaluation is not None and names(SEQ2SEQ.evaluation) == ["against"]
    plain = translator.evaluate(pairs, maximum_length=3)
    assert set(translator.evaluate(pairs, maximum_length=3, against=translator)) == {*plain, "against"}
