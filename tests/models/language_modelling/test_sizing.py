"""The choice of sizes: it follows time, text and machine, and leaves alone what was given."""

from dataclasses import replace
from typing import Any

import pytest

from elman.models.kinds import LANGUAGE_MODEL, flat
from elman.models.language_modelling.sizing import Facts, active_weights, choose

FACTS = Facts(symbols=65, tokens=1_000_000, tokenizer="char", seconds=300.0, epochs=None, flops=185e9)


def hidden(facts: Facts, **given: Any) -> int:
    size = choose(facts, given).values["hidden"]
    assert isinstance(size, int)
    return size


def test_more_time_or_a_faster_machine_makes_a_larger_network() -> None:
    sizes = [hidden(replace(FACTS, seconds=seconds)) for seconds in (10, 60, 300, 900, 3600)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1]
    assert hidden(replace(FACTS, flops=60e9)) < hidden(FACTS)


def test_epochs_are_sized_by_the_text() -> None:
    short, long = (replace(FACTS, seconds=None, epochs=2, tokens=n) for n in (10_000, 10_000_000))
    assert hidden(short) < hidden(long)


def test_what_was_given_is_left_alone_and_counted_in() -> None:
    choice = choose(FACTS, {"layers": 3, "lr": 0.5})
    assert not {"layers", "lr"} & set(choice.values)
    assert choice.values["hidden"] < hidden(FACTS)
    assert "hidden" not in choose(FACTS, {"hidden": 77}).values


def test_words_get_an_adaptive_tied_softmax_and_characters_ngrams() -> None:
    words = choose(replace(FACTS, symbols=33_000, tokenizer="word"), {}).values
    characters = choose(FACTS, {}).values
    assert words["adaptive"] and words["tied"] and words["ngrams"] == 1
    assert not characters["adaptive"] and characters["ngrams"] > 1
    assert words["embedding"] == words["hidden"]


def test_a_text_that_is_read_often_is_dropped_from() -> None:
    seldom, often = (choose(replace(FACTS, tokens=n), {}).values for n in (50_000_000, 30_000))
    assert seldom["output_dropout"] == 0 and often["output_dropout"] > 0.3


def test_the_steps_that_are_planned_fit_the_operations_there_are() -> None:
    choice = choose(FACTS, {})
    cost = 6 * active_weights({**choice.values}, FACTS.symbols)
    read = choice.steps * choice.values["batch_size"] * choice.values["segment"]
    assert read * cost == pytest.approx(FACTS.flops * 300 * 0.9, rel=0.02)


def test_every_choice_is_an_option() -> None:
    for tokenizer, symbols in (("char", 65), ("byte", 259), ("word", 33_000), ("bpe", 8000)):
        for seconds, epochs in ((1.0, None), (1e6, None), (None, 1), (None, 10_000)):
            facts = replace(FACTS, tokenizer=tokenizer, symbols=symbols, seconds=seconds, epochs=epochs)
            values = choose(facts, {}).values
            assert values.items() <= flat(LANGUAGE_MODEL.build(values)).items()
