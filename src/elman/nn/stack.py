"""The recurrent stack: layers of a cell, one on the other, in one direction or in both; and its one step.

Knows tensors; the unrolls are in `nn.kernels`. A stack is a function of input and state: there is no state in it. Used
by `models.networks`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from elman.nn.cells import STEPS, CellWeights, State, state_names
from elman.nn.config import GATES, StackConfig
from elman.nn.dropout import locked_dropout, weight_drop
from elman.nn.kernels import finished, lstm_both, unroll, unroll_both

Multiply = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""A product as `torch.nn.functional.linear` makes it: x (B, D), a matrix (N, D) and a bias (N,) or None give (B, N)."""


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
        self._check(x, self.zero_state(x.shape[0]) if state is None else state, lengths)
        ends: list[State] = []
        for l in range(self.config.layers):  # noqa: E741 the letter of the layer
            if l:
                x = locked_dropout(x, self.config.dropout, generator)
            weights = self._weights(l, generator)
            rows = (
                None
                if state is None
                else [tuple(part[l * len(weights) + d] for part in state) for d in range(len(weights))]
            )
            x, after = self._layer(x, rows, weights, lengths)  # (B, T, directions * H)
            ends += after
        return x, tuple(torch.stack(parts) for parts in zip(*ends, strict=True))

    def read(self, x: Tensor, lengths: Tensor | None = None, generator: torch.Generator | None = None) -> Tensor:
        """The states alone from a zero state, as `forward` has them, in less time: those of LSTM layers that are read
        both ways go from one to the next as the kernel leaves them, in the number format of the products."""
        if self.directions == 1 or self.config.cell != "lstm" or x.shape[1] == 0:
            return cast(Tensor, self(x, None, lengths, generator)[0])
        self._check(x, self.zero_state(x.shape[0]), lengths)
        h = x
        for l in range(self.config.layers):  # noqa: E741 the letter of the layer
            if l:
                h = locked_dropout(h, self.config.dropout, generator)
            forward, backward = self._weights(l, generator)
            h, _ = lstm_both(h, (forward, backward), lengths=lengths, compute=self.compute)
        return finished(h, lengths, x.dtype)

    def _weights(self, layer: int, generator: torch.Generator | None) -> list[CellWeights]:
        """The weights of a layer in each direction, a share of U dropped where there is a generator."""
        directions = cast(nn.ModuleList, self.layers[layer])
        return [cast(Direction, one).weights(self.config.weight_drop, generator) for one in directions]

    def _layer(
        self, x: Tensor, states: list[State] | None, weights: list[CellWeights], lengths: Tensor | None
    ) -> tuple[Tensor, list[State]]:
        """One layer in all directions; no states are zero states."""
        cell, compute = self.config.cell, self.compute
        if states is None and len(weights) == 2:
            h, both = unroll_both(cell, x, (weights[0], weights[1]), lengths=lengths, compute=compute)
            return h, list(both)
        if states is None:
            zero = x.new_zeros(x.shape[0], self.config.hidden)
            states = [tuple(zero for _ in state_names(cell))]
        read = [
            unroll(cell, x, state, one, lengths=lengths, reverse=d == 1, compute=compute)
            for d, (state, one) in enumerate(zip(states, weights, strict=True))
        ]
        h = read[0][0] if len(read) == 1 else torch.cat([h for h, _ in read], dim=2)
        return h, [after for _, after in read]

    def stepper(self, multiply: Multiply = nn.functional.linear) -> "Stepper":
        """The stack as it reads one symbol at a time.

        Args:
            multiply: makes the products of a step.
        """
        if self.directions == 2:
            raise ValueError("a stack that reads both ways has no single step")
        return Stepper(self.config.cell, tuple(layer[0].weights() for layer in self.layers), multiply)  # type: ignore[index]

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
class Stepper:
    """One step of a stack without gradients: plain products, no sequence kernel (which would pack its weights anew).

    Args:
        layers: the weights themselves, not copies. multiply: makes the products of the LSTM and of the Elman cell.
    """

    cell: str
    layers: tuple[CellWeights, ...]
    multiply: Multiply

    @property
    def adds(self) -> bool:
        """Whether a step begins with W x_t + b, to which the rest is added: not so for GRU and minGRU here."""
        return self.cell in ("lstm", "elman")

    def reading(self, x_t: Tensor) -> Tensor:
        """W x_t + b of the first layer, (B, G H), of x_t (B, D)."""
        return self.multiply(x_t, self.layers[0].W, self.layers[0].b)

    @torch.no_grad()
    def step(self, x_t: Tensor, state: State, *, reading: Tensor | None = None) -> tuple[Tensor, State]:
        """Read x_t (B, D): the last layer's h (B, H), and the state.

        Args:
            reading: what the method of that name gives of x_t, if it is known already; x_t is not looked at then.
        """
        ends: list[State] = []
        for l, weights in enumerate(self.layers):  # noqa: E741 the letter of the layer
            before = tuple(part[l] for part in state)
            if self.adds:
                if l or reading is None:
                    reading = self.multiply(x_t, weights.W, weights.b)
                assert weights.U is not None
                sums = self.multiply(before[0], weights.U, None).add_(reading)  # (B, G H)
                after = _lstm_step(sums, before[1]) if self.cell == "lstm" else (sums.tanh_(),)
            else:
                after = STEPS[self.cell](x_t, before, weights)
            ends.append(after)
            x_t = after[0]
        if len(ends) == 1:
            return x_t, tuple(part[None] for part in ends[0])
        return x_t, tuple(torch.stack(parts) for parts in zip(*ends, strict=True))


def _lstm_step(sums: Tensor, c_prev: Tensor) -> State:
    """`nn.cells.lstm_step` behind its products, W x_t + U h_prev + b, (B, 4H), which it overwrites."""
    i, f, g, o = sums.chunk(4, dim=1)
    c_t = f.sigmoid_().mul(c_prev).addcmul_(i.sigmoid_(), g.tanh_())
    return o.sigmoid_().mul(c_t.tanh()), c_t
