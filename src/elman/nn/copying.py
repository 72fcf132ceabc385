"""Copying: a distribution over symbols that is partly the softmax's, partly what attention looks at in the source.

Knows tensors. Symbols from N on are words of the source that the vocabulary lacks, numbered anew in each row; what
stands at padding does not matter, for nothing looks at it. Used by the networks of `models`.
"""

import torch
from torch import Tensor, nn


class Copying(nn.Module):
    """p(w) = g softmax(w) + (1 - g) (sum of alpha over the places that stand for w), with g = sigmoid(w · v + b), but 1
    where nothing is looked at.

    Args:
        symbols: N. width: of the vectors v: decoder state, context and what the decoder read.
    Source: See, Liu & Manning 2017, Get to the point, equations 8 and 9.
    """

    def __init__(self, symbols: int, width: int) -> None:
        super().__init__()
        self.symbols = symbols
        self.w = nn.Parameter(torch.zeros(width))
        self.b = nn.Parameter(torch.zeros(1))

    def nats(self, nats: Tensor, gold: Tensor, *, vectors: Tensor, alpha: Tensor, copies: Tensor) -> Tensor:
        """-ln p of the gold symbols, (M,), some of which may be N or above.

        Args:
            nats: (M,), -ln p of them by the softmax; of any symbol where gold is not one of its own. vectors: (M, D).
            alpha, copies: (M, S), how much each place is looked at, and the symbol that it stands for.
        """
        written, copied = self._shares(vectors, alpha)
        looked = (alpha * (copies == gold[:, None])).sum(dim=1)  # (M,)
        looked = looked.clamp(min=torch.finfo(alpha.dtype).tiny)  # so that its logarithm and gradient are finite
        own = torch.where(gold < self.symbols, written - nats, -torch.inf)
        return -torch.logaddexp(own, copied + looked.log())

    def log_probabilities(self, logs: Tensor, *, vectors: Tensor, alpha: Tensor, copies: Tensor, extra: int) -> Tensor:
        """ln p of every symbol, (M, N + extra), of what the softmax gives, (M, N); the rest as above, no gradients."""
        written, copied = self._shares(vectors, alpha)
        outside = logs.new_full((len(logs), extra), -torch.inf)
        found = torch.cat([logs + written[:, None], outside], dim=1)
        places = copies.clamp(min=0)  # nothing is looked at where there is padding
        looked = torch.zeros_like(found).scatter_add_(1, places, alpha).gather(1, places)  # (M, S)
        both = torch.logaddexp(found.gather(1, places), copied[:, None] + looked.log())
        return found.scatter_(1, places, both)  # places of one symbol write the same number

    def _shares(self, vectors: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
        """ln g and ln (1 - g), (M,) each."""
        s = vectors @ self.w + self.b  # (M,)
        written = torch.where(alpha.detach().sum(dim=1) > 0, nn.functional.logsigmoid(s), 0.0)
        return written, nn.functional.logsigmoid(-s)
