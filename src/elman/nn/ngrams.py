"""Vectors for hashed n-grams: what the last symbols were together, beside what each was alone.

Knows ids and tensors; knows no text. A table row that a batch does not touch costs nothing: gradients are sparse, and
`training.optimizer` steps only the rows that have one. Used by `models.networks` beside the embedding.
"""

import torch
from torch import Tensor, nn

from elman.nn.dropout import keep_mask
from elman.nn.tables import table_rows

_MULTIPLIER = 1_000_003
_MIX = 0x9E3779B97F4A7C15 - (1 << 64)
"""The golden ratio in 64 bits (Fibonacci hashing, Knuth, The Art of Computer Programming 3, section 6.4)."""


def hash_ngrams(ids: Tensor, recent: Tensor, *, orders: int, bits: int) -> Tensor:
    """For every step the hashes of the n-grams that end there, n = 2 … orders: (orders - 1, B, T), below 2 ** bits.

    Args:
        ids: (B, T). recent: (B, C), the symbols before them, C at least orders - 1.
    """
    T, before = ids.shape[1], recent.shape[1]
    joined = torch.cat([recent, ids], dim=1) + 1  # (B, C + T)
    mixed = joined[:, before:]  # (B, T)
    hashes = []
    for n in range(2, orders + 1):
        mixed = mixed * _MULTIPLIER + joined[:, before - n + 1 : before - n + 1 + T]  # (B, T)
        hashes.append(((mixed * _MIX) >> (63 - bits)) & ((1 << bits) - 1))
    return torch.stack(hashes)  # (orders - 1, B, T)


class NgramEmbedding(nn.Module):
    """A vector for each n-gram that ends at a step, n = 2 … orders, from a table an order, side by side.

    Different n-grams may meet in one row; what is frequent wins it.

    Args:
        orders: the longest n-gram, in symbols. bits: a table has 2 ** bits rows. width: of the vector of an n-gram.
            dropout: share of the n-grams that are dropped in training, each of a step by itself: a text that is read
            often is soon known by its n-grams, and what follows a long one in it need not follow it elsewhere.
    Source: hashed n-grams are those of Joulin et al. 2017 (fastText); that a recurrent net and n-grams learn better
        together than alone is Mikolov et al. 2011 (RNNME), who put them behind the net: here they are inputs of it.
    """

    def __init__(self, orders: int, *, bits: int, width: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.orders, self.bits, self.width, self.dropout = orders, bits, width, dropout
        self.tables = nn.Parameter(torch.zeros((orders - 1) << bits, width))

    @property
    def context(self) -> int:
        """How many symbols before a step are read at it."""
        return self.orders - 1

    def forward(self, ids: Tensor, recent: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Vectors (B, T, (orders - 1) * width) for ids (B, T), given the symbols before them, recent (B, C)."""
        rows = hash_ngrams(ids, recent, orders=self.orders, bits=self.bits)  # (n, B, T)
        offsets = torch.arange(self.orders - 1, device=ids.device)[:, None, None] << self.bits
        vectors = table_rows(self.tables, (rows + offsets).permute(1, 2, 0))  # (B, T, n, D)
        if generator is not None and self.dropout > 0:
            shape = (*vectors.shape[:3], 1)
            vectors = vectors * keep_mask(shape, self.dropout, like=vectors, generator=generator)
        return vectors.flatten(2)  # (B, T, n D)


def latest(ids: Tensor, recent: Tensor, *, lengths: Tensor | None) -> Tensor:
    """The last C symbols after reading ids (B, T) of the given lengths behind recent (B, C): (B, C)."""
    C, T = recent.shape[1], ids.shape[1]
    joined = torch.cat([recent, ids], dim=1)  # (B, C + T)
    if lengths is None:
        return joined[:, T:]
    return joined.gather(1, lengths[:, None] + torch.arange(C, device=ids.device))
