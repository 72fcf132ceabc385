"""Hangul: syllables taken apart into jamo, and put together again.

Knows code points alone: no word, no vocabulary and no other script. Used by `features`, where syllables that differ in
one jamo have something in common.

Source: The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
"""

import re

import numpy as np
from numpy.typing import NDArray

FIRST_SYLLABLE, FIRST_LEAD, FIRST_VOWEL = 0xAC00, 0x1100, 0x1161
BEFORE_TAILS = 0x11A7
"""The code point before the first tail: tail 0 is none."""
LEADS, VOWELS, TAILS = 19, 21, 28
SYLLABLES = LEADS * VOWELS * TAILS
_JAMO = range(0x1100, 0x1200)

_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff]")
_PARTS = re.compile("([\u1100-\u1112])([\u1161-\u1175])([\u11a8-\u11c2])?|([\uac00-\ud7a3])([\u11a8-\u11c2])")
"""A lead, a vowel and perhaps a tail; or a syllable and a tail."""


class _JamoOf(dict[int, str]):
    """The jamo of each syllable, for `str.translate`, which leaves a character as it is where there is none."""

    def __missing__(self, code: int) -> str:
        index = code - FIRST_SYLLABLE
        if not 0 <= index < SYLLABLES:
            raise KeyError(code)
        self[code] = from_codes(decompose_codes(np.array([code]))[0])
        return self[code]


JAMO_OF = _JamoOf()
"""The jamo of each syllable that was met, by its code point."""


def decompose(text: str) -> str:
    """The text with every syllable (U+AC00 to U+D7A3) as its two or three conjoining jamo; all else as it is.

    Example:
        >>> [f"{ord(jamo):X}" for jamo in decompose("각a")]
        ['1100', '1161', '11A8', '61']
    """
    return text.translate(JAMO_OF)


def compose(text: str) -> str:
    """The text with conjoining jamo as syllables, wherever they make one; all else as it is.

    Example:
        >>> compose(decompose("한글"))
        '한글'
    """
    return _PARTS.sub(_composed, text)


def _composed(parts: re.Match[str]) -> str:
    lead, vowel, tail, syllable, late_tail = parts.groups()
    if syllable is not None:
        is_open = (ord(syllable) - FIRST_SYLLABLE) % TAILS == 0
        return chr(ord(syllable) + ord(late_tail) - BEFORE_TAILS) if is_open else syllable + late_tail
    index = (ord(lead) - FIRST_LEAD) * VOWELS + ord(vowel) - FIRST_VOWEL
    return chr(FIRST_SYLLABLE + index * TAILS + (ord(tail) - BEFORE_TAILS if tail else 0))


def decompose_codes(codes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`decompose` on code points (T,): those of the jamo one after the other, and how many each became, (T,)."""
    index = codes - FIRST_SYLLABLE
    is_syllable = (index >= 0) & (index < SYLLABLES)
    tail = np.where(is_syllable, index % TAILS, 0)
    sizes = 1 + is_syllable.astype(np.int64) + (tail > 0)
    begins = np.cumsum(sizes) - sizes
    jamo = np.empty(int(sizes.sum()), dtype=np.int64)
    jamo[begins] = np.where(is_syllable, FIRST_LEAD + index // (VOWELS * TAILS), codes)
    jamo[begins[is_syllable] + 1] = FIRST_VOWEL + index[is_syllable] // TAILS % VOWELS
    jamo[begins[tail > 0] + 2] = BEFORE_TAILS + tail[tail > 0]
    return jamo, sizes


def has_hangul(text: str) -> bool:
    """Is there a syllable or conjoining jamo? `are_hangul` of a text."""
    return _HANGUL.search(text) is not None


def are_hangul(codes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which code points are syllables or conjoining jamo: what `decompose` gives, or takes apart."""
    syllables = (codes >= FIRST_SYLLABLE) & (codes < FIRST_SYLLABLE + SYLLABLES)
    return syllables | ((codes >= _JAMO.start) & (codes < _JAMO.stop))


def to_codes(text: str) -> NDArray[np.int64]:
    """The code points of a text, (T,); halves of surrogate pairs are code points like others."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<i4").astype(np.int64)


def from_codes(codes: NDArray[np.int64]) -> str:
    """The text of code points."""
    return codes.astype("<i4").tobytes().decode("utf-32-le", "surrogatepass")
