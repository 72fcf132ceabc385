"""Sequences of symbols as hashed rows of a table, and ragged arrays: many short parts one after the other.

Knows arrays; knows neither words nor texts. Used by `text.word_parts`, `text.features`, `text.bags` and
`data.swapping`.

A sequence of symbols s (code points plus one, so that none is 0) is hashed by a polynomial, then spread over the rows,
each kind of feature in its own way:

    h() = 0        h(s_1 … s_n) = h(s_1 … s_{n-1}) M + s_n        row = the highest bits of mix(h + kind * SALT)

in whole numbers modulo 2 ** 64. Source of mix: Steele, Lea & Flood 2014 (the end of SplitMix64, but for its last shift,
which leaves the highest bits as they are).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.text.config import LONGEST

M = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits, as in Fibonacci hashing
_SALT = 0xD1B54A32D192ED03
_MIX = tuple(
    (np.uint64(shift), np.uint64(factor)) for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))
)
POWERS = np.array([pow(M, n, 1 << 64) for n in range(3 * LONGEST + 2)], dtype=np.uint64)  # three jamo a syllable
INVERSES = np.array([pow(M, -n, 1 << 64) for n in range(3 * LONGEST + 2)], dtype=np.uint64)
"""Powers of M."""
SALTS = np.array([kind * _SALT % (1 << 64) for kind in range(8)], dtype=np.uint64)
"""What makes a hash one of its kind."""

Part = tuple[NDArray[np.int64], NDArray[np.int64]]
"""How many features of one sort each word has, (n,), and their rows one after the other."""


def starts_of(sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of n parts begins when they stand one after the other, and where the last ends: (n + 1,)."""
    starts = np.zeros(len(sizes) + 1, dtype=np.int64)
    sizes.cumsum(out=starts[1:])
    return starts


def sizes_of(starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """How large each of n parts is, (n,): `np.diff`, which costs five times as much on small arrays."""
    return starts[1:] - starts[:-1]


def span_places(begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """All places of n spans, one span after the other.

    Example:
        >>> span_places(np.array([5, 0, 9]), np.array([2, 3, 0])).tolist()
        [5, 6, 0, 1, 2]
    """
    ends = sizes.cumsum()
    total = int(ends[-1]) if len(ends) else 0
    shifts: NDArray[np.int64] = (begins - ends + sizes).repeat(sizes)
    return shifts + np.arange(total)


def ragged_places(starts: NDArray[np.int64], places: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the items of some parts stand, part by part, and where each part begins among them.

    Args:
        starts: (n + 1,), of all parts. places: (k,), which parts.
    """
    begins = starts[places]
    sizes = starts[places + 1] - begins
    return span_places(begins, sizes), starts_of(sizes)


def assembled(parts: list[Part], words: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of all parts, word by word and inside a word part by part, and where each word begins."""
    starts = starts_of(sum((sizes for sizes, _ in parts), np.zeros(words, dtype=np.int64)))
    features = np.empty(int(starts[-1]), dtype=np.int64)
    ends = starts[:-1].copy()
    for sizes, rows in parts:
        features[span_places(ends, sizes)] = rows
        ends += sizes
    return features, starts


def rolling_hashes(symbols: NDArray[np.uint64], longest: int) -> Iterator[NDArray[np.uint64]]:
    """The hashes of all runs of 1, 2 … `longest` symbols; those of n symbols by the place of the first."""
    hashes = symbols
    for length in range(1, longest + 1):
        if length > 1:
            hashes = hashes[:-1] * np.uint64(M) + symbols[length - 1 :]
        yield hashes


def sequence_hashes(codes: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The hash of each sequence as a whole, none longer than `LONGEST`."""
    behind = starts[1:].repeat(sizes_of(starts)) - 1 - np.arange(len(codes))
    return sums((codes + 1).astype(np.uint64) * POWERS[behind], starts).astype(np.uint64)


def sequence_hash(codes: Sequence[int], *, kind: int) -> int:
    """The hash of one sequence as a whole, made one of its kind."""
    found = 0
    for code in codes:
        found = found * M + code + 1
    return (found + kind * _SALT) % (1 << 64)


def sums_behind(symbols: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """What gives the hash of every span of sequences that stand one after the other: sums of s_k M ** -k, (c + 1,).

        h(s_i … s_j) = (sums[j + 1] - sums[i]) M ** j

    Args:
        symbols, places: (c,), and the place k of each in its sequence.
    """
    before = np.zeros(len(symbols) + 1, dtype=np.uint64)
    (symbols * INVERSES[places]).cumsum(out=before[1:])
    return before


def sums(values: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[Any]:
    """The sum of each part, modulo 2 ** 64."""
    kind = np.uint64 if values.dtype == np.uint64 else np.int64
    ends = np.zeros(len(values) + 1, dtype=kind)
    values.cumsum(dtype=kind, out=ends[1:])
    return ends[starts[1:]] - ends[starts[:-1]]


def rows_of(hashes: NDArray[np.uint64], *, bits: int) -> NDArray[np.int64]:
    """The rows of salted hashes."""
    mixed = hashes
    for shift, factor in _MIX:
        mixed = mixed ^ (mixed >> shift)
        mixed *= factor
    mixed >>= np.uint64(64 - bits)
    return mixed.view(np.int64)


def spread(hashes: NDArray[np.uint64], *, kind: int, bits: int) -> NDArray[np.int64]:
    """The rows of hashes of one kind."""
    return rows_of(hashes + SALTS[kind], bits=bits)
