"""The shape of a whole model as a value, made of those of its parts. Knows no torch; written to `config.json`."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from elman.data.config import LabelledReadConfig, ReadConfig, TokenReadConfig
from elman.errors import ModelFileError, OptionError
from elman.nn.config import (
    JOINT,
    EmbeddingConfig,
    LabelHeadConfig,
    SoftmaxConfig,
    StackConfig,
    TextBagConfig,
    TextHeadConfig,
    WordEmbeddingConfig,
)  # fmt: skip
from elman.settings import build, to_dict, tupled
from elman.text.config import BagConfig, TextConfig, WordConfig

FORMAT_VERSION = 1
MOST_WEIGHTS = 4_000_000_000
LARGEST_TABLE = 1 << 28
"""Weights of a table of hashed rows: folders store the touched ones alone, so that a small one may want a large one."""
Config = TypeVar("Config")


@dataclass(frozen=True)
class LanguageModelConfig:
    """All that is needed to rebuild the network of a language model.

    Args:
        symbols: size of the vocabulary, special symbols included. reading: how the training files were read.
    """

    symbols: int
    reading: ReadConfig
    text: TextConfig
    embedding: EmbeddingConfig
    stack: StackConfig
    softmax: SoftmaxConfig

    kind = "language-model"

    def __post_init__(self) -> None:
        if not 4 <= self.symbols <= 10_000_000:
            raise OptionError(f"{self.symbols} symbols in the vocabulary", mend="give a text with 1 to ten million")
        if self.stack.bidirectional:
            raise OptionError("a language model looks only left", where="--bidirectional", mend="leave it out")
        tables = ((self.embedding.ngrams - 1) << self.embedding.ngram_bits) * self.embedding.ngram_width
        stack = _recurrent_weights(self.embedding.width, self.stack)
        if tables > LARGEST_TABLE:
            raise OptionError(f"the tables of n-grams have {tables:,} weights", mend="give fewer --ngram-bits")
        _check_size(self.symbols * self.embedding.embedding + tables + stack)

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **to_dict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "LanguageModelConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: a key is missing or unknown, or a value is not one that such a config can have.
        """
        return read_config(cls, document)


@dataclass(frozen=True)
class TaggerConfig:
    """All that is needed to rebuild the network of a tagger, beside its labels.

    Args:
        words_known: words with a vector of their own, the unknown word included. characters_known: of the alphabet,
            likewise. reading: how the training files were read, with the columns as they were resolved.
    """

    words_known: int
    characters_known: int
    reading: TokenReadConfig
    words: WordConfig
    embedding: WordEmbeddingConfig
    stack: StackConfig
    head: LabelHeadConfig

    kind = "tagger"

    def __post_init__(self) -> None:
        _check_words(self)
        _check_size(_word_weights(self) + _recurrent_weights(self.embedding.width, self.stack))

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **to_dict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TaggerConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: as `read_config`.
        """
        return read_config(cls, document)


@dataclass(frozen=True)
class ClassifierConfig:
    """All that is needed to rebuild the network of a classifier, beside its labels.

    Args:
        words_known, characters_known: as `TaggerConfig` has them. labels: how many there are. reading: how the training
            files were read. bag: the n-grams of a text; skip: the path from them to the labels.
    """

    words_known: int
    characters_known: int
    labels: int
    reading: LabelledReadConfig
    words: WordConfig
    bag: BagConfig
    embedding: WordEmbeddingConfig
    stack: StackConfig
    skip: TextBagConfig
    head: TextHeadConfig

    kind = "classifier"

    def __post_init__(self) -> None:
        _check_words(self)
        if not 1 <= self.labels <= 10_000_000:
            raise OptionError(f"{self.labels} labels", mend="give texts with 1 to ten million")
        table = (self.skip.bag_width or self.labels) << self.bag.bag_bits if self.skip.bag else 0
        if table > LARGEST_TABLE:
            mend = "give fewer --bag-bits, or another --bag-width"
            raise OptionError(f"the table of the bag has {table:,} weights", mend=mend)
        _check_size(_word_weights(self) + _recurrent_weights(self.embedding.width, self.stack) + table + self._head())

    def _head(self) -> int:
        """At most so many weights behind the stack."""
        head = self.head
        pooled = self.stack.hidden * 2 * len(head.pooling.split(JOINT))
        widest = max(pooled, head.feed_forward)
        return widest * (head.feed_forward_layers * head.feed_forward + self.labels)

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **to_dict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ClassifierConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: as `read_config`.
        """
        return read_config(cls, document)


def read_config(cls: type[Config], document: Mapping[str, Any]) -> Config:
    """The config of a class, of whole numbers and of configs of parts, whose `to_json` is given.

    Raises:
        ModelFileError: a key is missing or unknown, or a value is not one that such a config can have.
    """
    hints = typing.get_type_hints(cls)
    wanted = {"kind", "format_version", *hints}
    if set(document) != wanted:
        raise ModelFileError(f"keys {sorted(set(document) ^ wanted)} are missing or unknown", where="config.json")
    values: dict[str, Any] = {}
    try:
        for name, hint in hints.items():
            value = document[name]
            if hint is int and type(value) is int:
                values[name] = value
            elif hint is not int and isinstance(value, dict):
                values[name] = build(hint, {key: tupled(item) for key, item in value.items()})
            else:
                what = "a whole number" if hint is int else "an object"
                raise ModelFileError(f"{name} is not {what}", where="config.json")
        return cls(**values)
    except OptionError as error:
        raise ModelFileError(str(error), where="config.json") from error


def _check_words(config: TaggerConfig | ClassifierConfig) -> None:
    for name in ("words_known", "characters_known"):
        if not 1 <= getattr(config, name) <= 10_000_000:
            raise OptionError(f"{name} is {getattr(config, name)}", mend="give 1 to ten million")
    table = config.embedding.feature_width << config.words.hash_bits
    if table > LARGEST_TABLE:
        raise OptionError(f"the table of hashed features has {table:,} weights", mend="give fewer --hash-bits")


def _check_size(weights: int) -> None:
    if weights > MOST_WEIGHTS:
        raise OptionError(f"this shape has {weights:,} weights", mend="give a smaller --hidden, or fewer --layers")


def _word_weights(config: TaggerConfig | ClassifierConfig) -> int:
    """Weights of the tables of words and their features, and of the network that reads characters."""
    read, characters = config.embedding, config.embedding.character_width + config.embedding.character_hidden
    tables = config.words_known * read.word_width + (read.feature_width << config.words.hash_bits)
    return tables + config.characters_known * read.character_width + 8 * read.character_hidden * characters


def _recurrent_weights(width: int, stack: StackConfig) -> int:
    """At most so many weights in the stack: four gates, both matrices, all layers, all directions."""
    directions = 2 if stack.bidirectional else 1
    first = width + stack.hidden
    return 4 * directions * stack.hidden * (first + (stack.layers - 1) * (directions + 1) * stack.hidden)
