"""A classifier that starts from a language model: it reads the symbols of that one, whose vectors and layers become its
forward direction.

Knows tokenizers, configs and arrays by name; knows no network. Used by `models.classifier` and
`models.classifying.preparing`.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import OptionError
from elman.models.config import LanguageModelConfig, SymbolConfig
from elman.nn.config import StackConfig, WordEmbeddingConfig
from elman.settings import names
from elman.text.config import WordConfig
from elman.text.tokenizer import Tokenizer
from elman.text.tokens import BEGIN_SHARE
from elman.text.vocabulary import has_surrogate

SYMBOLS_A_WORD = {"char": 6, "byte": 8, "bpe": 2, "word": 1}
"""Symbols that training reads of a text for each word that it may read (`--longest`)."""
HEEDED = {"normalize", "input_dropout"}
"""Options of words that a classifier has which reads symbols: the form of words in the bag, and what is dropped."""

Arrays = dict[str, NDArray[np.float32]]


def encoded(tokenizer: Tokenizer, text: str, *, longest: int | None = None) -> NDArray[np.int32]:
    """The ids of a text, of at most the symbols of so many words, the last quarter of them from its end.

    Half of a surrogate pair, which no tokenizer takes, is read as U+FFFD.
    """
    if has_surrogate(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    ids = tokenizer.encode(text)
    most = None if longest is None else longest * SYMBOLS_A_WORD[tokenizer.kind]
    if most is None or len(ids) <= most:
        return ids
    begin = round(BEGIN_SHARE * most)
    return np.concatenate([ids[:begin], ids[len(ids) - (most - begin) :]])


def symbol_config(config: LanguageModelConfig) -> SymbolConfig:
    """What a classifier reads that starts from a language model."""
    return SymbolConfig(config.symbols, config.softmax.adaptive, config.text, config.embedding)


def refuse_word_options(given: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    """Refuse what would not be heeded where symbols are read.

    Raises:
        OptionError: an option of words was given, or their vectors.
    """
    for name in ("vectors", *names(WordConfig, WordEmbeddingConfig)):
        if (name in given or name in files) and name not in HEEDED:
            raise OptionError(
                "a classifier that starts from a language model reads the symbols of that one",
                where=f"--{name.replace('_', '-')}", mend="leave it out",
            )  # fmt: skip


def forward_arrays(arrays: Mapping[str, NDArray[np.float32]], stack: StackConfig) -> Arrays:
    """The weights of a language model by the names that they have as the forward direction of a classifier.

    Read both ways, a further layer reads [forward; backward]: what it makes of the backward half begins at 0, so that
    the forward states are those of the language model until training has moved them.
    """
    found: Arrays = {}
    for name, array in arrays.items():
        if name.startswith("embedding."):
            found[name.replace("embedding.", "embedding.symbols.", 1)] = array
        elif name.startswith("ngrams."):
            found[f"embedding.{name}"] = array
        elif name.startswith("stack."):
            is_further = name.endswith(".W") and not name.startswith("stack.layers.0.")
            if is_further and stack.bidirectional:
                array = np.concatenate([array, np.zeros_like(array)], axis=1)
            found[name] = array
    return found
