"""The features of a few words: what `text.word_parts` finds of many at once, word by word.

Of a few words, calls of numpy would cost more than the work. Knows strings; knows no vocabulary. Used by
`text.features`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.text.config import WordConfig
from elman.text.hangul import JAMO_OF, has_hangul
from elman.text.hashing import INVERSES, POWERS, SALTS, rows_of, sequence_hash
from elman.text.word_parts import BEGIN, END, SHAPE, class_of, spans_of

FEW = 8
"""Words that are faster this way."""
_RUN = re.compile(r"(.)\1+", re.DOTALL)
_INVERSES: list[int] = INVERSES.tolist()
_LAST_BITS = (1 << 64) - 1


class _Classes(dict[int, str]):
    """What each character is in the shape of a word, as the character of that number; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = chr(class_of(code))
        return self[code]


_CLASSES = _Classes()


def few_features(words: Sequence[str], config: WordConfig) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`word_features` of words none longer than `LONGEST`, at least one."""
    place = 1 if config.affixes or config.char_ngrams else 0
    found, starts, count = [], [0], 0
    for word in words:
        hashes = _hashed(word, config, jamo=False)
        if config.shape:
            hashes[place] = _shape_hashed(shape_of(word))
        count += len(hashes)
        found.append(hashes)
        if config.jamo and has_hangul(word):
            found.append(_hashed(word.translate(JAMO_OF), config, jamo=True))
            count += len(found[-1])
        starts.append(count)
    return rows_of(np.concatenate(found), bits=config.hash_bits), np.array(starts, dtype=np.int64)


def shape_of(word: str) -> str:
    """The shape of a word as `word_parts.shapes` has it, the numbers of classes as characters."""
    return _RUN.sub(r"\1", word.translate(_CLASSES))


def _hashed(word: str, config: WordConfig, *, jamo: bool) -> NDArray[np.uint64]:
    """The hashes of the spans of a word, of jamo or not, each made one of its kind."""
    begins, ends, powers, salts = _spans(len(word), config, jamo=jamo)
    symbols = [BEGIN, *[ord(character) + 1 for character in word], END]
    sums = [total & _LAST_BITS for total in accumulate(map(mul, symbols, _INVERSES), initial=0)]
    behind = np.array(sums, dtype=np.uint64)  # as `hashing.sums_behind` has it
    hashes: NDArray[np.uint64] = behind[ends]
    hashes -= behind[begins]
    hashes *= powers
    hashes += salts
    return hashes


@lru_cache(maxsize=1024)
def _spans(length: int, config: WordConfig, *, jamo: bool) -> tuple[NDArray[Any], ...]:
    """The spans of words of a length: begins, ends, what their sums are multiplied by and what is added to these."""
    spans = np.array(spans_of(length, config, jamo=jamo), dtype=np.int64).reshape(-1, 3)
    begins, ends, kinds = np.ascontiguousarray(spans.T)
    return begins, ends, POWERS[ends - 1], SALTS[kinds]


@lru_cache(maxsize=4096)
def _shape_hashed(shape: str) -> int:
    """The hash of a shape, whose characters are the numbers of classes."""
    return sequence_hash(list(map(ord, shape)), kind=SHAPE)
