"""The linear-chain conditional random field: labels of a sentence judged together, with weights for what follows what.

Knows emissions and labels as tensors; knows no label's name and no scheme beyond what it is told is allowed. Decoding
is done elsewhere, on numpy. Used by the networks of `models`.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from elman.nn.softmax import NEVER

Chain = tuple[Tensor, Tensor, Tensor]
"""Begin (K,), A (K, K) from row to column, end (K,): the weights of a chain, or whether each step is allowed."""

FLOOR = 1e-140
"""No factor is taken for less than this part (322 nats below) of the greatest of its kind, so that no product of a step
is ever 0: a sentence that no path allows has finite numbers, and one that some path allows has the same as without."""


class CRF(nn.Module):
    """Scores a sequence of labels by its emissions and by its steps from label to label.

        score(y) = begin[y_1] + sum_t emissions[t, y_t] + sum_t A[y_t-1, y_t] + end[y_T]
        p(y | emissions) = exp(score(y)) / Z,    Z the sum of exp(score) over all sequences

    Args:
        labels: K. allowed: may_begin (K,), may_follow (K, K) from row to column and may_end (K,), bool: what is not
            allowed weighs `NEVER` and its own weight is never touched; None where all is allowed.
    Source: Lafferty, McCallum & Pereira 2001, Conditional random fields.
    """

    def __init__(self, labels: int, *, allowed: Chain | None) -> None:
        super().__init__()
        self.labels = labels
        self.begin = nn.Parameter(torch.zeros(labels))
        self.A = nn.Parameter(torch.zeros(labels, labels))
        self.end = nn.Parameter(torch.zeros(labels))
        if allowed is None:
            allowed = (self.begin == 0, self.A == 0, self.end == 0)
        for name, part, weight in zip(("begin", "follow", "end"), allowed, (self.begin, self.A, self.end), strict=True):
            _wants(f"may_{name}", part, tuple(weight.shape))
            self.register_buffer(f"may_{name}", part.clone(), persistent=False)

    def transitions(self) -> Chain:
        """begin, A and end as they are used: `NEVER` where a step is not allowed."""
        return self._weights(NEVER)

    def loss(self, emissions: Tensor, labels: Tensor, lengths: Tensor) -> tuple[Tensor, int]:
        """The sum over rows of -ln p(labels | emissions), in nats, and how many labels were judged.

        A row whose labels break the scheme is judged by the chain without the scheme, where the steps that are not
        allowed weigh 0: its loss is finite and never below 0, and it teaches the emissions and the allowed steps.

        Args:
            emissions: (B, T, K). labels: (B, T), anything at padding. lengths: (B,); a row of length 0 counts 0.
        Raises:
            ValueError: a shape is not what it must be; both are told.
        """
        self._check(emissions, labels, lengths)
        T = int(lengths.max()) if len(lengths) else 0
        is_real = _is_real(lengths, T)  # (B, T)
        labels = torch.where(is_real, labels[:, :T], 0)  # (B, T)
        emissions = emissions[:, :T]  # (B, T, K)
        breaks = self._breaks(labels, lengths, is_real)  # (B,)
        total = emissions.new_zeros((), dtype=torch.float64)
        for chosen, chain in ((~breaks, self.transitions()), (breaks, self._weights(0.0))):
            if bool(chosen.any()):
                rows = slice(None) if bool(chosen.all()) else chosen
                total = total + _nats(emissions[rows], labels[rows], lengths[rows], chain).sum()
        return total.to(emissions.dtype), int(lengths.sum())

    def _weights(self, forbidden: float) -> Chain:
        return (
            self.begin.masked_fill(~self._allowed("begin"), forbidden),
            self.A.masked_fill(~self._allowed("follow"), forbidden),
            self.end.masked_fill(~self._allowed("end"), forbidden),
        )

    def _allowed(self, name: str) -> Tensor:
        return self.get_buffer(f"may_{name}")

    def _breaks(self, labels: Tensor, lengths: Tensor, is_real: Tensor) -> Tensor:
        """Which rows do what is not allowed: (B,)."""
        if labels.shape[1] == 0:
            return torch.zeros_like(lengths, dtype=torch.bool)
        steps = ~self._allowed("follow")[labels[:, :-1], labels[:, 1:]] & is_real[:, 1:]  # (B, T - 1)
        ends = ~self._allowed("end")[_last(labels, lengths)] | ~self._allowed("begin")[labels[:, 0]]  # (B,)
        return steps.any(dim=1) | (ends & (lengths > 0))

    def _check(self, emissions: Tensor, labels: Tensor, lengths: Tensor) -> None:
        if emissions.dim() != 3 or emissions.shape[2] != self.labels:
            raise ValueError(f"emissions: wanted (B, T, {self.labels}), got {tuple(emissions.shape)}")
        _wants("labels", labels, tuple(emissions.shape[:2]))
        _wants("lengths", lengths, (emissions.shape[0],))


def log_partition(emissions: Tensor, lengths: Tensor, transitions: Chain) -> Tensor:
    """ln Z of every row, (B,), 0 for a row of length 0; in float64, whatever the emissions are.

    The factors are multiplied as they are, each step scaled by its greatest, in float64, which costs no more than fp32
    for matrices so small. They leave a path 322 nats a factor to be less likely than the best; see `FLOOR`.

    Args:
        emissions: (B, T, K). lengths: (B,). transitions: begin (K,), A (K, K), end (K,).
    """
    if emissions.shape[1] == 0:
        return emissions.new_zeros(emissions.shape[0], dtype=torch.float64)
    begin, A, end = transitions
    return _LogPartition.apply(emissions.double(), lengths, begin.double(), A.double(), end.double())  # type: ignore[no-any-return, no-untyped-call]


def log_partition_textbook(emissions: Tensor, lengths: Tensor, transitions: Chain) -> Tensor:
    """`log_partition` as the equation stands, in logarithms and in the number format of the emissions.

    alpha_t[j] = emissions[t, j] + ln sum_i exp(alpha_t-1[i] + A[i, j])        ln Z = ln sum_k exp(alpha_T + end)[k]
    """
    if emissions.shape[1] == 0:
        return emissions.new_zeros(emissions.shape[0])
    begin, A, end = transitions
    alpha = begin + emissions[:, 0]  # (B, K)
    for t in range(1, emissions.shape[1]):
        after = torch.logsumexp(alpha[:, :, None] + A, dim=1) + emissions[:, t]  # (B, K)
        alpha = torch.where((t < lengths)[:, None], after, alpha)
    return torch.where(lengths > 0, torch.logsumexp(alpha + end, dim=1), 0.0)


def path_score(emissions: Tensor, labels: Tensor, lengths: Tensor, transitions: Chain) -> Tensor:
    """The score of a sequence of labels in each row, (B,), before it is divided by Z; in float64.

    Args:
        emissions: (B, T, K), T at least 1. labels: (B, T), from 0 to K - 1 also at padding. lengths: (B,).
    """
    begin, A, end = (part.double() for part in transitions)
    is_real = _is_real(lengths, emissions.shape[1])  # (B, T)
    chosen = emissions.gather(2, labels[:, :, None])[:, :, 0].double()  # (B, T)
    steps = torch.where(is_real[:, 1:], A[labels[:, :-1], labels[:, 1:]], 0.0)  # (B, T - 1)
    ends = begin[labels[:, 0]] + end[_last(labels, lengths)]  # (B,)
    return torch.where(is_real, chosen, 0.0).sum(1) + steps.sum(1) + torch.where(lengths > 0, ends, 0.0)


class _LogPartition(torch.autograd.Function):
    """Reads every row from both ends in one loop; the gradient is the marginals, made of both for all steps at once.

    arrive_t[k] is the sum over all ways to come to k at t, leave_t[k] that over all ways to go on from it; neither has
    the factor x_t of the emission. They are scaled as each step pleases: the scales cancel in the marginals.
    """

    @staticmethod
    def forward(ctx: Any, emissions: Tensor, lengths: Tensor, begin: Tensor, A: Tensor, end: Tensor) -> Tensor:
        is_real = _is_real(lengths, emissions.shape[1]).T  # (T, B), time first from here on
        x, tops = _factors(torch.where(is_real[:, :, None], emissions.transpose(0, 1), 0.0), 2)  # (T, B, K), (T, B)
        (U, top), (first, top_begin), (last, top_end) = _factors(A, (0, 1)), _factors(begin, 0), _factors(end, 0)
        t = torch.arange(len(x), device=x.device)[:, None]  # (T, 1)
        turned = torch.where(is_real, lengths - 1 - t, t)[:, :, None].expand_as(x)  # (T, B, K), each row from its end
        ways, scales = _read(
            torch.stack([x, x.gather(0, turned)], dim=1), torch.stack([first, last]), torch.stack([U, U.T])
        )
        arrive, leave = ways[:, 0].contiguous(), ways[:, 1].gather(0, turned)  # (T, B, K) each
        ctx.save_for_backward(x, arrive, leave, scales[:, 0], U, is_real)
        steps = torch.where(is_real, tops, 0.0).sum(0) + top * (lengths - 1)  # (B,)
        scaled = torch.where(is_real[1:], scales[:-1, 0, :, 0].log(), 0.0).sum(0)  # (B,)
        whole = (_last((arrive * x).transpose(0, 1), lengths) * last).sum(1).log()  # (B,)
        return torch.where(lengths > 0, steps + scaled + whole + top_begin + top_end, 0.0)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, Tensor, Tensor, Tensor]:
        x, arrive, leave, scales, U, is_real = ctx.saved_tensors
        onward = x * leave  # (T, B, K)
        p = arrive * onward  # (T, B, K), the marginals but for their sum
        share = torch.where(is_real, gradients[0] / p.sum(2), 0.0)[:, :, None]  # (T, B, 1)
        p *= share
        before = (arrive * x / scales)[:-1].flatten(0, 1)  # ((T - 1) B, K)
        d_A = U * (before.T @ (onward * share)[1:].flatten(0, 1))  # (K, K)
        is_last = is_real & ~torch.cat([is_real[1:], torch.zeros_like(is_real[:1])])  # (T, B)
        d_end = (p * is_last[:, :, None]).sum((0, 1))  # (K,)
        return p.transpose(0, 1), None, p[0].sum(0), d_A, d_end


def _read(x: Tensor, first: Tensor, U: Tensor) -> tuple[Tensor, Tensor]:
    """The sums over all ways to every label, (T, 2, B, K), and what each was divided by after its step, (T, 2, B, 1).

    Args:
        x: (T, 2, B, K), factors of the emissions. first: (2, K). U: (2, K, K), factors of the steps from row to column.
    """
    ways, scales = torch.empty_like(x), torch.empty_like(x[..., :1])
    ways[0] = first[:, None]
    at, divided = ways.unbind(), scales.unbind()
    for t, x_t in enumerate(x.unbind()):
        alpha = at[t] * x_t  # (2, B, K)
        torch.amax(alpha, dim=2, keepdim=True, out=divided[t])
        if t + 1 < len(at):
            torch.bmm(alpha.div_(divided[t]), U, out=at[t + 1])
    return ways, scales


def _factors(scores: Tensor, dim: int | tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """exp(scores) divided by the greatest along the given axes, and the logarithm of that."""
    top = scores.amax(dim, keepdim=True)
    return torch.exp(scores - top).clamp_(min=FLOOR), top.squeeze(dim)


def _nats(emissions: Tensor, labels: Tensor, lengths: Tensor, chain: Chain) -> Tensor:
    """-ln p of each row, (B,)."""
    if emissions.shape[1] == 0:
        return emissions.new_zeros(emissions.shape[0], dtype=torch.float64)
    return log_partition(emissions, lengths, chain) - path_score(emissions, labels, lengths, chain)


def _is_real(lengths: Tensor, T: int) -> Tensor:
    return torch.arange(T, device=lengths.device) < lengths[:, None]  # (B, T)


def _last(values: Tensor, lengths: Tensor) -> Tensor:
    """What stands at the last real step of each row of (B, T, …), at the first where a row has none."""
    return values[torch.arange(len(lengths), device=lengths.device), (lengths - 1).clamp(min=0)]


def _wants(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    if tuple(tensor.shape) != shape:
        raise ValueError(f"{name}: wanted {shape}, got {tuple(tensor.shape)}")
