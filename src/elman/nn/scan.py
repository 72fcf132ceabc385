"""The recurrence of minGRU, whose gates are known beforehand: step by step, or all steps at once in logarithms.

Knows tensors. The sequential form, element-wise with its own gradient, is the faster on a CPU; the parallel form is the
point of the cell on a GPU. Called by `nn.kernels`.
"""

from typing import Any

import torch
from torch import Tensor

from elman.nn.cells import positive


class _SequentialScan(torch.autograd.Function):
    """h_t = h_prev + z_t * (h_tilde_t - h_prev), time first inside: (T, B, H)."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, h_tilde: Tensor, initial: Tensor) -> Tensor:
        h = torch.empty_like(z)
        h_prev = initial
        for t in range(z.shape[0]):
            torch.lerp(h_prev, h_tilde[t], z[t], out=h[t])
            h_prev = h[t]
        ctx.save_for_backward(z, h_tilde, initial, h)
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        z, h_tilde, initial, h = ctx.saved_tensors
        carry = torch.empty_like(z)  # gradient of the loss with respect to h_t, all later steps counted
        carry[-1] = gradients[0][-1]
        kept = 1 - z
        for t in range(z.shape[0] - 1, 0, -1):
            torch.addcmul(gradients[0][t - 1], carry[t], kept[t], out=carry[t - 1])
        before = torch.cat([initial[None], h[:-1]])
        return carry * (h_tilde - before), carry * z, carry[0] * kept[0]


def sequential_scan(v: Tensor, initial: Tensor) -> Tensor:
    """h (B, T, H) from the pre-activations v (B, T, 2H) of z and h_tilde and the initial state (B, H)."""
    v_z, v_h = v.transpose(0, 1).chunk(2, dim=2)  # (T, B, H)
    h = _SequentialScan.apply(torch.sigmoid(v_z), positive(v_h), initial)  # type: ignore[no-untyped-call]
    return h.transpose(0, 1)  # type: ignore[no-any-return]


def parallel_scan(v: Tensor, initial: Tensor) -> Tensor:
    """The same in logarithms, all steps at once.

    h_t = sum over s <= t of (product of 1 - z after s) * z_s * h_tilde_s: with a_t the running sum of log(1 - z), h_t =
    exp(a_t + logcumsumexp(log(z h_tilde) - a)). An initial state may be negative here (that of another cell, say),
    where the paper's is not: it enters outside the logarithm.

    Source: Feng et al. 2024, appendix B.2; Heinsen 2023, Efficient parallelization of a ubiquitous sequential
        computation.
    """
    v_z, v_h = v.chunk(2, dim=2)  # (B, T, H)
    log_kept = -torch.nn.functional.softplus(v_z)
    log_input = -torch.nn.functional.softplus(-v_z) + log_positive(v_h)
    a = log_kept.cumsum(dim=1)
    return torch.exp(a + torch.logcumsumexp(log_input - a, dim=1)) + torch.exp(a) * initial[:, None]


def log_positive(v: Tensor) -> Tensor:
    """log g(v) of minGRU: log(v + 0.5) for v >= 0, log sigmoid(v) below."""
    return torch.where(v >= 0, (v.clamp(min=0) + 0.5).log(), -torch.nn.functional.softplus(-v))
