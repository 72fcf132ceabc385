"""The kinds: what each says of itself is so, and options become configs and options again."""

from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import pytest

from elman.errors import OptionError
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import KINDS, LANGUAGE_MODEL, TAGGER, Kind, flat
from elman.settings import names

EVERY = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


@EVERY
def test_a_kind_is_the_class_at_the_front_that_it_names(kind: Kind) -> None:
    front = getattr(import_module(kind.module), kind.front)
    assert front.kind == kind.name
    assert front is getattr(import_module("elman"), kind.front)
    assert KINDS[kind.name] is kind


@EVERY
def test_a_kind_speaks_of_parts_and_fields_that_there_are(kind: Kind) -> None:
    configs = kind.configs
    known = names(*configs.values())
    assert len(known) == len(set(known))
    assert all(is_dataclass(config) for config in configs.values())
    assert set(kind.shape) <= set(configs)
    assert set(kind.held) <= set(known)
    assert set(kind.defaults) <= set(known)
    assert set(kind.held_names()) <= set(known)
    assert kind.reading is configs["reading"]
    assert not {*READ, WEIGHTS, "manifest.json", "history.jsonl"} & set(kind.documents)


@EVERY
def test_a_default_of_a_kind_differs_from_that_of_its_field_and_gives_way(kind: Kind) -> None:
    own = defaults_of_fields(kind)
    found = flat(kind.build({}))
    assert found == {**defaults_of_fields(kind), **kind.defaults}
    for name, value in kind.defaults.items():
        assert value != own[name]
        assert flat(kind.build({name: own[name]}))[name] == own[name]


def defaults_of_fields(kind: Kind) -> dict[str, Any]:
    values = {field.name: field.default for config in kind.configs.values() for field in fields(config)}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


@EVERY
def test_options_are_their_configs_and_back(kind: Kind) -> None:
    found = flat(kind.build({"seed": 7, "lr": 0.5, "hidden": 33}))
    assert (found["seed"], found["lr"], found["hidden"]) == (7, 0.5, 33)
    assert flat(kind.build(found)) == found
    assert list(found) == names(*kind.configs.values())


@EVERY
def test_an_unknown_option_is_answered_with_the_nearest(kind: Kind) -> None:
    with pytest.raises(OptionError, match="unknown option 'hiden'; did you mean hidden"):
        kind.build({"hiden": 3})


def test_an_option_of_another_kind_is_unknown() -> None:
    with pytest.raises(OptionError, match="unknown option 'tokenizer'"):
        TAGGER.build({"tokenizer": "word"})
    with pytest.raises(OptionError, match="unknown option 'crf'"):
        LANGUAGE_MODEL.build({"crf": True})


def test_a_list_is_taken_for_a_tuple() -> None:
    assert TAGGER.build({"label_columns": ["upos", "xpos"]}).reading.label_columns == ("upos", "xpos")


def test_a_language_model_looks_only_left() -> None:
    with pytest.raises(OptionError, match="only left"):
        LANGUAGE_MODEL.build({"bidirectional": True})
    assert TAGGER.build({}).stack.bidirectional
