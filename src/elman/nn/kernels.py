"""The fast unrolls of the cells, with the signature of `nn.cells.unroll_textbook`, chosen by `unroll` alone.

Knows tensors. LSTM runs in torch's own kernel, padded; Elman and GRU in autograd functions of our own (one product for
all inputs, recurrent products in place, one product for the weight gradients); minGRU as an element-wise scan. On CUDA
the first three are torch's kernels and minGRU is a parallel scan. Called by `nn.stack`.
"""

import torch
from torch import Tensor

from elman.nn.cells import CellWeights, State, state_names
from elman.nn.config import GATES
from elman.nn.recurrence import ElmanUnroll, GRUUnroll
from elman.nn.scan import parallel_scan, sequential_scan

CLOSED = 1e4
"""Input to a gate that shuts it (with a minus) or opens it to the last bit: sigmoid(±1e4) is exactly 0 or 1."""


def unroll(
    cell: str,
    x: Tensor,
    state: State,
    weights: CellWeights,
    *,
    lengths: Tensor | None = None,
    reverse: bool = False,
    compute: torch.dtype = torch.float32,
) -> tuple[Tensor, State]:
    """All steps of a cell, as fast as the device can; see `unroll_textbook` for shapes and meaning.

    Args:
        compute: number format of the products. Weights, state and results keep that of x.
    """
    if x.shape[1] == 0:
        return x.new_zeros(x.shape[0], 0, state[0].shape[1]), state
    if reverse:
        turned, after = unroll(cell, turn(x, lengths), state, weights, lengths=lengths, compute=compute)
        return turn(turned, lengths), after
    if cell == "mingru":
        return _mingru(x, state, weights, lengths=lengths, compute=compute)
    if cell == "lstm":
        return _lstm(x, state, weights, lengths=lengths, compute=compute)
    kernel = _torch_kernel if x.is_cuda else _own_kernel
    h, last = kernel(cell, x, state[0], weights, compute)
    if lengths is None:
        return h, (last,)
    return zero_padding(h, lengths), (at_end(h, state[0], lengths),)


def unroll_both(
    cell: str,
    x: Tensor,
    weights: tuple[CellWeights, CellWeights],
    *,
    lengths: Tensor | None = None,
    compute: torch.dtype = torch.float32,
) -> tuple[Tensor, tuple[State, State]]:
    """All steps read forwards and backwards from zero states, joined: h (B, T, 2H), zero at padding, and both ends."""
    H = weights[0].W.shape[0] // GATES[cell]
    if cell != "lstm" or x.shape[1] == 0:
        zero = tuple(x.new_zeros(x.shape[0], H) for _ in state_names(cell))
        forward, after = unroll(cell, x, zero, weights[0], lengths=lengths, compute=compute)
        backward, before = unroll(cell, x, zero, weights[1], lengths=lengths, reverse=True, compute=compute)
        return torch.cat([forward, backward], dim=2), (after, before)
    h, c = lstm_both(x, weights, lengths=lengths, compute=compute)
    h, c = finished(h, lengths, x.dtype), c.to(x.dtype)
    last = h[:, -1, :H] if lengths is None else at_end(h[:, :, :H], c.new_zeros(c[0].shape), lengths)
    return h, ((last, c[0]), (h[:, 0, H:], c[1]))


def lstm_both(
    x: Tensor, weights: tuple[CellWeights, CellWeights], *, lengths: Tensor | None, compute: torch.dtype
) -> tuple[Tensor, Tensor]:
    """All steps of the LSTM read forwards and backwards from zero states, in one call of torch's kernel: h (B, T, 2H),
    finite at padding, and c at both ends, (2, B, H), in the number format of the products.

    A zero state stands still at padding (where x must be finite), so that the reading from the right may begin in it,
    and rows need not be turned round.
    """
    marked, joined = _closing(x, [one.W for one in weights], lengths, compute)
    flat = []
    for W, one in zip(joined, weights, strict=True):
        assert one.U is not None
        flat += [W, *(part.to(compute) for part in (one.U, one.b, torch.zeros_like(one.b)))]
    H = weights[0].b.shape[0] // GATES["lstm"]
    initial = [x.new_zeros(2, x.shape[0], H, dtype=compute) for _ in range(2)]
    h, _, c = torch.lstm(marked, initial, flat, True, 1, 0.0, torch.is_grad_enabled(), True, True)
    return h, c


def turn(x: Tensor, lengths: Tensor | None) -> Tensor:
    """Each row of x (B, T, D) turned round within its own length; padding stays where it is."""
    if lengths is None:
        return x.flip(1)
    B, T, D = x.shape
    steps = torch.arange(T, device=x.device)
    places = lengths[:, None] - 1 - steps  # (B, T)
    places = torch.where(places >= 0, places, steps) + T * torch.arange(B, device=x.device)[:, None]
    return x.reshape(B * T, D).index_select(0, places.flatten()).view(B, T, D)


def zero_padding(h: Tensor, lengths: Tensor) -> Tensor:
    """h (B, T, H) with zeros at the steps that are not real."""
    padding = is_padding(h, lengths).flatten().nonzero()[:, 0]
    return h.flatten(0, 1).index_fill(0, padding, 0.0).view(h.shape)


def is_padding(x: Tensor, lengths: Tensor) -> Tensor:
    """Of steps of x (B, T, ·) whether they are padding, (B, T)."""
    return torch.arange(x.shape[1], device=x.device) >= lengths[:, None]


def finished(h: Tensor, lengths: Tensor | None, dtype: torch.dtype) -> Tensor:
    """h (B, T, H), which is finite, with zeros at padding and in that number format: one pass over it."""
    if lengths is None:
        return h.to(dtype)
    return h * (~is_padding(h, lengths))[:, :, None].to(dtype)


def at_end(h: Tensor, initial: Tensor, lengths: Tensor) -> Tensor:
    """h (B, T, H) at each row's last real step, or the initial (B, H) where a row has none: (B, H)."""
    places = (lengths - 1).clamp(min=0)[:, None, None].expand(-1, 1, h.shape[2])
    return torch.where((lengths > 0)[:, None], h.gather(1, places)[:, 0], initial)


def _lstm(
    x: Tensor, state: State, weights: CellWeights, *, lengths: Tensor | None, compute: torch.dtype
) -> tuple[Tensor, State]:
    """torch's kernel, one call whatever the lengths.

    The kernel hands out c at step T only. So where a row ends earlier, c is made to stand still (see `_closing`).
    """
    assert weights.U is not None
    if lengths is not None:
        x = zero_padding(x, lengths)
    marked, (W,) = _closing(x, [weights.W], lengths, compute)
    flat = [W, *(part.to(compute) for part in (weights.U, weights.b, torch.zeros_like(weights.b)))]
    initial = [part.to(compute)[None].contiguous() for part in state]
    h, _, c = torch.lstm(marked, initial, flat, True, 1, 0.0, torch.is_grad_enabled(), False, True)
    c = c[0].to(state[1].dtype)
    h = finished(h, lengths, state[0].dtype)
    if lengths is None:
        return h, (h[:, -1], c)
    c = torch.where((lengths > 0)[:, None], c, state[1])
    return h, (at_end(h, state[0], lengths), c)


def _closing(
    x: Tensor, matrices: list[Tensor], lengths: Tensor | None, compute: torch.dtype
) -> tuple[Tensor, list[Tensor]]:
    """x (B, T, D) with one more column, 1 at padding, and LSTM matrices W (4H, D) with one more, that of the weights by
    which i is exactly 0 and f exactly 1 at padding: c stands still, to the last bit. Neither where there is no padding;
    all in the number format of the products."""
    x, matrices = x.to(compute), [W.to(compute) for W in matrices]
    if lengths is None:
        return x, matrices
    padding = is_padding(x, lengths)[:, :, None]  # (B, T, 1)
    H = matrices[0].shape[0] // 4
    gates = matrices[0].new_zeros(4, H)
    gates[0], gates[1] = -CLOSED, CLOSED
    marked = torch.cat([x, padding.to(compute)], dim=2)  # (B, T, D + 1)
    return marked, [torch.cat([W, gates.view(4 * H, 1)], dim=1) for W in matrices]


def _torch_kernel(cell: str, x: Tensor, h: Tensor, weights: CellWeights, compute: torch.dtype) -> tuple[Tensor, Tensor]:
    """torch's own (cuDNN's) Elman network and GRU: the second bias is 0 but for the GRU's inner one."""
    assert weights.U is not None
    inner = torch.zeros_like(weights.b)
    if weights.b_u is not None:
        inner = torch.cat([inner[: 2 * len(weights.b_u)], weights.b_u])
    flat = [part.to(compute) for part in (weights.W, weights.U, weights.b, inner)]
    function = torch.gru if cell == "gru" else torch.rnn_tanh
    found, last = function(
        x.to(compute), h.to(compute)[None].contiguous(), flat, True, 1, 0.0, torch.is_grad_enabled(), False, True
    )
    return found.to(x.dtype), last[0].to(x.dtype)


def _own_kernel(cell: str, x: Tensor, h: Tensor, weights: CellWeights, compute: torch.dtype) -> tuple[Tensor, Tensor]:
    """The autograd functions of `nn.recurrence`, which turn to time first inside."""
    inputs = torch.nn.functional.linear(x.to(compute), weights.W.to(compute), weights.b.to(compute)).to(x.dtype)
    inputs = inputs.transpose(0, 1).contiguous()  # (T, B, G H)
    if cell == "gru":
        found: Tensor = GRUUnroll.apply(inputs, h, weights.U, weights.b_u, compute)  # type: ignore[no-untyped-call]
    else:
        found = ElmanUnroll.apply(inputs, h, weights.U, compute)  # type: ignore[no-untyped-call]
    return found.transpose(0, 1), found[-1]


def _mingru(
    x: Tensor, state: State, weights: CellWeights, *, lengths: Tensor | None, compute: torch.dtype
) -> tuple[Tensor, State]:
    """All gates in one product, then the scan; at padding z is exactly 0, so that h stands still."""
    v = torch.nn.functional.linear(x.to(compute), weights.W.to(compute), weights.b.to(compute)).to(x.dtype)
    if lengths is not None:
        padding = is_padding(x, lengths)  # (B, T)
        v_z, v_h = v.chunk(2, dim=2)
        v = torch.cat([torch.where(padding[:, :, None], -CLOSED, v_z), v_h], dim=2)
    scan = parallel_scan if x.is_cuda else sequential_scan
    h = scan(v, state[0])
    last = h[:, -1]
    return (h if lengths is None else zero_padding(h, lengths)), (last,)
