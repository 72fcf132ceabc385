"""Words of texts in many scripts, as a reader would cut them; and nothing of a text is lost."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.text.tokens import shortened, split_words


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        (" \t\n\u3000\u00a0", []),
        ("a stirring , funny film", ["a", "stirring", ",", "funny", "film"]),
        ("Don't... wo n't rock’n’roll 'quoted'", ["Don't", *"...", "wo", "n't", "rock’n’roll", "'", "quoted", "'"]),
        ("k-19 costs $3.50!", ["k", "-", "19", "costs", "$", "3", ".", "50", "!"]),
        ("snake_case a@b.c", ["snake", "_", "case", "a", "@", "b", ".", "c"]),
        ("이 영화를 꼭 보세요ㅋㅋㅋ", ["이", "영화를", "꼭", "보세요ㅋㅋㅋ"]),
        ("각도", ["각도"]),
        ("東京2024年、カタカナ", ["東", "京", "2024", "年", "、", *"カタカナ"]),
        ("か\u3099", ["か\u3099"]),
        ("café cafe\u0301 Ünï", ["café", "cafe\u0301", "Ünï"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("สวัสดีครับ", ["สวัสดีครับ"]),
        ("Straße Привет", ["Straße", "Привет"]),
        ("👍🏽👩‍👩‍👧❤️🇰🇷🇺🇸", ["👍🏽", "👩‍👩‍👧", "❤️", "🇰🇷", "🇺🇸"]),
        ("x\u200b\x00", ["x", "\u200b", "\x00"]),
        ("\ud800a", ["\ud800", "a"]),
    ],
)
def test_words_and_signs_are_cut_as_a_reader_would(text: str, wanted: list[str]) -> None:
    assert split_words(text) == wanted


@given(st.text(st.characters() | st.sampled_from("ab'’ \u0301\u200d\u200c👍🏽🇰ㄱ가각東か"), max_size=40))
def test_nothing_but_blanks_is_lost(text: str) -> None:
    tokens = split_words(text)
    assert "".join(tokens) == "".join(text.split())
    assert all(tokens)


@given(st.text(st.characters(max_codepoint=0x7F) | st.sampled_from("ab''_1 \x1c-"), max_size=40))
def test_plain_texts_are_cut_as_they_would_be_beside_other_characters(text: str) -> None:
    assert [*split_words(text), "é"] == split_words(f"{text} é")


@given(
    st.lists(st.sampled_from(["a", "0", "가", "é", "Ω", "\u0301", "'", "\u200d", "東", "か", "_", "."]), max_size=20)
)
def test_letters_that_are_met_most_are_cut_as_all_others(characters: list[str]) -> None:
    """Every letter is one of the frequent ones, or none is: where words begin and end stays the same."""
    frequent, rare = str.maketrans("éΩ", "a0"), str.maketrans("a0가", "éΩé")
    text = "".join(characters)
    ends = [[len(token) for token in split_words(f"東{text.translate(table)}")] for table in (frequent, rare)]
    assert ends[0] == ends[1]


@given(st.text(max_size=30), st.text(max_size=30))
def test_what_is_cut_does_not_depend_on_what_stands_behind_a_blank(before: str, behind: str) -> None:
    assert split_words(f"{before} {behind}") == split_words(before) + split_words(behind)


@given(st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=20))
def test_letters_and_digits_with_case_are_one_word(text: str) -> None:
    assert split_words(text) == [text]


def test_marks_begin_a_token_only_where_nothing_stands_before_them() -> None:
    for code in range(0x300, 0x1F000):
        if unicodedata.category(chr(code)) in ("Mn", "Mc", "Me"):
            assert split_words(f"a{chr(code)}b") == [f"a{chr(code)}b"], f"{code:x}"


@pytest.mark.parametrize(
    ("longest", "wanted"),
    [(8, "abcdefgh"), (9, "abcdefgh"), (4, "abch"), (5, "abcdh"), (6, "abcdgh"), (7, "abcdefh"[:5] + "gh")],
)
def test_a_long_text_keeps_its_begin_and_its_end(longest: int, wanted: str) -> None:
    assert "".join(shortened("abcdefgh", longest)) == wanted
