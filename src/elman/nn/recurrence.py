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
        h, U_c = torch.empty_like(inputs), U.to(compute).T
        h_prev = initial
        for t in range(inputs.shape[0]):
            if compute == inputs.dtype:
                torch.addmm(inputs[t], h_prev, U_c, out=h[t])
            else:
                torch.add(inputs[t], h_prev.to(compute) @ U_c, out=h[t])
            h_prev = h[t].tanh_()
        ctx.save_for_backward(initial, U, h)
        ctx.compute = compute
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """The gradient of each argument, by the chain rule backwards through the steps."""
        initial, U, h = ctx.saved_tensors
        compute, U_c = ctx.compute, U.to(ctx.compute)
        slope = 1 - h * h  # (T, B, H)
        d = torch.empty_like(h)  # gradient with respect to the pre-activations
        d_h = gradients[0][-1]
        for t in range(h.shape[0] - 1, -1, -1):
            torch.mul(d_h, slope[t], out=d[t])
            back = d[t].to(compute) @ U_c
            d_h = back.to(h.dtype) + gradients[0][t - 1] if t else back.to(h.dtype)
        before = torch.cat([initial[None], h[:-1]])  # (T, B, H)
        d_U = (d.flatten(0, 1).to(compute).T @ before.flatten(0, 1).to(compute)).to(U.dtype)
        return d, d_h, d_U, None


class GRUUnroll(torch.autograd.Function):
    """The GRU of `nn.cells.gru_step`, all steps: (T, B, H)."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, initial: Tensor, U: Tensor, b_u: Tensor, compute: torch.dtype) -> Tensor:
        """h of all steps; what the gradient needs is kept."""
        T, B, H = inputs.shape[0], inputs.shape[1], initial.shape[1]
        h, inner = inputs.new_empty(T, B, H), inputs.new_empty(T, B, H)
        gates = torch.empty_like(inputs)  # r, z, h_tilde after their functions
        U_c, h_prev = U.to(compute).T, initial
        for t in range(T):
            u = (h_prev.to(compute) @ U_c).to(inputs.dtype)  # (B, 3H)
            rz = torch.add(inputs[t, :, : 2 * H], u[:, : 2 * H], out=gates[t, :, : 2 * H]).sigmoid_()
            torch.add(u[:, 2 * H :], b_u, out=inner[t])
            h_tilde = torch.addcmul(inputs[t, :, 2 * H :], rz[:, :H], inner[t], out=gates[t, :, 2 * H :]).tanh_()
            h_prev = torch.lerp(h_tilde, h_prev, rz[:, H:], out=h[t])
        ctx.save_for_backward(initial, U, h, gates, inner)
        ctx.compute = compute
        return h

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        """The gradient of each argument, by the chain rule backwards through the steps."""
        initial, U, h, gates, inner = ctx.saved_tensors
        compute, U_c = ctx.compute, U.to(ctx.compute)
        T, _, H = h.shape
        before = torch.cat([initial[None], h[:-1]])  # (T, B, H)
        r, z, h_tilde = gates.chunk(3, dim=2)
        # What the gradient of h_t is multiplied with on its way to each pre-activation, for all steps at once.
        to_h = (1 - z) * (1 - h_tilde * h_tilde)
        to_z = (before - h_tilde) * z * (1 - z)
        to_r = to_h * inner * r * (1 - r)
        d = torch.empty_like(gates)  # gradient with respect to inputs
        d_u = torch.empty_like(gates)  # the same with respect to U h_prev (+ b_u): r and z alike, h_tilde times r
        d_h = gradients[0][-1]
        for t in range(T - 1, -1, -1):
            torch.mul(d_h, to_r[t], out=d_u[t, :, :H])
            torch.mul(d_h, to_z[t], out=d_u[t, :, H : 2 * H])
            torch.mul(d_h, to_h[t], out=d[t, :, 2 * H :])
            torch.mul(d[t, :, 2 * H :], r[t], out=d_u[t, :, 2 * H :])
            d_h = torch.addcmul((d_u[t].to(compute) @ U_c).to(h.dtype), d_h, z[t])
            if t:
                d_h += gradients[0][t - 1]
        d[:, :, : 2 * H] = d_u[:, :, : 2 * H]
        flat = d_u.flatten(0, 1)
        d_U = (flat.to(compute).T @ before.flatten(0, 1).to(compute)).to(U.dtype)
        return d, d_h, d_U, flat[:, 2 * H :].sum(0), None
