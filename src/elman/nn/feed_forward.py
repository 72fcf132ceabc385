"""Layers without recurrence between a vector and the head that reads it: h = max(0, W x + b), one on the other.

Knows tensors. Used by the networks of `models`.
"""

import torch
from torch import Tensor, nn

from elman.nn.dropout import keep_mask


class FeedForward(nn.Module):
    """`layers` layers of `hidden` units; none leave a vector as it is, of its own width.

    Args:
        width: D of what is read. dropout: share of the inputs of each layer, and of what comes out, that is dropped.
    """

    def __init__(self, width: int, *, layers: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        widths = [width, *[hidden] * layers]
        self.width = widths[-1]
        self.W = nn.ParameterList(torch.zeros(hidden, D) for D in widths[:-1])
        self.b = nn.ParameterList(torch.zeros(hidden) for _ in widths[:-1])

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Vectors (B, hidden) of vectors (B, D); with a generator, numbers are dropped."""
        x = self._dropped(x, generator)
        for W, b in zip(self.W, self.b, strict=True):
            x = self._dropped(torch.relu(nn.functional.linear(x, W, b)), generator)  # (B, hidden)
        return x

    def _dropped(self, x: Tensor, generator: torch.Generator | None) -> Tensor:
        if generator is None or self.dropout == 0:
            return x
        return x * keep_mask(tuple(x.shape), self.dropout, like=x, generator=generator)
