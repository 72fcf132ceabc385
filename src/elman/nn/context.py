"""What stands around a word as a vector: the path from words near it to its labels, past the recurrent stack.

Knows rows of a table and tensors; what stands around a word is told by `text.context`. The table has sparse gradients:
`training.optimizer` steps only the rows that a batch has met. Used by the network of taggers.
"""

import torch
from torch import Tensor, nn

from elman.nn.config import ContextHeadConfig
from elman.nn.dropout import kept
from elman.nn.tables import bag_sums

NO_ROW = 0
"""The row of what is not known: it adds nothing."""


class ContextVectors(nn.Module):
    """v_t = the sum of E over what stands around w_t. A head on it is log-linear in contexts: no order of words is read
    beyond them, and no two of them together.

    Args:
        rows: of the table E, that of nothing included.
    Source: Ratnaparkhi 1996, A maximum entropy model for part-of-speech tagging, but for the labels before; E is of low
        rank, as in Joulin et al. 2017.
    """

    def __init__(self, config: ContextHeadConfig, *, rows: int) -> None:
        super().__init__()
        self.dropout = config.context_dropout
        self.E = nn.Parameter(torch.zeros(rows, config.context_width))

    def forward(self, contexts: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Vectors (B, T, D) of rows (B, T, F); with a generator, some are dropped."""
        known = contexts != NO_ROW  # (B, T, F)
        sizes = known.flatten(0, 1).sum(dim=1)  # (B T,)
        rows = contexts[known]  # (m,)
        weights = kept((len(rows),), self.dropout, like=self.E, generator=generator)
        sums = bag_sums(self.E, rows, sizes.cumsum(0) - sizes, weights)
        return sums.view(*contexts.shape[:2], -1)  # (B, T, D)
