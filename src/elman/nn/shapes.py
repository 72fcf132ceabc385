"""Shapes of which there are few: torch's kernels on a CPU, of an LSTM and in bf16 of products, are compiled for each
shape that they meet.

A compilation takes as long as the product of a thousand rows, and the last thousand of them are kept. Where the number
of rows is another one in every batch, rows of zeros are added up to the next of few sizes. Used by the products and the
words of `nn`.
"""

import torch
from torch import Tensor

FINEST = 32
"""Sizes are multiples of it, and of a sixteenth of the power of two below them."""


def next_size(rows: int) -> int:
    """The least of the sizes that holds so many rows; 0 stays 0."""
    step = max(FINEST, 1 << max(0, rows.bit_length() - 5))
    return -(-rows // step) * step


def with_more_rows(x: Tensor, compute: torch.dtype) -> Tensor:
    """x (M, D) in the number format of products, with rows of zeros below it where their kernels are compiled."""
    added = next_size(len(x)) - len(x) if compute == torch.bfloat16 and x.is_cpu else 0
    return torch.nn.functional.pad(x.to(compute), (0, 0, 0, added)) if added else x.to(compute)
