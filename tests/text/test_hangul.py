"""Hangul against Unicode's own normal forms."""

import unicodedata

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from elman.text.hangul import are_hangul, compose, decompose, decompose_codes, from_codes, to_codes

SYLLABLES = [chr(code) for code in range(0xAC00, 0xD7A4)]
HANGUL = st.text(st.sampled_from([chr(code) for code in (*range(0x1100, 0x1200), *range(0xAC00, 0xAC40), 0xD7A3)]))
ANYTHING = st.text(st.characters())


def test_every_syllable_is_decomposed_as_unicode_does() -> None:
    assert [decompose(syllable) for syllable in SYLLABLES] == [unicodedata.normalize("NFD", s) for s in SYLLABLES]


def test_every_syllable_comes_back() -> None:
    assert [compose(unicodedata.normalize("NFD", syllable)) for syllable in SYLLABLES] == SYLLABLES


@given(HANGUL)
def test_jamo_are_composed_wherever_unicode_composes_them(text: str) -> None:
    assert compose(text) == unicodedata.normalize("NFC", text)
    assert decompose(text) == unicodedata.normalize("NFD", text)


@given(ANYTHING)
def test_other_characters_pass_unchanged(text: str) -> None:
    other = "".join(character for character in text if not "\u1100" <= character <= "\ud7a3")
    assert decompose(other) == compose(other) == other
    assert from_codes(to_codes(text)) == text


def test_halves_of_surrogate_pairs_stay_halves() -> None:
    assert decompose("\ud83d\ude00각\udc00") == "\ud83d\ude00\u1100\u1161\u11a8\udc00"


def test_each_code_point_is_told_how_many_it_became() -> None:
    jamo, sizes = decompose_codes(to_codes("가a각\u1100"))
    assert sizes.tolist() == [2, 1, 3, 1]
    assert from_codes(jamo) == "\u1100\u1161a\u1100\u1161\u11a8\u1100"


def test_no_code_points_have_no_jamo() -> None:
    jamo, sizes = decompose_codes(to_codes(""))
    assert (len(jamo), len(sizes), decompose(""), compose("")) == (0, 0, "", "")


def test_syllables_and_conjoining_jamo_are_hangul() -> None:
    codes = np.array([0x10FF, 0x1100, 0x11FF, 0x1200, 0x3131, 0xABFF, 0xAC00, 0xD7A3, 0xD7A4])
    assert are_hangul(codes).tolist() == [False, True, True, False, False, False, True, True, False]
