"""Options are the fields of the configs: every one, under its name, and nothing that was not given."""

import typing
from argparse import Namespace
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from elman.cli.main import main
from elman.cli.options import PAIRS, Parser, add_config, add_kinds, chosen, chosen_for
from elman.data.config import TokenBatchConfig
from elman.decoding.config import SamplingConfig
from elman.errors import InputError, OptionError
from elman.models.kinds import KINDS, LANGUAGE_MODEL, TAGGER
from elman.nn.config import StackConfig
from elman.settings import flag_of
from elman.text.config import PairTextConfig
from elman.training.config import TrainConfig

CONFIGS_OF_TRAINING = tuple(LANGUAGE_MODEL.configs.values())
CONFIGS = tuple(
    dict.fromkeys(
        config
        for kind in KINDS.values()
        for config in (*kind.configs.values(), kind.output, kind.evaluation, kind.decoding, SamplingConfig)
        if config is not None
    )
)
FIELDS = [(config, field) for config in CONFIGS for field in fields(config)]

TEXTS = {"budget": "90s", "delimiter": ";", "pooling": "max"}
"""Values for fields that do not take every text."""
SIZES = {(PairTextConfig, "vocabulary_size"): 300, (PairTextConfig, "source_vocabulary_size"): 300}
"""Likewise for fields that do not take every number of their range."""
BESIDE: dict[str, dict[str, Any]] = {"source_vocabulary_size": {"joint": False}}
"""What a field needs to be given."""


def given(*words: str, configs: tuple[type, ...] = CONFIGS_OF_TRAINING) -> Namespace:
    parser = Parser()
    parser.add_argument("--config")
    for config in configs:
        add_config(parser, config)
    return parser.parse_args(words)


def other_value(config: type, field: Any) -> Any:
    """A value of the field that is not its default."""
    meta, hint = field.metadata, typing.get_type_hints(config)[field.name]
    if meta["choices"]:
        return next(choice for choice in meta["choices"] if choice != field.default)
    if bool in (hint, *typing.get_args(hint)):
        return not field.default
    if (config, field.name) in SIZES:
        return SIZES[config, field.name]
    if field.default is not None and meta["low"] is not None:
        return type(field.default)(field.default + 1 if field.default + 1 <= meta["high"] else meta["low"])
    if meta["low"] is not None:
        return float(meta["low"]) if float in typing.get_args(hint) else meta["low"]
    return ("a", "b") if typing.get_origin(hint) is tuple else TEXTS.get(field.name, "cp949")


def words_for(field: Any, value: Any) -> list[str]:
    option = flag_of(field)
    if isinstance(value, bool):
        yes, no = PAIRS.get(field.name, (option, f"no-{option}"))
        return [f"--{yes if value else no}"]
    values = value if isinstance(value, tuple) else (value,)
    return [word for item in values for word in (f"--{option}", str(item))]


@pytest.mark.parametrize(("config", "field"), FIELDS, ids=[f"{c.__name__}.{f.name}" for c, f in FIELDS])
def test_every_field_is_an_option_and_arrives(config: type, field: Any) -> None:
    value, beside = other_value(config, field), BESIDE.get(field.name, {})
    more = [word for one in fields(config) if one.name in beside for word in words_for(one, beside[one.name])]
    found = chosen(given(*words_for(field, value), *more, configs=(config,)), config)
    assert found == {**beside, field.name: value}
    assert type(found[field.name]) is type(value)


def test_what_is_not_given_does_not_appear() -> None:
    assert chosen(given(), *CONFIGS_OF_TRAINING) == {}


def test_both_words_of_a_pair_arrive_and_the_last_one_wins() -> None:
    assert chosen(given("--tied"), *CONFIGS_OF_TRAINING) == {"tied": True}
    assert chosen(given("--tied", "--no-tied"), *CONFIGS_OF_TRAINING) == {"tied": False}
    assert chosen(given("--bidirectional", "--unidirectional"), *CONFIGS_OF_TRAINING) == {"bidirectional": False}


def test_help_names_defaults_and_what_is_chosen() -> None:
    parser = Parser(prog="elman train")
    add_config(parser, TrainConfig)
    add_config(parser, StackConfig)
    text = " ".join(parser.format_help().split())
    assert "--warmup X share of the run in which the learning rate rises (default: 0.05)" in text
    assert "--lr X highest learning rate of the schedule (default: 0.008)" in text
    assert "--hidden N size of the state of one direction (default: chosen for the data and the budget)" in text
    assert "--epochs N passes over the training text --budget" in text


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_gives_options_and_the_command_line_wins(tmp_path: Path) -> None:
    path = write(tmp_path / "o.toml", 'hidden = 64\nbatch-size = 8\nweight_decay = 1\ntied = false\ncell = "gru"\n')
    found = chosen(given("--config", path, "--hidden", "32"), *CONFIGS_OF_TRAINING)
    assert found == {"hidden": 32, "batch_size": 8, "weight_decay": 1, "tied": False, "cell": "gru"}


def test_epochs_on_the_command_line_take_the_place_of_a_budget_in_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "o.toml", 'budget = "5m"\nseed = 3\n')
    assert chosen(given("--config", path, "--epochs", "2"), *CONFIGS_OF_TRAINING) == {"epochs": 2, "seed": 3}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("hiden = 3", "unknown key 'hiden'; did you mean hidden?"),
        ("[training]\nhidden = 3", "unknown key 'training'"),
        ("hidden = 0", "--hidden: 0 is out of range; give a number from 1 to 65536"),
        ('hidden = "3"', "--hidden: '3' is not a value of type int"),
        ("hidden = true", "--hidden: True is not a value of type int"),
        ("lr = nan", "--lr: nan is not a finite number"),
        ('epochs = 1\nbudget = "5m"', "both --epochs and --budget are given"),
    ],
)
def test_a_wrong_value_in_a_file_is_told_with_the_file(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path / "o.toml", text)
    with pytest.raises(OptionError) as caught:
        chosen(given("--config", path), *CONFIGS_OF_TRAINING)
    assert str(caught.value).startswith(f"{path}: {fault}")


@pytest.mark.parametrize(
    ("content", "fault"), [(b"hidden = ", "this is not TOML"), (b'cell = "\xff"', "not valid UTF-8 at byte 8")]
)
def test_a_file_that_is_not_toml_is_told(tmp_path: Path, content: bytes, fault: str) -> None:
    (tmp_path / "o.toml").write_bytes(content)
    with pytest.raises(InputError, match=fault):
        chosen(given("--config", str(tmp_path / "o.toml")), *CONFIGS_OF_TRAINING)
    with pytest.raises(InputError, match="missing: there is no such file"):
        chosen(given("--config", str(tmp_path / "missing")), *CONFIGS_OF_TRAINING)


def test_a_column_of_labels_may_be_named_several_times() -> None:
    configs = tuple(TAGGER.configs.values())
    found = chosen(given("--label-column", "upos", "--label-column", "3", configs=configs), *configs)
    assert found == {"label_columns": ("upos", "3")}


def test_a_file_may_name_several_columns_of_labels(tmp_path: Path) -> None:
    configs = tuple(TAGGER.configs.values())
    path = write(tmp_path / "o.toml", 'label-columns = ["upos", "3"]\n')
    assert chosen(given("--config", path, configs=configs), *configs) == {"label_columns": ("upos", "3")}
    for text in ('"upos"', "[3]", '[["upos"]]'):
        path = write(tmp_path / "o.toml", f"label_columns = {text}\n")
        with pytest.raises(OptionError, match=r"--label-column: .* is not a list of values of type str"):
            chosen(given("--config", path, configs=configs), *configs)


def test_the_help_of_a_kind_has_its_options_and_its_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "tagger", "--help"]) == 0
    told = capsys.readouterr().out
    assert "--label-column TEXT" in told and "--crf" in told and "--hash-bits N" in told
    assert "--tokenizer" not in told and "--text-column" not in told
    told = " ".join(told.split())
    assert "--lr X highest learning rate of the schedule (default: chosen for the data and the budget)" in told
    assert f"a longer one is cut (default: {TokenBatchConfig.segment})" in told
    assert "--hidden N size of the state of one direction (default: chosen for the data and the budget)" in told
    assert main(["train", "language-model", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "--label-column" not in told
    assert f"--lr X highest learning rate of the schedule (default: {TrainConfig.lr})" in told


def asked(words: list[str], *parts: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is chosen of the parts of a kind whose model is in a folder."""
    monkeypatch.setattr("elman.models.folder.kind_of", lambda path: KINDS[kind])
    parser = Parser()
    parser.add_argument("model")
    add_kinds(parser, *parts)
    return chosen_for(parser.parse_args(["m", *words]), *parts)


def test_options_of_reading_and_output_go_to_the_parts_of_the_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    found = asked(["--format", "conll", "--spans"], "reading", "output", kind="tagger", monkeypatch=monkeypatch)
    assert found == [{"format": "conll"}, {"spans": True}]
    found = asked(["--format", "csv", "--dynamic"], "reading", "evaluation", kind="language-model",
                  monkeypatch=monkeypatch)  # fmt: skip
    assert found == [{"format": "csv"}, {"dynamic": True}]


def test_a_column_of_labels_is_named_once_or_several_times_as_the_kind_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["--label-column", "a", "--label-column", "b", "--token-column", "c"]
    found = asked(words, "reading", kind="tagger", monkeypatch=monkeypatch)
    assert found == [{"token_column": "c", "label_columns": ("a", "b")}]
    found = asked(["--label-column", "a"], "reading", kind="classifier", monkeypatch=monkeypatch)
    assert found == [{"label_column": "a"}]
    with pytest.raises(OptionError, match="--label-column: this is given twice; give it once"):
        asked(["--label-column", "a", "--label-column", "b"], "reading", kind="classifier", monkeypatch=monkeypatch)


def test_the_help_tells_the_formats_of_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("evaluate", "predict"):
        assert main([command, "--help"]) == 0
        told = capsys.readouterr().out
        assert "--format {text,jsonl,csv,tsv,parquet,conllu,conll,ft,folder}" in told
        assert "--token-column TEXT" in told and "--label-column TEXT" in told


def test_no_kind_is_said_to_choose_what_it_has_a_default_for() -> None:
    for kind in KINDS.values():
        parser = Parser(prog="elman train")
        for config in kind.configs.values():
            add_config(parser, config, defaults=kind.defaults)
        told = " ".join(parser.format_help().split())
        for field in (field for config in kind.configs.values() for field in fields(config)):
            if field.name in kind.defaults and not isinstance(field.default, bool):
                text = " ".join(field.metadata["help"].split())
                assert f"{text} (default: {kind.defaults[field.name]})" in told


def test_the_help_of_predict_tells_the_encoding_of_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--help"]) == 0
    assert "What is written is UTF-8 (default: utf-8)" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("kind", "parts", "words", "fault"),
    [
        ("tagger", ("reading", "output"), ["--text-column", "a"], "--text-column: a tagger has no such option"),
        ("tagger", ("reading", "output"), ["--no-header"], "--no-header: a tagger has no such option"),
        ("tagger", ("reading", "evaluation"), ["--dynamic"], "--dynamic: a tagger has no such option"),
        ("language-model", ("reading", "output"), ["--spans"], "--spans: a language-model has no such option"),
        (
            "language-model",
            ("reading", "output"),
            ["--label-column", "a"],
            "--label-column: a language-model has no such option",
        ),
        (
            "classifier",
            ("reading", "output"),
            ["--token-column", "a"],
            "--token-column: a classifier has no such option",
        ),
        ("language-model", ("reading", "output"), ["--top", "2"], "--top: a language-model has no such option"),
        ("tagger", ("reading", "output"), ["--format", "csv"], "--format: 'csv' is not a choice"),
        ("language-model", ("reading", "output"), ["--format", "conllu"], "--format: 'conllu' is not a choice"),
        ("tagger", ("reading", "output"), ["--top", "2", "--spans"], "--top and --spans are both given"),
    ],
)
def test_an_option_of_another_kind_is_refused(
    kind: str, parts: tuple[str, ...], words: list[str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OptionError) as caught:
        asked(words, *parts, kind=kind, monkeypatch=monkeypatch)
    assert str(caught.value).startswith(fault)
