"""The parts of words that are features: the word itself, its shape, prefixes, suffixes and n-grams, of jamo too.

Knows code points and arrays; knows no vocabulary. Called by `text.features`. All words of a call are worked on at once,
as one array of code points.
"""

import unicodedata
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from elman.text.characters import CODE_POINTS
from elman.text.config import WordConfig
from elman.text.hangul import are_hangul, decompose_codes
from elman.text.hashing import (
    Part,
    ragged_places,
    rolling_hashes,
    sequence_hashes,
    span_places,
    spread,
    starts_of,
    sums,
)

BEGIN, END = CODE_POINTS + 1, CODE_POINTS + 2
"""The symbols around a word in its n-grams."""
WHOLE, SHAPE, PREFIX, SUFFIX, NGRAM, JAMO_PREFIX, JAMO_SUFFIX, JAMO_NGRAM = range(8)
"""The kinds of features."""
UPPER, LOWER, DIGIT, HANGUL, HAN, KANA, LETTER, SIGN = range(8)
"""What a character is in the shape of a word: letters by case or script, digits, and all else (punctuation)."""
_BY_CATEGORY = {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "L": LETTER, "M": LETTER, "N": DIGIT}
BLOCKS = (
    (0x1100, 0x11FF, HANGUL), (0x2E80, 0x2FDF, HAN), (0x3005, 0x3007, HAN), (0x3040, 0x30FF, KANA),
    (0x3130, 0x318F, HANGUL), (0x31F0, 0x31FF, KANA), (0x3400, 0x4DBF, HAN), (0x4E00, 0x9FFF, HAN),
    (0xA960, 0xA97F, HANGUL), (0xAC00, 0xD7FF, HANGUL), (0xF900, 0xFAFF, HAN), (0xFF66, 0xFF9F, KANA),
    (0xFFA0, 0xFFDC, HANGUL), (0x1AFF0, 0x1B16F, KANA), (0x20000, 0x3FFFF, HAN),
)  # fmt: skip
"""Letters that have no case: the first and the last code point of a block, and what it is."""


def word_parts(codes: NDArray[np.int64], starts: NDArray[np.int64], config: WordConfig) -> Iterator[Part]:
    """All features of words, sort by sort: `codes` (c,) of the words one after the other, `starts` (n + 1,)."""
    words, bits = len(starts) - 1, config.hash_bits
    one = np.ones(words, dtype=np.int64)
    if config.affixes or config.char_ngrams:
        yield one, spread(sequence_hashes(codes, starts), kind=WHOLE, bits=bits)
    if config.shape:
        yield one, spread(sequence_hashes(*_shapes(codes, starts)), kind=SHAPE, bits=bits)
    yield from _inner_parts(codes, starts, config=config, kinds=(PREFIX, SUFFIX, NGRAM))
    chosen = np.flatnonzero(sums(are_hangul(codes), starts)) if config.jamo else np.empty(0, dtype=np.int64)
    if len(chosen) == 0:
        return
    inside, starts = ragged_places(starts, chosen)
    jamo, sizes = decompose_codes(codes[inside])
    starts = starts_of(sums(sizes, starts))
    for sizes, rows in _inner_parts(jamo, starts, config=config, kinds=(JAMO_PREFIX, JAMO_SUFFIX, JAMO_NGRAM)):
        every = np.zeros(words, dtype=np.int64)
        every[chosen] = sizes
        yield every, rows


def _inner_parts(
    codes: NDArray[np.int64], starts: NDArray[np.int64], *, config: WordConfig, kinds: tuple[int, int, int]
) -> Iterator[Part]:
    """Prefixes, suffixes and n-grams, by their length."""
    sizes = np.diff(starts)
    begins = starts[:-1] + 2 * np.arange(len(sizes))  # of the words with a symbol before and behind each
    symbols = np.empty(len(codes) + 2 * len(sizes), dtype=np.uint64)
    symbols[begins], symbols[begins + sizes + 1] = BEGIN, END
    symbols[span_places(begins + 1, sizes)] = codes + 1
    prefix, suffix, ngram = kinds
    longest = max(config.affixes, config.char_ngrams)
    for length, hashes in enumerate(rolling_hashes(symbols, longest), 1):
        if length <= config.affixes:
            long_enough = sizes >= length
            one, first, last = long_enough.astype(np.int64), (begins + 1)[long_enough], (begins + sizes)[long_enough]
            yield one, spread(hashes[first], kind=prefix, bits=config.hash_bits)
            yield one, spread(hashes[last - length + 1], kind=suffix, bits=config.hash_bits)
        if 2 <= length <= config.char_ngrams:
            many = np.maximum(sizes + 3 - length, 0)
            yield many, spread(hashes[span_places(begins, many)], kind=ngram, bits=config.hash_bits)


def _shapes(codes: NDArray[np.int64], starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the characters of each word are, every run of the same as one, and where each word begins."""
    distinct, place = np.unique(codes, return_inverse=True)
    classes = _classes(distinct)[place]
    begins_run = np.ones(len(codes), dtype=np.bool_)
    begins_run[1:] = classes[1:] != classes[:-1]
    begins_run[starts[:-1][np.diff(starts) > 0]] = True
    return classes[begins_run], starts_of(sums(begins_run, starts))


def _classes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """What each character is: its Unicode category, and for letters without case the block."""
    categories = [unicodedata.category(chr(code)) for code in codes.tolist()]
    found = [_BY_CATEGORY.get(category, _BY_CATEGORY.get(category[0], SIGN)) for category in categories]
    classes = np.array(found, dtype=np.int64)
    for first, last, script in BLOCKS:
        classes[(classes == LETTER) & (codes >= first) & (codes <= last)] = script
    return classes
