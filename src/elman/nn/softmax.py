"""The output layer: y_t = softmax(V h_t), whole or adaptive, with a matrix of its own or that of the embedding.

Knows states and symbols as tensors; symbols are numbered by falling frequency. Used by `models.networks`. Every method
takes states (M, H), the real steps of a batch one under the other.
"""

import torch
from torch import Tensor, nn

from elman.nn.embedding import Clusters, Embedding


def default_cutoffs(symbols: int) -> tuple[int, ...]:
    """Where the clusters of an adaptive softmax begin: a fifth of the vocabulary but at most 2,000 symbols stand in
    front (measured best at 10,000 and 33,000 words), and from 16,000 symbols on the rest is cut at a quarter."""
    first = min(2000, max(1, symbols // 5))
    return (first, symbols // 4) if symbols >= 16_000 else (first,)


NEVER = -1e4
"""Added to the logit of a symbol that is never predicted: its probability, and its gradient, are exactly 0."""


def product(h: Tensor, matrix: Tensor, *, bias: Tensor | None, compute: torch.dtype) -> Tensor:
    """h (M, D) times the transposed matrix (N, D), in the given number format, given out in that of h."""
    if compute == h.dtype:
        return nn.functional.linear(h, matrix, bias)
    found = nn.functional.linear(h.to(compute), matrix.to(compute)).to(h.dtype)
    return found if bias is None else found + bias


def penalties(symbols: int, impossible: tuple[int, ...]) -> Tensor:
    """What is added to the logits, (N,): `NEVER` where a symbol is impossible, else 0."""
    added = torch.zeros(symbols)
    added[list(impossible)] = NEVER
    return added


class Projection(nn.Module):
    """Brings states (M, H) to the width D of a tied matrix; does nothing where the two are equal."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        if hidden != width:
            self.P = nn.Parameter(torch.zeros(width, hidden))

    def forward(self, h: Tensor, *, compute: torch.dtype) -> Tensor:
        """(M, D)."""
        return product(h, self.P, bias=None, compute=compute) if hasattr(self, "P") else h


class Softmax(nn.Module):
    """The softmax over all symbols.

    Args:
        hidden: H. embedding: let V be its matrix E (with a projection where H is not its width); None for a V of its
            own. impossible: symbols that are never predicted. A symbol that only ever loses would be pushed ever
            further by an optimizer that looks at the sign of gradients, and where the matrix is tied it would be of no
            use as an input any more.
    Source of tying: Press & Wolf 2017, Using the output embedding to improve language models.
    """

    def __init__(
        self,
        symbols: int,
        hidden: int,
        *,
        embedding: Embedding | None,
        impossible: tuple[int, ...] = (),
        compute: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.compute = compute
        self.b = nn.Parameter(torch.zeros(symbols))
        self.possible: Tensor
        self.register_buffer("possible", penalties(symbols, impossible), persistent=False)
        self._tied = [embedding] if embedding is not None else []  # in a list: its weights are not registered twice
        if embedding is None:
            self.V = nn.Parameter(torch.zeros(symbols, hidden))
        else:
            self.projection = Projection(hidden, embedding.width)

    def loss(self, h: Tensor, targets: Tensor) -> tuple[Tensor, int]:
        """Sum of -ln p of the targets (M,), and their count."""
        return nn.functional.cross_entropy(self.logits(h), targets, reduction="sum"), len(targets)

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """-ln p of each target, (M,)."""
        return nn.functional.cross_entropy(self.logits(h), targets, reduction="none")

    def log_probabilities(self, h: Tensor) -> Tensor:
        """ln p of every symbol, (M, N)."""
        return torch.log_softmax(self.logits(h), dim=1)

    def logits(self, h: Tensor) -> Tensor:
        """V h + b, (M, N)."""
        if not self._tied:
            return product(h, self.V, bias=self.b + self.possible, compute=self.compute)
        h = self.projection(h, compute=self.compute)
        return product(h, self._tied[0].matrix(), bias=self.b + self.possible, compute=self.compute)


class AdaptiveSoftmax(nn.Module):
    """The softmax in two steps: over the frequent symbols and the clusters of the rest, then inside one cluster.

    ln p(w) = ln p(w) in the head, or ln p(cluster) in the head + ln p(w | cluster). The distribution is exact; in
    training only the clusters of the targets are computed, each for the steps that need it.

    Args:
        embedding: let the matrix be E, which must be in the same clusters; None for clusters of its own.
            impossible: as in `Softmax`, of the frequent ones.
    Source: Grave et al. 2017, Efficient softmax approximation for GPUs; tied as in Baevski & Auli 2019.
    """

    def __init__(
        self,
        symbols: int,
        hidden: int,
        *,
        embedding: Embedding | None,
        impossible: tuple[int, ...] = (),
        compute: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.compute = compute
        width = hidden if embedding is None else embedding.width
        if embedding is None:
            self.own = Clusters(symbols, hidden, default_cutoffs(symbols))
        elif embedding.clusters is None:
            raise ValueError("an adaptive softmax can be tied to an embedding in clusters only")
        self._tied = [embedding.clusters] if embedding is not None and embedding.clusters is not None else []
        self.projection = Projection(hidden, width)
        tails = len(self.clusters.projections)
        self.C = nn.Parameter(torch.zeros(tails, width))  # a row for each cluster behind the head
        self.b_head = nn.Parameter(torch.zeros(self.clusters.edges[1] + tails))
        self.possible: Tensor
        self.register_buffer("possible", penalties(len(self.b_head), impossible), persistent=False)
        self.b_tails = nn.ParameterList(torch.zeros(len(table)) for table in self.clusters.tables[1:])

    @property
    def clusters(self) -> Clusters:
        """The matrix, shared with the embedding or not."""
        return self._tied[0] if self._tied else self.own

    def loss(self, h: Tensor, targets: Tensor) -> tuple[Tensor, int]:
        """Sum of -ln p of the targets (M,), and their count."""
        h = self.projection(h, compute=self.compute)
        total = nn.functional.cross_entropy(self._head(h), self._head_targets(targets), reduction="sum")
        for k, inside in self._members(targets):
            total = total + nn.functional.cross_entropy(
                self._tail(h[inside], k), targets[inside] - self.clusters.edges[k], reduction="sum"
            )
        return total, len(targets)

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """-ln p of each target, (M,)."""
        h = self.projection(h, compute=self.compute)
        nats = nn.functional.cross_entropy(self._head(h), self._head_targets(targets), reduction="none")
        for k, inside in self._members(targets):
            found = nn.functional.cross_entropy(
                self._tail(h[inside], k), targets[inside] - self.clusters.edges[k], reduction="none"
            )
            nats = nats.index_add(0, inside, found)
        return nats

    def log_probabilities(self, h: Tensor) -> Tensor:
        """ln p of every symbol, (M, N)."""
        h = self.projection(h, compute=self.compute)
        head = torch.log_softmax(self._head(h), dim=1)
        first = self.clusters.edges[1]
        parts = [head[:, :first]]
        for k in range(1, len(self.clusters.tables)):
            parts.append(torch.log_softmax(self._tail(h, k), dim=1) + head[:, first + k - 1, None])
        return torch.cat(parts, dim=1)

    def _head(self, h: Tensor) -> Tensor:
        matrix = torch.cat([self.clusters.tables[0], self.C])
        return product(h, matrix, bias=self.b_head + self.possible, compute=self.compute)

    def _tail(self, h: Tensor, k: int) -> Tensor:
        narrow = product(h, self.clusters.projections[k - 1], bias=None, compute=self.compute)
        return product(narrow, self.clusters.tables[k], bias=self.b_tails[k - 1], compute=self.compute)

    def _head_targets(self, targets: Tensor) -> Tensor:
        """The targets (M,) as the head knows them: a frequent symbol, or the cluster of a rare one."""
        first = self.clusters.edges[1]
        edges = torch.tensor(self.clusters.edges[1:-1], device=targets.device)
        cluster = torch.bucketize(targets, edges, right=True)  # 0 for the head
        return torch.where(cluster == 0, targets, first + cluster - 1)

    def _members(self, targets: Tensor) -> list[tuple[int, Tensor]]:
        """For each cluster behind the head that occurs, the places of its targets."""
        edges = self.clusters.edges
        found = []
        for k in range(1, len(edges) - 1):
            inside = ((targets >= edges[k]) & (targets < edges[k + 1])).nonzero()[:, 0]
            if len(inside):
                found.append((k, inside))
        return found
