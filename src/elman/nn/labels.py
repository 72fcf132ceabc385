"""The output layer of a tagger: a distribution over labels at every step, y_t = softmax(V h_t + b).

Knows states and labels as tensors; whole sequences of labels are scored in `nn.crf`. Used by the networks of `models`.
"""

import torch
from torch import Tensor, nn

from elman.nn.softmax import product

MANY = 256
"""So many labels take as long as a recurrent layer."""
IGNORED = -1
"""The label of a step that no loss counts: padding, and labels that the label set has not."""


class LabelHead(nn.Module):
    """Scores of K labels from states of width D."""

    def __init__(self, labels: int, width: int) -> None:
        super().__init__()
        self.V = nn.Parameter(torch.zeros(labels, width))
        self.b = nn.Parameter(torch.zeros(labels))

    def forward(self, h: Tensor) -> Tensor:
        """Scores before the softmax, (..., K), of states (..., D)."""
        return nn.functional.linear(h, self.V, self.b)

    def loss(
        self, h: Tensor, labels: Tensor, *, smoothing: float = 0.0, compute: torch.dtype = torch.float32
    ) -> tuple[Tensor, int]:
        """Sum of -ln p of the labels (M,) of states (M, D), and how many were counted; labels of -1 are not.

        Args:
            smoothing: share of a label's probability that is spread over all labels (Szegedy et al. 2016). compute:
                number format of the products where labels are many.
        """
        scores = self(h) if len(self.b) < MANY else product(h, self.V, self.b, compute=compute)  # (M, K)
        nats = nn.functional.cross_entropy(
            scores, labels, ignore_index=IGNORED, reduction="sum", label_smoothing=smoothing
        )
        return nats, int((labels != IGNORED).sum())
