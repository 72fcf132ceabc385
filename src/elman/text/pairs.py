"""The vocabularies of two sides: how both tokenizers are learnt, and what a symbol of the source is among the target's.

Knows tokenizers and texts; knows no file and no batch. Called by `models` and `data.pair_batches`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from elman.text.config import PairTextConfig
from elman.text.tokenizer import Decoder, Tokenizer, train_tokenizer
from elman.text.vocabulary import END, SPECIALS, START, UNKNOWN
from elman.text.words import WordDecoder

Ids = NDArray[np.int32]
LACKING = -1
"""Stands for what has no id yet."""


class TwoTexts(Protocol):
    """A source, and targets of which the first is trained on."""

    @property
    def source(self) -> str:
        """What is read."""

    @property
    def targets(self) -> Sequence[str]:
        """What it is to become."""


def train_tokenizers(pairs: Iterable[TwoTexts], config: PairTextConfig) -> tuple[Tokenizer, Tokenizer]:
    """The tokenizers of sources and targets with the vocabularies of the pairs; one and the same where it is shared.

    Args:
        pairs: those of training; of each the first target counts. They are gone through once for each vocabulary: a
            list, or what else can be gone through again.
    Raises:
        InputError: there is half of a surrogate pair in a text.
    """
    assert iter(pairs) is not pairs, "pairs that can be gone through twice"
    if config.is_shared:
        both = train_tokenizer(_texts_of_both(pairs), config.of_target(), continuous=False)
        return both, both
    source = train_tokenizer((pair.source for pair in pairs), config.of_source(), continuous=False)
    target = train_tokenizer(
        (text for pair in pairs for text in pair.targets[:1]), config.of_target(), continuous=False
    )
    return source, target


class Copying:
    """What the symbols of a source are among those of the target: the one with the same text, or a new one of the row.

    With N symbols in the target's vocabulary, the k-th distinct symbol of a source that has none with its text there
    has the id N + k. `</s>` is `</s>`. A literal `<unk>` (`<s>`, `</s>`) among words is the unknown symbol.
    """

    def __init__(self, source: Tokenizer, target: Tokenizer) -> None:
        self._source, self._target, self.size = source, target, target.size
        first = len(SPECIALS)
        self._known = dict(zip(reversed(target.symbols[first:]), range(target.size - 1, first - 1, -1), strict=True))
        self._ids = np.full(source.size, LACKING, dtype=np.int32)
        self._ids[START], self._ids[END] = START, END
        for place, symbol in enumerate(source.symbols[first:], first):
            self._ids[place] = self._known.get(symbol, LACKING)

    def known(self, ids: Ids) -> Ids:
        """The ids among the target's symbols of some of the source, `LACKING` where only the row's text can tell."""
        return self._ids[ids]

    def completed(self, text: str, ids: Ids, copies: Ids) -> tuple[Ids, tuple[str, ...]]:
        """The copies of a source without a `LACKING`, and the texts of its new symbols, in order.

        Args:
            text: the source, whose first symbols are ids; behind these may be `</s>`. copies: what is known of these.
        """
        symbols = symbols_of(self._source, text)
        copies, new = copies.copy(), dict[str, int]()
        for place in np.flatnonzero(copies == LACKING).tolist():
            symbol = symbols[place] if ids[place] == UNKNOWN else self._source.symbols[ids[place]]
            if ids[place] == UNKNOWN and symbol in SPECIALS:
                copies[place] = UNKNOWN
            elif symbol in self._known:
                copies[place] = self._known[symbol]
            else:
                copies[place] = self.size + new.setdefault(symbol, len(new))
        return copies, tuple(new)

    def gold(self, text: str, ids: Ids, new: Sequence[str]) -> Ids:
        """The ids of a target; unknown symbols that are among the new ones of its source have the ids of these."""
        places = np.flatnonzero(ids == UNKNOWN).tolist()
        if not places:
            return ids
        symbols, numbers = symbols_of(self._target, text), {symbol: k for k, symbol in enumerate(new, self.size)}
        gold = ids.copy()
        gold[places] = [numbers.get(symbols[place], UNKNOWN) for place in places]
        return gold


def symbols_of(tokenizer: Tokenizer, text: str) -> Sequence[str]:
    """The text of every symbol of a text, unknown ones too; of bytes and bpe, which know all, as they are shown."""
    if tokenizer.kind == "word":
        return text.split()
    return text if tokenizer.kind == "char" else [tokenizer.symbols[symbol] for symbol in tokenizer.encode(text)]


def _texts_of_both(pairs: Iterable[TwoTexts]) -> Iterator[str]:
    for pair in pairs:
        yield pair.source
        yield from pair.targets[:1]


def decoder_with(tokenizer: Tokenizer, extra: Sequence[str]) -> Decoder:
    """The decoder of a tokenizer that knows further symbols, the ids N, N + 1, …, by their texts."""
    if not extra:
        return tokenizer.decoder()
    if tokenizer.kind == "word":
        return WordDecoder([*tokenizer.symbols, *extra])
    return _ExtendedDecoder(tokenizer.decoder(), tokenizer.size, extra)


class _ExtendedDecoder:
    """What a decoder gives, and the texts of further symbols between it."""

    def __init__(self, decoder: Decoder, size: int, extra: Sequence[str]) -> None:
        self._decoder, self._size, self._extra = decoder, size, extra

    def push(self, symbol: int) -> str:
        """The text that is settled now; a further symbol settles all before it."""
        if symbol < self._size:
            return self._decoder.push(symbol)
        return self._decoder.finish() + self._extra[symbol - self._size]

    def finish(self) -> str:
        """What was still held back."""
        return self._decoder.finish()
