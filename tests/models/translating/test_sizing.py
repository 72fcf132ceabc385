"""What is chosen for seq2seq models: by time, by text, by the size of the vocabularies."""

from dataclasses import replace

import pytest

from elman.models.translating.sizing import (
    LARGE_VOCABULARY,
    MANY_PAIRS,
    SMALL_VOCABULARY,
    Facts,
    active_weights,
    choose,
)

SENTENCES = Facts(
    pairs=29_000, tokens=470_000, source_tokens=450_000, symbols=6000, source_symbols=6000, seconds=900.0, epochs=None,
    flops=1e11,
)  # fmt: skip
SPELLINGS = replace(SENTENCES, pairs=98_000, tokens=720_000, source_tokens=830_000, symbols=72, source_symbols=42)


def test_a_longer_budget_pays_for_a_larger_net() -> None:
    for facts in (SENTENCES, SPELLINGS):
        small, large = (choose(replace(facts, seconds=seconds), {}).values["hidden"] for seconds in (30, 3000))
        assert small < large
    assert choose(SENTENCES, {"hidden": 48}).values.get("hidden") is None


def test_vectors_are_no_wider_than_there_are_symbols_to_tell_apart() -> None:
    chosen = choose(SPELLINGS, {}).values
    assert chosen["embedding"] == 96 < chosen["hidden"]  # 72 symbols, in steps of 32
    assert choose(replace(SPELLINGS, source_symbols=100), {}).values["embedding"] == 128
    words = choose(SENTENCES, {}).values
    assert words["embedding"] == words["hidden"]
    assert choose(SPELLINGS, {"hidden": 64}).values["embedding"] == 64


def test_large_vocabularies_have_an_adaptive_softmax_and_pay_less_for_it() -> None:
    def chosen(symbols: int) -> bool:
        return bool(choose(replace(SENTENCES, symbols=symbols), {}).values["adaptive"])

    assert [chosen(symbols) for symbols in (LARGE_VOCABULARY - 1, LARGE_VOCABULARY)] == [False, True]
    assert "adaptive" not in choose(SENTENCES, {"adaptive": False}).values
    whole, adaptive = (
        active_weights(128, SENTENCES, {"layers": 1, "adaptive": adaptive}) for adaptive in (False, True)
    )
    assert whole - adaptive == pytest.approx(0.9 * 6000 * 128)


def test_weights_are_those_of_the_products_counted_by_hand() -> None:
    facts = replace(SENTENCES, tokens=10, source_tokens=20, symbols=50, source_symbols=40)
    # output 50 x 8; decoder 4 x 16 x (8 + 16); attention 5 x 16 x 16; encoder, twice, 8 x 16 x (8 + 16)
    one, two = ({"adaptive": False, "embedding": 8, "layers": layers} for layers in (1, 2))
    assert active_weights(16, facts, one) == 400 + 1536 + 1280 + 2 * 3072
    assert active_weights(16, facts, two) == 400 + 1536 + 1280 + 2 * (3072 + 6144)


def test_many_letters_are_read_by_two_layers() -> None:
    assert choose(SPELLINGS, {}).values["layers"] == 2
    for other in (replace(SPELLINGS, pairs=MANY_PAIRS - 1), replace(SENTENCES, pairs=MANY_PAIRS)):
        assert choose(other, {}).values["layers"] == 1
    small = choose(SPELLINGS, {"layers": 1}).values
    assert "layers" not in small and small["hidden"] > choose(SPELLINGS, {}).values["hidden"]


def test_little_is_dropped_of_few_symbols_and_no_symbol_itself() -> None:
    few, many = choose(SPELLINGS, {"hidden": 256, "embedding": 256}), choose(SENTENCES, {"hidden": 64})
    assert few.values["symbol_dropout"] == 0.0 < many.values["symbol_dropout"]
    assert 0 < few.values["input_dropout"] < many.values["input_dropout"]
    border = replace(SPELLINGS, source_symbols=SMALL_VOCABULARY)
    assert choose(border, {}).values["symbol_dropout"] > 0
    given = choose(SPELLINGS, {"dropout": 0.4}).values
    assert (given["input_dropout"], given["output_dropout"], given.get("dropout")) == (0.4, 0.4, None)
