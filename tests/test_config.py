"""Configs: every default stands once, every field changes something, unknown keys are answered with the nearest."""

import dataclasses
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.data.config import BatchConfig, ReadConfig
from elman.decoding.config import SamplingConfig
from elman.errors import InputError, OptionError
from elman.models.kinds import CLASSIFIER, KINDS, LANGUAGE_MODEL, TAGGER, flat
from elman.models.plans import seconds_of
from elman.nn.config import EmbeddingConfig, SoftmaxConfig, StackConfig
from elman.settings import build, flag_of, names, to_dict
from elman.text.config import TextConfig
from elman.training.config import TrainConfig
from tiny import CLASSIFIER as CLASSIFIER_SIZE
from tiny import SIZE, columns, of_parts, reviews, sentences, table, tagged, trained_once, write
from tiny import TAGGER as TAGGER_SIZE

CONFIGS_OF_TRAINING = tuple(LANGUAGE_MODEL.configs.values())
ALL_CONFIGS = tuple(
    dict.fromkeys(
        config
        for kind in KINDS.values()
        for config in (*kind.configs.values(), kind.output, kind.evaluation, kind.decoding, SamplingConfig)
        if config is not None
    )
)
BASE: dict[str, Any] = {**SIZE, "epochs": 2, "lr": 0.01}
# For every field of training a value that must show in the weights, and what else it needs to be seen.
CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "epochs": (3, {}), "lr": (0.02, {}), "table_rate": (9.0, {"ngrams": 2}), "warmup": (0.5, {}),
    "weight_decay": (1.0, {}), "clip": (0.01, {}), "seed": (2, {}),
    "precision": ("bf16", {"precision": "fp32"}), "tokenizer": ("byte", {}),
    "vocabulary_size": (12, {}), "minimum_count": (4, {"tokenizer": "word"}), "continuous": (True, {}),
    "batch_size": (2, {}), "segment": (5, {}), "embedding": (12, {}), "ngrams": (2, {}),
    "ngram_width": (3, {"ngrams": 2}), "ngram_bits": (5, {"ngrams": 2}), "embedding_dropout": (0.5, {}),
    "ngram_dropout": (0.5, {"ngrams": 2}),
    "input_dropout": (0.5, {}), "cell": ("gru", {}), "layers": (2, {}), "hidden": (8, {}),
    "dropout": (0.5, {"layers": 2}), "weight_drop": (0.5, {}), "tied": (True, {}), "adaptive": (True, {}),
    "output_dropout": (0.5, {}),
}  # fmt: skip
ELSEWHERE = {
    "budget", "patience", "evaluations", "averaging", "device", "format", "encoding", "errors", "text_column",
    "delimiter", "header", "bidirectional", "checkpoint_seconds",
}  # fmt: skip
# The same for taggers. The base has a CRF on its first column and none on its second.
TAGGER_BASE: dict[str, Any] = {
    **TAGGER_SIZE, "epochs": 1, "lr": 0.01, "precision": "fp32", "dev": "none", "label_columns": ["2", "1"],
}  # fmt: skip
TAGGER_CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "epochs": (2, {}), "lr": (0.02, {}), "table_rate": (9.0, {}), "warmup": (0.5, {}),
    "weight_decay": (1.0, {}), "clip": (0.01, {}), "seed": (2, {}), "precision": ("bf16", {}),
    "token_column": ("1", {"label_columns": ["2"]}),
    "label_columns": (["1"], {"label_columns": ["2"]}), "batch_size": (2, {}), "segment": (3, {}),
    "minimum_count": (9, {}), "normalize": (False, {}), "affixes": (1, {}), "char_ngrams": (2, {}),
    "shape": (False, {}), "jamo": (False, {}), "feature_minimum": (3, {}), "most_features": (40, {}),
    "word_spread": (0.7, {}),
    "feature_spread": (0.7, {}),
    "hash_bits": (9, {}), "word_width": (5, {}), "feature_width": (5, {}),
    "character_width": (5, {"character_hidden": 3}), "character_hidden": (3, {}), "word_dropout": (9.0, {}),
    "feature_dropout": (0.7, {}), "input_dropout": (0.7, {}), "cell": ("gru", {}), "layers": (2, {}),
    "hidden": (9, {}), "bidirectional": (False, {}), "dropout": (0.7, {"layers": 2}), "weight_drop": (0.5, {}),
    "crf": (False, {}), "output_dropout": (0.7, {}), "label_smoothing": (0.3, {}), "auxiliary_weight": (0.9, {}),
    "members": (2, {}), "swap_spans": (0.0, {}), "context": (False, {}), "context_minimum": (9, {}),
    "most_contexts": (20, {}), "context_width": (5, {}), "context_dropout": (0.7, {}),
}  # fmt: skip
TAGGER_ELSEWHERE = {
    "budget", "patience", "evaluations", "averaging", "device", "format", "encoding", "errors", "checkpoint_seconds",
}  # fmt: skip
# The same for classifiers; what they have in common with taggers is changed as there.
CLASSIFIER_BASE: dict[str, Any] = {**CLASSIFIER_SIZE, "epochs": 1, "lr": 0.01, "precision": "fp32", "dev": "none"}
CLASSIFIER_ELSEWHERE = {
    *TAGGER_ELSEWHERE, "text_column", "label_column", "delimiter", "header", "pretraining_share", "pretraining_epochs",
}  # fmt: skip
CLASSIFIER_CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    **{name: TAGGER_CHANGES[name] for name in names(*CLASSIFIER.configs.values()) if name in TAGGER_CHANGES},
    "hash_bits": (9, {}), "multi_label": (True, {}), "longest": (4, {}), "bag": (False, {}), "bag_words": (1, {}),
    "bag_characters": (3, {}), "bag_minimum": (40, {}), "bag_bits": (9, {}), "bag_width": (2, {}),
    "bag_dropout": (0.5, {}), "pooling": ("attention", {}), "feed_forward_layers": (1, {}),
    "feed_forward": (9, {"feed_forward_layers": 1}), "class_weights": ("balanced", {}),
    "layer_decay": (3.0, {}), "thaw": (0.5, {}), "spelling": (True, {}),
}  # fmt: skip


def weights(path: Path, **options: Any) -> bytes:
    """The bytes of all weights after training."""
    model = elman.LanguageModel.train(path, **{**BASE, "evaluations": 1, **options})
    return b"".join(name.encode() + array.tobytes() for name, array in sorted(model.engine.arrays().items()))


def tagger_weights(path: Path, **options: Any) -> bytes:
    """The bytes of all weights of a tagger after training."""
    model = elman.Tagger.train(path, **{**TAGGER_BASE, **options})
    return b"".join(name.encode() + array.tobytes() for name, array in sorted(model.engine.arrays().items()))


def classifier_weights(path: Path, **options: Any) -> bytes:
    """The bytes of all weights of a classifier after training."""
    model = elman.Classifier.train(path, **of_parts({**CLASSIFIER_BASE, **options}))
    return b"".join(name.encode() + array.tobytes() for name, array in sorted(model.engine.arrays().items()))


@pytest.fixture(scope="module")
def treebank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty sentences with labels; every third one begins with a capital letter."""
    rows = tagged(20)
    for row in rows[::3]:
        row[0] = (row[0][0].capitalize(), *row[0][1:])
    return columns(tmp_path_factory.mktemp("config") / "text.bio", rows)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty texts, and those of one label again in capitals."""
    rows = reviews(30)
    more = [(label, text.upper()) for label, text in rows if label == "good"]
    return table(tmp_path_factory.mktemp("config") / "text.tsv", [*rows, *more])


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty lines."""
    return write(tmp_path_factory.mktemp("config") / "text.txt", sentences(20))


def test_every_field_is_looked_at() -> None:
    assert set(CHANGES) | ELSEWHERE == set(names(*CONFIGS_OF_TRAINING))
    assert not set(CHANGES) & ELSEWHERE
    assert set(TAGGER_CHANGES) | TAGGER_ELSEWHERE == set(names(*TAGGER.configs.values()))
    assert not set(TAGGER_CHANGES) & TAGGER_ELSEWHERE
    assert set(CLASSIFIER_CHANGES) | CLASSIFIER_ELSEWHERE == set(names(*CLASSIFIER.configs.values()))
    assert not set(CLASSIFIER_CHANGES) & CLASSIFIER_ELSEWHERE


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("field", list(CHANGES))
def test_a_field_of_training_changes_the_weights(field: str, text: Path) -> None:
    value, needed = CHANGES[field]
    assert weights(text, **{**needed, field: value}) != trained_once(weights, text, needed)


@pytest.mark.parametrize("field", list(TAGGER_CHANGES))
def test_a_field_of_training_changes_the_weights_of_a_tagger(field: str, treebank: Path) -> None:
    value, needed = TAGGER_CHANGES[field]
    assert tagger_weights(treebank, **{**needed, field: value}) != trained_once(tagger_weights, treebank, needed)


@pytest.mark.usefixtures("own_time")
def test_the_course_of_a_tagger_and_the_reading_of_its_files_are_heeded(treebank: Path, tmp_path: Path) -> None:
    def run(path: Path = treebank, **options: Any) -> elman.Tagger:
        return elman.Tagger.train(path, **{**TAGGER_BASE, "dev": path, **options})

    assert [len(run(epochs=4, evaluations=n).record.history) for n in (4, 2)] == [4, 2]
    assert run(epochs=8, lr=0.0, patience=1).report["steps"] < run(epochs=8, lr=0.0).report["steps"]
    plain, averaged = (run(averaging=share).record.history[-1]["dev"] for share in (0.0, 0.5))
    assert set(plain) == {"weights"} and set(averaged) == {"weights", "averaged"}
    assert run(epochs=None, budget="1s").report["seconds"] < 1.6
    other = tmp_path / "text.unknown"
    other.write_bytes(treebank.read_text(encoding="utf-8").encode("cp949"))
    with pytest.raises(InputError, match="--format"):
        run(other)
    assert run(other, format="conll", encoding="cp949").features.vocabulary == run().features.vocabulary
    assert any("\ufffd" in word for word in run(other, format="conll", errors="replace").features.vocabulary)


@pytest.mark.parametrize("field", list(CLASSIFIER_CHANGES))
def test_a_field_of_training_changes_the_weights_of_a_classifier(field: str, labelled: Path) -> None:
    value, needed = CLASSIFIER_CHANGES[field]
    assert classifier_weights(labelled, **{**needed, field: value}) != trained_once(
        classifier_weights, labelled, needed
    )


@pytest.mark.usefixtures("own_time")
def test_the_course_of_a_classifier_is_heeded(labelled: Path) -> None:
    def run(**options: Any) -> elman.Classifier:
        return elman.Classifier.train(labelled, **{**CLASSIFIER_BASE, "dev": labelled, **options})

    assert [len(run(epochs=4, evaluations=n).record.history) for n in (4, 2)] == [4, 2]
    assert run(epochs=8, lr=0.0, patience=1).report["steps"] < run(epochs=8, lr=0.0).report["steps"]
    plain, averaged = (run(averaging=share).record.history[-1]["dev"] for share in (0.0, 0.5))
    assert set(plain) == {"weights"} and set(averaged) == {"weights", "averaged"}
    assert run(epochs=None, budget="1s").report["seconds"] < 1.6


def test_the_reading_of_a_classifiers_files_is_heeded(tmp_path: Path) -> None:
    found = reviews(24)
    path, other = tmp_path / "table.csv", tmp_path / "table.unknown"
    rows = "a;b;c;d\n" + "".join(f"x{n % 3};{label};{text};{text[::-1]}\n" for n, (label, text) in enumerate(found))
    path.write_text(rows.replace('"', "'"), encoding="utf-8")
    other.write_bytes(path.read_text(encoding="utf-8").encode("cp949"))

    def learnt(path: Path, **options: Any) -> tuple[list[str], tuple[str, ...]]:
        columns = {"text_column": "c", "label_column": "b"}
        model = elman.Classifier.train(path, **{**CLASSIFIER_BASE, "delimiter": ";", **columns, **options})
        return model.features.vocabulary, model.labels.names

    words, labels = learnt(path)
    assert labels == ("bad", "good") and "film" in words
    assert learnt(path, label_column="a") == (words, ("x0", "x1", "x2"))
    assert "mlif" in learnt(path, text_column="d")[0]
    assert learnt(path, text_column="2", label_column="1", header=False)[1] == ("b", "bad", "good")
    with pytest.raises(InputError, match="there is no column 'c'"):
        learnt(path, delimiter=None)
    with pytest.raises(InputError, match="--format"):
        learnt(other)
    assert learnt(other, format="csv", encoding="cp949") == (words, labels)
    assert "\ufffd" in "".join(learnt(other, format="csv", errors="replace")[0])


def test_every_field_of_a_classifiers_output_changes_what_is_written(labelled: Path) -> None:
    one = elman.Classifier.train(labelled, **CLASSIFIER_BASE)
    several = elman.Classifier.train(labelled, **CLASSIFIER_BASE, multi_label=True)

    def written(model: elman.Classifier, **wanted: Any) -> str:
        parts: list[str] = []
        model.predict_to([labelled], parts.append, **wanted)
        return "".join(parts)

    values: dict[str, Any] = {"top": 2, "threshold": 1.0, "abstain_below": 1.0}
    assert CLASSIFIER.output is not None and set(values) == set(names(CLASSIFIER.output))
    for field, value in values.items():
        model = several if field == "threshold" else one
        assert written(model, **{field: value}) != written(model), field


def test_every_field_of_judging_a_classifier_changes_the_report(labelled: Path) -> None:
    several, other = (elman.Classifier.train(labelled, **CLASSIFIER_BASE, multi_label=True, seed=n) for n in (1, 2))
    values: dict[str, Any] = {"threshold": 0.0, "against": other}
    assert CLASSIFIER.evaluation is not None and set(values) == set(names(CLASSIFIER.evaluation))
    plain = several.evaluate(labelled)
    assert several.evaluate(labelled, threshold=0.0)["metrics"] != plain["metrics"]
    assert set(several.evaluate(labelled, against=other)) == {*plain, "against"}


def test_every_field_of_a_taggers_output_changes_what_is_written(treebank: Path) -> None:
    model = elman.Tagger.train(treebank, **TAGGER_BASE)

    def written(**wanted: Any) -> str:
        parts: list[str] = []
        model.predict_to([treebank], parts.append, **wanted)
        return "".join(parts)

    values = {"probabilities": True, "spans": True, "top": 2}
    assert TAGGER.output is not None and set(values) == set(names(TAGGER.output))
    assert len({written(), *(written(**{name: value}) for name, value in values.items())}) == 4


def test_every_field_of_judging_changes_the_report(text: Path, treebank: Path, tmp_path: Path) -> None:
    subjects = (
        (LANGUAGE_MODEL, elman.LanguageModel.train(text, **BASE), text),
        (TAGGER, elman.Tagger.train(treebank, **TAGGER_BASE), treebank),
    )
    values = {"dynamic": True, "against": str(tmp_path / "m")}
    for kind, model, path in subjects:
        model.save(tmp_path / "m", overwrite=True)
        assert kind.evaluation is not None
        for field in names(kind.evaluation):
            assert set(model.evaluate(path, **{field: values[field]})) > set(model.evaluate(path))


def test_evaluations_and_patience_change_the_course(text: Path) -> None:
    runs = {
        name: elman.LanguageModel.train(text, **{**BASE, "epochs": 8, **options})
        for name, options in {
            "plain": {}, "fewer": {"evaluations": 2}, "impatient": {"lr": 0.0, "patience": 1},
        }.items()
    }  # fmt: skip
    assert [len(run.record.history) for run in runs.values()] == [8, 2, 2]
    assert runs["impatient"].report["steps"] < runs["plain"].report["steps"]


def test_averaging_changes_the_average_alone(text: Path) -> None:
    scores = {
        share: elman.LanguageModel.train(text, **{**BASE, "averaging": share}).record.history[-1]["dev"]
        for share in (0.0, 0.02, 0.9)
    }
    assert set(scores[0.0]) == {"weights"}
    assert scores[0.0]["weights"] == scores[0.02]["weights"] == scores[0.9]["weights"]
    assert scores[0.02]["averaged"] != scores[0.9]["averaged"]


@pytest.mark.usefixtures("own_time")
def test_the_device_and_the_budget_are_heeded(text: Path) -> None:
    if not __import__("torch").cuda.is_available():
        with pytest.raises(OptionError, match="no CUDA"):
            weights(text, device="cuda")
    assert elman.LanguageModel.train(text, budget="1s", **SIZE).report["seconds"] < 1.6


def test_fields_of_reading_change_what_is_read(tmp_path: Path) -> None:
    rows = "a;b\n" + "".join(f"{line};x{i}\n" for i, line in enumerate(sentences(12)))
    table = tmp_path / "table.csv"
    table.write_text(rows, encoding="utf-8")
    other = tmp_path / "table.unknown"
    other.write_bytes(rows.encode("cp949"))

    def symbols(path: Path, **options: Any) -> list[str]:
        return elman.LanguageModel.train(path, **{**BASE, **options}).tokenizer.symbols

    plain = symbols(table, delimiter=";", text_column="a")
    assert symbols(table, delimiter=";", text_column="b") != plain
    assert "a" in symbols(table, delimiter=";", text_column="0", header=False)
    with pytest.raises(InputError):
        symbols(table, text_column="a")
    with pytest.raises(InputError, match="--format"):
        symbols(other)
    found = symbols(other, format="csv", encoding="cp949", delimiter=";", text_column="a")
    assert found == plain
    assert "\ufffd" in symbols(other, format="csv", errors="replace", delimiter=";", text_column="a")


SAMPLING: dict[str, Any] = {
    "max_tokens": 3, "temperature": 0.1, "top_k": 1, "top_p": 0.01, "min_p": 0.9, "repetition_penalty": 9.0,
    "stop": (" ",), "samples": 2, "seed": 7,
    "no_repeat_ngram": 1, "minimum_tokens": 40,
}  # fmt: skip


def test_every_field_of_sampling_changes_what_is_written(text: Path) -> None:
    model = elman.LanguageModel.train(text, **BASE)
    assert set(SAMPLING) == set(names(SamplingConfig))
    plain = model.generate("the ", max_tokens=40)
    for field, value in {**SAMPLING, "stop": (plain[3],)}.items():
        assert model.generate("the ", **{"max_tokens": 40, field: value}) != plain, field


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_a_config_is_frozen_told_and_rebuilt(config: type) -> None:
    made = config()
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(made, names(config)[0], None)
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in to_dict(made).items()}
    assert build(config, values) == made
    assert all(field.metadata["help"] for field in dataclasses.fields(config))


@pytest.mark.parametrize("config", ALL_CONFIGS)
def test_values_out_of_range_or_of_another_type_are_refused(config: type) -> None:
    for field in dataclasses.fields(config):
        option = f"--{flag_of(field)}"
        wrong: list[Any] = [object(), [1]]
        if field.metadata["low"] is not None:
            wrong += [field.metadata["low"] - 1, float("nan")]
        if field.metadata["high"] is not None:
            wrong.append(field.metadata["high"] * 2 + 1)
        if field.metadata["choices"]:
            wrong.append(field.metadata["choices"][0] + "x")
        for value in wrong:
            with pytest.raises(OptionError, match=option):
                build(config, {field.name: value})


@pytest.mark.parametrize(
    ("make", "near"),
    [
        (lambda: build(StackConfig, {"hiden": 3}), "hidden"),
        (lambda: build(TrainConfig, {"epoch": 3}), "epochs"),
        (lambda: LANGUAGE_MODEL.build({"vocabulary": 3}), "vocabulary_size"),
        (lambda: build(StackConfig, {"cell": "lsmt"}), "lstm"),
        (lambda: build(TextConfig, {"tokenizer": "bep"}), "bpe"),
    ],
)
def test_what_is_unknown_is_answered_with_the_nearest_known(make: Callable[[], Any], near: str) -> None:
    with pytest.raises(OptionError, match=f"did you mean {near}"):
        make()


def test_epochs_and_budget_are_refused_together() -> None:
    with pytest.raises(OptionError, match="give one of them"):
        TrainConfig(epochs=1, budget="5m")


def test_options_are_their_configs_and_back() -> None:
    values = {"hidden": 99, "lr": 0.5, "tokenizer": "word", "continuous": True, "segment": 7}
    found = flat(LANGUAGE_MODEL.build(values))
    assert {name: found[name] for name in values} == values
    assert flat(LANGUAGE_MODEL.build(found)) == found
    parts = (TrainConfig, TextConfig, ReadConfig, BatchConfig, EmbeddingConfig, StackConfig, SoftmaxConfig)
    assert list(found) == names(*parts)


@pytest.mark.parametrize(("budget", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("1.5h", 5400), ("45", 45)])
def test_lengths_of_time(budget: str, seconds: float) -> None:
    assert seconds_of(budget) == seconds


@pytest.mark.parametrize("budget", ["", "soon", "-5m", "5 minutes", "0s", "1e9h", "5m5"])
def test_lengths_of_time_that_are_none(budget: str) -> None:
    with pytest.raises(OptionError, match="--budget"):
        seconds_of(budget)


def test_compressed_files_are_read(tmp_path: Path, text: Path) -> None:
    packed = tmp_path / "text.txt.gz"
    packed.write_bytes(gzip.compress(text.read_bytes()))
    assert weights(packed) == weights(text)
