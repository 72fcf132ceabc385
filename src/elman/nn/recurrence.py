"""Elman network and GRU unrolled by hand: what autograd would do step by step, done for all steps at once where it can.

Knows tensors, time first: (T, B, ·). Inputs come as W x + b, made by one product outside. Called by `nn.kernels`.
"""

from typing import Any

import torch
from torch import Tensor


class ElmanUnroll(torch.autograd.Function):
    """h_t = tanh(inputs_t + U h_prev), all steps: (T, B, H)."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, initial: Tensor, U: Tensor, compute: torch.dtype) -> Tensor:
        """h of all steps; what the gradient needs is kept."""
        h, U_c = inputs.clone(), U.to(compute).T
        h_prev = initial
        for h_t in h.unbind():
            _add_product(h_t, h_prev, U_c)
            h_prev = h_t.tanh_()
        ctx.save_for_backward(initial, U, h)
        ctx.compute = compute
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """The gradient of each argument, by the chain rule backwards through the steps."""
        initial, U, h = ctx.saved_tensors
        compute, U_c = ctx.compute, U.to(ctx.compute)
        d = gradients[0].clone(memory_format=torch.contiguous_format)  # becomes that of the pre-activations
        slopes, later = (1 - h * h).unbind(), None
        for d_t, slope_t in zip(reversed(d.unbind()), reversed(slopes), strict=True):
            if later is not None:
                _add_product(d_t, later, U_c)
            later = d_t.mul_(slope_t)
        before = torch.cat([initial[None], h[:-1]])  # (T, B, H)
        return d, (d[0].to(compute) @ U_c).to(h.dtype), _weight_gradient(d, before, compute), None


class GRUUnroll(torch.autograd.Function):
    """The GRU of `nn.cells.gru_step`, all steps: (T, B, H)."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, initial: Tensor, U: Tensor, b_u: Tensor, compute: torch.dtype) -> Tensor:
        """h of all steps; what the gradient needs is kept."""
        T, B, H = inputs.shape[0], inputs.shape[1], initial.shape[1]
        h = inputs.new_empty(T, B, H)
        inner = b_u.expand(T, B, H).clone(memory_format=torch.contiguous_format)  # `contiguous` copies no (1, 1, H)
        gates = inputs.clone()  # r, z, h_tilde after their functions
        U_rz, U_h = (part.to(compute).T for part in torch.split(U, [2 * H, H]))
        h_prev = initial
        for h_t, inner_t, gates_t in zip(h.unbind(), inner.unbind(), gates.unbind(), strict=True):
            rz, h_tilde = gates_t[:, : 2 * H], gates_t[:, 2 * H :]
            _add_product(rz, h_prev, U_rz)
            _add_product(inner_t, h_prev, U_h)
            rz.sigmoid_()
            h_tilde.addcmul_(rz[:, :H], inner_t).tanh_()
            h_prev = torch.lerp(h_tilde, h_prev, rz[:, H:], out=h_t)
        ctx.save_for_backward(initial, U, h, gates, inner)
        ctx.compute = compute
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        """The gradient of each argument, by the chain rule backwards through the steps."""
        initial, U, h, gates, inner = ctx.saved_tensors
        compute, U_c = ctx.compute, U.to(ctx.compute)
        T, B, H = h.shape
        before = torch.cat([initial[None], h[:-1]])  # (T, B, H)
        z = gates[:, :, H : 2 * H].contiguous()
        d_u, to_h = _gru_slopes(gates, inner, before)
        d_h = gradients[0].clone(memory_format=torch.contiguous_format)
        steps, later = list(zip(d_h.unbind(), d_u.unbind(), z.unbind(), strict=True)), None
        for d_h_t, d_u_t, z_t in reversed(steps):
            if later is not None:
                _add_product(d_h_t, later[1].view(B, 3 * H), U_c)
                d_h_t.addcmul_(later[0], later[2])
            later = d_h_t, d_u_t.mul_(d_h_t[:, None]), z_t
        d_u = d_u.view(T, B, 3 * H)
        d_initial = torch.addcmul((d_u[0].to(compute) @ U_c).to(h.dtype), d_h[0], z[0])
        d = torch.cat([d_u[:, :, : 2 * H], to_h.mul_(d_h)], dim=2)  # with respect to inputs
        return d, d_initial, _weight_gradient(d_u, before, compute), d_u[:, :, 2 * H :].sum((0, 1)), None


def _gru_slopes(gates: Tensor, inner: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
    """What the gradient of h_t is multiplied with on its way to the parts of U h_prev + b_u, (T, B, 3, H), and to the
    sum inside h_tilde, (T, B, H); for all steps at once."""
    r, z, h_tilde = gates.chunk(3, dim=2)
    to_u = gates.new_empty(*inner.shape[:2], 3, inner.shape[2])
    to_h = (1 - z).mul_(1 - h_tilde * h_tilde)
    torch.mul(to_h, r, out=to_u[:, :, 2])
    torch.mul(to_u[:, :, 2], inner, out=to_u[:, :, 0]).mul_(1 - r)
    torch.sub(before, h_tilde, out=to_u[:, :, 1]).mul_(z).mul_(1 - z)
    return to_u, to_h


def _add_product(target: Tensor, a: Tensor, matrix: Tensor) -> None:
    """target += a @ matrix, in place; the product in the number format of the matrix."""
    if matrix.dtype == target.dtype:
        target.addmm_(a, matrix)
    else:
        target.add_(a.to(matrix.dtype) @ matrix)


def _weight_gradient(d: Tensor, before: Tensor, compute: torch.dtype) -> Tensor:
    """The sum over steps and rows of d (T, B, G H) times before (T, B, H): (G H, H)."""
    return (d.flatten(0, 1).to(compute).T @ before.flatten(0, 1).to(compute)).to(d.dtype)
