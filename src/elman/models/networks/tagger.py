"""The network of a tagger: words, recurrent stack, a head for each column of labels.

Knows the modules of `nn` and tensors; knows no file and no text. Built by `models`, trained by `training`.
"""

from typing import cast

import torch
from torch import Tensor, nn

from elman.models.config import TaggerConfig
from elman.models.networks.language_model import COMPUTE
from elman.nn.crf import CRF
from elman.nn.dropout import locked_dropout
from elman.nn.init import initialize
from elman.nn.labels import LabelHead
from elman.nn.stack import Stack
from elman.nn.words import WordEmbedding, WordTensors

Allowed = tuple[Tensor, Tensor, Tensor]


class TaggerNetwork(nn.Module):
    """Scores of the labels of every column at every step: x = words, h = stack(x), y_t = softmax(V h_t + b).

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
        self.embedding = WordEmbedding(
            config.embedding, words=config.words_known, characters=config.characters_known,
            rows=1 << config.words.hash_bits, compute=compute,
        )  # fmt: skip
        self.stack = Stack(config.embedding.width, config.stack, compute=compute)
        width = config.stack.hidden * self.stack.directions
        self.heads = nn.ModuleList(LabelHead(count, width) for count in labels)
        self.crfs = nn.ModuleDict(
            {str(k): CRF(labels[k], allowed=some) for k, some in enumerate(allowed) if some is not None}
        )
        self.seen: Tensor
        self.register_buffer("seen", seen, persistent=False)

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights of which a batch touches few rows, whose gradients are sparse."""
        return self.embedding.tables

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.heads[0].V.device  # type: ignore[return-value]

    def crf(self, column: int) -> CRF | None:
        """The CRF of a column; None where it has a softmax alone."""
        return cast(CRF, self.crfs[str(column)]) if str(column) in self.crfs else None

    def compute_in(self, precision: str) -> None:
        """Make the products in another number format from now on; the weights stay."""
        self.stack.compute = COMPUTE[precision]
        if hasattr(self.embedding, "reader"):
            self.embedding.reader.compute = COMPUTE[precision]

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights anew."""
        initialize(self, generator)

    def states(self, batch: WordTensors, lengths: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """The states that the heads read, (B, T, D)."""
        x = self.embedding(batch, self.seen, generator)
        h, _ = self.stack(x, None, lengths, generator)
        return locked_dropout(h, self.config.head.output_dropout, generator)

    def emissions(self, batch: WordTensors, lengths: Tensor) -> list[Tensor]:
        """For each column the scores of its labels, (B, T, K): ln p of a softmax, else as the CRF has them."""
        h = self.states(batch, lengths)
        found = [head(h) for head in self.heads]
        return [torch.log_softmax(e, dim=2) if self.crf(k) is None else e for k, e in enumerate(found)]

    def loss(
        self, batch: WordTensors, labels: Tensor, *, lengths: Tensor, generator: torch.Generator
    ) -> tuple[Tensor, int]:
        """Nats of the labels (columns, B, T) in training and the number of tokens; all columns but the first are
        weighted."""
        h = self.states(batch, lengths, generator)  # (B, T, D)
        real = torch.arange(h.shape[1], device=h.device) < lengths[:, None]  # (B, T)
        flat = h[real]
        total = h.new_zeros(())
        for k, head in enumerate(self.heads):
            crf = self.crf(k)
            if crf is not None:
                nats, _ = crf.loss(head(h), labels[k].clamp(min=0), lengths)
            else:
                smoothing = self.config.head.label_smoothing
                nats, _ = cast(LabelHead, head).loss(flat, labels[k][real], smoothing=smoothing)
            total = total + nats * (self.config.head.auxiliary_weight if k else 1.0)
        return total, int(real.sum())
