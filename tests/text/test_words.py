"""Words: where they are split, which are known, how they are counted in bounded memory."""

import pytest

from elman.text import words
from elman.text.words import WordTokenizer


def test_words_stand_by_falling_count() -> None:
    tokenizer = WordTokenizer.train(["b a b", "c b a"], size=None, minimum=2, continuous=False)
    assert tokenizer.symbols == ["<unk>", "<s>", "</s>", "b", "a"]
    assert tokenizer.encode("a c b").tolist() == [4, 0, 3]


def test_a_vocabulary_has_no_more_words_than_it_may() -> None:
    assert WordTokenizer.train(["a b b c c c"], size=5, minimum=1, continuous=False).symbols[3:] == ["c", "b"]


def test_a_literal_unknown_word_is_the_unknown_symbol() -> None:
    tokenizer = WordTokenizer.train(["<unk> <s> </s> a"] * 3, size=None, minimum=1, continuous=True)
    assert tokenizer.symbols[3:] == ["a"]
    assert tokenizer.encode("<unk> a <s> </s>").tolist() == [0, 3, 0, 0]


def test_line_ends_are_symbols_in_running_text_and_blanks_in_lines() -> None:
    text = "a b\n\n c\n"
    running = WordTokenizer(["a", "b", "c"], continuous=True)
    assert running.encode(text).tolist() == [3, 4, 2, 2, 5, 2]
    assert running.encode("\n").tolist() == [2]
    assert WordTokenizer(["a", "b", "c"], continuous=False).encode(text).tolist() == [3, 4, 5]


def test_words_end_at_every_white_space_but_only_one_is_a_line_end() -> None:
    tokenizer = WordTokenizer(["a", "b"], continuous=True)
    for blank in (" ", "\t", "\r", "\x0b", "\x0c", "\x85", "\xa0", "\u2028", "\u3000"):
        assert tokenizer.encode(f"a{blank}b{blank}").tolist() == [3, 4]
    assert tokenizer.encode("a\u200bb").tolist() == [0]  # a zero-width space is not white space


def test_decoding_puts_one_blank_between_the_words_of_a_line() -> None:
    tokenizer = WordTokenizer(["a", "b"], continuous=True)
    assert tokenizer.decode([1, 3, 4, 2, 2, 0, 4, 2]) == "a b\n\n<unk> b\n"


def test_a_word_is_settled_by_the_blank_behind_it() -> None:
    tokenizer = WordTokenizer(["a"], continuous=True)
    settled = {"ab": 0, "ab ": 3, "ab c": 3, "a\nb": 2, "a\u3000b": 2, " ": 1}
    assert {text: tokenizer.settled(text) for text in settled} == settled


def test_counting_forgets_the_rarest_words_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "MOST_COUNTED", 4)
    monkeypatch.setattr("elman.text.vocabulary.PIECE", 1)
    texts = ["a a a b b", *(f"once{n}" for n in range(50)), "a a b b b"]
    tokenizer = WordTokenizer.train(texts, size=None, minimum=3, continuous=False)
    # whenever a fifth word is met, those seen once are forgotten, and two are left
    assert tokenizer.symbols[3:] == ["a", "b"]
