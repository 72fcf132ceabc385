"""The recurrent decoder: layers that read the target and look back at the source, all steps at once where that can be.

Knows tensors; what is done with its states is the softmax's. Where a step needs what the step before looked at (input
feeding), the layers go step by step; where only attention needs it (coverage), attention alone does. Used by the
networks of `models`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from elman.nn.attention import Attention
from elman.nn.cells import CellWeights, State, positive, state_names
from elman.nn.config import DecoderConfig, StackConfig
from elman.nn.dropout import keep_mask, locked_dropout
from elman.nn.softmax import product
from elman.nn.stack import Direction, Stack


class Memory(NamedTuple):
    """What the decoder looks back at.

    Args:
        states: (B, S, D), of the encoder; D is 0 without attention. keys: (B, S, H), those of `Attention.keys`.
            lengths: (B,). copies: (B, S), the target symbol that each place stands for, -1 at padding; None without
            copying. extra: how many symbols the copies have beyond the vocabulary.
    """

    states: Tensor
    keys: Tensor
    lengths: Tensor
    copies: Tensor | None
    extra: int

    def rows(self, index: Tensor) -> "Memory":
        """Some rows, in the order of an index (R,)."""
        copies = None if self.copies is None else self.copies[index]
        return Memory(self.states[index], self.keys[index], self.lengths[index], copies, self.extra)


class Decoded(NamedTuple):
    """What the decoder gives for each step.

    Args:
        h_tilde: (B, T, H), for the softmax. context: (B, T, D). alpha: (B, T, S). coverage: (B, T, S), the sum of alpha
            over the steps before; None where it is not kept.
    """

    h_tilde: Tensor
    context: Tensor
    alpha: Tensor
    coverage: Tensor | None


class Bridge(nn.Module):
    """The decoder's first state from the encoder's last: h_0 = tanh(W h + b), c_0 = W c + b.

    A layer begins from the encoder's layer of the same number, its directions joined; from the last one where the
    encoder has fewer.
    """

    def __init__(self, stack: StackConfig, *, layers: int) -> None:
        super().__init__()
        self.directions = 2 if stack.bidirectional else 1
        self.sources = [min(layer, stack.layers - 1) for layer in range(layers)]
        H, parts = stack.hidden, layers * len(state_names(stack.cell))
        self.W = nn.Parameter(torch.zeros(parts, H, self.directions * H))
        self.b = nn.Parameter(torch.zeros(parts, H))

    def forward(self, ends: State) -> State:
        """(B, H) for each layer and each part of its state, of the parts (layers * directions, B, H) of a stack's."""
        found: list[Tensor] = []
        for source in self.sources:
            for n, part in enumerate(ends):
                joined = torch.cat(list(part[source * self.directions :][: self.directions]), dim=1)
                begun = nn.functional.linear(joined, self.W[len(found)], self.b[len(found)])  # (B, H)
                found.append(begun if n else torch.tanh(begun))
        return tuple(found)


class Decoder(nn.Module):
    """Layer 1 reads x and gives the query h; layers above read [h; context]; h_tilde = tanh(W [h_top; context]).

    With input feeding layer 1 reads [x; h_tilde of the step before]. Without attention h_tilde is h_top.

    A state is a tuple of tensors with a row for each text: for each layer the parts of the cell's state, (B, H) each,
    then with input feeding h_tilde (B, H), then with coverage the sum of alpha (B, S).

    Args:
        width: of x. stack: that of the encoder, whose cell, size and dropout hold here too.
    Source: Luong, Pham & Manning 2015, Effective approaches to attention; layers above the first that read the context
        as in Wu et al. 2016, Google's neural machine translation system.
    """

    def __init__(
        self, width: int, config: DecoderConfig, *, stack: StackConfig, compute: torch.dtype = torch.float32
    ) -> None:
        super().__init__()
        self.config, self.compute = config, compute
        self.layer = replace(stack, layers=1, bidirectional=False)
        H, attends = stack.hidden, config.attention != "none"
        self.context = H * (2 if stack.bidirectional else 1) if attends else 0
        self.bridge = Bridge(stack, layers=config.decoder_layers)
        self.first = Stack(width + (H if config.input_feeding else 0), self.layer, compute=compute)
        self.upper, self.attention = None, None
        if config.decoder_layers > 1:
            upper = replace(self.layer, layers=config.decoder_layers - 1)
            self.upper = Stack(H + self.context, upper, compute=compute)
        if attends:
            self.attention = Attention(
                config.attention, hidden=H, width=self.context, covered=config.coverage > 0, compute=compute
            )
            self.W = nn.Parameter(torch.zeros(H, H + self.context))

    def compute_in(self, compute: torch.dtype) -> None:
        """Make the products in another number format from now on."""
        for part in (self, self.first, self.upper, self.attention):
            if part is not None:
                part.compute = compute

    def remember(self, h: Tensor, lengths: Tensor, *, copies: Tensor | None, extra: int) -> Memory:
        """The memory of an encoder's states (B, S, D)."""
        states = h[:, :, : self.context]
        keys = states if self.attention is None else self.attention.keys(states)
        return Memory(states, keys, lengths, copies, extra)

    def begin(self, ends: State, memory: Memory) -> State:
        """The state before the first step, of that of the encoder after its last."""
        state: State = self.bridge(ends)
        B, S, _ = memory.states.shape
        if self.config.input_feeding:
            state = (*state, state[0].new_zeros(B, self.layer.hidden))
        if self.config.coverage > 0:
            state = (*state, state[0].new_zeros(B, S))
        return state

    def forward(self, x: Tensor, memory: Memory, state: State, generator: torch.Generator | None = None) -> Decoded:
        """All steps of x (B, T, D); with a generator, parts are dropped."""
        if self.config.input_feeding:
            return self._walk(x, memory, state, self._steps(len(x), generator))[0]
        parts = len(state_names(self.layer.cell))
        h, _ = self.first(x, tuple(part[None] for part in state[:parts]), None, generator)  # (B, T, H)
        context, alpha, coverage = self._look(h, memory, state)
        if self.upper is not None:
            layers = [state[n : self.config.decoder_layers * parts : parts] for n in range(parts)]
            begun = tuple(torch.stack(part[1:]) for part in layers)
            inner = locked_dropout(torch.cat([h, context], dim=2), self.layer.dropout, generator)
            h, _ = self.upper(inner, begun, None, generator)
        return Decoded(self._join(h, context), context, alpha, coverage)

    def step(self, x_t: Tensor, memory: Memory, state: State) -> tuple[Decoded, State]:
        """One step of x_t (B, D), its T being 1, and the state after it."""
        return self._walk(x_t[:, None], memory, state, self._steps(len(x_t), None))

    def _look(self, h: Tensor, memory: Memory, state: State) -> tuple[Tensor, Tensor, Tensor | None]:
        """context, alpha and coverage of queries (B, T, H)."""
        if self.attention is None:
            return h[:, :, :0], h.new_zeros(*h.shape[:2], memory.states.shape[1]), None
        if self.config.coverage == 0:
            return *self.attention(h, memory.states, keys=memory.keys, lengths=memory.lengths), None
        covered, found = state[-1][:, None], []  # (B, 1, S)
        for h_t in torch.split(h, 1, dim=1):
            context, alpha = self.attention(
                h_t, memory.states, keys=memory.keys, lengths=memory.lengths, coverage=covered
            )
            found.append((context, alpha, covered))
            covered = covered + alpha
        context, alpha, coverage = (torch.cat(parts, dim=1) for parts in zip(*found, strict=True))
        return context, alpha, coverage

    def _join(self, h: Tensor, context: Tensor) -> Tensor:
        """h_tilde (B, T, H)."""
        if self.attention is None:
            return h
        flat = torch.cat([h, context], dim=2).flatten(0, 1)
        return torch.tanh(product(flat, self.W, None, compute=self.compute)).view(h.shape)

    def _steps(self, rows: int, generator: torch.Generator | None) -> "_Steps":
        """What all steps share: what is dropped is drawn once for all."""
        drawn = []
        for stack in (self.first, self.upper):
            for layer in stack.layers if stack is not None else ():
                direction = cast(Direction, cast(nn.ModuleList, layer)[0])
                drawn.append(direction.weights(self.layer.weight_drop, generator))
        p, masks = self.layer.dropout, []
        for weights in drawn[1:] if generator is not None and p > 0 else ():
            shape = (rows, weights.W.shape[1])
            masks.append(keep_mask(shape, p, like=weights.W, generator=cast(torch.Generator, generator)))
        feeding = None
        if self.config.input_feeding:
            width = drawn[0].W.shape[1] - self.layer.hidden
            feeding = drawn[0].W[:, width:].to(self.compute)  # (G H, H)
            drawn[0] = drawn[0]._replace(W=drawn[0].W[:, :width])
        layers = [one._replace(U=None if one.U is None else one.U.to(self.compute)) for one in drawn]
        return _Steps(layers, feeding, masks)

    def _walk(self, x: Tensor, memory: Memory, state: State, steps: "_Steps") -> tuple[Decoded, State]:
        """Step by step; what can be made for all steps at once is: W x + b of layer 1."""
        flat = product(x.flatten(0, 1), steps.layers[0].W, steps.layers[0].b, compute=self.compute)
        parts, L = len(state_names(self.layer.cell)), len(steps.layers)
        layers = [state[layer * parts :][:parts] for layer in range(L)]
        h_tilde = state[L * parts] if self.config.input_feeding else None
        coverage = state[-1] if self.config.coverage > 0 else None
        found = []
        for reading in flat.view(*x.shape[:2], -1).unbind(1):  # (B, G H)
            if h_tilde is not None and steps.feeding is not None:
                reading = _plus(reading, h_tilde, steps.feeding)
            layers[0] = _advance(self.layer.cell, reading, layers[0], steps.layers[0])
            h = layers[0][0]
            looked = () if coverage is None else (coverage,)
            context, alpha, _ = self._look(h[:, None], memory, looked)
            h = self._rise(h, context[:, 0], layers, steps)
            joined = self._join(h[:, None], context)
            found.append((joined, context, alpha, *(one[:, None] for one in looked)))
            h_tilde = joined[:, 0] if h_tilde is not None else None
            coverage = coverage + alpha[:, 0] if coverage is not None else None
        columns = [torch.cat(column, dim=1) for column in zip(*found, strict=True)]
        decoded = Decoded(columns[0], columns[1], columns[2], columns[3] if len(columns) > 3 else None)
        after = [part for layer in layers for part in layer]
        return decoded, (*after, *(part for part in (h_tilde, coverage) if part is not None))

    def _rise(self, h: Tensor, context: Tensor, layers: list[State], steps: "_Steps") -> Tensor:
        """h (B, H) of the highest layer; the states of the layers above the first are put in their places."""
        x = torch.cat([h, context], dim=1) if len(layers) > 1 else h
        for l, weights in enumerate(steps.layers[1:], 1):  # noqa: E741 the letter of the layer
            if steps.masks:
                x = x * steps.masks[l - 1]
            reading = product(x, weights.W, weights.b, compute=self.compute)
            layers[l] = _advance(self.layer.cell, reading, layers[l], weights)
            x = layers[l][0]
        return x


@dataclass(frozen=True)
class _Steps:
    """What all steps of a walk share.

    Args:
        layers: weights, U in the number format of the products. feeding: (G H, H), by which layer 1 reads h_tilde.
            masks: (B, ·) for the input of each layer above the first; none where nothing is dropped.
    """

    layers: Sequence[CellWeights]
    feeding: Tensor | None
    masks: Sequence[Tensor]


def _advance(cell: str, reading: Tensor, state: State, weights: CellWeights) -> State:
    """A step of `nn.cells` behind its W x_t + b, (B, G H)."""
    h_prev = state[0]
    if cell == "mingru":
        v_z, v_h = reading.chunk(2, dim=1)
        return (torch.lerp(h_prev, positive(v_h), v_z.sigmoid()),)
    assert weights.U is not None
    if cell == "gru":
        assert weights.b_u is not None
        H = h_prev.shape[1]
        U_rz, U_h = torch.split(weights.U, [2 * H, H])
        r, z = _plus(reading[:, : 2 * H], h_prev, U_rz).sigmoid().chunk(2, dim=1)
        inner = _plus(weights.b_u.expand(h_prev.shape), h_prev, U_h)
        h_tilde = torch.addcmul(reading[:, 2 * H :], r, inner).tanh()
        return (torch.lerp(h_tilde, h_prev, z),)
    sums = _plus(reading, h_prev, weights.U)
    if cell == "elman":
        return (sums.tanh(),)
    i, f, g, o = sums.chunk(4, dim=1)
    c_t = torch.addcmul(f.sigmoid() * state[1], i.sigmoid(), g.tanh())
    return o.sigmoid() * c_t.tanh(), c_t


def _plus(sums: Tensor, h: Tensor, matrix: Tensor) -> Tensor:
    """sums (B, N) plus h (B, H) times the transposed matrix (N, H), which is in the number format of the product."""
    if matrix.dtype == h.dtype:
        return torch.addmm(sums, h, matrix.T)
    return sums + nn.functional.linear(h.to(matrix.dtype), matrix).to(h.dtype)
