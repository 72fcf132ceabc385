"""The networks of torch that the models train and run: embedding, recurrent stack, head.

Knows the modules of `nn` and tensors; knows no file and no text. Built by `models`, trained by `training`.
"""

import torch
from torch import Tensor, nn

from elman.models.config import LanguageModelConfig
from elman.nn.cutoffs import default_cutoffs
from elman.nn.dropout import locked_dropout
from elman.nn.embedding import Embedding
from elman.nn.init import initialize
from elman.nn.ngrams import NgramEmbedding, latest
from elman.nn.readings import Readings
from elman.nn.softmax import AdaptiveSoftmax, Softmax
from elman.nn.stack import Direction, Stack, Stepper

State = tuple[Tensor, ...]
COMPUTE = {"fp32": torch.float32, "bf16": torch.bfloat16}


class LanguageModelNetwork(nn.Module):
    """A distribution over the vocabulary at every step: x_t = E[w_t], h = stack(x), y_t = softmax(V h_t).

    With `ngrams` above 1, vectors of the hashed n-grams that end at t stand beside E[w_t] in x_t. A state is then one
    tensor longer: after those of the stack stand the symbols read last, (1, B, ngrams - 1).

    Args:
        config: all sizes. start: the symbol that stands before every text. precision: the number format of the
            products; weights, states and losses are float32.
    """

    def __init__(self, config: LanguageModelConfig, *, start: int, precision: str = "fp32") -> None:
        super().__init__()
        self.config, self.start = config, start
        compute = COMPUTE[precision]
        cutoffs = default_cutoffs(config.symbols) if config.softmax.adaptive else ()
        self.embedding = Embedding(config.symbols, config.embedding, cutoffs=cutoffs)
        read = config.embedding
        self.ngrams = None
        if read.ngrams > 1:
            self.ngrams = NgramEmbedding(
                read.ngrams, bits=read.ngram_bits, width=read.ngram_width, dropout=read.ngram_dropout
            )
        self.stack = Stack(config.embedding.width, config.stack, compute=compute)
        make = AdaptiveSoftmax if config.softmax.adaptive else Softmax
        shared = self.embedding if config.softmax.tied else None
        self.head = make(config.symbols, config.stack.hidden, embedding=shared, impossible=(start,), compute=compute)
        first: Direction = self.stack.layers[0][0]  # type: ignore[index]
        self.readings = Readings([*self.embedding.parameters(), first.W, first.b])

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights of which a batch touches few rows, whose gradients are sparse."""
        return () if self.ngrams is None else (self.ngrams.tables,)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def compute_in(self, precision: str) -> None:
        """Make the products in another number format from now on; the weights stay."""
        self.stack.compute = self.head.compute = COMPUTE[precision]

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights anew."""
        initialize(self, generator)

    def zero_state(self, rows: int) -> State:
        """The state of so many rows before anything was read."""
        state: State = self.stack.zero_state(rows)
        if self.ngrams is None:
            return state
        return *state, torch.full((1, rows, self.ngrams.context), self.start, device=self.device)

    def inputs(self, ids: Tensor, recent: Tensor | None, generator: torch.Generator | None = None) -> Tensor:
        """What the stack reads, (B, T, D), of ids (B, T) behind the symbols read last, (B, C)."""
        config = self.config.embedding
        x = locked_dropout(self.embedding(ids, generator), config.input_dropout, generator)  # (B, T, D)
        if self.ngrams is None or recent is None:
            return x
        return torch.cat([x, self.ngrams(ids, recent, generator)], dim=2)  # (B, T, D + n D')

    def states(
        self, ids: Tensor, *, state: State | None, lengths: Tensor | None, generator: torch.Generator | None = None
    ) -> tuple[Tensor, State]:
        """The states that the softmax reads, (B, T, H), and the state after the last real step of each row."""
        state = self.zero_state(ids.shape[0]) if state is None else state
        if self.ngrams is None:
            h, after = self.stack(self.inputs(ids, None, generator), state, lengths, generator)
            return h, after
        *inner, recent = state
        h, after = self.stack(self.inputs(ids, recent[0], generator), tuple(inner), lengths, generator)
        return h, (*after, latest(ids, recent[0], lengths=lengths)[None])

    def loss(
        self, ids: Tensor, targets: Tensor, *, lengths: Tensor | None, state: State | None, generator: torch.Generator
    ) -> tuple[Tensor, int, State]:
        """Sum of nats over the real steps of a batch (B, T) in training, their count, and the state, cut off.

        Args:
            lengths: (B,), or None where every step is real.
        """
        h, state = self.states(ids, state=state, lengths=lengths, generator=generator)
        h = locked_dropout(h, self.config.softmax.output_dropout, generator)
        h, targets = real_steps(h, targets, lengths)
        nats, count = self.head.loss(h, targets)
        return nats, count, tuple(part.detach() for part in state)

    def nats(
        self, ids: Tensor, targets: Tensor, *, lengths: Tensor | None, state: State | None
    ) -> tuple[Tensor, Tensor, State]:
        """-ln p of each target, (B, T) with 0 at padding; the states read by the softmax, (B, T, H); the state."""
        h, state = self.states(ids, state=state, lengths=lengths)
        if lengths is None:
            return self.head.nats(h.flatten(0, 1), targets.flatten()).view(targets.shape), h, state
        real = mask(lengths, targets.shape[1])
        nats = torch.zeros(targets.shape, dtype=h.dtype, device=h.device)
        return nats.masked_scatter(real, self.head.nats(h[real], targets[real])), h, state

    def step(self, ids: Tensor, state: State, *, stepper: Stepper) -> State:
        """The state after reading one symbol a row, ids (B,), with the stack's weights prepared in `stepper`."""
        if self.ngrams is None and stepper.adds:
            reading = self.readings.of(ids, lambda new: stepper.reading(self.inputs(new[:, None], None)[:, 0]))
            return stepper.step(reading, state, reading=reading)[1]
        recent = state[-1][0] if self.ngrams is not None else None
        x_t = self.inputs(ids[:, None], recent)[:, 0]  # (B, D)
        inner = state if self.ngrams is None else state[:-1]
        _, after = stepper.step(x_t, inner)
        return after if recent is None else (*after, latest(ids[:, None], recent, lengths=None)[None])


def mask(lengths: Tensor, steps: int) -> Tensor:
    """(B, T), true at the real steps."""
    return torch.arange(steps, device=lengths.device) < lengths[:, None]


def real_steps(h: Tensor, targets: Tensor, lengths: Tensor | None) -> tuple[Tensor, Tensor]:
    """Rows of h (B, T, H) and of the targets (B, T) at the real steps: (M, H) and (M,)."""
    if lengths is None:
        return h.flatten(0, 1), targets.flatten()
    real = mask(lengths, targets.shape[1])
    return h[real], targets[real]
