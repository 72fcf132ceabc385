"""Words as features: an id, hashed prefixes, suffixes, n-grams and shape, and the characters.

Knows strings, counts and arrays; knows no file, no sentence and no network. Trained and asked by `models`, which keeps
the answers of words that come again.

All words of a call are worked on at once, as one array of code points. A sequence of symbols s (code points plus one,
so that none is 0) is hashed by a polynomial, then spread over the rows, each kind of feature in its own way:

    h() = 0        h(s_1 … s_n) = h(s_1 … s_{n-1}) M + s_n        row = the highest bits of mix(h + kind * SALT)

in whole numbers modulo 2 ** 64. Source of mix: Steele, Lea & Flood 2014 (the end of SplitMix64, but for its last shift,
which leaves the highest bits as they are).
"""

import base64
import binascii
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError, OptionError
from elman.settings import build, names, to_dict
from elman.text.characters import CODE_POINTS
from elman.text.config import MINIMUM_COUNT, WordConfig
from elman.text.hangul import are_hangul, decompose_codes, to_codes
from elman.text.vocabulary import by_count, check_keys, has_surrogate, symbols_from_json

LONGEST = 40
"""Code points of a word that are looked at: of a longer one, as many from its begin as from its end."""
BEGIN, END = CODE_POINTS + 1, CODE_POINTS + 2
"""The symbols around a word in its n-grams."""
WHOLE, SHAPE, PREFIX, SUFFIX, NGRAM, JAMO_PREFIX, JAMO_SUFFIX, JAMO_NGRAM = range(8)
"""The kinds of features."""
UPPER, LOWER, DIGIT, HANGUL, HAN, KANA, LETTER, SIGN = range(8)
"""What a character is in the shape of a word: letters by case or script, digits, and all else (punctuation)."""

_M = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits, as in Fibonacci hashing
_SALT = 0xD1B54A32D192ED03
_MIX = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
_POWERS = np.array([pow(_M, n, 1 << 64) for n in range(LONGEST)], dtype=np.uint64)
WORDS_AT_ONCE = 1 << 14
"""Words whose features are counted together."""
_MOST_SEEN = 1 << 62
_DIGIT = re.compile(r"\d")
_BY_CATEGORY = {"Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "L": LETTER, "M": LETTER, "N": DIGIT}
BLOCKS = (
    (0x1100, 0x11FF, HANGUL), (0x2E80, 0x2FDF, HAN), (0x3005, 0x3007, HAN), (0x3040, 0x30FF, KANA),
    (0x3130, 0x318F, HANGUL), (0x31F0, 0x31FF, KANA), (0x3400, 0x4DBF, HAN), (0x4E00, 0x9FFF, HAN),
    (0xA960, 0xA97F, HANGUL), (0xAC00, 0xD7FF, HANGUL), (0xF900, 0xFAFF, HAN), (0xFF66, 0xFF9F, KANA),
    (0xFFA0, 0xFFDC, HANGUL), (0x1AFF0, 0x1B16F, KANA), (0x20000, 0x3FFFF, HAN),
)  # fmt: skip
"""Letters that have no case: the first and the last code point of a block, and what it is."""

Part = tuple[NDArray[np.int64], NDArray[np.int64]]
"""How many features of one sort each word has, (n,), and their rows one after the other."""


@dataclass(frozen=True)
class WordRows:
    """What is known of n words, in arrays.

    Args:
        words: (n,), ids in the vocabulary, 0 for unknown.
        features: (m,), hashed rows, one word after the other; a row may stand twice in a word.
        feature_starts: (n + 1,), where those of each word begin, and m.
        characters: (c,), ids in the alphabet, 0 for unknown, one word after the other, at most `LONGEST` of each.
        character_starts: (n + 1,), as above.
    """

    words: NDArray[np.int64]
    features: NDArray[np.int64]
    feature_starts: NDArray[np.int64]
    characters: NDArray[np.int64]
    character_starts: NDArray[np.int64]

    def select(self, places: NDArray[np.int64]) -> "WordRows":
        """The same of the words at some places, counted from 0, in the order of the places; one may stand twice."""
        features, feature_starts = ragged_places(self.feature_starts, places)
        characters, character_starts = ragged_places(self.character_starts, places)
        return WordRows(
            words=self.words[places],
            features=self.features[features],
            feature_starts=feature_starts,
            characters=self.characters[characters],
            character_starts=character_starts,
        )


class WordFeatures:
    """The words and characters that training has seen, and which rows any word has.

    Args:
        vocabulary: normal forms of words by id, from 1 on. counts: (size,), how often each was seen in training; at 0
            how often one that is not in the vocabulary was. alphabet: characters by id, from 1 on. kept: (2 ** hash_bits,),
            the hashed rows that words have; the others, which too few words of training had, tell nothing of new ones.
    """

    def __init__(
        self,
        config: WordConfig,
        *,
        vocabulary: Sequence[str],
        counts: NDArray[np.int64],
        alphabet: Sequence[str],
        kept: NDArray[np.bool_],
    ) -> None:
        self.config, self.counts, self.kept = config, counts, kept
        self.vocabulary, self.alphabet = list(vocabulary), list(alphabet)
        self._ids = {word: place for place, word in enumerate(self.vocabulary, 1)}
        self._characters = np.zeros(CODE_POINTS, dtype=np.int64)
        self._characters[to_codes("".join(self.alphabet))] = np.arange(1, self.characters)

    @classmethod
    def train(cls, counts: Mapping[str, int], config: WordConfig) -> "WordFeatures":
        """With the words of the training files as they stand there, and how often each does."""
        seen: Counter[str] = Counter()
        for word, count in counts.items():
            seen[normal_form(word) if config.normalize else word] += count
        whole = {word: count for word, count in seen.items() if not has_surrogate(word)}
        vocabulary = by_count(whole, size=None, minimum=config.minimum_count)
        known = [seen[word] for word in vocabulary]
        return cls(
            config,
            vocabulary=vocabulary,
            counts=np.array([seen.total() - sum(known), *known], dtype=np.int64),
            alphabet=by_count(_character_counts(counts), size=None, minimum=MINIMUM_COUNT),
            kept=_common(list(counts), config),
        )

    def form(self, word: str) -> str:
        """The word as the vocabulary has it."""
        return normal_form(word) if self.config.normalize else word

    def extended(self, forms: Iterable[str]) -> "WordFeatures":
        """The same with these forms in the vocabulary too, never seen in training."""
        new = [form for form in dict.fromkeys(forms) if form not in self._ids and not has_surrogate(form)]
        counts = np.concatenate([self.counts, np.zeros(len(new), dtype=np.int64)])
        return WordFeatures(
            self.config, vocabulary=[*self.vocabulary, *new], counts=counts, alphabet=self.alphabet, kept=self.kept
        )

    @property
    def size(self) -> int:
        """Words, the unknown one included."""
        return len(self.vocabulary) + 1

    @property
    def characters(self) -> int:
        """Characters, the unknown one included."""
        return len(self.alphabet) + 1

    def rows(self, words: Sequence[str]) -> WordRows:
        """What is known of words; that of one does not depend on the others."""
        forms = map(normal_form, words) if self.config.normalize else words
        ids = np.fromiter((self._ids.get(form, 0) for form in forms), dtype=np.int64, count=len(words))
        codes, starts = _joined(words)
        features, feature_starts = assembled(list(_parts(codes, starts, self.config)), len(words))
        kept = self.kept[features]
        return WordRows(
            words=ids,
            features=features[kept],
            feature_starts=starts_of(kept)[feature_starts],
            characters=self._characters[codes],
            character_starts=starts,
        )

    def to_json(self) -> dict[str, Any]:
        """All that `from_json` needs."""
        return {
            "config": to_dict(self.config),
            "words": self.vocabulary,
            "counts": self.counts.tolist(),
            "characters": self.alphabet,
            "features": base64.b64encode(np.packbits(self.kept).tobytes()).decode("ascii"),
        }

    @classmethod
    def from_json(cls, document: Any, *, where: str) -> "WordFeatures":
        """The features of a document that may be wrong.

        Raises:
            ModelFileError: keys are missing or unknown, a value of the config is wrong, words or characters are no
                list of different texts or no characters, counts are no whole numbers or not as many as words, features
                are no bits or not as many as there are rows.
        """
        document = _mapping(document, ("config", "words", "counts", "characters", "features"), where=where)
        try:
            config = build(WordConfig, _mapping(document["config"], names(WordConfig), where=where))
        except OptionError as error:
            raise ModelFileError(str(error), where=where) from error
        vocabulary = symbols_from_json(document["words"], check=_word_fault, where=where)
        counts = _counts_from_json(document["counts"], len(vocabulary) + 1, where=where)
        alphabet = symbols_from_json(document["characters"], check=_character_fault, where=where)
        kept = _kept_from_json(document["features"], 1 << config.hash_bits, where=where)
        return cls(config, vocabulary=vocabulary, counts=counts, alphabet=alphabet, kept=kept)


def normal_form(word: str) -> str:
    """The word in lower case, every decimal digit a 0.

    Example:
        >>> normal_form("COVID-19")
        'covid-00'
    """
    return _DIGIT.sub("0", word.lower())


def clip(word: str) -> str:
    """The word, or the first and the last `LONGEST` / 2 characters of one that is longer than `LONGEST`."""
    return word if len(word) <= LONGEST else word[: LONGEST // 2] + word[-(LONGEST // 2) :]


def _joined(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The code points of clipped words, one word after the other, and where each begins, and the end."""
    clipped = [clip(word) for word in words]
    starts = starts_of(np.fromiter(map(len, clipped), dtype=np.int64, count=len(words)))
    return to_codes("".join(clipped)), starts


def _common(words: Sequence[str], config: WordConfig) -> NDArray[np.bool_]:
    """The hashed rows that at least `feature_minimum` of these distinct words have."""
    counts = np.zeros(1 << config.hash_bits, dtype=np.int64)
    for begin in range(0, len(words), WORDS_AT_ONCE):
        part = words[begin : begin + WORDS_AT_ONCE]
        codes, starts = _joined(part)
        features, feature_starts = assembled(list(_parts(codes, starts, config)), len(part))
        owners = np.repeat(np.arange(len(part)), np.diff(feature_starts))
        once = np.unique(owners * np.int64(len(counts)) + features) % len(counts)  # a row twice in a word counts once
        counts += np.bincount(once, minlength=len(counts))
    return np.asarray(counts >= config.feature_minimum)


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of n parts begins when they stand one after the other, and where the last ends: (n + 1,)."""
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    np.cumsum(sizes, out=starts[1:])
    return starts


def span_places(begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """All places of n spans, one span after the other.

    Example:
        >>> span_places(np.array([5, 0, 9]), np.array([2, 3, 0])).tolist()
        [5, 6, 0, 1, 2]
    """
    ends = np.cumsum(sizes)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(begins - ends + sizes, sizes)


def ragged_places(starts: NDArray[np.int64], places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the items of some parts stand, part by part, and where each part begins among them.

    Args:
        starts: (n + 1,), of all parts. places: (k,), which parts.
    """
    begins = starts[places]
    sizes = starts[places + 1] - begins
    return span_places(begins, sizes), starts_of(sizes)


def _character_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """How often each character stands in words that are seen so often; halves of surrogate pairs are left out."""
    sizes = np.fromiter(map(len, counts), dtype=np.int64, count=len(counts))
    often = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))  # bincount adds floats, exact to 2 ** 53
    found = np.bincount(to_codes("".join(counts)), weights=np.repeat(often, sizes))
    seen = {chr(code): int(found[code]) for code in np.flatnonzero(found)}
    return {character: count for character, count in seen.items() if not has_surrogate(character)}


def assembled(parts: list[Part], words: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of all parts, word by word and inside a word part by part, and where each word begins."""
    starts = starts_of(sum((sizes for sizes, _ in parts), np.zeros(words, dtype=np.int64)))
    features = np.empty(int(starts[-1]), dtype=np.int64)
    ends = starts[:-1].copy()
    for sizes, rows in parts:
        features[span_places(ends, sizes)] = rows
        ends += sizes
    return features, starts


def _parts(codes: NDArray[np.int64], starts: NDArray[np.int64], config: WordConfig) -> Iterator[Part]:
    """All features of words, sort by sort: `codes` (c,) of the words one after the other, `starts` (n + 1,)."""
    words, bits = len(starts) - 1, config.hash_bits
    one = np.ones(words, dtype=np.int64)
    if config.affixes or config.char_ngrams:
        yield one, spread(sequence_hashes(codes, starts), kind=WHOLE, bits=bits)
    if config.shape:
        yield one, spread(sequence_hashes(*_shapes(codes, starts)), kind=SHAPE, bits=bits)
    yield from _inner_parts(codes, starts, config=config, kinds=(PREFIX, SUFFIX, NGRAM))
    chosen = np.flatnonzero(_sums(are_hangul(codes), starts)) if config.jamo else np.empty(0, dtype=np.int64)
    if len(chosen) == 0:
        return
    inside, starts = ragged_places(starts, chosen)
    jamo, sizes = decompose_codes(codes[inside])
    starts = starts_of(_sums(sizes, starts))
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


def rolling_hashes(symbols: NDArray[np.uint64], longest: int) -> Iterator[NDArray[np.uint64]]:
    """The hashes of all runs of 1, 2 … `longest` symbols; those of n symbols by the place of the first."""
    hashes = symbols
    for length in range(1, longest + 1):
        if length > 1:
            hashes = hashes[:-1] * np.uint64(_M) + symbols[length - 1 :]
        yield hashes


def sequence_hashes(codes: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The hash of each sequence as a whole, none longer than `LONGEST`."""
    behind = np.repeat(starts[1:], np.diff(starts)) - 1 - np.arange(len(codes))
    return _sums((codes + 1).astype(np.uint64) * _POWERS[behind], starts).astype(np.uint64)


def _sums(values: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[Any]:
    """The sum of each part, modulo 2 ** 64."""
    kind = np.uint64 if values.dtype == np.uint64 else np.int64
    ends = np.zeros(len(values) + 1, dtype=kind)
    np.cumsum(values, dtype=kind, out=ends[1:])
    return ends[starts[1:]] - ends[starts[:-1]]


def spread(hashes: NDArray[np.uint64], *, kind: int, bits: int) -> NDArray[np.int64]:
    """The rows of hashes."""
    mixed = hashes + np.uint64(kind * _SALT % (1 << 64))
    for shift, factor in _MIX:
        mixed ^= mixed >> np.uint64(shift)
        mixed *= np.uint64(factor)
    return (mixed >> np.uint64(64 - bits)).astype(np.int64)


def _shapes(codes: NDArray[np.int64], starts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """What the characters of each word are, every run of the same as one, and where each word begins."""
    distinct, place = np.unique(codes, return_inverse=True)
    classes = _classes(distinct)[place]
    begins_run = np.ones(len(codes), dtype=np.bool_)
    begins_run[1:] = classes[1:] != classes[:-1]
    begins_run[starts[:-1][np.diff(starts) > 0]] = True
    return classes[begins_run], starts_of(_sums(begins_run, starts))


def _classes(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """What each character is: its Unicode category, and for letters without case the block."""
    categories = [unicodedata.category(chr(code)) for code in codes.tolist()]
    found = [_BY_CATEGORY.get(category, _BY_CATEGORY.get(category[0], SIGN)) for category in categories]
    classes = np.array(found, dtype=np.int64)
    for first, last, script in BLOCKS:
        classes[(classes == LETTER) & (codes >= first) & (codes <= last)] = script
    return classes


def _mapping(document: Any, keys: Sequence[str], *, where: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ModelFileError("features of words are not written as keys and values", where=where)
    check_keys(document, keys, where=where)
    return document


def _counts_from_json(document: Any, size: int, *, where: str) -> NDArray[np.int64]:
    if not isinstance(document, list) or len(document) != size:
        raise ModelFileError(f"counts are not a list of {size}, one more than words", where=where)
    for place, count in enumerate(document):
        if type(count) is not int or not 0 <= count < _MOST_SEEN:
            raise ModelFileError(f"count {place} is not how often a word was seen", where=where)
    return np.array(document, dtype=np.int64)


def _kept_from_json(document: Any, rows: int, *, where: str) -> NDArray[np.bool_]:
    try:
        data = base64.b64decode(document, validate=True) if isinstance(document, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != rows // 8:
        raise ModelFileError(f"features are not {rows} bits", where=where)
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(bool)


def _word_fault(word: str) -> str | None:
    return "half of a surrogate pair" if has_surrogate(word) else None


def _character_fault(character: str) -> str | None:
    return "not one character" if len(character) != 1 else _word_fault(character)
