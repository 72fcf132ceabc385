"""Tokenizers: text → ids → text. What all of them can do, how one is learnt from text, how one is read from JSON.

Knows the four kinds by name; they are in files of their own (`characters`, `words`, `bpe`). Called by `data` and
`models`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.text.bpe import BPETokenizer
from elman.text.characters import ByteTokenizer, CharTokenizer
from elman.text.config import MINIMUM_COUNT, TextConfig
from elman.text.words import WordTokenizer


class Decoder(Protocol):
    """Text from ids that come one by one."""

    def push(self, symbol: int) -> str:
        """The text that is settled now that this id has come."""

    def finish(self) -> str:
        """What was still held back."""


class Tokenizer(Protocol):
    """Text ↔ ids. The special symbols `<unk>`, `<s>`, `</s>` are the ids 0, 1 and 2 of every vocabulary."""

    @property
    def kind(self) -> str:
        """`char`, `byte`, `word` or `bpe`."""

    @property
    def size(self) -> int:
        """Symbols in the vocabulary, special ones included."""

    @property
    def symbols(self) -> list[str]:
        """Every symbol as it is shown to people, by id; two may look the same."""

    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of a text, (T,), without `<s>` and `</s>` around it.

        Raises:
            InputError: there is half of a surrogate pair in it; its place is told.
        """

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of many texts, one after the other, and how many each has."""

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids. `</s>` is a line end; an unknown character is U+FFFD, an unknown word `<unk>`."""

    def decoder(self) -> Decoder:
        """`decode`, symbol by symbol; bytes of an incomplete character are held back."""

    def settled(self, text: str) -> int:
        """How many leading characters have ids that no text behind them can change."""

    def to_json(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""


def train_tokenizer(texts: Iterable[str], config: TextConfig, *, continuous: bool) -> Tokenizer:
    """The tokenizer of the wanted kind with the vocabulary of the texts, which are gone through once.

    Args:
        continuous: the texts are running text in pieces that end between words; line ends are symbols.
    Raises:
        InputError: there is half of a surrogate pair in a text.
    """
    if config.tokenizer == "byte":
        return ByteTokenizer()
    if config.tokenizer == "char":
        return CharTokenizer.train(texts, size=config.vocabulary_size, minimum=config.minimum_count)
    minimum = MINIMUM_COUNT if config.minimum_count is None else config.minimum_count
    if config.tokenizer == "word":
        return WordTokenizer.train(texts, size=config.vocabulary_size, minimum=minimum, continuous=continuous)
    assert config.tokenizer == "bpe"
    return BPETokenizer.train(texts, size=config.vocabulary_size, minimum=minimum)


def from_json(document: Mapping[str, Any], *, where: str = "tokenizer.json") -> Tokenizer:
    """The tokenizer whose `to_json` is given.

    Raises:
        ModelFileError: the document is not one that `to_json` gives: keys, types, sizes, a symbol that stands twice or
            that text can never have.
    """
    kinds = {"char": CharTokenizer, "byte": ByteTokenizer, "word": WordTokenizer, "bpe": BPETokenizer}
    kind = document.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise ModelFileError(f"{kind!r} is not a kind of tokenizer", where=where)
    tokenizer: Tokenizer = kinds[kind].from_json(document, where=where)  # type: ignore[attr-defined]
    return tokenizer
