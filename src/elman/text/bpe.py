"""Byte-pair encodings as symbols, learnt and applied by Hugging Face's `tokenizers`.

Knows how a text is cut into units that are encoded each by itself; knows no file. Made by `tokenizer.train_tokenizer`
and `tokenizer.from_json`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.text.characters import UNKNOWN_CHARACTER, ByteDecoder, utf8
from elman.text.vocabulary import LARGEST, SPECIALS, check_keys, symbols_from_json

DEFAULT_SIZE = 8000
LONGEST_UNIT = 1 << 16
"""Characters that are encoded in one go; a longer unit is cut."""
LONGEST_LEARNT = 256
"""The same in training, whose time goes with the square of the longest unit."""
SAMPLE = 1 << 22
"""Characters that the merges are learnt from, taken evenly from the text: time and memory do not grow with it."""
PIECE = 1 << 16
"""Characters of a piece of the sample."""
CACHED = 1 << 20
"""Characters of units whose ids are kept: running text repeats its words."""
_UNIT = re.compile(r"\n|'(?:[sdmt]|ll|ve|re)| ?[^\W\d_]+| ?\d+| ?(?:[^ \t\r\n\w]|_)+|[ \t\r]+(?![^ \t\r\n])|[ \t\r]+")
"""GPT-2's division of a text (Radford et al. 2019), but that a line end always stands alone, and that blanks other than
these three go with signs: so no unit has a blank behind something else, and each blank or line end begins a new one."""

_BEGUN = ("'l", "'r", "'v")
"""Two units that may become one."""


class BPETokenizer:
    """Frequent strings of bytes are symbols; every text has its ids, every byte is a symbol at need.

    A text is divided into units, about its words, which are encoded each by itself; a line end is a symbol of its own.

    Args:
        tokens: by id, without the special symbols, each byte written as a character (see `BYTES`). merges: pairs of
            tokens that are joined, those that go first before the others.
    """

    kind = "bpe"

    def __init__(self, tokens: Sequence[str], merges: Sequence[tuple[str, str]]) -> None:
        self._bytes = [UNKNOWN_CHARACTER.encode(), b"", b"\n", *map(_bytes_of, tokens)]
        self.symbols = [*SPECIALS, *map(_shown, self._bytes[len(SPECIALS) :])]
        self.size = len(self.symbols)
        self._tokens, self._merges = list(tokens), list(merges)
        self._engine = _engine(tokens, self._merges)
        self._cache: dict[str, tuple[int, ...]] = {}
        self._cached = 0

    @classmethod
    def train(cls, texts: Iterable[str], *, size: int | None, minimum: int) -> "BPETokenizer":
        """With merges learnt from the texts.

        Args:
            size: symbols in the vocabulary, special ones included. minimum: pairs seen less often are not joined.
        Raises:
            InputError: half of a surrogate pair.
        """
        sample = _sample(texts)
        tokens, merges = _learn(sample, size=(size or DEFAULT_SIZE) - len(SPECIALS), minimum=minimum)
        counts = np.zeros(len(tokens) + len(SPECIALS), dtype=np.int64)
        unordered = cls(tokens, merges)
        for piece in sample:
            counts += np.bincount(unordered.encode(piece), minlength=len(counts))
        order = np.argsort(-counts[len(SPECIALS) :], kind="stable")
        return cls([tokens[place] for place in order], merges)

    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of a text, (T,); InputError as `Tokenizer` says."""
        units = _units(text, LONGEST_UNIT)
        found = self._look_up(units)
        return np.fromiter(chain.from_iterable(map(found.__getitem__, units)), dtype=np.int32)

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of many texts, one after the other, and how many each has."""
        units: list[str] = []
        ends = np.zeros(len(texts) + 1, dtype=np.int64)
        for place, text in enumerate(texts, 1):
            units += _units(text, LONGEST_UNIT)
            ends[place] = len(units)
        found = self._look_up(units)
        ids = np.fromiter(chain.from_iterable(map(found.__getitem__, units)), dtype=np.int32)
        sizes = np.zeros(len(units) + 1, dtype=np.int64)
        np.cumsum(np.fromiter(map(len, map(found.__getitem__, units)), np.int64, len(units)), out=sizes[1:])
        return ids, np.diff(sizes[ends])

    def _look_up(self, units: list[str]) -> dict[str, tuple[int, ...]]:
        """Ids by unit, of these and perhaps others; another thread may be in here too."""
        if self._cached > CACHED:
            self._cache, self._cached = {}, 0
        found = self._cache
        missing = [unit for unit in set(units) if unit not in found]
        shift = len(SPECIALS)
        for unit, encoding in zip(missing, self._engine.encode_batch_fast(missing), strict=True):
            found[unit] = tuple(symbol + shift for symbol in encoding.ids)
        self._cached += sum(map(len, missing))
        return found

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; bytes that are not UTF-8 become U+FFFD."""
        return b"".join(map(self._bytes.__getitem__, ids)).decode("utf-8", errors="replace")

    def decoder(self) -> ByteDecoder:
        """`decode`, symbol by symbol."""
        return ByteDecoder(self._bytes)

    def settled(self, text: str) -> int:
        """All units but the last, which may go on, and of that one the parts in which it is encoded if it is long."""
        if text.endswith("\n"):
            return len(text)
        last = max(text.rfind(blank) for blank in " \t\r\n") + 1
        begin = len(text[:last].rstrip(" \t\r"))  # where a unit begins
        begins = [unit.start() for unit in _UNIT.finditer(text, begin)] or [0]
        if text[begins[-2:][0] :] in _BEGUN:
            return begins[-2]
        # a run of signs must not begin anew with the quote of 's, nor one of blanks with the blank of a word
        return begins[-1] + max(0, len(text) - begins[-1] - 2) // LONGEST_UNIT * LONGEST_UNIT

    def to_json(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""
        return {"kind": self.kind, "symbols": self._tokens, "merges": [list(pair) for pair in self._merges]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, where: str) -> "BPETokenizer":
        """See `tokenizer.from_json`."""
        check_keys(document, ("kind", "symbols", "merges"), where=where)
        tokens = symbols_from_json(document["symbols"], check=_token_fault, where=where)
        merges = document["merges"]
        if not isinstance(merges, list) or len(merges) > LARGEST or not all(map(_is_pair, merges)):
            raise ModelFileError("merges are not a list of pairs of texts", where=where)
        known, missing = set(tokens), set(BYTES) - set(tokens)
        if missing:
            raise ModelFileError(f"the byte {BYTES[min(missing)]} has no symbol", where=where)
        for pair in merges:
            unknown = [part for part in (*pair, "".join(pair)) if part not in known]
            if unknown:
                raise ModelFileError(f"{unknown[0]!r}, in a merge, is not a symbol", where=where)
        unreachable = known - set(BYTES) - {"".join(pair) for pair in merges}
        if unreachable:
            raise ModelFileError(f"no merge gives the symbol {min(unreachable)!r}", where=where)
        return cls(tokens, [(left, right) for left, right in merges])


def _byte_characters() -> dict[str, int]:
    """A printable character for every byte: itself where it is one, else one from U+0100 on.

    Source: the byte-level alphabet of GPT-2 (Radford et al. 2019), which `tokenizers` has built in.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


BYTES = _byte_characters()


def _engine(tokens: Sequence[str], merges: list[tuple[str, str]]) -> Any:
    """The library's encoder of single units."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    engine = Tokenizer(models.BPE(vocab={token: place for place, token in enumerate(tokens)}, merges=merges))
    engine.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    return engine


def _learn(sample: list[str], *, size: int, minimum: int) -> tuple[list[str], list[tuple[str, str]]]:
    """Tokens, bytes first, and merges."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    engine = Tokenizer(models.BPE())
    bytes_alone = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    engine.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split("\n", "removed"), bytes_alone])
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=minimum, initial_alphabet=list(BYTES), special_tokens=[], show_progress=False
    )
    engine.train_from_iterator(("\n".join(_units(piece, LONGEST_LEARNT)) for piece in sample), trainer)
    model = json.loads(engine.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    return tokens, [(left, right) for left, right in model["merges"]]


def _units(text: str, longest: int) -> list[str]:
    """The text in the parts that are encoded each by itself."""
    if not text.isascii():
        utf8(text)  # refuses half of a surrogate pair
    units: list[str] = _UNIT.findall(text)
    if len(text) <= longest or max(map(len, units)) <= longest:
        return units
    return [unit[k : k + longest] for unit in units for k in range(0, len(unit), longest)]


def _sample(texts: Iterable[str]) -> list[str]:
    """Pieces of the texts, all of them or every second, fourth, … so that they stay below `SAMPLE` characters."""
    kept: list[str] = []
    stride = 1
    for place, piece in enumerate(_pieces(texts)):
        utf8(piece)
        if place % stride == 0:
            kept.append(piece)
        if len(kept) * PIECE > SAMPLE:
            kept, stride = kept[::2], 2 * stride
    return kept


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    """The texts, one below the other, in pieces of a like size."""
    held, size = [], 0
    for text in texts:
        for begin in range(0, len(text), PIECE):
            held.append(text[begin : begin + PIECE])
            size += len(held[-1])
            if size >= PIECE:
                yield "\n".join(held)
                held, size = [], 0
    if held:
        yield "\n".join(held)


def _bytes_of(token: str) -> bytes:
    return bytes(BYTES[character] for character in token)


def _shown(token: bytes) -> str:
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 128 else f"<0x{byte:02X}>" for byte in token)


def _token_fault(token: str) -> str | None:
    return None if token and all(character in BYTES for character in token) else "not made of bytes"


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
