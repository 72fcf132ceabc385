"""Attention: where in the source a decoder state looks, and the mean of what stands there.

Knows tensors and lengths; knows neither who made the states nor what is done with the mean. Used by `nn.decoder`.
"""

from typing import Any

import torch
from torch import Tensor, nn

from elman.nn.config import ATTENTIONS
from elman.nn.softmax import product

HIDDEN = -1e30
"""Added to the score of padding: its alpha is exactly 0."""
PIECE = 1 << 20
"""Numbers of (B, T, S, H) that are held at a time: 4 MB, about what stays in a processor's cache."""


class Attention(nn.Module):
    """context = sum over s of alpha_s h_s, with alpha = softmax over s of the scores of a query q.

        dot       q · h_s, or q · P h_s where the widths differ
        general   q · W h_s
        mlp       v · tanh(U q + W h_s + b)

    A coverage k_s, how much was looked at s before, adds a k_s to the score; with mlp it adds a k_s inside the tanh.

    Args:
        kind: one of these. hidden: H of the queries. width: D of the memory. covered: scores know a coverage.
    Source: Luong, Pham & Manning 2015, Effective approaches to attention, equation 8 (dot, general); Bahdanau, Cho &
        Bengio 2015 (mlp); See, Liu & Manning 2017, Get to the point, equation 11 (coverage).
    """

    def __init__(
        self, kind: str, *, hidden: int, width: int, covered: bool = False, compute: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        assert kind in ATTENTIONS and kind != "none"
        self.kind, self.hidden, self.width, self.compute = kind, hidden, width, compute
        if kind != "dot" or hidden != width:
            self.W = nn.Parameter(torch.zeros(hidden, width))
        if kind == "mlp":
            self.U = nn.Parameter(torch.zeros(hidden, hidden))
            self.b = nn.Parameter(torch.zeros(hidden))
            self.v = nn.Parameter(torch.zeros(hidden))
        if covered:
            self.a = nn.Parameter(torch.zeros(hidden if kind == "mlp" else 1))

    def keys(self, memory: Tensor) -> Tensor:
        """What queries are compared with, (B, S, H), of a memory (B, S, D): made once for a source."""
        if not hasattr(self, "W"):
            return memory
        flat = product(memory.flatten(0, 1), self.W, self.b if self.kind == "mlp" else None, compute=self.compute)
        return flat.view(*memory.shape[:2], self.hidden)

    def forward(
        self, queries: Tensor, memory: Tensor, *, keys: Tensor, lengths: Tensor, coverage: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """context (B, T, D), and alpha (B, T, S), which is exactly 0 at padding; both are 0 in a row without places.

        Args:
            queries: (B, T, H). memory: (B, S, D). lengths: (B,), of the memory. coverage: (B, T, S).
        Raises:
            ValueError: a shape is not what it must be; both are told.
        """
        self._check(queries, memory, keys)
        if memory.shape[1] == 0:
            alpha = queries.new_zeros(*queries.shape[:2], 0)
            return torch.bmm(alpha, memory), alpha
        scores = self._scores(queries, keys, coverage)  # (B, T, S)
        real = (torch.arange(memory.shape[1], device=memory.device) < lengths[:, None])[:, None].to(scores.dtype)
        alpha = torch.softmax(scores + (1 - real) * HIDDEN, dim=2)
        alpha = alpha * real  # where all is padding, the softmax is even
        return torch.bmm(alpha, memory), alpha

    def _scores(self, queries: Tensor, keys: Tensor, coverage: Tensor | None) -> Tensor:
        if self.kind != "mlp":
            scores = torch.bmm(queries, keys.transpose(1, 2))  # (B, T, S)
            return scores if coverage is None else scores + self.a * coverage
        B, T, _ = queries.shape
        read = product(queries.reshape(B * T, self.hidden), self.U, None, compute=self.compute)
        a = None if coverage is None else self.a
        read = read.view(B, T, self.hidden)
        found: Tensor = _MlpScores.apply(read, keys, self.v, a, coverage)  # type: ignore[no-untyped-call]
        return found

    def _check(self, queries: Tensor, memory: Tensor, keys: Tensor) -> None:
        B, S = memory.shape[:2]
        wanted = (B, queries.shape[1], self.hidden), (B, S, self.width), (B, S, self.hidden)
        got = tuple(tuple(part.shape) for part in (queries, memory, keys))
        if got != wanted:
            raise ValueError(f"queries, memory and keys: wanted {wanted}, got {got}")


class _MlpScores(torch.autograd.Function):
    """v · tanh(q_t + k_s + a c_ts), (B, T, S), of queries (B, T, H), keys (B, S, H), v and a (H,), and c (B, T, S).

    The numbers inside the tanh, (B, T, S, H), are made in pieces of the steps, once forwards and once more backwards.
    """

    @staticmethod
    def forward(
        ctx: Any, queries: Tensor, keys: Tensor, v: Tensor, a: Tensor | None, coverage: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(queries, keys, v, a, coverage)
        return torch.cat([_inside(piece, queries, keys, a, coverage) @ v for piece in _pieces(queries, keys)], dim=1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        queries, keys, v, a, coverage = ctx.saved_tensors
        (d_scores,) = gradients  # (B, T, S)
        d_queries, d_keys, d_v = torch.empty_like(queries), torch.zeros_like(keys), torch.zeros_like(v)
        d_a = None if a is None else torch.zeros_like(a)
        d_coverage = None if coverage is None else torch.empty_like(coverage)
        for piece in _pieces(queries, keys):
            u = _inside(piece, queries, keys, a, coverage)  # (B, t, S, H)
            flat = d_scores[:, piece].reshape(-1)  # (B t S,)
            d_v += flat @ u.view(-1, len(v))
            d = u.square_().neg_().add_(1).mul_(d_scores[:, piece, :, None])  # still to be multiplied with v
            d_queries[:, piece] = d.sum(dim=2)
            d_keys += d.sum(dim=1)
            if d_a is not None and d_coverage is not None:
                d_a += coverage[:, piece].reshape(-1) @ d.view(-1, len(v))
                d_coverage[:, piece] = d @ (v * a)
        return d_queries * v, d_keys * v, d_v, None if d_a is None else d_a * v, d_coverage


def _inside(piece: slice, queries: Tensor, keys: Tensor, a: Tensor | None, coverage: Tensor | None) -> Tensor:
    """The tanh of some steps, (B, t, S, H)."""
    u = queries[:, piece, None] + keys[:, None]  # (B, t, S, H)
    if a is not None and coverage is not None:
        u += coverage[:, piece, :, None] * a
    return u.tanh_()


def _pieces(queries: Tensor, keys: Tensor) -> list[slice]:
    """The steps in pieces of at most `PIECE` numbers, but of one step at least."""
    T, size = queries.shape[1], max(1, PIECE // max(1, keys.numel()))
    return [slice(t, min(t + size, T)) for t in range(0, T, size)]
