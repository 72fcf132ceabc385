"""Words that were met: none of them passes for a new one, and hardly any new one for one of them."""

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import ModelFileError
from elman.text.seen import SeenWords

WORDS = ["the", "The", "고양이", "", "a b", "\ud800"]


@given(st.lists(st.text()), st.lists(st.text()))
def test_a_word_that_was_met_is_never_unseen(met: list[str], others: list[str]) -> None:
    seen = SeenWords.of(met)
    assert seen.unseen(met + others)[: len(met)].sum() == 0
    assert seen.unseen(others).tolist() == [word not in met for word in others]


def test_hardly_any_new_word_passes_for_one_that_was_met() -> None:
    seen = SeenWords.of(f"met {n}" for n in range(100_000))
    passed = 100_000 - int(seen.unseen([f"new {n}" for n in range(100_000)]).sum())
    assert passed <= 15  # 100,000 * 100,000 / 2 ** 32 = 2.3 expected


def test_where_none_was_met_all_are_unseen() -> None:
    assert SeenWords.of([]).unseen(WORDS).all()
    assert SeenWords.of(WORDS).unseen([]).shape == (0,)


def test_joined_sets_have_the_words_of_both() -> None:
    both = SeenWords.of(["a", "b"]).joined(SeenWords.of(["b", "c"]))
    assert both.unseen(["a", "b", "c", "d"]).tolist() == [False, False, False, True]
    assert both.to_json() == SeenWords.of(["c", "b", "a", "a"]).to_json()


def test_a_set_is_four_bytes_a_word_and_comes_back() -> None:
    document = SeenWords.of([*WORDS, *WORDS]).to_json()
    assert len(base64.b64decode(document["crc32"])) == 4 * len(WORDS)
    again = SeenWords.from_json(document, where="seen.json")
    assert again.unseen([*WORDS, "cat"]).tolist() == [False] * len(WORDS) + [True]
    assert again.to_json() == document


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"crc32": 3},
        {"crc32": "a"},
        {"crc32": "!!!!"},
        {"crc32": base64.b64encode(b"12345").decode()},
        {"crc32": "", "more": 1},
        {"crc32": "é"},
    ],
)
def test_a_document_that_is_none_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ModelFileError, match=r"seen\.json"):
        SeenWords.from_json(document, where="seen.json")


def test_sums_in_any_order_are_understood() -> None:
    document = SeenWords.of(WORDS).to_json()
    sums = np.frombuffer(base64.b64decode(document["crc32"]), dtype="<u4")[::-1]
    turned = {"crc32": base64.b64encode(sums.tobytes()).decode()}
    assert not SeenWords.from_json(turned, where="seen.json").unseen(WORDS).any()
