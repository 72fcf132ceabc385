"""Characters and bytes: which are known, which ids they have, what is held back."""

import pytest

from elman.errors import InputError
from elman.text import characters
from elman.text.characters import ByteTokenizer, CharTokenizer


def test_characters_stand_by_falling_count() -> None:
    tokenizer = CharTokenizer.train(["abb\n", "bba"], size=None, minimum=1)
    assert tokenizer.symbols == ["<unk>", "<s>", "</s>", "b", "a", "\n"]  # 4, 2, 1
    assert tokenizer.encode("ba\nz").tolist() == [3, 4, 5, 0]


def test_rare_characters_are_unknown_where_they_hardly_count() -> None:
    text = "a" * 1998 + "b" * 2
    few = CharTokenizer.train([text + "cd"], size=None, minimum=None)  # 2 of 2002 characters are 0.0999 %
    assert few.symbols[3:] == ["a", "b"]
    short = CharTokenizer.train([text[3:] + "cd"], size=None, minimum=None)  # 2 of 1999 are more than 0.1 %
    assert short.symbols[3:] == ["a", "b", "c", "d"]


def test_a_minimum_that_was_given_holds_however_many_characters_are_rarer() -> None:
    assert CharTokenizer.train(["aaabbcd"], size=None, minimum=2).symbols[3:] == ["a", "b"]
    assert CharTokenizer.train(["a" * 5000 + "c"], size=None, minimum=1).symbols[3:] == ["a", "c"]


def test_a_vocabulary_has_no_more_characters_than_it_may() -> None:
    assert CharTokenizer.train(["aabbbc"], size=5, minimum=1).symbols[3:] == ["b", "a"]


def test_texts_are_counted_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = CharTokenizer.train(["한글 and ABC 😀", "x"], size=None, minimum=1)
    monkeypatch.setattr(characters, "CHUNK", 3)
    assert CharTokenizer.train(iter("한글 and ABC 😀x"), size=None, minimum=1).symbols == whole.symbols


def test_a_long_text_is_encoded_in_pieces_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "한글 and ABC 😀" * 3
    tokenizer = CharTokenizer.train([text], size=None, minimum=1)
    whole = tokenizer.encode(text).tolist()
    monkeypatch.setattr(characters, "CHUNK", 4)
    assert tokenizer.encode(text).tolist() == whole == [tokenizer.symbols.index(c) for c in text]
    with pytest.raises(InputError, match=r"^character 11: U\+DFFF"):
        tokenizer.encode("0123456789\udfff")


def test_special_symbols_of_characters_as_text() -> None:
    assert CharTokenizer(["a"]).decode([1, 3, 0, 3, 2]) == "a\ufffda\n"


def test_bytes_are_those_of_utf8() -> None:
    assert (ByteTokenizer().encode("é\n") - 3).tolist() == [0xC3, 0xA9, 0x0A]


def test_bytes_are_shown_as_characters_or_numbers() -> None:
    symbols = ByteTokenizer().symbols
    assert (symbols[3 + 65], symbols[3 + 0xED], len(symbols)) == ("A", "<0xED>", 259)


def test_bytes_of_an_incomplete_character_are_held_back() -> None:
    decoder = ByteTokenizer().decoder()
    assert [decoder.push(3 + byte) for byte in "한".encode()] == ["", "", "한"]
    assert [decoder.push(3 + byte) for byte in "한".encode()[:2]] == ["", ""]
    assert decoder.finish() == "\ufffd"


def test_bytes_that_are_not_utf8_are_shown_as_replaced() -> None:
    decoder = ByteTokenizer().decoder()
    assert decoder.push(3 + 0xFF) == "\ufffd"
    assert decoder.push(3 + 0xED) + decoder.push(3 + 65) == "\ufffdA"


def test_special_symbols_of_bytes_as_text() -> None:
    assert ByteTokenizer().decode([1, 3 + 65, 0, 2]) == "A\ufffd\n"
