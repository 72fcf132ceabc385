"""The recurrent cells as the textbook writes them: one step each, and the plain loop over the steps.

Knows tensors. The fast forms with the same signature are in `nn.kernels`; these are their oracle in the tests. Gates
stand in W, U and b in the order in which a docstring names them, H rows each.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class CellWeights(NamedTuple):
    """The weights of one layer in one direction, shared by all steps.

    Args:
        W: (G H, D), input to hidden. U: (G H, H), hidden to hidden; None for minGRU. b: (G H,). b_u: (H,), the bias
            inside the reset of a GRU's candidate; None for the others.
    """

    W: Tensor
    U: Tensor | None
    b: Tensor
    b_u: Tensor | None


State = tuple[Tensor, ...]
"""What a cell carries from step to step: (h,), or (h, c) for the LSTM."""


def state_names(cell: str) -> tuple[str, ...]:
    """The names of the parts of a cell's state."""
    return ("h", "c") if cell == "lstm" else ("h",)


def elman_step(x_t: Tensor, state: State, weights: CellWeights) -> State:
    """One step of the simple recurrent network.

        h_t = tanh(U h_prev + W x_t + b)

    Args:
        x_t: (B, D). state: h_prev (B, H).
    Source: Elman 1990, Finding structure in time.
    """
    assert weights.U is not None
    return (torch.tanh(x_t @ weights.W.T + state[0] @ weights.U.T + weights.b),)


def gru_step(x_t: Tensor, state: State, weights: CellWeights) -> State:
    """One step of the gated recurrent unit, the reset applied after the product.

        r, z = sigmoid(W x_t + U h_prev + b)        h_tilde = tanh(W x_t + b + r * (U h_prev + b_u))
        h_t = (1 - z) * h_tilde + z * h_prev

    Args:
        x_t: (B, D). state: h_prev (B, H). Blocks of the weights: r, z, h_tilde.
    Source: Cho et al. 2014, in the form of cuDNN and torch, where r acts on U h_prev instead of h_prev.
    """
    assert weights.U is not None and weights.b_u is not None
    (h_prev,) = state
    x_r, x_z, x_h = (x_t @ weights.W.T + weights.b).chunk(3, dim=1)
    u_r, u_z, u_h = (h_prev @ weights.U.T).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + u_r), torch.sigmoid(x_z + u_z)
    h_tilde = torch.tanh(x_h + r * (u_h + weights.b_u))
    return ((1 - z) * h_tilde + z * h_prev,)


def lstm_step(x_t: Tensor, state: State, weights: CellWeights) -> State:
    """One step of the long short-term memory.

        i, f, o = sigmoid(W x_t + U h_prev + b)        g = tanh(W x_t + U h_prev + b)
        c_t = f * c_prev + i * g                       h_t = o * tanh(c_t)

    Args:
        x_t: (B, D). state: h_prev and c_prev, (B, H) each. Blocks of the weights: i, f, g, o.
    Source: Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000.
    """
    assert weights.U is not None
    h_prev, c_prev = state
    i, f, g, o = (x_t @ weights.W.T + h_prev @ weights.U.T + weights.b).chunk(4, dim=1)
    c_t = torch.sigmoid(f) * c_prev + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c_t), c_t


def mingru_step(x_t: Tensor, state: State, weights: CellWeights) -> State:
    """One step of the minimal GRU, whose gates do not look at the state.

        z = sigmoid(W x_t + b)        h_tilde = g(W x_t + b), g(v) = v + 0.5 for v >= 0, sigmoid(v) below
        h_t = (1 - z) * h_prev + z * h_tilde

    Args:
        x_t: (B, D). state: h_prev (B, H). Blocks of the weights: z, h_tilde.
    Source: Feng et al. 2024, Were RNNs all we needed?, appendix B.
    """
    v_z, v_h = (x_t @ weights.W.T + weights.b).chunk(2, dim=1)
    z = torch.sigmoid(v_z)
    return ((1 - z) * state[0] + z * positive(v_h),)


def positive(v: Tensor) -> Tensor:
    """minGRU's g: v + 0.5 for v >= 0, sigmoid(v) below; always above 0, so that its logarithm exists."""
    return torch.where(v >= 0, v + 0.5, torch.sigmoid(v))


STEPS = {"elman": elman_step, "gru": gru_step, "lstm": lstm_step, "mingru": mingru_step}


def unroll_textbook(
    cell: str, x: Tensor, state: State, weights: CellWeights, *, lengths: Tensor | None = None, reverse: bool = False
) -> tuple[Tensor, State]:
    """All steps, one after the other.

    Args:
        x: (B, T, D). state: parts of (B, H). lengths: (B,), real steps of each row. reverse: read each row from its
            last real step to its first.
    Returns:
        h (B, T, H), zero at padding, and the state after the last step read of each row; a row of length 0 gives back
        the state that it came with.
    """
    B, T, _ = x.shape
    if lengths is None:
        lengths = torch.full((B,), T, device=x.device)
    h: list[Tensor] = [x.new_zeros(B, state[0].shape[1])] * T
    for t in reversed(range(T)) if reverse else range(T):
        real = (t < lengths)[:, None]  # (B, 1)
        after = STEPS[cell](x[:, t], state, weights)
        h[t] = torch.where(real, after[0], 0.0)
        state = tuple(torch.where(real, new, old) for new, old in zip(after, state, strict=True))
    return torch.stack(h, dim=1), state
