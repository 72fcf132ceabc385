"""Words as features: an id, hashed prefixes, suffixes, n-grams and shape, and the characters.

Knows strings, counts and arrays; knows no file, no sentence and no network. Trained and asked by `models`, which keeps
the answers of words that come again. What the parts of a word are stands in `text.word_parts`, how they are hashed in
`text.hashing`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError, OptionError
from elman.settings import build, names, to_dict
from elman.text.characters import CODE_POINTS
from elman.text.config import LONGEST, MINIMUM_COUNT, WordConfig
from elman.text.few_words import FEW, few_features
from elman.text.hangul import to_codes
from elman.text.hashing import ragged_places, starts_of
from elman.text.kept import frequent, from_text, numbered, to_text
from elman.text.vocabulary import by_count, check_keys, has_surrogate, symbols_from_json
from elman.text.word_parts import word_features

COMMON = 1 << 13
"""So many words of a vocabulary are worth being made ready before they are met."""
WORDS_AT_ONCE = 1 << 14
"""Words whose features are counted together."""
_MOST_SEEN = 1 << 62
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True)
class WordRows:
    """What is known of n words, in arrays.

    Args:
        words: (n,), ids in the vocabulary, 0 for unknown.
        features: (m,), numbers of features, one word after the other; one may stand twice in a word.
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
            how often one that is not in the vocabulary was. alphabet: characters by id, from 1 on.
        kept: (2 ** hash_bits,), the hashes that are features, which are numbered in their order; the others, which too
            few words of training had, tell nothing of new ones.
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

    def likely(self) -> Iterator[str]:
        """How the commonest words are written: as the vocabulary has them, and as they begin a sentence."""
        for word in self.vocabulary[:COMMON]:
            yield word
            if word[:1].islower():
                yield word[:1].upper() + word[1:]

    @property
    def size(self) -> int:
        """Words, the unknown one included."""
        return len(self.vocabulary) + 1

    @property
    def characters(self) -> int:
        """Characters, the unknown one included."""
        return len(self.alphabet) + 1

    @property
    def features(self) -> int:
        """Hashed features; one at least, so that a table of them has a row."""
        return max(1, int(self.kept.sum()))

    @cached_property
    def _numbers(self) -> NDArray[np.int32]:
        """The number of each hash that is kept; made when asked for, so that a folder that is refused costs little."""
        return numbered(self.kept)

    def rows(self, words: Sequence[str], *, spelt: bool = True) -> WordRows:
        """What is known of words; that of one does not depend on the others.

        Args:
            spelt: tell their characters too; otherwise each has none.
        """
        forms = map(normal_form, words) if self.config.normalize else words
        ids = np.fromiter((self._ids.get(form, 0) for form in forms), dtype=np.int64, count=len(words))
        clipped, is_few = list(map(clip, words)), 0 < len(words) <= FEW
        nothing = np.empty(0, dtype=np.int64), np.zeros(len(words) + 1, dtype=np.int64)
        codes, starts = joined(clipped) if spelt or not is_few else nothing
        hashes, feature_starts = (
            few_features(clipped, self.config) if is_few else word_features(codes, starts, self.config)
        )
        kept = self.kept[hashes]
        if not spelt:
            codes, starts = nothing
        return WordRows(
            words=ids,
            features=self._numbers[hashes[kept]].astype(np.int64),
            feature_starts=starts_of(kept.astype(np.int64))[feature_starts],
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
            "features": to_text(self.kept),
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
        kept = from_text(document["features"], 1 << config.hash_bits, where=where, what="features")
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


def joined(words: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The code points of words, one word after the other, and where each begins, and the end."""
    starts = starts_of(np.fromiter(map(len, words), dtype=np.int64, count=len(words)))
    return to_codes("".join(words)), starts


def _common(words: Sequence[str], config: WordConfig) -> NDArray[np.bool_]:
    """The hashes that at least `feature_minimum` of these distinct words have, or so many more that no more than
    `most_features` are left."""
    counts = np.zeros(1 << config.hash_bits, dtype=np.int64)
    for begin in range(0, len(words), WORDS_AT_ONCE):
        part = list(map(clip, words[begin : begin + WORDS_AT_ONCE]))
        codes, starts = joined(part)
        features, feature_starts = word_features(codes, starts, config)
        owners = np.repeat(np.arange(len(part)), np.diff(feature_starts))
        once = np.unique(owners * np.int64(len(counts)) + features) % len(counts)  # a row twice in a word counts once
        counts += np.bincount(once, minlength=len(counts))
    return frequent(counts, minimum=config.feature_minimum, most=config.most_features)


def _character_counts(counts: Mapping[str, int]) -> dict[str, int]:
    """How often each character stands in words that are seen so often; halves of surrogate pairs are left out."""
    sizes = np.fromiter(map(len, counts), dtype=np.int64, count=len(counts))
    often = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))  # bincount adds floats, exact to 2 ** 53
    found = np.bincount(to_codes("".join(counts)), weights=np.repeat(often, sizes))
    seen = {chr(code): int(found[code]) for code in np.flatnonzero(found)}
    return {character: count for character, count in seen.items() if not has_surrogate(character)}


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


def _word_fault(word: str) -> str | None:
    return "half of a surrogate pair" if has_surrogate(word) else None


def _character_fault(character: str) -> str | None:
    return "not one character" if len(character) != 1 else _word_fault(character)
