"""Which symbols are kept, and in which order; lists of symbols that are wrong."""

import pytest

from elman.errors import ModelFileError
from elman.text import vocabulary
from elman.text.vocabulary import END, SPECIALS, START, UNKNOWN, by_count, has_surrogate, symbols_from_json


def test_special_symbols_come_first() -> None:
    assert (SPECIALS[UNKNOWN], SPECIALS[START], SPECIALS[END]) == ("<unk>", "<s>", "</s>")


def test_symbols_stand_by_falling_count_and_then_by_themselves() -> None:
    assert by_count({"b": 2, "a": 2, "c": 5, "d": 1}, size=None) == ["c", "a", "b", "d"]


def test_rare_symbols_and_those_beyond_the_size_are_left_out() -> None:
    counts = {"b": 2, "a": 2, "c": 5, "d": 1}
    assert by_count(counts, size=None, minimum=2) == ["c", "a", "b"]
    assert by_count(counts, size=5) == ["c", "a"]  # beside the three special ones


def test_half_of_a_surrogate_pair_is_found() -> None:
    assert has_surrogate("a\ud800") and has_surrogate("\udfff")
    assert not has_surrogate("a\ud7ff\ue000😀")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"a": 1}, "symbols are not a list"),
        (["a", 1], "symbol 1 is not a text"),
        (["a", "b", "a"], "the symbol 'a' stands twice"),
        (["a", "bad"], "symbol 1 is bad"),
        (["a"] * 8, "8 symbols; at most 10 are read"),
    ],
)
def test_a_wrong_list_is_refused(document: object, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "LARGEST", 10)
    with pytest.raises(ModelFileError) as caught:
        symbols_from_json(document, check=lambda symbol: "bad" if symbol == "bad" else None, where="t.json")
    assert str(caught.value) == f"t.json: {message}"
