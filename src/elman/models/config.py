"""The shape of a whole model as a value, made of those of its parts. Knows no torch; written to `config.json`."""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

from elman.data.config import LabelledReadConfig, PairReadConfig, ReadConfig, TokenReadConfig
from elman.errors import ModelFileError, OptionError
from elman.nn.config import (
    JOINT,
    ContextHeadConfig,
    DecoderConfig,
    EmbeddingConfig,
    LabelHeadConfig,
    PairEmbeddingConfig,
    Seq2SeqShape,
    SoftmaxConfig,
    StackConfig,
    TextBagConfig,
    TextHeadConfig,
    WordEmbeddingConfig,
    taking_turns,
)  # fmt: skip
from elman.settings import build, names, to_dict, tupled
from elman.text.config import BagConfig, ContextConfig, PairTextConfig, TextConfig, WordConfig

FORMAT_VERSION = 1
MOST_WEIGHTS = 4_000_000_000
MOST_CHARACTERS = 0x110000
"""Those of Unicode."""
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
        weights = _symbol_weights(self)
        if self.stack.bidirectional:
            raise OptionError("a language model looks only left", where="--bidirectional", mend="leave it out")
        _check_size(weights + _recurrent_weights(self.embedding.width, self.stack))

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
            likewise. features_known: hashed features of words. reading: how the training files were read, with the
            columns as they were resolved. turns: whether members take turns, see `nn.config.taking_turns`. contexts,
            context_head: what is known of the words around a token, and the path from it to the labels; contexts_known:
            how many vectors there are of it, none included. All three are there, or none.
    """

    words_known: int
    characters_known: int
    features_known: int
    reading: TokenReadConfig
    words: WordConfig
    embedding: WordEmbeddingConfig
    stack: StackConfig
    head: LabelHeadConfig
    turns: bool | None = None
    contexts: ContextConfig | None = None
    context_head: ContextHeadConfig | None = None
    contexts_known: int | None = None

    kind = "tagger"

    def __post_init__(self) -> None:
        _check_words(self)
        if self.turns and not (
            self.head.members > 1 and self.embedding.feature_width and self.embedding.character_hidden
        ):
            raise OptionError("members cannot take turns", mend="give several, with hashed features and characters")
        read = self.embeddings
        weights = sum(_word_weights(self, one) + _recurrent_weights(one.width, self.stack) for one in read)
        _check_size(weights + self._context_weights())

    def _context_weights(self) -> int:
        """Weights of the vectors of what stands around a token.

        Raises:
            OptionError: some parts of the path are there, others not, or there are too many vectors.
        """
        read, head, known = self.contexts, self.context_head, self.contexts_known
        if read is None and head is None and known is None:
            return 0
        if read is None or head is None or known is None or not read.context:
            raise OptionError("half of what reads contexts is there", mend="give all of it, or none")
        if not 1 <= known <= read.most_contexts + 1:
            raise OptionError(f"contexts_known is {known}", mend="give 1 to one more than --most-contexts")
        weights = known * head.context_width
        if weights > LARGEST_TABLE:
            mend = "give fewer --most-contexts, or a smaller --context-width"
            raise OptionError(f"the table of contexts has {weights:,} weights", mend=mend)
        return weights

    @property
    def embeddings(self) -> tuple[WordEmbeddingConfig, ...]:
        """What the vectors of words are made of in each member."""
        return taking_turns(self.embedding, self.head.members) if self.turns else (self.embedding,) * self.head.members

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **_present(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TaggerConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: as `read_config`.
        """
        return read_config(cls, document)


@dataclass(frozen=True)
class SymbolConfig:
    """What a classifier reads that was started from a language model: the symbols of that one, by its vectors.

    Args:
        symbols, text, embedding: as `LanguageModelConfig` has them. adaptive: the vectors are in clusters.
    """

    symbols: int
    adaptive: bool
    text: TextConfig
    embedding: EmbeddingConfig

    def __post_init__(self) -> None:
        _symbol_weights(self)


@dataclass(frozen=True)
class ClassifierConfig:
    """All that is needed to rebuild the network of a classifier, beside its labels.

    Args:
        words_known, characters_known, features_known: as `TaggerConfig` has them. labels: how many there are. reading:
            how the training files were read. bag: the n-grams of a text; skip: the path from them to the labels.
            symbols: what is read in place of words; of `embedding` the dropout alone is heeded then. spelt: characters
            with a vector, the unknown one included, where texts are read by characters too; spelt_features: hashed
            features of these.
    """

    words_known: int
    characters_known: int
    features_known: int
    labels: int
    reading: LabelledReadConfig
    words: WordConfig
    bag: BagConfig
    embedding: WordEmbeddingConfig
    stack: StackConfig
    skip: TextBagConfig
    head: TextHeadConfig
    symbols: SymbolConfig | None = None
    spelt: int | None = None
    spelt_features: int | None = None

    kind = "classifier"

    def __post_init__(self) -> None:
        _check_words(self)
        if not 1 <= self.labels <= 10_000_000:
            raise OptionError(f"{self.labels} labels", mend="give texts with 1 to ten million")
        table = (self.skip.bag_width or self.labels) << self.bag.bag_bits if self.skip.bag else 0
        if table > LARGEST_TABLE:
            mend = "give fewer --bag-bits, or another --bag-width"
            raise OptionError(f"the table of the bag has {table:,} weights", mend=mend)
        if self.head.spelling != (self.spelt is not None) or (self.spelt is not None and self.symbols is not None):
            raise OptionError("what is known of characters, and whether they are read, do not go together")
        if self.spelt is not None and not 1 <= self.spelt <= MOST_CHARACTERS:
            raise OptionError(f"spelt is {self.spelt}", mend=f"give 1 to {MOST_CHARACTERS}")
        if (self.spelt_features is None) != (self.spelt is None):
            raise OptionError("characters, and features of characters, do not go together")
        if self.spelt_features is not None:
            _check_features("spelt_features", self.spelt_features, self)
        read = _word_weights(self, self.embedding) if self.symbols is None else _symbol_weights(self.symbols)
        members = self.head.members * (1 if self.spelt is None else 2)
        spelling = (self.spelt or 0) * self.embedding.word_width
        spelling += (self.spelt_features or 0) * self.embedding.feature_width
        _check_size(read + spelling + table + members * (_recurrent_weights(self.width, self.stack) + self._head()))

    @property
    def width(self) -> int:
        """Width of what the stack reads."""
        return self.embedding.width if self.symbols is None else self.symbols.embedding.width

    @property
    def spelling(self) -> WordEmbeddingConfig:
        """The vectors of characters where they are read by themselves: as those of words, but nothing is spelt."""
        return replace(self.embedding, character_hidden=0)

    def _head(self) -> int:
        """At most so many weights behind the stack."""
        head = self.head
        pooled = self.stack.hidden * 2 * len(head.pooling.split(JOINT))
        widest = max(pooled, head.feed_forward)
        return widest * (head.feed_forward_layers * head.feed_forward + self.labels)

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **_present(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ClassifierConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: as `read_config`.
        """
        return read_config(cls, document)


def _present(config: TaggerConfig | ClassifierConfig) -> dict[str, Any]:
    """The parts of a config that are there."""
    return {name: part for name, part in to_dict(config).items() if part is not None}


def read_config(cls: type[Config], document: Mapping[str, Any]) -> Config:
    """The config of a class, of whole numbers and of configs of parts, whose `to_json` is given.

    Raises:
        ModelFileError: a key is missing or unknown, or a value is not one that such a config can have.
    """
    try:
        return _read_parts(cls, document, beside=("kind", "format_version"))
    except OptionError as error:
        raise ModelFileError(str(error), where="config.json") from error


def _read_parts(cls: type[Config], document: Mapping[str, Any], *, beside: tuple[str, ...] = ()) -> Config:
    """The config of a class from its parts by name; one that has a default may be missing."""
    hints = typing.get_type_hints(cls)
    missing = {field.name for field in fields(cls) if field.default is None} - set(document)  # type: ignore[arg-type]
    wanted = {*beside, *hints} - missing
    if set(document) != wanted:
        raise ModelFileError(f"keys {sorted(set(document) ^ wanted)} are missing or unknown", where="config.json")
    return cls(**{name: _read_part(hints[name], document[name], name) for name in hints if name not in missing})


def _read_part(hint: Any, value: Any, name: str) -> Any:
    """A number, the config of a part, or one that is made of configs itself."""
    kind = next(one for one in (*typing.get_args(hint), hint) if one is not type(None))
    if kind in (int, bool):
        if type(value) is kind:
            return value
        what = "a whole number" if kind is int else "true or false"
        raise ModelFileError(f"{name} is not {what}", where="config.json")
    if not isinstance(value, dict):
        raise ModelFileError(f"{name} is not an object", where="config.json")
    if any(is_dataclass(part) for part in typing.get_type_hints(kind).values()):
        return _read_parts(kind, value)
    missing = sorted(set(names(kind)) - set(value))
    if missing:
        raise ModelFileError(f"{name} lacks {', '.join(missing)}", where="config.json")
    return build(kind, {key: tupled(item) for key, item in value.items()})


def _symbol_weights(config: LanguageModelConfig | SymbolConfig) -> int:
    """Weights of the vectors of symbols and n-grams."""
    if not 4 <= config.symbols <= 10_000_000:
        raise OptionError(f"{config.symbols} symbols in the vocabulary", mend="give a text with 1 to ten million")
    read = config.embedding
    tables = ((read.ngrams - 1) << read.ngram_bits) * read.ngram_width
    if tables > LARGEST_TABLE:
        raise OptionError(f"the tables of n-grams have {tables:,} weights", mend="give fewer --ngram-bits")
    return config.symbols * read.embedding + tables


def _check_words(config: TaggerConfig | ClassifierConfig) -> None:
    for name in ("words_known", "characters_known"):
        if not 1 <= getattr(config, name) <= 10_000_000:
            raise OptionError(f"{name} is {getattr(config, name)}", mend="give 1 to ten million")
    _check_features("features_known", config.features_known, config)


def _check_features(name: str, count: int, config: TaggerConfig | ClassifierConfig) -> None:
    """Hold the number of features, so named, to what hashes and a table can have."""
    if not 1 <= count <= 1 << config.words.hash_bits:
        raise OptionError(f"{name} is {count}", mend=f"give 1 to {1 << config.words.hash_bits}, or more --hash-bits")
    table = config.embedding.feature_width * count
    if table > LARGEST_TABLE:
        mend = "give fewer --most-features or --hash-bits"
        raise OptionError(f"the table of hashed features has {table:,} weights", mend=mend)


def _check_size(weights: int) -> None:
    if weights > MOST_WEIGHTS:
        raise OptionError(f"this shape has {weights:,} weights", mend="give a smaller --hidden, or fewer --layers")


def _word_weights(config: TaggerConfig | ClassifierConfig, read: WordEmbeddingConfig) -> int:
    """Weights of the tables of words and their features, and of the network that reads characters."""
    characters = read.character_width + read.character_hidden
    tables = config.words_known * read.word_width + config.features_known * read.feature_width
    return tables + config.characters_known * read.character_width + 8 * read.character_hidden * characters


def _recurrent_weights(width: int, stack: StackConfig) -> int:
    """At most so many weights in the stack: four gates, both matrices, all layers, all directions."""
    directions = 2 if stack.bidirectional else 1
    first = width + stack.hidden
    return 4 * directions * stack.hidden * (first + (stack.layers - 1) * (directions + 1) * stack.hidden)


@dataclass(frozen=True)
class Seq2SeqConfig:
    """All that is needed to rebuild the network of a seq2seq model.

    Args:
        source_symbols, target_symbols: sizes of the vocabularies, special symbols included. reading: how the training
            files were read. stack: of the encoder.
    """

    source_symbols: int
    target_symbols: int
    reading: PairReadConfig
    text: PairTextConfig
    embedding: PairEmbeddingConfig
    stack: StackConfig
    decoder: DecoderConfig

    kind = "seq2seq"

    def __post_init__(self) -> None:
        for symbols in (self.source_symbols, self.target_symbols):
            if not 3 <= symbols <= 10_000_000:
                raise OptionError(f"{symbols} symbols in a vocabulary", mend="give texts with 1 to ten million")
        if self.is_joint and self.source_symbols != self.target_symbols:
            raise OptionError(f"one vocabulary of {self.source_symbols} and {self.target_symbols} symbols")
        width, hidden = self.embedding.embedding, self.stack.hidden
        memory = hidden * (2 if self.stack.bidirectional else 1)
        tables = (self.source_symbols + self.target_symbols) * width + self.target_symbols * max(width, hidden)
        decoder = 4 * hidden * (width + 2 * hidden + memory + self.decoder.decoder_layers * 2 * hidden)
        bridge = self.decoder.decoder_layers * 2 * hidden * memory + 4 * hidden * memory
        _check_size(tables + decoder + bridge + _recurrent_weights(width, self.stack))

    @property
    def is_joint(self) -> bool:
        """Whether both sides have one vocabulary."""
        return self.text.is_shared

    @property
    def shape(self) -> Seq2SeqShape:
        """What the network is made by."""
        return Seq2SeqShape(
            self.source_symbols, self.target_symbols, self.is_joint, self.embedding, self.stack, self.decoder
        )

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **to_dict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Seq2SeqConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: as `read_config`.
        """
        return read_config(cls, document)
