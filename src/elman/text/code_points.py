"""What Unicode says of every character as a document, so that what is written in another language cuts words alike.

Knows code points alone: no word, no vocabulary. Called by `models.exporting.site`; read by
`export/web/text/unicode.js`.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.text.characters import CODE_POINTS
from elman.text.tokens import ALONE, TAGS, mark_ranges
from elman.text.word_parts import classes_of

WORD, DIGIT, BLANK, MARK, STANDS_ALONE, CASED, IGNORABLE = (8 << place for place in range(7))
"""Bits above the class of a character: part of a word, decimal digit, blank, mark, a word by itself (Han, kana), and
how it counts around a capital sigma: as a letter with case, or not at all."""
SURROGATES = range(0xD800, 0xE000)
SIGMA, FINAL_SIGMA = "Σ", "ς"


@lru_cache(maxsize=1)
def unicode_document() -> dict[str, Any]:
    """`starts` and `values` of the runs of characters that are alike; `lower`, pairs of a character and what it is in
    lower case, where that is another text."""
    bits = classes_of(np.arange(CODE_POINTS))
    lower = []
    for code in range(CODE_POINTS):
        if code in SURROGATES:
            continue
        character = chr(code)
        bits[code] |= _kinds(character)
        small = character.lower()
        if small != character:
            lower.append([code, small])
    for first, last in (*mark_ranges(), TAGS):
        bits[first : last + 1] |= MARK
    for first, last in ALONE:
        bits[first : last + 1] |= STANDS_ALONE
    starts = np.flatnonzero(np.diff(bits, prepend=-1))
    return {"starts": starts.tolist(), "values": _listed(bits[starts]), "lower": lower}


def _kinds(character: str) -> int:
    """The bits that Python's own methods tell."""
    bits = WORD * character.isalnum() | DIGIT * character.isdecimal() | BLANK * character.isspace()
    if (character + SIGMA).lower().endswith(FINAL_SIGMA):
        return bits | CASED
    return bits | IGNORABLE * ("A" + character + SIGMA).lower().endswith(FINAL_SIGMA)


def _listed(values: NDArray[np.int64]) -> list[int]:
    found: list[int] = values.tolist()
    return found
