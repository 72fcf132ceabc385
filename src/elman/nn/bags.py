"""Scores of labels straight from the n-grams of a text: what fastText is, as a path past the recurrent stack.

Knows rows of a table and tensors; which n-grams a text has is told by `text.bags`. The table has sparse gradients:
`training.optimizer` steps only the rows that a batch has met. Used by the networks of `models`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.nn.config import TextBagConfig
from elman.nn.dropout import kept
from elman.nn.tables import bag_sums


class BagTensors(NamedTuple):
    """The n-grams of B texts, two bags of each.

    Args:
        rows: (m,), of the table, one bag after the other. starts: (2 B,), where those of each bag begin. sizes: (2 B,),
            how many n-grams each has, those that have no row counted too.
    """

    rows: Tensor
    starts: Tensor
    sizes: Tensor


class TextBag(nn.Module):
    """s = V (e_1 + e_2), or without V where E is as wide as s; e is the sum of E over a bag, over the root of its size.

    Args:
        labels: K, the length of s. rows: of the table E.
    Source: Joulin et al. 2017, Bag of tricks for efficient text classification; theirs is
            the mean over one bag of everything, which takes rates a hundred times as high to be learnt.
    """

    def __init__(self, labels: int, config: TextBagConfig, *, rows: int) -> None:
        super().__init__()
        self.dropout = config.bag_dropout
        self.E = nn.Parameter(torch.zeros(rows, config.bag_width or labels))
        if config.bag_width:
            self.V = nn.Parameter(torch.zeros(labels, config.bag_width))

    def forward(self, bags: BagTensors, generator: torch.Generator | None = None) -> Tensor:
        """Scores (B, K); with a generator, n-grams are dropped."""
        weights = kept((len(bags.rows),), self.dropout, like=self.E, generator=generator)  # (m,)
        sums = bag_sums(self.E, bags.rows, bags.starts, weights)  # (2 B, D)
        scaled = sums * bags.sizes.clamp(min=1)[:, None].to(sums.dtype).rsqrt()  # (2 B, D)
        s = scaled[0::2] + scaled[1::2]  # (B, D)
        return s @ self.V.T if hasattr(self, "V") else s
