"""The document of what Unicode says of characters, against Python's own methods, all characters."""

import bisect
import unicodedata

from elman.text.code_points import (
    BLANK,
    CASED,
    DIGIT,
    IGNORABLE,
    MARK,
    STANDS_ALONE,
    SURROGATES,
    WORD,
    unicode_document,
)
from elman.text.word_parts import HAN, KANA, LOWER, UPPER


def test_every_character_is_told_as_python_knows_it() -> None:
    document = unicode_document()
    starts, values, lower = document["starts"], document["values"], dict(document["lower"])
    for code in range(0, 0x110000, 3):
        bits, one = values[bisect.bisect_right(starts, code) - 1], chr(code)
        told = (bool(bits & WORD), bool(bits & DIGIT), bool(bits & BLANK))
        assert told == (one.isalnum(), one.isdecimal(), one.isspace()) or code in SURROGATES
        assert lower.get(code, one) == one.lower()
        category = unicodedata.category(one)
        assert (bits & 7 == UPPER) == (category in ("Lu", "Lt")) and (bits & 7 == LOWER) == (category == "Ll")
        assert not bits & MARK or category[0] == "M" or 0xE0020 <= code <= 0xE007F
        assert bits & 7 not in (HAN, KANA) or bits & STANDS_ALONE


def test_letters_with_case_and_what_is_passed_over_are_told() -> None:
    document = unicode_document()

    def bits(character: str) -> int:
        found: int = document["values"][bisect.bisect_right(document["starts"], ord(character)) - 1]
        return found & (CASED | IGNORABLE)

    assert [bits(one) for one in "aÄα1가"] == [CASED, CASED, CASED, 0, 0]
    assert [bits(one) for one in "'\u00ad\u0301\u02b0"] == [IGNORABLE] * 4  # the last is a letter with case, too
