"""Words as symbols: what stands between blanks, looked up in a dictionary.

Knows strings and arrays; knows no file. Made by `tokenizer.train_tokenizer` and `tokenizer.from_json`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.text.characters import utf8
from elman.text.vocabulary import END, SPECIALS, START, UNKNOWN, by_count, check_keys, has_surrogate, joined
from elman.text.vocabulary import symbols_from_json as listed

LINE_END = "\n"
"""Stands for a line end among words: no word is or has one."""
MOST_COUNTED = 1 << 21
"""Different words that are counted at a time: beyond it the rarest are forgotten, so that memory is bounded."""


class WordTokenizer:
    """Whatever stands between blanks (Unicode white space) is a symbol, `<unk>` if it is not in the vocabulary.

    Args:
        words: by id, without the special symbols. continuous: a line end is the symbol `</s>`; else it is a blank.
    """

    kind = "word"

    def __init__(self, words: Sequence[str], *, continuous: bool) -> None:
        self.symbols = [*SPECIALS, *words]
        self.size, self.continuous = len(self.symbols), continuous
        self._ids = _Ids(zip(words, range(len(SPECIALS), self.size), strict=True))
        self._ids[LINE_END] = END

    @classmethod
    def train(cls, texts: Iterable[str], *, size: int | None, minimum: int, continuous: bool) -> "WordTokenizer":
        """With the words of the texts; size and minimum as in `vocabulary.by_count`."""
        counts: Counter[str] = Counter()
        for text in joined(texts, between=LINE_END):
            utf8(text)  # refuses half of a surrogate pair
            counts.update(text.split())
            if len(counts) > MOST_COUNTED:
                counts = _frequent_half(counts)
        for special in SPECIALS:
            del counts[special]
        return cls(by_count(counts, size=size, minimum=minimum), continuous=continuous)

    def encode(self, text: str) -> NDArray[np.int32]:
        """The ids of a text, (T,); InputError as `Tokenizer` says."""
        words = self._split(text)
        return np.fromiter(map(self._ids.__getitem__, words), dtype=np.int32, count=len(words))

    def encode_many(self, texts: Sequence[str]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The ids of many texts, one after the other, and how many each has."""
        words: list[str] = []
        ends = np.zeros(len(texts) + 1, dtype=np.int64)
        for place, text in enumerate(texts, 1):
            words += self._split(text)
            ends[place] = len(words)
        return np.fromiter(map(self._ids.__getitem__, words), dtype=np.int32, count=len(words)), np.diff(ends)

    def _split(self, text: str) -> list[str]:
        if not text.isascii():
            utf8(text)  # refuses half of a surrogate pair
        if not self.continuous or LINE_END not in text:
            return text.split()
        words: list[str] = []
        for line in text.split(LINE_END):
            words += line.split()
            words.append(LINE_END)
        words.pop()  # a line end stands between two lines, not behind the last
        return words

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids: one blank between words, `</s>` a line end."""
        decoder = self.decoder()
        return "".join(map(decoder.push, ids))

    def decoder(self) -> "WordDecoder":
        """`decode`, symbol by symbol."""
        return WordDecoder(self.symbols)

    def settled(self, text: str) -> int:
        """Up to and with the last blank: the word behind it may go on."""
        return len(text) - len(_last_word(text))

    def to_json(self) -> dict[str, Any]:
        """The content of `tokenizer.json`."""
        return {"kind": self.kind, "continuous": self.continuous, "symbols": self.symbols[len(SPECIALS) :]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any], *, where: str) -> "WordTokenizer":
        """See `tokenizer.from_json`."""
        check_keys(document, ("kind", "continuous", "symbols"), where=where)
        if not isinstance(document["continuous"], bool):
            raise ModelFileError("continuous is neither true nor false", where=where)
        words = listed(document["symbols"], check=_word_fault, where=where)
        return cls(words, continuous=document["continuous"])


class WordDecoder:
    """A blank before every word, but for the first of a line."""

    def __init__(self, symbols: list[str]) -> None:
        self._symbols, self._at_begin = symbols, True

    def push(self, symbol: int) -> str:
        """The text of the symbol, with the blank before it."""
        if symbol == START:
            return ""
        at_begin, self._at_begin = self._at_begin, symbol == END
        if symbol == END:
            return LINE_END
        return self._symbols[symbol] if at_begin else " " + self._symbols[symbol]

    def finish(self) -> str:
        """Nothing."""
        return ""


class _Ids(dict[str, int]):
    """Ids by word; what is missing is unknown."""

    def __missing__(self, word: str) -> int:
        return UNKNOWN


def _frequent_half(counts: Counter[str]) -> Counter[str]:
    """Without the rarest words, so that at most half of `MOST_COUNTED` are left."""
    rare = 0
    while len(counts) > MOST_COUNTED // 2:
        rare += 1
        counts = Counter({word: count for word, count in counts.items() if count > rare})
    return counts


def _last_word(text: str) -> str:
    """What stands behind the last blank."""
    return "" if not text or text[-1].isspace() else text.rsplit(None, 1)[-1]


def _word_fault(symbol: str) -> str | None:
    if symbol in SPECIALS:
        return f"the special symbol {symbol}"
    if symbol.split() != [symbol]:
        return "empty, or has blanks in it"
    return "half of a surrogate pair" if has_surrogate(symbol) else None
