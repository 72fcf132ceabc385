"""The network of a tagger: words, recurrent stack, a head for each column of labels.

Knows the modules of `nn` and tensors; knows no file and no text. Built by `models`, trained by `training`.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from elman.models.config import TaggerConfig
from elman.models.networks.language_model import COMPUTE
from elman.nn.config import ContextHeadConfig, LabelHeadConfig, WordEmbeddingConfig
from elman.nn.context import ContextVectors
from elman.nn.crf import CRF
from elman.nn.dropout import locked_dropout
from elman.nn.init import initialize
from elman.nn.kernels import is_padding
from elman.nn.labels import IGNORED, LabelHead
from elman.nn.stack import Stack
from elman.nn.words import WordEmbedding, WordTensors
from elman.training.side_by_side import side_by_side

Allowed = tuple[Tensor, Tensor, Tensor]


class Scorer(nn.Module, ABC):
    """A head for each column, y_t = V h_t + b, on states h of some width, and the CRFs of those columns that have one.

    Args: as `TaggerNetwork` has them; and width: of the states.
    """

    def __init__(
        self, config: LabelHeadConfig, width: int, *, labels: tuple[int, ...], allowed: tuple[Allowed | None, ...]
    ) -> None:
        super().__init__()
        self.config = config
        self.heads = nn.ModuleList(LabelHead(count, width) for count in labels)
        self.crfs = nn.ModuleDict(
            {str(k): CRF(labels[k], allowed=some) for k, some in enumerate(allowed) if some is not None}
        )

    def crf(self, column: int) -> CRF | None:
        """The CRF of a column; None where it has a softmax alone."""
        return cast(CRF, self.crfs[str(column)]) if str(column) in self.crfs else None

    @property
    def compute(self) -> torch.dtype:
        """The number format of large products in training."""
        return torch.float32

    @abstractmethod
    def states(
        self, batch: WordTensors, lengths: Tensor, *, seen: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The states that the heads read, (B, T, D)."""

    def scores(self, batch: WordTensors, lengths: Tensor, *, seen: Tensor) -> list[Tensor]:
        """For each column the scores of its labels (B, T, K): as its CRF has them, else ln of their probabilities."""
        h = self.states(batch, lengths, seen=seen)
        found = [head(h) for head in self.heads]
        return [one if self.crf(k) is not None else torch.log_softmax(one, dim=2) for k, one in enumerate(found)]

    def nats(
        self, batch: WordTensors, labels: Tensor, *, lengths: Tensor, seen: Tensor, generator: torch.Generator,
        smoothing: float,
    ) -> Tensor:  # fmt: skip
        """Nats of the labels (columns, B, T) in training, all columns but the first weighted."""
        h = self.states(batch, lengths, seen=seen, generator=generator)  # (B, T, D)
        labels = labels.masked_fill(is_padding(h, lengths), IGNORED)
        flat, total = h.flatten(0, 1), h.new_zeros(())
        for k, head in enumerate(self.heads):
            crf = self.crf(k)
            if crf is not None:
                nats, _ = crf.loss(head(h), labels[k].clamp(min=0), lengths)
            else:
                nats, _ = cast(LabelHead, head).loss(
                    flat, labels[k].flatten(), smoothing=smoothing, compute=self.compute
                )
            total = total + nats * (self.config.auxiliary_weight if k else 1.0)
        return total


class Member(Scorer):
    """The vectors of words and a recurrent stack under the heads: x = words, h = stack(x).

    Args: as `TaggerNetwork` has them; and read: what its vectors are made of.
    """

    def __init__(
        self, config: TaggerConfig, read: WordEmbeddingConfig, *, labels: tuple[int, ...],
        allowed: tuple[Allowed | None, ...], compute: torch.dtype,
    ) -> None:  # fmt: skip
        directions = 2 if config.stack.bidirectional else 1
        super().__init__(config.head, config.stack.hidden * directions, labels=labels, allowed=allowed)
        self.embedding = WordEmbedding(
            read, words=config.words_known, characters=config.characters_known,
            features=config.features_known, compute=compute,
        )  # fmt: skip
        self.stack = Stack(read.width, config.stack, compute=compute)

    @property
    def compute(self) -> torch.dtype:
        """The number format of large products in training: that of the stack."""
        return self.stack.compute

    def states(
        self, batch: WordTensors, lengths: Tensor, *, seen: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The states that the heads read, (B, T, D)."""
        h = self.stack.read(self.embedding(batch, seen, generator), lengths, generator)
        return locked_dropout(h, self.config.output_dropout, generator)


class LogLinear(Scorer):
    """The sum of vectors of what stands around a word under the heads, in place of a recurrent stack.

    It is sure of what it knows, and learns from labels that are not smoothed.
    """

    def __init__(
        self, config: LabelHeadConfig, context: ContextHeadConfig, *, rows: int, labels: tuple[int, ...],
        allowed: tuple[Allowed | None, ...],
    ) -> None:  # fmt: skip
        super().__init__(config, context.context_width, labels=labels, allowed=allowed)
        self.contexts = ContextVectors(context, rows=rows)

    def states(
        self, batch: WordTensors, lengths: Tensor, *, seen: Tensor, generator: torch.Generator | None = None
    ) -> Tensor:
        """The vectors that the heads read, (B, T, D)."""
        assert batch.contexts is not None
        found: Tensor = self.contexts(batch.contexts, generator)
        return found

    def scores(self, batch: WordTensors, lengths: Tensor, *, seen: Tensor) -> list[Tensor]:
        """For each column the scores of its labels (B, T, K), probabilities smoothed as those beside them are."""
        found = super().scores(batch, lengths, seen=seen)
        share = self.config.label_smoothing
        return [one if self.crf(k) is not None else smoothed(one, share) for k, one in enumerate(found)]


class TaggerNetwork(nn.Module):
    """Scores of the labels of every column at every step: x = words, h = stack(x), y_t = softmax(V h_t + b).

    With several members, as many such networks read the same words side by side, and with contexts a log-linear one
    beside them. They share no weight, each learns by itself; the distributions of the members are averaged.

    Args:
        config: all sizes. allowed: for each column that has a CRF, which labels may begin a sentence, follow one
            another, and end it; None for the others. seen: (words,), how often each word was met in training.
        precision: number format of the products of the stack.
    """

    def __init__(
        self,
        config: TaggerConfig,
        *,
        labels: tuple[int, ...],
        allowed: tuple[Allowed | None, ...],
        seen: Tensor,
        precision: str = "fp32",
    ) -> None:
        super().__init__()
        self.config = config
        compute = COMPUTE[precision]
        self.members = nn.ModuleList(
            Member(config, read, labels=labels, allowed=allowed, compute=compute) for read in config.embeddings
        )
        self.log_linear: LogLinear | None = None
        if config.context_head is not None and config.contexts_known is not None:
            self.log_linear = LogLinear(
                config.head, config.context_head, rows=config.contexts_known, labels=labels, allowed=allowed
            )
        self.seen: Tensor
        self.register_buffer("seen", seen, persistent=False)

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights of which a batch touches few rows, whose gradients are sparse."""
        tables = [table for member in self._members() for table in member.embedding.tables]
        return (*tables, *([] if self.log_linear is None else [self.log_linear.contexts.E]))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self._members()[0].heads[0].V.device  # type: ignore[return-value]

    def compute_in(self, precision: str) -> None:
        """Make the products in another number format from now on; the weights stay."""
        for member in self._members():
            member.stack.compute = COMPUTE[precision]
            if hasattr(member.embedding, "reader"):
                member.embedding.reader.compute = COMPUTE[precision]

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights anew."""
        initialize(self, generator)

    def emissions(self, batch: WordTensors, lengths: Tensor) -> list[Tensor]:
        """For each column the scores of its labels, (M, B, T, K): ln of the mean p of a softmax, and of the p of
        contexts where they are read; or as the CRF of each member has them, then that of contexts."""
        members = len(self.members)
        found = zip(*(scorer.scores(batch, lengths, seen=self.seen) for scorer in self._scorers()), strict=True)
        has_crf = [self._members()[0].crf(k) is not None for k in range(len(self._members()[0].heads))]
        return [
            torch.stack(some if linear else [_log_mean(some[:members]), *some[members:]])
            for some, linear in zip(map(list, found), has_crf, strict=True)
        ]

    def scores(self, batch: WordTensors, lengths: Tensor, columns: Sequence[int]) -> list[Tensor]:
        """For each of these columns what is greatest for the likeliest label of each step by itself, (B, T, K);
        contexts are not heeded."""
        if len(self.members) > 1:
            found = self.emissions(batch, lengths)
            return [found[k][0] for k in columns]
        (member,) = self._members()
        h = member.states(batch, lengths, seen=self.seen)
        return [member.heads[k](h) for k in columns]

    def transitions(self, column: int) -> list[tuple[Tensor, ...]]:
        """Scores of the labels that begin, follow one another, and end, of the CRF of each member; none without."""
        return [crf.transitions() for scorer in self._scorers() if (crf := scorer.crf(column)) is not None]

    def loss(
        self, batch: WordTensors, labels: Tensor, *, lengths: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, int]:
        """Nats of the labels (columns, B, T) in training, the mean of the members, and the number of tokens; all
        columns but the first are weighted."""
        draws, smoothing = generators(generator, len(self._scorers())), self.config.head.label_smoothing
        parts = [
            partial(
                scorer.nats, batch, labels, lengths=lengths, seen=self.seen, generator=own,
                smoothing=smoothing if isinstance(scorer, Member) else 0.0,
            )
            for scorer, own in zip(self._scorers(), draws, strict=True)
        ]  # fmt: skip
        members, rest = parts[: len(self.members)], parts[len(self.members) :]
        found = side_by_side(members) if lengths.is_cpu else [part() for part in members]
        return _mean([*found, *(part() for part in rest)]), int(lengths.sum())

    def _members(self) -> list[Member]:
        return [cast(Member, member) for member in self.members]

    def _scorers(self) -> list[Scorer]:
        """All whose distributions are averaged."""
        return [*self._members(), *([] if self.log_linear is None else [self.log_linear])]


def generators(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """One for each of several members, drawn from one; of one member it is that one."""
    if count == 1:
        return [generator]
    seeds = torch.randint(1 << 62, (count,), generator=generator, device=generator.device).tolist()
    return [torch.Generator(generator.device).manual_seed(seed) for seed in seeds]


def smoothed(logs: Tensor, share: float) -> Tensor:
    """ln p (…, K) with a share of each probability spread over all labels."""
    return logs if share == 0 else torch.log((1 - share) * logs.exp() + share / logs.shape[-1])


def _mean(parts: list[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.stack(parts).mean(dim=0)


def _log_mean(logs: list[Tensor]) -> Tensor:
    """ln of the mean of probabilities whose logarithms are given."""
    return logs[0] if len(logs) == 1 else torch.logsumexp(torch.stack(logs), dim=0) - math.log(len(logs))
