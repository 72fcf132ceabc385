"""How text becomes symbols, as a value. Knows no tokenizer; read by `text` and `models`."""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option

TOKENIZERS = ("char", "byte", "word", "bpe")
SMALLEST_BPE = 3 + 256
"""The special symbols and every byte."""
LONGEST = 40
"""Code points of a word that are looked at: of a longer one, as many from its begin as from its end."""
MINIMUM_COUNT = 2
"""How often words, characters (but see `characters.NEGLIGIBLE`) and pairs are seen at least, unless told otherwise."""


@dataclass(frozen=True)
class TextConfig:
    """The kind of symbols and how many there may be."""

    tokenizer: str = option("char", "what a symbol is", choices=TOKENIZERS)
    vocabulary_size: int | None = option(
        None,
        "most symbols that are kept (bpe: 8000 unless given; word and char: all that count often enough)",
        low=4,
        high=10_000_000,
    )
    minimum_count: int | None = option(
        None,
        "words and characters seen less often in training are unknown (else 2, but a short text keeps all characters)",
        low=1,
        high=1_000_000,
    )

    def __post_init__(self) -> None:
        check(self)
        if self.tokenizer == "byte" and self.minimum_count is not None:
            raise OptionError("every byte is a symbol, however rare", where="--minimum-count", mend="leave it out")
        _check_size(self.tokenizer, self.vocabulary_size, where="--vocabulary-size")


@dataclass(frozen=True)
class PairTextConfig:
    """The kinds of symbols of sources and targets, and how many there may be."""

    tokenizer: str = option("bpe", "what a symbol is", choices=TOKENIZERS, automatic=True)
    source_tokenizer: str | None = option(
        None, "what a symbol of the source is (else the same as of the target)", choices=TOKENIZERS
    )
    joint: bool = option(
        True, "one vocabulary, learnt from sources and targets; where their tokenizers differ, there are always two"
    )
    vocabulary_size: int | None = option(
        None,
        "most symbols that are kept (bpe: 8000 unless given; word and char: all that count often enough)",
        low=4,
        high=10_000_000,
        automatic=True,
    )
    source_vocabulary_size: int | None = option(
        None, "the same of the source, where it has a vocabulary of its own (else as many)", low=4, high=10_000_000
    )
    minimum_count: int | None = option(
        None,
        "words and characters seen less often in training are unknown (else 2, but a short text keeps all characters)",
        low=1,
        high=1_000_000,
    )

    def __post_init__(self) -> None:
        check(self)
        kinds = {self.tokenizer, self.source_tokenizer or self.tokenizer}
        if kinds == {"byte"} and self.minimum_count is not None:
            raise OptionError("every byte is a symbol, however rare", where="--minimum-count", mend="leave it out")
        _check_size(self.tokenizer, self.vocabulary_size, where="--vocabulary-size")
        if self.source_vocabulary_size is None:
            return
        where = "--source-vocabulary-size"
        if self.is_shared:
            mend = "give --vocabulary-size, or --no-joint too"
            raise OptionError("one vocabulary for both sides has one size", where=where, mend=mend)
        _check_size(self.source_tokenizer or self.tokenizer, self.source_vocabulary_size, where=where)

    @property
    def is_shared(self) -> bool:
        """Have both sides one vocabulary?"""
        return self.joint and self.source_tokenizer in (None, self.tokenizer)

    def of_target(self) -> TextConfig:
        """The symbols of the target."""
        return self._side(self.tokenizer, self.vocabulary_size)

    def of_source(self) -> TextConfig:
        """The symbols of the source. With no size of its own it has that of the target, if both have one tokenizer."""
        kind = self.source_tokenizer or self.tokenizer
        size = self.source_vocabulary_size
        return self._side(kind, self.vocabulary_size if size is None and kind == self.tokenizer else size)

    def _side(self, tokenizer: str, size: int | None) -> TextConfig:
        return TextConfig(tokenizer, size, None if tokenizer == "byte" else self.minimum_count)


def _check_size(tokenizer: str, size: int | None, *, where: str) -> None:
    if size is None:
        return
    if tokenizer == "byte":
        raise OptionError("a vocabulary of bytes has one size", where=where, mend="leave it out")
    if tokenizer == "bpe" and size < SMALLEST_BPE:
        mend = f"give at least {SMALLEST_BPE} for bpe"
        raise OptionError(f"{size} symbols have no room for every byte", where=where, mend=mend)


@dataclass(frozen=True)
class WordConfig:
    """What is known of a word beside its id."""

    minimum_count: int = option(
        MINIMUM_COUNT,
        "words seen less often in training have no vector of their own",
        low=1,
        high=1_000_000,
    )
    normalize: bool = option(True, "word vectors are those of the lower-cased word with digits as 0")
    affixes: int = option(5, "longest prefix and suffix that has a hashed vector; 0 for none", low=0, high=10)
    char_ngrams: int = option(
        4,
        "longest n-gram of characters inside a word, from 2 up, that has a hashed vector; 0 for none",
        low=0,
        high=8,
    )
    shape: bool = option(True, "a hashed vector of the word's shape: case, digits, scripts and punctuation in order")
    jamo: bool = option(True, "prefixes, suffixes and n-grams of the jamo too, for words with Hangul")
    feature_minimum: int = option(
        2, "hashed features that fewer distinct words of training have are left out", low=0, high=1_000_000
    )
    most_features: int = option(
        65_536, "at most so many hashed features are kept: those of the most words", low=1, high=1 << 24
    )
    hash_bits: int = option(20, "parts of words are told apart by hashes of so many bits", low=8, high=24)

    def __post_init__(self) -> None:
        check(self)
        if self.char_ngrams == 1:
            raise OptionError("n-grams inside a word begin at 2", where="--char-ngrams", mend="give 0, or 2 to 8")


@dataclass(frozen=True)
class ContextConfig:
    """The words around a token, and their parts, that have a hashed vector of their own."""

    context: bool = option(
        False, "score labels by the words around a token and their parts too, past the recurrent stack", automatic=True
    )
    context_minimum: int = option(2, "what stands around fewer tokens of training has no vector", low=1, high=1_000_000)
    most_contexts: int = option(
        1 << 18, "at most so many vectors of what stands around tokens: those of the most tokens",
        low=1, high=1 << 22, automatic=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class BagConfig:
    """The n-grams of a whole text that have a hashed vector."""

    bag_words: int = option(3, "longest n-gram of words in the bag of a text; 0 for none", low=0, high=8)
    bag_characters: int = option(
        5,
        "longest n-gram of characters in the bag of a text, from 3 up (of Hangul, Kana and Chinese from 1 up); "
        "0 for none",
        low=0,
        high=10,
    )
    bag_minimum: int = option(
        2, "n-grams seen less often in all training texts together are left out of the bag", low=1, high=1_000_000
    )
    bag_bits: int = option(18, "the table of the bag has 2 to the power of this many rows", low=8, high=24)

    def __post_init__(self) -> None:
        check(self)
        if 0 < self.bag_characters < 3:
            raise OptionError("n-grams of characters begin at 3", where="--bag-characters", mend="give 0, or 3 to 10")
