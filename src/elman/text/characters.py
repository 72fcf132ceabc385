"""Characters and bytes as symbols: a table from code point to id, applied to a whole text at once.

Knows strings and arrays; knows no file. Made by `tokenizer.train_tokenizer` and `tokenizer.from_json`.
"""

import codecs
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import InputError
from elman.text.config import MINIMUM_COUNT
from elman.text.vocabulary import SPECIALS, by_count, check_keys, has_surrogate, joined, symbols_from_json

CODE_POINTS = 0x110000
CHUNK = 1 << 20
"""Characters that are turned into ids at a time: what a text needs beside its ids does not grow with it."""
NEGLIGIBLE = 0.001
"""Unless told otherwise, rare characters become unknown where together they are at most this share of the text: a short
text keeps all."""
UNKNOWN_CHARACTER = "\ufffd"


class CharTokenizer:
    """Every Unicode character (code point) is a symbol; those not, or hardly, seen in training are unknown."""

    kind = "char"

    def __init__(self, characters: Sequence[str]) -> None:
        self.symbols = [*SPECIALS, *characters]
        self.size = len(self.symbols)
        codes = np.array([ord(character) for character in characters], dtype=np.int64)
        self._ids = np.zeros(CODE_POINTS, dtype=np.int32)
        self._ids[codes] = np.arange(len(SPECIALS), self.size, dtype=np.int32)
        self._texts = [UNKNOWN_CHARACTER, "", "\n", *characters]

    @classmethod
    def train(cls, texts: Iterable[str], *, size: int | None, minimum: int | None) -> "CharTokenizer":
        """With the characters of the texts; size and minimum as in `vocabulary.by_count`, None as `NEGLIGIBLE` says."""
        found = np.zeros(CODE_POINTS, dtype=np.int64)
        for text in joined(texts, between=""):
            found += np.bincount(code_points(text), minlength=CODE_POINTS)
        counts = {chr(code): int(found[code]) for code in np.flatnonzero(found)}
        if minimum is None:
            rare = sum(count for count in counts.values() if count < MINIMUM_COUNT)
            minimum = MINIMUM_COUNT if rare <= NEGLIGIBLE * found.sum() else 1
        return cls(by_count(counts, size=size, minimum=minimum))

    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of a text, (T,); InputError as `Tokenizer` says."""
        ids = np.empty(len(text), dtype=np.int32)
        for begin in range(0, len(text), CHUNK):
            codes = code_points(text[begin : begin + CHUNK], begin)
            np.take(self._ids, codes, out=ids[begin : begin + CHUNK])
        return ids

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of many texts, one after the other, and how many each has."""
        return self.encode("".join(texts)), np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids."""
        return "".join(map(self._texts.__getitem__, ids))

    def decoder(self) -> "CharDecoder":
        """`decode`, symbol by symbol."""
        return CharDecoder(self._texts)

    def settled(self, text: str) -> int:
        """All of the text."""
        return len(text)

    def to_json(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""
        return {"kind": self.kind, "symbols": self.symbols[len(SPECIALS) :]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, where: str) -> "CharTokenizer":
        """See `tokenizer.from_json`."""
        check_keys(document, ("kind", "symbols"), where=where)
        return cls(symbols_from_json(document["symbols"], check=_character_fault, where=where))


class CharDecoder:
    """A text for every symbol; nothing is held back."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def push(self, symbol: int) -> str:
        """The text of the symbol."""
        return self._texts[symbol]

    def finish(self) -> str:
        """Nothing."""
        return ""


class ByteTokenizer:
    """Every byte of the text's UTF-8 form is a symbol: 256, and the special ones. Nothing is unknown."""

    kind = "byte"
    size = len(SPECIALS) + 256

    def __init__(self) -> None:
        self.symbols = [*SPECIALS, *(chr(byte) if byte < 128 else f"<0x{byte:02X}>" for byte in range(256))]
        self._bytes = [UNKNOWN_CHARACTER.encode(), b"", b"\n", *(bytes([byte]) for byte in range(256))]

    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of a text, (T,); InputError as `Tokenizer` says."""
        return np.frombuffer(utf8(text), dtype=np.uint8).astype(np.int32) + np.int32(len(SPECIALS))

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of many texts, one after the other, and how many each has."""
        joined = "".join(texts)
        sizes = map(len, texts) if joined.isascii() else (len(utf8(text)) for text in texts)
        return self.encode(joined), np.fromiter(sizes, dtype=np.int64, count=len(texts))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are not UTF-8 become U+FFFD."""
        return b"".join(map(self._bytes.__getitem__, ids)).decode("utf-8", errors="replace")

    def decoder(self) -> "ByteDecoder":
        """`decode`, symbol by symbol."""
        return ByteDecoder(self._bytes)

    def settled(self, text: str) -> int:
        """All of the text."""
        return len(text)

    def to_json(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""
        return {"kind": self.kind}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, where: str) -> "ByteTokenizer":
        """See `tokenizer.from_json`."""
        check_keys(document, ("kind",), where=where)
        return cls()


class ByteDecoder:
    """UTF-8 bytes for every symbol; those of an incomplete character are held back."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._utf8 = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, symbol: int) -> str:
        """The characters that are whole now."""
        return self._utf8.decode(self._pieces[symbol])

    def finish(self) -> str:
        """U+FFFD where a character was not completed."""
        return self._utf8.decode(b"", final=True)


def utf8(text: str) -> bytes:
    """The UTF-8 form of a text; InputError as `Tokenizer.encode` says."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise surrogate_error(text, error.start) from error


def code_points(text: str, begin: int = 0) -> NDArray[np.int32]:
    """The code point of every character, (T,); `begin` is where the text stands in the one that errors speak of."""
    try:
        return np.frombuffer(text.encode("utf-32-le"), dtype="<i4")
    except UnicodeEncodeError as error:
        raise surrogate_error(text, error.start, begin) from error


def surrogate_error(text: str, place: int, begin: int = 0) -> InputError:
    """The error that tells of half of a surrogate pair; characters are counted from 1."""
    return InputError(
        f"U+{ord(text[place]):04X} is half of a surrogate pair, not a character",
        where=f"character {begin + place + 1}",
    )


def _character_fault(symbol: str) -> str | None:
    if len(symbol) != 1:
        return "not one character"
    return "half of a surrogate pair" if has_surrogate(symbol) else None
