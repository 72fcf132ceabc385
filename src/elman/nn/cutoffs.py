"""Where the clusters of an embedding or a softmax begin, and how wide each is.

Knows numbers alone, no torch: graphs that were exported are opened by them. Used by `nn.embedding`, `nn.softmax`,
`models.networks` and the engines.
"""

from dataclasses import dataclass
from itertools import pairwise

NARROWING = 2
NARROWEST = 32


def default_cutoffs(symbols: int) -> tuple[int, ...]:
    """Where the clusters of an adaptive softmax begin: behind a sixteenth of the vocabulary but at most 1,000 symbols,
    then each 2.7 times as far. Many small clusters were measured faster than one or two; see docs/log.md.

    Example:
        >>> default_cutoffs(33_000)
        (1000, 2700, 7290, 19683)
    """
    edge = float(max(3, min(1000, symbols // 16)))
    cutoffs = [int(edge)]
    while (edge := edge * 2.7) < 0.6 * symbols:
        cutoffs.append(int(edge))
    return tuple(cutoffs)


def cluster_widths(width: int, clusters: int) -> list[int]:
    """The widths of so many clusters: D, D/2, D/4 …, but not below 32."""
    return [width] + [min(width, max(NARROWEST, width // NARROWING**k)) for k in range(1, clusters)]


@dataclass(frozen=True)
class Tail:
    """A cluster behind the frequent symbols: its first symbol, how many it has, and their width."""

    first: int
    symbols: int
    width: int


def tails(symbols: int, width: int) -> list[Tail]:
    """Those of a softmax with the default cutoffs over so many symbols, of vectors of the given width."""
    edges = [*default_cutoffs(symbols), symbols]
    narrow = cluster_widths(width, len(edges))[1:]
    return [Tail(begin, end - begin, d) for (begin, end), d in zip(pairwise(edges), narrow, strict=True)]
