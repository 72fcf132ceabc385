"""The rows of hashed n-grams of symbols, on numpy arrays: what `nn.ngrams` computes on tensors.

Knows ids. Used by the ONNX engines, whose graphs take the rows as they are.
"""

import numpy as np
from numpy.typing import NDArray

_MULTIPLIER = np.int64(1_000_003)
_MIX = np.uint64(0x9E3779B97F4A7C15).astype(np.int64)
Ids = NDArray[np.int64]


def ngram_rows(ids: Ids, recent: Ids, *, orders: int, bits: int) -> Ids:
    """The rows, in the tables of all orders one after the other, of the n-grams that end at each step, (B, T, n).

    Args:
        ids: (B, T). recent: (B, C), the symbols before them. orders: the longest n-gram.
    """
    T, before = ids.shape[1], recent.shape[1]  # noqa: N806 the letter of the steps
    joined = np.concatenate([recent, ids], axis=1) + 1  # (B, C + T)
    mixed, found = joined[:, before:], []
    for n in range(2, orders + 1):
        mixed = mixed * _MULTIPLIER + joined[:, before - n + 1 : before - n + 1 + T]  # modulo 2 ** 64
        found.append((((mixed * _MIX) >> (63 - bits)) & ((1 << bits) - 1)) + ((n - 2) << bits))
    return np.stack(found, axis=2)


def latest(ids: Ids, recent: Ids, lengths: Ids) -> Ids:
    """The last C symbols after reading ids (B, T) of the given lengths behind recent (B, C): (B, C)."""
    joined = np.concatenate([recent, ids], axis=1)  # (B, C + T)
    return np.take_along_axis(joined, lengths[:, None] + np.arange(recent.shape[1]), axis=1)
