"""Bags of n-grams against a count by hand: which there are, that equal ones share a row, that texts stand alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.tokens import distinct
from elman.errors import OptionError
from elman.text.bags import Bags, bags_of
from elman.text.config import BagConfig

TEXTS = [["The", "cat", "sat"], [], ["cat"], ["the", "cat", "the", "cat", "한국어를"]]


def grams(items: str | list[str], orders: range) -> list[str | tuple[str, ...]]:
    """All n-grams, by order and place."""
    found: list[str | tuple[str, ...]] = []
    for n in orders:
        for k in range(len(items) - n + 1):
            part = items[k : k + n]
            found.append(part if isinstance(part, str) else tuple(part))
    return found


def by_hand(text: list[str], config: BagConfig) -> list[list[str | tuple[str, ...]]]:
    forms = [token.lower() for token in text]
    line = " ".join(["", *forms, ""])
    characters = grams(line, range(3, config.bag_characters + 1)) if config.bag_characters else []
    if config.bag_characters:
        characters += [gram for gram in grams(line, range(1, 3)) if any(character >= "ᄀ" for character in gram)]
    return [grams(forms, range(1, config.bag_words + 1)), characters]


def rows(bags: Bags, bag: int) -> list[int]:
    return bags.rows[bags.starts[bag] : bags.starts[bag + 1]].tolist()


@pytest.mark.parametrize(("words", "characters"), [(3, 5), (0, 4), (2, 0), (0, 0), (1, 3)])
def test_a_text_has_the_n_grams_that_a_count_by_hand_finds_and_equal_ones_share_a_row(
    words: int, characters: int
) -> None:
    config = BagConfig(bag_words=words, bag_characters=characters, bag_bits=24)
    bags = bags_of(*distinct(TEXTS), config, form=str.lower)
    names: dict[str | tuple[str, ...], int] = {}
    for place, text in enumerate(TEXTS):
        for kind, wanted in enumerate(by_hand(text, config)):
            found = rows(bags, 2 * place + kind)
            assert len(found) == len(wanted) == bags.sizes[2 * place + kind]
            for name, row in zip(wanted, found, strict=True):
                assert names.setdefault(name, row) == row
    assert len(set(names.values())) == len(names)  # of so few in so large a table, none meet
    assert all(0 <= row < 1 << 24 for row in names.values())


TEXT = st.lists(st.text("abc한", min_size=1, max_size=4), max_size=5)


@settings(max_examples=30)
@given(st.lists(TEXT, max_size=4), TEXT)
def test_the_bags_of_a_text_do_not_depend_on_its_company(others: list[list[str]], text: list[str]) -> None:
    config = BagConfig(bag_bits=16)
    alone = bags_of(*distinct([text]), config, form=str.lower)
    among = bags_of(*distinct([*others, text]), config, form=str.lower)
    for kind in range(2):
        assert rows(alone, kind) == rows(among, 2 * len(others) + kind)


def test_texts_are_selected_in_the_order_given_with_empty_ones_behind() -> None:
    bags = bags_of(*distinct(TEXTS), BagConfig(), form=str.lower)
    found = bags.select(np.array([3, 1, 0]), padded=5)
    for place, text in enumerate([3, 1, 0]):
        for kind in range(2):
            assert rows(found, 2 * place + kind) == rows(bags, 2 * text + kind)
            assert found.sizes[2 * place + kind] == bags.sizes[2 * text + kind]
    assert [rows(found, bag) for bag in range(6, 10)] == [[]] * 4 and found.sizes[6:].tolist() == [0] * 4


def test_lists_that_are_joined_are_those_of_all_texts() -> None:
    config = BagConfig()
    joined = Bags.joined([bags_of(*distinct(part), config, form=str.lower) for part in (TEXTS[:1], [], TEXTS[1:])])
    whole = bags_of(*distinct(TEXTS), config, form=str.lower)
    for found, wanted in zip(vars(joined).values(), vars(whole).values(), strict=True):
        assert np.array_equal(found, wanted)


def test_rare_n_grams_are_left_out_but_still_counted() -> None:
    bags = bags_of(*distinct(TEXTS), BagConfig(bag_bits=20), form=str.lower)
    kept = bags.frequent(2)
    often = np.bincount(bags.rows)
    for bag in range(2 * len(TEXTS)):
        assert rows(kept, bag) == [row for row in rows(bags, bag) if often[row] >= 2]
    assert np.array_equal(kept.sizes, bags.sizes) and len(kept.rows) < len(bags.rows)
    assert np.array_equal(bags.frequent(1).rows, bags.rows)


@pytest.mark.parametrize("longest", [1, 2])
def test_n_grams_of_characters_begin_at_three(longest: int) -> None:
    with pytest.raises(OptionError, match="begin at 3"):
        BagConfig(bag_characters=longest)
