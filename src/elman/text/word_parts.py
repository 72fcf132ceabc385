"""The parts of words that are features: the word itself, its shape, prefixes, suffixes and n-grams, of jamo too.

Knows code points and arrays; knows no vocabulary. Called by `text.features`. All words of a call are worked on at once,
as one array of code points.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from elman.text.characters import CODE_POINTS
from elman.text.config import LONGEST, WordConfig
from elman.text.hangul import FIRST_LEAD, are_hangul, decompose_codes
from elman.text.hashing import (
    POWERS,
    SALTS,
    assembled,
    ragged_places,
    rows_of,
    sequence_hashes,
    sizes_of,
    span_places,
    starts_of,
    sums,
    sums_behind,
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


AT_ONCE = 512
"""Words that are worked on at a time."""
UNKNOWN_CLASS = -1
_CLASSES = np.full(CODE_POINTS, UNKNOWN_CLASS, dtype=np.int8)
"""What each character is, of those that were asked for."""


@dataclass(frozen=True)
class Spans:
    """Which spans of the symbols of a word are its features, for words of every length up to some length.

    Args:
        starts: where those of each length begin among all, and the end. begins, ends: of each span, counted from the
            symbol before the word. powers, salts: what the hash of each is multiplied by, and what is added to
            it.
    """

    starts: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    powers: NDArray[np.uint64]
    salts: NDArray[np.uint64]


def word_features(
    codes: NDArray[np.int64], starts: NDArray[np.int64], config: WordConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of all features of words, one word after the other, and where those of each begin.

    Some words are worked on at a time, so that their arrays stay in the processor's cache.

    Inside a word its whole comes first, its shape, then prefixes, suffixes and n-grams by their length, then those of
    its jamo.

    Args:
        codes: (c,) of the words one after the other. starts: (n + 1,), where each begins, and c.
    """
    if len(starts) - 1 <= AT_ONCE:
        return _some_features(codes, starts, config)
    found, sizes = [], []
    for begin in range(0, len(starts) - 1, AT_ONCE):
        some = starts[begin : begin + AT_ONCE + 1]
        rows, bounds = _some_features(codes[some[0] : some[-1]], some - some[0], config)
        found.append(rows)
        sizes.append(sizes_of(bounds))
    return np.concatenate(found), starts_of(np.concatenate(sizes))


def _some_features(
    codes: NDArray[np.int64], starts: NDArray[np.int64], config: WordConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`word_features` of words that are worked on together."""
    hashes, found = _hashed(codes, starts, config, jamo=False)
    if config.shape:
        place = 1 if config.affixes or config.char_ngrams else 0
        hashes[found[:-1] + place] = _shapes_hashed(codes, starts)
    has_hangul = config.jamo and int(codes.max(initial=0)) >= FIRST_LEAD  # else there is none to look for
    chosen = np.flatnonzero(sums(are_hangul(codes), starts)) if has_hangul else np.empty(0, dtype=np.int64)
    if len(chosen) == 0:
        return rows_of(hashes, bits=config.hash_bits), found
    inside, inner = ragged_places(starts, chosen)
    jamo, sizes = decompose_codes(codes[inside])
    more, ends = _hashed(jamo, starts_of(sums(sizes, inner)), config, jamo=True)
    counts = np.zeros(len(starts) - 1, dtype=np.int64)
    counts[chosen] = sizes_of(ends)
    parts = [(sizes_of(found), rows_of(hashes, bits=config.hash_bits)), (counts, rows_of(more, bits=config.hash_bits))]
    return assembled(parts, len(counts))


def spans_of(length: int, config: WordConfig, *, jamo: bool) -> list[tuple[int, int, int]]:
    """The spans of a word of so many symbols, or of so many jamo, that are its features: begin and end, counted from
    the symbol before the word, and kind; that of the shape, which is no span, is empty."""
    prefix, suffix, ngram = (JAMO_PREFIX, JAMO_SUFFIX, JAMO_NGRAM) if jamo else (PREFIX, SUFFIX, NGRAM)
    found: list[tuple[int, int, int]] = []
    if not jamo and (config.affixes or config.char_ngrams):
        found.append((1, 1 + length, WHOLE))
    if not jamo and config.shape:
        found.append((1, 1, SHAPE))
    for n in range(1, max(config.affixes, config.char_ngrams) + 1):
        if n <= min(config.affixes, length):
            found += [(1, 1 + n, prefix), (1 + length - n, 1 + length, suffix)]
        if 2 <= n <= config.char_ngrams:
            found += [(begin, begin + n, ngram) for begin in range(length + 3 - n)]
    return found


@lru_cache(maxsize=16)
def _spans(config: WordConfig, *, jamo: bool) -> Spans:
    """The spans of words of every length, of jamo or not."""
    by_length = [spans_of(length, config, jamo=jamo) for length in range((3 if jamo else 1) * LONGEST + 1)]
    spans = np.array([span for some in by_length for span in some], dtype=np.int64).reshape(-1, 3)
    begins, ends, kinds = np.ascontiguousarray(spans.T)
    starts = starts_of(np.array([len(some) for some in by_length], dtype=np.int64))
    return Spans(starts, begins, ends, POWERS[ends - 1], SALTS[kinds])


def _hashed(
    codes: NDArray[np.int64], starts: NDArray[np.int64], config: WordConfig, *, jamo: bool
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashes of the spans of words, of jamo or not, each made one of its kind, and where those of each word
    begin."""
    spans, sizes = _spans(config, jamo=jamo), sizes_of(starts)
    begins = starts[:-1] + 2 * np.arange(len(sizes))  # of the words with a symbol before and behind each
    symbols = np.empty(len(codes) + 2 * len(sizes), dtype=np.uint64)
    symbols[begins], symbols[begins + sizes + 1] = BEGIN, END
    symbols[span_places(begins + 1, sizes)] = codes + 1
    places, found = ragged_places(spans.starts, sizes)
    behind = sums_behind(symbols, np.arange(len(symbols)) - begins.repeat(sizes + 2))
    firsts = begins.repeat(sizes_of(found))
    hashes = behind[firsts + spans.ends[places]]
    hashes -= behind[firsts + spans.begins[places]]
    hashes *= spans.powers[places]
    hashes += spans.salts[places]
    return hashes, found


def _shapes_hashed(codes: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The hashes of the shapes of words, each made one of its kind."""
    hashes = sequence_hashes(*shapes(codes, starts))
    hashes += SALTS[SHAPE]
    return hashes


def shapes(codes: NDArray[np.int64], starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the characters of each word are, every run of the same as one, and where each word begins."""
    classes = _classes(codes)
    begins_run = np.ones(len(codes), dtype=np.bool_)
    begins_run[1:] = classes[1:] != classes[:-1]
    begins_run[starts[:-1][sizes_of(starts) > 0]] = True
    return classes[begins_run], starts_of(sums(begins_run, starts))


def _classes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """What each character is; those that were not asked for before are looked up."""
    classes = _CLASSES[codes]
    if (classes == UNKNOWN_CLASS).any():
        missing = np.unique(codes[classes == UNKNOWN_CLASS])
        _CLASSES[missing] = classes_of(missing)
        classes = _CLASSES[codes]
    return classes.astype(np.int64)


def class_of(code: int) -> int:
    """What one character is."""
    return int(_classes(np.array([code]))[0])


def classes_of(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """What each character is: its Unicode category, and for letters without case the block."""
    categories = [unicodedata.category(chr(code)) for code in codes.tolist()]
    found = [_BY_CATEGORY.get(category, _BY_CATEGORY.get(category[0], SIGN)) for category in categories]
    classes = np.array(found, dtype=np.int64)
    for first, last, script in BLOCKS:
        classes[(classes == LETTER) & (codes >= first) & (codes <= last)] = script
    return classes
