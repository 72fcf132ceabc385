"""Text cut into words and signs, or into characters, for any language: the tokens that a classifier reads.

Knows strings alone: no vocabulary, no file. Called by `data.text_batches` and by `models.classifying`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache

from elman.text.word_parts import BLOCKS, HAN, KANA

BEGIN_SHARE = 0.75
"""The share of a shortened text that is taken from its begin: the rest is its end."""
ALONE = tuple((first, last) for first, last, script in BLOCKS if script in (HAN, KANA))
"""The first and the last of the characters that are words by themselves."""
TAGS = (0xE0020, 0xE007F)
"""Likewise of those that name a flag behind an emoji; they count as marks."""
ASCII_TOKENS = re.compile(r"[^\W_]+(?:'[^\W_]+)*|\S")
"""What a token is where there are no marks, no flags and no characters that are words: several times as fast."""


def split_words(text: str) -> list[str]:
    """The tokens of a text, in order; blanks are between them and in none.

    A token is a run of letters and digits (an apostrophe or a joiner between two letters is part of it), one Han or
    kana character, or one sign (an emoji with all that belongs to it); marks go with what they stand on.

    Example:
        >>> split_words("Don't panic!! 東京2024")
        ["Don't", 'panic', '!', '!', '東', '京', '2024']
    """
    return (ASCII_TOKENS if text.isascii() else _pattern()).findall(text)


def split_characters(text: str) -> list[str]:
    """The characters of a text, in order; blanks between words are one, those around it none.

    Example:
        >>> split_characters(" 안녕  ok!")
        ['안', '녕', ' ', 'o', 'k', '!']
    """
    return list(" ".join(text.split()))


def shortened(tokens: Sequence[str], longest: int) -> list[str]:
    """The first three quarters and the last quarter of so many tokens, of more than that; else all.

    Example:
        >>> shortened("abcdefgh", 4)
        ['a', 'b', 'c', 'h']
    """
    if len(tokens) <= longest:
        return list(tokens)
    begin = round(BEGIN_SHARE * longest)
    return [*tokens[:begin], *tokens[len(tokens) - (longest - begin) :]]


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """What a token is."""
    marks = f"[{_class((*mark_ranges(), TAGS))}]*"
    alone = _class(ALONE)
    letter = rf"[^\W_{alone}]"
    letters = rf"(?:[0-9A-Za-z가-힣]+|{letter})"  # those that are met most need no look at long lists
    word = rf"(?:{letters}{marks}(?:['’\u200c\u200d](?={letter}))?)+"
    flag = "[\U0001f1e6-\U0001f1ff]{2}"
    sign = rf"\S{marks}(?:[\U0001f3fb-\U0001f3ff]{marks}|\u200d[^\w\s]{marks})*"
    return re.compile(f"{word}|[{alone}]{marks}|{flag}|{sign}")


def mark_ranges() -> list[tuple[int, int]]:
    """The first and the last of the characters that Unicode calls marks (M), stretch by stretch."""
    ranges: list[tuple[int, int]] = []
    for code in (*range(0x300, 0x1F000), *range(0xE0100, 0xE01F0)):
        if unicodedata.category(chr(code))[0] == "M":
            begins = ranges.pop()[0] if ranges and ranges[-1][1] == code - 1 else code
            ranges.append((begins, code))
    return ranges


def _class(ranges: Iterable[tuple[int, int]]) -> str:
    """The inside of a class of characters."""
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)
