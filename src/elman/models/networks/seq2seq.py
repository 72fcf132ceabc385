"""The network of a seq2seq model: embeddings, an encoder of the source, a decoder of the target, and a softmax.

Knows the modules of `nn` and tensors; knows no file and no text. Built by `models`, trained by `training`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from elman.models.networks.language_model import COMPUTE, mask
from elman.nn.attention import Attention
from elman.nn.cells import State
from elman.nn.config import EmbeddingConfig, Seq2SeqShape
from elman.nn.copying import Copying
from elman.nn.cutoffs import default_cutoffs
from elman.nn.decoder import Bridge, Decoded, Decoder, Memory
from elman.nn.dropout import locked_dropout
from elman.nn.embedding import Embedding
from elman.nn.init import initialize
from elman.nn.softmax import AdaptiveSoftmax, Softmax
from elman.nn.stack import Stack
from elman.text.vocabulary import END, START, UNKNOWN


@dataclass(frozen=True)
class PairTensors:
    """A batch of pairs.

    Args:
        source: (B, S). source_lengths: (B,). target: (B, T), what the decoder reads, the start symbol first. gold: (B,
            T), what it should write, the end symbol last. target_lengths: (B,). copies: (B, S), the target symbol that
            each source symbol stands for, -1 at padding; None where nothing is copied. In target, gold and copies N
            and above are words of the row's source that the target's vocabulary lacks.
    """

    source: Tensor
    source_lengths: Tensor
    target: Tensor
    gold: Tensor
    target_lengths: Tensor
    copies: Tensor | None


class Seq2SeqNetwork(nn.Module):
    """A distribution over the target's symbols at every step: memory = encoder(E[source]), h_tilde = decoder(E[target],
    memory), y_t = softmax(V h_tilde_t), of which a part may be copied.

    Args:
        shape: all sizes. precision: the number format of the products; weights, states and losses are float32.
    """

    def __init__(self, shape: Seq2SeqShape, *, precision: str = "fp32") -> None:
        super().__init__()
        self.shape = shape
        compute, width = COMPUTE[precision], shape.embedding.embedding
        cutoffs = default_cutoffs(shape.target_symbols) if shape.embedding.adaptive else ()
        self.embedding = Embedding(shape.target_symbols, EmbeddingConfig(embedding=width), cutoffs=cutoffs)
        self.source_embedding = None
        if not shape.joint:
            self.source_embedding = Embedding(shape.source_symbols, EmbeddingConfig(embedding=width))
        self.encoder = Stack(width, shape.stack, compute=compute)
        self.decoder = Decoder(width, shape.decoder, stack=shape.stack, compute=compute)
        shared = self.embedding if shape.embedding.tied else None
        H = shape.stack.hidden  # noqa: N806 the letter of the state's size
        make = AdaptiveSoftmax if shape.embedding.adaptive else Softmax
        self.head = make(shape.target_symbols, H, embedding=shared, impossible=(START,), compute=compute)
        self.copying = None
        if shape.decoder.copy:
            self.copying = Copying(shape.target_symbols, H + self.decoder.context + width)

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights whose gradients are sparse: none."""
        return ()

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def compute_in(self, precision: str) -> None:
        """Make the products in another number format from now on; the weights stay."""
        self.encoder.compute = self.head.compute = COMPUTE[precision]
        self.decoder.compute_in(COMPUTE[precision])

    @torch.no_grad()
    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights anew; those that `nn.init` does not know within ±1/sqrt of their width, biases 0."""
        initialize(self, generator)
        for module in self.modules():
            if isinstance(module, (Attention, Bridge, Copying, Decoder)):
                for name, weights in module.named_parameters(recurse=False):
                    bound = 0.0 if name in ("a", "b") else weights.shape[-1] ** -0.5
                    weights.uniform_(-bound, bound, generator=generator)

    def encode(
        self, source: Tensor, lengths: Tensor, *, copies: Tensor | None = None, generator: torch.Generator | None = None
    ) -> tuple[Memory, State]:
        """What the decoder looks back at, and its state before the first step; rows on the first dimension.

        Args:
            source: (B, S). lengths: (B,). copies: (B, S). generator: draws what is dropped in training.
        Raises:
            ValueError: the network copies, and there are no copies.
        """
        extra = 0
        if self.copying is None:
            copies = None
        elif copies is None:
            raise ValueError("copies: wanted (B, S), got None")
        elif copies.numel():
            extra = max(0, int(copies.max()) + 1 - self.shape.target_symbols)
        embedding = self.embedding if self.source_embedding is None else self.source_embedding
        x = self._inputs(embedding, source, generator)  # (B, S, E)
        h, ends = self.encoder(x, None, lengths, generator)  # (B, S, D)
        memory = self.decoder.remember(h, lengths, copies=copies, extra=extra)
        return memory, self.decoder.begin(ends, memory)

    def loss(self, pairs: PairTensors, generator: torch.Generator, *, sampled: float = 0.0) -> tuple[Tensor, int]:
        """Sum over the gold symbols of nats, smoothed, and of the loss of coverage, in training; and their count.

        Smoothing spreads over the symbols of the softmax, whatever is copied.

        Args:
            sampled: share of the steps, but the first, at which the decoder reads its own likeliest symbol.
        Source: coverage is that of See et al. 2017, equation 12; sampling that of Bengio et al. 2015, Scheduled
            sampling, here in two passes, of which the first reads the gold symbols.
        """
        memory, state = self.encode(pairs.source, pairs.source_lengths, copies=pairs.copies, generator=generator)
        config, target = self.shape.decoder, self._known(pairs.target)
        if sampled > 0:
            target = self._sampled(target, pairs, memory=memory, state=state, share=sampled, generator=generator)
        x = self._inputs(self.embedding, target, generator)  # (B, T, E)
        decoded = self.decoder(x, memory, state, generator)
        decoded = decoded._replace(h_tilde=locked_dropout(decoded.h_tilde, config.output_dropout, generator))
        steps = _real_steps(decoded, x, memory, lengths=pairs.target_lengths)
        gold = pairs.gold[steps.real]  # (M,)
        smoothing, known = config.label_smoothing, self._known(gold)
        if smoothing == 0:
            total = self._mixed(self.head.nats(steps.h_tilde, known), gold, steps).sum()
        else:
            nats, spread = self.head.nats_and_spread(steps.h_tilde, known)
            total = ((1 - smoothing) * self._mixed(nats, gold, steps) + smoothing * spread).sum()
        if decoded.coverage is not None:
            twice = torch.minimum(decoded.alpha, decoded.coverage).sum(dim=2)  # (B, T)
            total = total + config.coverage * twice[steps.real].sum()
        return total, len(gold)

    def nats(self, pairs: PairTensors) -> Tensor:
        """-ln p of every gold symbol, (B, T), 0 at padding."""
        memory, state = self.encode(pairs.source, pairs.source_lengths, copies=pairs.copies)
        x = self._inputs(self.embedding, self._known(pairs.target), None)
        steps = _real_steps(self.decoder(x, memory, state), x, memory, lengths=pairs.target_lengths)
        gold = pairs.gold[steps.real]
        nats = self._mixed(self.head.nats(steps.h_tilde, self._known(gold)), gold, steps)
        return x.new_zeros(pairs.gold.shape).masked_scatter(steps.real, nats)

    def step(self, ids: Tensor, state: State, memory: Memory) -> tuple[Tensor, State, Tensor]:
        """ln p of every next symbol, (R, N + extra), after reading ids (R,); the state; and alpha (R, S).

        Args:
            memory: has the rows of ids and state.
        """
        x = self._inputs(self.embedding, self._known(ids)[:, None], None)  # (R, 1, E)
        decoded, state = self.decoder.step(x[:, 0], memory, state)
        steps = _real_steps(decoded, x, memory, lengths=torch.ones_like(ids))
        return self._log_probabilities(steps, extra=memory.extra), state, decoded.alpha[:, 0]

    def _known(self, ids: Tensor) -> Tensor:
        """Symbols that the target's vocabulary lacks become unknown ones."""
        return ids if self.copying is None else torch.where(ids < self.shape.target_symbols, ids, UNKNOWN)

    def _inputs(self, embedding: Embedding, ids: Tensor, generator: torch.Generator | None) -> Tensor:
        """Vectors (B, T, E) of ids (B, T); with a generator, words are unknown and numbers dropped here and there."""
        config = self.shape.embedding
        if generator is not None and config.symbol_dropout > 0:
            dropped = _drawn(ids, config.symbol_dropout, generator) & (ids != START) & (ids != END)
            ids = torch.where(dropped, UNKNOWN, ids)
        return locked_dropout(embedding(ids), config.input_dropout, generator)

    def _mixed(self, nats: Tensor, gold: Tensor, steps: "_Steps") -> Tensor:
        """-ln p of gold symbols, (M,), where the softmax alone gives nats."""
        if self.copying is None:
            return nats
        assert steps.vectors is not None and steps.alpha is not None and steps.copies is not None
        return self.copying.nats(nats, gold, vectors=steps.vectors, alpha=steps.alpha, copies=steps.copies)

    def _log_probabilities(self, steps: "_Steps", *, extra: int) -> Tensor:
        """ln p of every symbol, (M, N + extra)."""
        logs = self.head.log_probabilities(steps.h_tilde)
        if self.copying is None:
            return logs
        assert steps.vectors is not None and steps.alpha is not None and steps.copies is not None
        return self.copying.log_probabilities(
            logs, vectors=steps.vectors, alpha=steps.alpha, copies=steps.copies, extra=extra
        )

    @torch.no_grad()
    def _sampled(
        self, target: Tensor, pairs: PairTensors, *, memory: Memory, state: State, share: float,
        generator: torch.Generator,
    ) -> Tensor:  # fmt: skip
        """The target (B, T) with a share of its symbols, not the first, replaced by what was likeliest there."""
        x = self._inputs(self.embedding, target, None)
        steps = _real_steps(self.decoder(x, memory, state), x, memory, lengths=pairs.target_lengths)
        likeliest = self._known(self._log_probabilities(steps, extra=memory.extra).argmax(dim=1))  # (M,)
        written = target.masked_scatter(steps.real, likeliest)  # (B, T), at each step what comes after it
        drawn = _drawn(target[:, 1:], share, generator)
        return torch.cat([target[:, :1], torch.where(drawn, written[:, :-1], target[:, 1:])], dim=1)


@dataclass(frozen=True)
class _Steps:
    """What is needed of the M real steps of a batch, one under the other.

    Args:
        real: (B, T), true at those. h_tilde: (M, H). vectors: (M, D), what copying depends on. alpha, copies: (M, S),
            None without copying, as are the vectors.
    """

    real: Tensor
    h_tilde: Tensor
    vectors: Tensor | None = None
    alpha: Tensor | None = None
    copies: Tensor | None = None


def _real_steps(decoded: Decoded, x: Tensor, memory: Memory, *, lengths: Tensor) -> _Steps:
    """Those of decoder inputs x (B, T, E) and of what was made of them."""
    real = mask(lengths, x.shape[1])
    h_tilde = decoded.h_tilde[real]
    if memory.copies is None:
        return _Steps(real, h_tilde)
    vectors = torch.cat([h_tilde, decoded.context[real], x[real]], dim=1)
    return _Steps(real, h_tilde, vectors, decoded.alpha[real], memory.copies[real.nonzero()[:, 0]])


def _drawn(ids: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """True with the given probability for each of the ids."""
    return torch.empty(ids.shape, device=ids.device).bernoulli_(share, generator=generator).bool()
