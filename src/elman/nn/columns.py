"""Matrices as one step of generation wants them: stored column by column.

Knows tensors; values and shapes stay, so that equations read the same. Used by `nn.stack` and `nn.softmax` to prepare
their steps.
"""

import torch
from torch import Tensor


@torch.no_grad()
def by_columns(matrix: Tensor) -> Tensor:
    """A copy of a matrix (N, D) whose columns lie one behind the other in memory, cut off from its gradients.

    `x @ matrix.T` for a few rows x is no work but reading the matrix, and a vector times rows that lie side by side is
    read at a quarter of the speed: 2.2 ms against 0.55 for 10,000 x 512. Never slower for up to 16 rows; docs/log.md.
    """
    return matrix.detach().T.clone(memory_format=torch.contiguous_format).T
