"""The shape of a whole model as a value, made of those of its parts. Knows no torch; written to `config.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from elman.data.config import ReadConfig
from elman.errors import ModelFileError, OptionError
from elman.nn.config import EmbeddingConfig, SoftmaxConfig, StackConfig
from elman.settings import build, to_dict
from elman.text.config import TextConfig

FORMAT_VERSION = 1


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
        weights = self.symbols * self.embedding.embedding + tables + _recurrent_weights(self.embedding, self.stack)
        if tables > 1 << 28:
            raise OptionError(f"the tables of n-grams have {tables:,} weights", mend="give fewer --ngram-bits")
        if weights > 4_000_000_000:
            raise OptionError(f"this shape has {weights:,} weights", mend="give a smaller --hidden, or fewer --layers")

    def to_json(self) -> dict[str, Any]:
        """The content of `config.json`."""
        return {"kind": self.kind, "format_version": FORMAT_VERSION, **to_dict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "LanguageModelConfig":
        """The config whose `to_json` is given.

        Raises:
            ModelFileError: a key is missing or unknown, or a value is not one that such a config can have.
        """
        parts = {
            "reading": ReadConfig, "text": TextConfig, "embedding": EmbeddingConfig, "stack": StackConfig,
            "softmax": SoftmaxConfig,
        }  # fmt: skip
        wanted = {"kind", "format_version", *(field.name for field in fields(cls))}
        if set(document) != wanted:
            raise ModelFileError(f"keys {sorted(set(document) ^ wanted)} are missing or unknown", where="config.json")
        if type(document["symbols"]) is not int:
            raise ModelFileError("symbols is not a whole number", where="config.json")
        if not all(isinstance(document[name], dict) for name in parts):
            raise ModelFileError(f"one of {', '.join(parts)} is not an object", where="config.json")
        try:
            built: dict[str, Any] = {name: build(kind, document[name]) for name, kind in parts.items()}
            return cls(symbols=document["symbols"], **built)
        except OptionError as error:
            raise ModelFileError(str(error), where="config.json") from error


KINDS = {LanguageModelConfig.kind: "LanguageModel"}
"""The kinds of models, and the name of each at the front of the library."""


def _recurrent_weights(embedding: EmbeddingConfig, stack: StackConfig) -> int:
    """At most so many weights in the stack: four gates, both matrices, all layers."""
    inner = stack.hidden * (2 if stack.bidirectional else 1)
    first = embedding.width + stack.hidden
    return 4 * stack.hidden * (first + (stack.layers - 1) * (inner + stack.hidden))
