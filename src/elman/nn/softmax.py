"""The output layer: y_t = softmax(V h_t), whole or adaptive, with a matrix of its own or that of the embedding.

Knows states and symbols as tensors; symbols are numbered by falling frequency. Used by `models.networks`. Every method
takes states (M, H), the real steps of a batch one under the other.
"""

from typing import Any

import torch
from torch import Tensor, nn

from elman.nn.cutoffs import default_cutoffs
from elman.nn.embedding import Clusters, Embedding
from elman.nn.shapes import with_more_rows
from elman.nn.stack import Multiply

LOGITS = 1 << 19
"""So many, in fp32, stay in a processor's cache."""
NEVER = -1e4
"""Added to the logit of a symbol that is never predicted: its probability, and its gradient, are exactly 0."""


def product(h: Tensor, matrix: Tensor, bias: Tensor | None, *, compute: torch.dtype) -> Tensor:
    """h (M, D) times the transposed matrix (N, D), in the given number format, given out in that of h."""
    if compute == h.dtype:
        return nn.functional.linear(h, matrix, bias)
    found = nn.functional.linear(with_more_rows(h, compute), matrix.to(compute))[: len(h)]
    return found.to(h.dtype) if bias is None else found + bias


def penalties(symbols: int, impossible: tuple[int, ...]) -> Tensor:
    """What is added to the logits, (N,): `NEVER` where a symbol is impossible, else 0."""
    added = torch.zeros(symbols)
    added[list(impossible)] = NEVER
    return added


def rows_at_once(symbols: int) -> int:
    """How many rows of so many logits are made together on a CPU."""
    return max(16, LOGITS // symbols)


def cross_entropy(h: Tensor, targets: Tensor, *, matrix: Tensor, bias: Tensor, compute: torch.dtype) -> Tensor:
    """-ln softmax(matrix h + bias) at each target, (M,), for h (M, D), targets (M,) and a matrix (N, D)."""
    nats, _ = _CrossEntropy.apply(h, matrix, bias, targets, None, compute)  # type: ignore[no-untyped-call]
    return nats  # type: ignore[no-any-return]


class _CrossEntropy(torch.autograd.Function):
    """Keeps one matrix (M, N), in the number format of the products, where torch's layers one by one fill and read
    three: logits become the gradient by them, some rows at a time, which stay in the processor's cache meanwhile.

    With a spread q (N,), weights of the symbols that sum to 1, also gives the lead of each target's logit before the
    mean of all logits by q, (M,): -ln p of the target and this lead are what label smoothing is made of, and the lead
    and its gradient need no more than a row of the matrix for each target, and one for the mean.
    """

    @staticmethod
    def forward(
        ctx: Any,
        h: Tensor,
        matrix: Tensor,
        bias: Tensor,
        targets: Tensor,
        spread: Tensor | None,
        compute: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        table = with_more_rows(h, compute) @ matrix.to(compute).T  # (M or more, N), of the logits without bias
        real, table[len(h) :] = table[: len(h)], 0.0
        nats, size = h.new_empty(len(h)), rows_at_once(len(matrix)) if h.is_cpu else max(len(h), 1)
        pieces = (torch.split(part, size) for part in (real, targets[:, None], nats))
        for few, own, found in zip(*pieces, strict=True):
            logits = few + bias  # (m, N), in the format of the bias
            highest = logits.amax(dim=1)
            p = torch.softmax(logits, dim=1)
            found.copy_(highest - p.amax(dim=1).log() - logits.gather(1, own)[:, 0])  # the largest p is e^highest / sum
            few.copy_(p.scatter_add_(1, own, p.new_full(own.shape, -1.0)))  # the gradient of nats by logits
        ctx.compute, lead, mean = compute, torch.zeros_like(nats), None
        if spread is not None:
            mean = spread @ matrix  # (D,)
            lead = (h * (matrix[targets] - mean)).sum(dim=1) + bias[targets] - spread @ bias
        ctx.save_for_backward(h, matrix, targets, table, spread, mean)
        return nats, lead

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None, None]:
        h, matrix, targets, d, spread, mean = ctx.saved_tensors
        weight, pull = gradients  # (M,) each; the first is multiplied into the small factors instead of into d
        d_h = (d @ matrix.to(ctx.compute))[: len(h)] * weight[:, None]
        d_matrix = (d.T @ with_more_rows(h * weight[:, None], ctx.compute)).to(matrix.dtype)
        d_bias = (with_more_rows(weight[:, None], ctx.compute).T @ d)[0].to(h.dtype)
        if spread is not None:
            d_h += (matrix[targets] - mean) * pull[:, None]
            d_matrix.index_add_(0, targets, h * pull[:, None]).addr_(spread, pull @ h, alpha=-1)
            d_bias.index_add_(0, targets, pull).sub_(spread * pull.sum())
        return d_h, d_matrix, d_bias, None, None, None


class Projection(nn.Module):
    """Brings states (M, H) to the width D of a tied matrix; does nothing where the two are equal."""

    def __init__(self, hidden: int, width: int) -> None:
        super().__init__()
        if hidden != width:
            self.P = nn.Parameter(torch.zeros(width, hidden))

    def forward(self, h: Tensor, multiply: Multiply) -> Tensor:
        """(M, D)."""
        return multiply(h, self.P, None) if hasattr(self, "P") else h


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
        return self.nats(h, targets).sum(), len(targets)

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """-ln p of each target, (M,)."""
        h, matrix, bias = self._factors(h, self._product)
        return cross_entropy(h, targets, matrix=matrix, bias=bias, compute=self.compute)

    def nats_and_spread(self, h: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """-ln p of each target, (M,), and the mean of -ln p over all symbols that are possible, (M,): label smoothing
        is a mean of the two, by weight (Szegedy et al. 2016)."""
        h, matrix, bias = self._factors(h, self._product)
        possible = (self.possible == 0).to(h.dtype)
        spread = possible / possible.sum()  # (N,)
        nats, lead = _CrossEntropy.apply(h, matrix, bias, targets, spread, self.compute)  # type: ignore[no-untyped-call]
        return nats, nats + lead

    def log_probabilities(self, h: Tensor, multiply: Multiply = nn.functional.linear) -> Tensor:
        """ln p of every symbol, (M, N).

        Args:
            multiply: makes the products.
        """
        h, matrix, bias = self._factors(h, multiply)
        return torch.log_softmax(multiply(h, matrix, bias), dim=1)

    def _product(self, x: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
        return product(x, matrix, bias, compute=self.compute)

    def _factors(self, h: Tensor, multiply: Multiply) -> tuple[Tensor, Tensor, Tensor]:
        """h, projected where that is needed, (M, D), the matrix (N, D), and the bias (N,)."""
        bias = self.b + self.possible
        if not self._tied:
            return h, self.V, bias
        return self.projection(h, multiply), self._tied[0].matrix(), bias


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
        return self.nats(h, targets).sum(), len(targets)

    def nats(self, h: Tensor, targets: Tensor) -> Tensor:
        """-ln p of each target, (M,)."""
        nats, _ = self._both_steps(h, targets, smoothed=False)
        return nats

    def nats_and_spread(self, h: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """-ln p of each target, (M,), and its mean over what is possible, (M,), as `Softmax` has them; but over what is
        chosen from in either step, not over all symbols: no other cluster needs to be computed."""
        nats, lead = self._both_steps(h, targets, smoothed=True)
        return nats, nats + lead

    def _both_steps(self, h: Tensor, targets: Tensor, *, smoothed: bool) -> tuple[Tensor, Tensor]:
        """What `_CrossEntropy` gives of the head, plus that of the cluster for the targets in one; the lead is 0 unless
        smoothed."""
        h = self.projection(h, self._product)
        matrix, bias = torch.cat([self.clusters.tables[0], self.C]), self.b_head + self.possible
        possible = (self.possible == 0).to(h.dtype)
        spread = possible / possible.sum() if smoothed else None
        nats, lead = _CrossEntropy.apply(h, matrix, bias, self._head_targets(targets), spread, self.compute)  # type: ignore[no-untyped-call]
        for k, inside in self._members(targets):
            narrow, table, bias = self._tail(h.index_select(0, inside), k, self._product)
            places = targets[inside] - self.clusters.edges[k]
            spread = torch.full_like(bias, 1 / len(bias)) if smoothed else None
            found = _CrossEntropy.apply(narrow, table, bias, places, spread, self.compute)  # type: ignore[no-untyped-call]
            nats, lead = (both.index_add(0, inside, one) for both, one in zip((nats, lead), found, strict=True))
        return nats, lead

    def log_probabilities(self, h: Tensor, multiply: Multiply = nn.functional.linear) -> Tensor:
        """ln p of every symbol, (M, N).

        Args:
            multiply: makes the products.
        """
        h = self.projection(h, multiply)
        logits = torch.cat([multiply(h, self.clusters.tables[0], None), multiply(h, self.C, None)], dim=1)
        head = torch.log_softmax(logits + self.b_head + self.possible, dim=1)
        first = self.clusters.edges[1]
        parts = [head[:, :first]]
        for k in range(1, len(self.clusters.tables)):
            narrow, table, bias = self._tail(h, k, multiply)
            inside = torch.log_softmax(multiply(narrow, table, bias), dim=1)
            parts.append(inside + head[:, first + k - 1, None])
        return torch.cat(parts, dim=1)

    def _product(self, x: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
        return product(x, matrix, bias, compute=self.compute)

    def _tail(self, h: Tensor, k: int, multiply: Multiply) -> tuple[Tensor, Tensor, Tensor]:
        """h as narrow as the table of a cluster, that table, and its bias."""
        narrow = multiply(h, self.clusters.projections[k - 1], None)
        return narrow, self.clusters.tables[k], self.b_tails[k - 1]

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
