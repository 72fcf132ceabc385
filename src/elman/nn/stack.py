"""The recurrent stack: layers of a cell, one on the other, in one direction or in both; and its one step.

Knows tensors; the unrolls are in `nn.kernels`. A stack is a function of input and state: there is no state in it. Used
by `models.networks`.
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from elman.nn.cells import GATES, STEPS, CellWeights, State, state_names
from elman.nn.config import StackConfig
from elman.nn.dropout import locked_dropout, weight_drop
from elman.nn.kernels import unroll


class Direction(nn.Module):
    """The weights of one layer in one direction."""

    def __init__(self, cell: str, width: int, hidden: int) -> None:
        super().__init__()
        self.cell, self.hidden = cell, hidden
        G = GATES[cell]
        self.W = nn.Parameter(torch.zeros(G * hidden, width))
        if cell != "mingru":
            self.U = nn.Parameter(torch.zeros(G * hidden, hidden))
        self.b = nn.Parameter(torch.zeros(G * hidden))
        if cell == "gru":
            self.b_u = nn.Parameter(torch.zeros(hidden))

    def weights(self, dropped: float = 0.0, generator: torch.Generator | None = None) -> CellWeights:
        """The weights, with a share of U dropped when there is a generator."""
        U = weight_drop(self.U, dropped, generator) if hasattr(self, "U") else None
        return CellWeights(self.W, U, self.b, self.b_u if hasattr(self, "b_u") else None)


class Stack(nn.Module):
    """(x, state, lengths) → (h, state).

    A state has one tensor for each name of the cell's state, (layers * directions, B, H): row l * directions + d is
    that of layer l in direction d. Read both ways, h is [forward; backward], of width 2 H.

    Args:
        width: D of the input. compute: number format of the products.
    """

    def __init__(self, width: int, config: StackConfig, *, compute: torch.dtype = torch.float32) -> None:
        super().__init__()
        self.width, self.config, self.compute = width, config, compute
        self.directions = 2 if config.bidirectional else 1
        inner = config.hidden * self.directions
        self.layers = nn.ModuleList(
            nn.ModuleList(
                Direction(config.cell, inner if layer else width, config.hidden) for _ in range(self.directions)
            )
            for layer in range(config.layers)
        )

    def zero_state(self, rows: int) -> State:
        """The state before anything was read."""
        like = self.layers[0][0].W  # type: ignore[index]
        shape = (self.config.layers * self.directions, rows, self.config.hidden)
        return tuple(like.new_zeros(shape) for _ in state_names(self.config.cell))

    def forward(
        self,
        x: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> tuple[Tensor, State]:
        """The states of the last layer at every step, (B, T, directions * H), and the state after each row's last.

        Args:
            x: (B, T, D). lengths: (B,), counts of real steps; None where all are. generator: draws what is dropped in
                training; None in evaluation.
        Raises:
            ValueError: a shape is not what it must be; both are told.
        """
        state = self.zero_state(x.shape[0]) if state is None else state
        self._check(x, state, lengths)
        ends: list[State] = []
        for l, layer in enumerate(self.layers):  # noqa: E741 the letter of the layer
            if l:
                x = locked_dropout(x, self.config.dropout, generator)
            outputs = []
            for d, direction in enumerate(cast(nn.ModuleList, layer)):
                row = l * self.directions + d
                h, end = unroll(
                    self.config.cell, x, tuple(part[row] for part in state),
                    cast(Direction, direction).weights(self.config.weight_drop, generator), lengths=lengths,
                    reverse=d == 1, compute=self.compute,
                )  # fmt: skip
                outputs.append(h)
                ends.append(end)
            x = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=2)  # (B, T, directions * H)
        return x, tuple(torch.stack(parts) for parts in zip(*ends, strict=True))

    def stepper(self) -> "Stepper":
        """The stack prepared to read one symbol at a time; it keeps the weights as they are now."""
        if self.directions == 2:
            raise ValueError("a stack that reads both ways has no single step")
        return Stepper(self.config.cell, tuple(_prepare(layer[0]) for layer in self.layers))  # type: ignore[index]

    def _check(self, x: Tensor, state: State, lengths: Tensor | None) -> None:
        if x.dim() != 3 or x.shape[2] != self.width:
            raise ValueError(f"x: wanted (B, T, {self.width}), got {tuple(x.shape)}")
        names = state_names(self.config.cell)
        wanted = (self.config.layers * self.directions, x.shape[0], self.config.hidden)
        if len(state) != len(names) or any(tuple(part.shape) != wanted for part in state):
            got = [tuple(part.shape) for part in state]
            raise ValueError(f"state: wanted {len(names)} of {wanted}, got {got}")
        if lengths is not None and tuple(lengths.shape) != (x.shape[0],):
            raise ValueError(f"lengths: wanted ({x.shape[0]},), got {tuple(lengths.shape)}")


@dataclass(frozen=True)
class _PreparedLayer:
    """Weights of one layer as the step wants them: W and U joined for the LSTM, so that one product does."""

    weights: CellWeights
    joined: Tensor | None


@torch.no_grad()
def _prepare(direction: Direction) -> _PreparedLayer:
    weights = CellWeights(*(None if part is None else part.detach() for part in direction.weights()))  # type: ignore[arg-type]
    joined = None
    if direction.cell in ("lstm", "elman"):
        assert weights.U is not None
        joined = torch.cat([weights.W, weights.U], dim=1).contiguous()  # (G H, D + H)
    return _PreparedLayer(weights, joined)


@dataclass(frozen=True)
class Stepper:
    """One step of a stack without gradients: plain products, no sequence kernel (which would pack its weights anew)."""

    cell: str
    layers: tuple[_PreparedLayer, ...]

    @torch.no_grad()
    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        """Read x_t (B, D): the last layer's h (B, H), and the state."""
        ends: list[State] = []
        for l, layer in enumerate(self.layers):  # noqa: E741 the letter of the layer
            before = tuple(part[l] for part in state)
            if self.cell == "lstm":
                after = _lstm_step(x_t, before, layer)
            elif layer.joined is not None:
                joined = torch.cat([x_t, before[0]], dim=1)  # (B, D + H)
                after = (nn.functional.linear(joined, layer.joined, layer.weights.b).tanh_(),)
            else:
                after = STEPS[self.cell](x_t, before, layer.weights)
            ends.append(after)
            x_t = after[0]
        return x_t, tuple(torch.stack(parts) for parts in zip(*ends, strict=True))


def _lstm_step(x_t: Tensor, state: State, layer: _PreparedLayer) -> State:
    """`nn.cells.lstm_step` with one product, and the gates in place."""
    assert layer.joined is not None
    gates = nn.functional.linear(torch.cat([x_t, state[0]], dim=1), layer.joined, layer.weights.b)  # (B, 4H)
    i, f, g, o = gates.chunk(4, dim=1)
    c_t = f.sigmoid_().mul(state[1]).addcmul_(i.sigmoid_(), g.tanh_())
    return o.sigmoid_().mul(c_t.tanh()), c_t
