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
        if self.vocabulary_size is None:
            return
        where = "--vocabulary-size"
        if self.tokenizer == "byte":
            raise OptionError("a vocabulary of bytes has one size", where=where, mend="leave it out")
        if self.tokenizer == "bpe" and self.vocabulary_size < SMALLEST_BPE:
            mend = f"give at least {SMALLEST_BPE} for bpe"
            raise OptionError(f"{self.vocabulary_size} symbols have no room for every byte", where=where, mend=mend)


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
    hash_bits: int = option(
        16, "the table of hashed vectors of words has 2 to the power of this many rows", low=8, high=24
    )

    def __post_init__(self) -> None:
        check(self)
        if self.char_ngrams == 1:
            raise OptionError("n-grams inside a word begin at 2", where="--char-ngrams", mend="give 0, or 2 to 8")


@dataclass(frozen=True)
class BagConfig:
    """The n-grams of a whole text that have a hashed vector."""

    bag_words: int = option(3, "longest n-gram of words in the bag of a text; 0 for none", low=0, high=8)
    bag_characters: int = option(
        5, "longest n-gram of characters, from 3 up, in the bag of a text; 0 for none", low=0, high=10
    )
    bag_minimum: int = option(
        2, "n-grams seen less often in all training texts together are left out of the bag", low=1, high=1_000_000
    )
    bag_bits: int = option(18, "the table of the bag has 2 to the power of this many rows", low=8, high=24)

    def __post_init__(self) -> None:
        check(self)
        if 0 < self.bag_characters < 3:
            raise OptionError("n-grams of characters begin at 3", where="--bag-characters", mend="give 0, or 3 to 10")
