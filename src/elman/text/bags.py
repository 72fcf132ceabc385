"""A text as a bag of hashed n-grams: of its words, and of its characters, inside words and across them.

Knows tokens and arrays; knows no file and no network. Called by `data.text_batches`.

N-grams of words are hashed over the hashes of the words, those of characters over the words joined by single blanks,
with a blank at either end; both as `text.features` hashes the inside of a word.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.text.config import BagConfig
from elman.text.features import clip
from elman.text.hangul import to_codes
from elman.text.hashing import (
    Part,
    assembled,
    ragged_places,
    rolling_hashes,
    sequence_hashes,
    sizes_of,
    span_places,
    spread,
    starts_of,
)

WORDS, CHARACTERS = range(2)
"""The two bags of a text."""
SHORTEST = 3
"""Characters of the shortest n-gram of letters."""
SYLLABLES = 0x1100
"""From this code point on a character is a syllable, a word, or a part of one that means something: shorter n-grams
count where they have such a one. Before it are the alphabets."""


@dataclass(frozen=True)
class Bags:
    """The bags of n texts, two of each: bag 2 i has the n-grams of words of text i, bag 2 i + 1 those of characters.

    Args:
        rows: (m,), rows of a table, one bag after the other. starts: (2 n + 1,), where those of each begin, and m.
            sizes: (2 n,), how many n-grams each text has, those that were left out since counted too.
    """

    rows: NDArray[np.int32]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @classmethod
    def joined(cls, parts: Sequence["Bags"]) -> "Bags":
        """Those of several lists of texts, one list after the other."""
        rows = np.concatenate([np.empty(0, dtype=np.int32), *(part.rows for part in parts)])
        begins = np.cumsum([0, *(len(part.rows) for part in parts)])
        starts = [part.starts[:-1] + begin for part, begin in zip(parts, begins[:-1], strict=True)]
        sizes = [np.empty(0, dtype=np.int64), *(part.sizes for part in parts)]
        return cls(rows, np.concatenate([*starts, begins[-1:]]), np.concatenate(sizes))

    def select(self, texts: NDArray[np.int64], *, padded: int) -> "Bags":
        """Those of some texts, in the order given, behind them empty ones up to so many texts."""
        bags = (2 * texts[:, None] + np.arange(2)).ravel()
        places, starts = ragged_places(self.starts, bags)
        missing = 2 * (padded - len(texts))
        return Bags(
            self.rows[places],
            np.concatenate([starts, np.full(missing, starts[-1])]),
            np.concatenate([self.sizes[bags], np.zeros(missing, dtype=np.int64)]),
        )

    def frequent(self, minimum: int) -> "Bags":
        """The same without the rows that occur less often in all bags together."""
        kept = np.bincount(self.rows)[self.rows] >= minimum
        ends = np.concatenate([[0], np.cumsum(kept)])
        return Bags(self.rows[kept], ends[self.starts], self.sizes)


def bags_of(
    types: Sequence[str], tokens: NDArray[np.integer[Any]], starts: NDArray[np.int64], config: BagConfig, *,
    form: Callable[[str], str],
) -> Bags:  # fmt: skip
    """The bags of texts; those of one do not depend on the others.

    Args:
        types: every distinct token. tokens: the places of all tokens among these, one text after the other. starts:
            where those of each text begin, and the end. form: what a token counts as.
    """
    lengths = sizes_of(starts)
    forms = [form(token) for token in types]
    parts: list[Part] = []
    if config.bag_words:
        clipped = [clip(one) for one in forms]
        ends = starts_of(np.fromiter(map(len, clipped), dtype=np.int64, count=len(clipped)))
        hashes = sequence_hashes(to_codes("".join(clipped)), ends)
        parts += _grams(hashes[tokens], lengths, kind=WORDS, orders=range(1, config.bag_words + 1), config=config)
    if config.bag_characters:
        every = list(map(forms.__getitem__, tokens.tolist()))
        lines = [" ".join(["", *every[begin:end], ""]) for begin, end in pairwise(starts.tolist())]
        codes = to_codes("".join(lines)).astype(np.uint64) + np.uint64(1)
        sizes = np.fromiter(map(len, lines), dtype=np.int64, count=len(lines))
        long = range(SHORTEST, config.bag_characters + 1)
        parts += _grams(codes, sizes, kind=CHARACTERS, orders=long, config=config)
        short = range(1, min(SHORTEST, config.bag_characters + 1))
        parts += _grams(codes, sizes, kind=CHARACTERS, orders=short, config=config, least=SYLLABLES)
    rows, bounds = assembled(parts, 2 * len(lengths))
    return Bags(rows.astype(np.int32), bounds, np.diff(bounds))


def _grams(
    symbols: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    *,
    kind: int,
    orders: range,
    config: BagConfig,
    least: int = 0,
) -> Iterator[Part]:
    """The n-grams of some orders in stretches of so many symbols, one stretch after the other.

    Args:
        least: those are left out of which no symbol is so great.
    """
    begins = starts_of(sizes)[:-1]
    is_great = symbols > least
    for order, hashes in enumerate(rolling_hashes(symbols, orders.stop - 1), 1):
        if order in orders:
            many = np.maximum(sizes + 1 - order, 0)
            places = span_places(begins, many)
            if least:
                kept = np.logical_or.reduce([is_great[places + k] for k in range(order)])
                places = places[kept]
                many = np.bincount(np.repeat(np.arange(len(sizes)), many)[kept], minlength=len(sizes))
            every = np.zeros(2 * len(sizes), dtype=np.int64)
            every[kind::2] = many
            yield every, spread(hashes[places], kind=kind, bits=config.bag_bits)
