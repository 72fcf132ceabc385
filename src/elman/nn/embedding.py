"""The matrix E: a vector for every symbol, in one table, or in clusters that are narrower the rarer their symbols are.

Knows ids and tensors; symbols are numbered by falling frequency. Used by `models.networks` and, where the softmax is
tied, by `nn.softmax`.
"""

import itertools

import torch
from torch import Tensor, nn

from elman.nn.config import EmbeddingConfig
from elman.nn.cutoffs import cluster_widths
from elman.nn.dropout import symbol_dropout


class Clusters(nn.Module):
    """A matrix (N, D) in clusters of rows: the first as it is, each further one as a narrow table times a projection.

    Row r of cluster k is `tables[k][r] @ projections[k - 1]`, with tables of width D, D/2, D/4 … but not below 32.

    Args:
        cutoffs: the first symbol of each cluster but the first.
    Source: Baevski & Auli 2019, Adaptive input representations, with widths that fall by 2 where theirs fall by 4: the
        models here are narrower.
    """

    def __init__(self, symbols: int, width: int, cutoffs: tuple[int, ...]) -> None:
        super().__init__()
        self.edges = (0, *cutoffs, symbols)
        sizes = [end - begin for begin, end in itertools.pairwise(self.edges)]
        widths = cluster_widths(width, len(sizes))
        self.tables = nn.ParameterList(torch.zeros(size, d) for size, d in zip(sizes, widths, strict=True))
        self.projections = nn.ParameterList(torch.zeros(d, width) for d in widths[1:])

    def forward(self, ids: Tensor) -> Tensor:
        """Rows (…, D) of ids of any shape."""
        flat = ids.flatten()
        x = nn.functional.embedding(flat.clamp(max=self.edges[1] - 1), self.tables[0])  # (M, D)
        for k, P in enumerate(self.projections, 1):
            inside = ((flat >= self.edges[k]) & (flat < self.edges[k + 1])).nonzero()[:, 0]
            rows = nn.functional.embedding(flat[inside] - self.edges[k], self.tables[k])  # (m, d)
            x = x.index_copy(0, inside, rows @ P)
        return x.view(*ids.shape, -1)

    def matrix(self) -> Tensor:
        """The whole matrix (N, D)."""
        tails = [table @ P for table, P in zip(self.tables[1:], self.projections, strict=True)]
        return torch.cat([self.tables[0], *tails])


class Embedding(nn.Module):
    """x_t = E[w_t].

    Args:
        symbols: N. cutoffs: keep E in clusters that begin at these symbols.
    """

    def __init__(self, symbols: int, config: EmbeddingConfig, *, cutoffs: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.symbols, self.width, self.dropout = symbols, config.embedding, config.embedding_dropout
        self.clusters = Clusters(symbols, config.embedding, cutoffs) if cutoffs else None
        if not cutoffs:
            self.E = nn.Parameter(torch.zeros(symbols, config.embedding))

    def forward(self, ids: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Vectors (B, T, D) of ids (B, T); with a generator, symbols are dropped."""
        x = self.clusters(ids) if self.clusters is not None else nn.functional.embedding(ids, self.E)
        if generator is None or self.dropout == 0:
            return x
        return x * symbol_dropout(ids, self.symbols, self.dropout, like=x, generator=generator)

    def matrix(self) -> Tensor:
        """E as one matrix (N, D)."""
        return self.E if self.clusters is None else self.clusters.matrix()
