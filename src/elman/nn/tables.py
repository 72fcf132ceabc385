"""Rows of large tables and sums of them, whose gradients are sparse: a row that a batch has not met costs nothing.

Knows tables and numbers of rows as tensors. The gradient of a table has each row that was met once, in ascending order,
so that nothing is left to be put together and `training.optimizer` steps these rows and no other. Used by the modules
of `nn` that have such tables.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import embedding, embedding_bag

_DIGIT = 16
"""Bits by which numpy sorts in one pass over the keys."""


def table_rows(table: Tensor, ids: Tensor) -> Tensor:
    """The rows (…, D) of a table (R, D), for ids of any shape."""
    found: Tensor = _BagSums.apply(table, ids.flatten(), None, None)  # type: ignore[no-untyped-call]
    return found.view(*ids.shape, table.shape[1])


def bag_sums(table: Tensor, rows: Tensor, starts: Tensor, weights: Tensor) -> Tensor:
    """The weighted sum of the rows of each bag, (N, D), of a table (R, D).

    Args:
        rows: (m,), one bag after the other. starts: (N,), where those of each bag begin. weights: (m,), of which there
            is no gradient.
    """
    found: Tensor = _BagSums.apply(table, rows, starts, weights)  # type: ignore[no-untyped-call]
    return found


def put_rows(table: Tensor, rows: Tensor, values: Tensor) -> None:
    """Write values (R, D) into some rows, all of them different, of a table; no gradient follows it.

    numpy copies a row of a table as one piece, in a third of the time of `index_copy_`.
    """
    if not table.is_cpu:
        table.index_copy_(0, rows, values)
        return
    np.put(_pieces(table), rows.numpy(), _pieces(values.contiguous()))


def _pieces(table: Tensor) -> NDArray[Any]:
    """The rows of a table (R, D) as pieces of memory, (R,)."""
    array = table.detach().numpy()
    return array.view(np.dtype((np.void, array.itemsize * array.shape[1])))[:, 0]


def grouped(rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The distinct rows (R,), ascending; the places (m,) of all that are alike, one row after the other, each in the
    order of rows (m,); and where those of each row begin, (R,)."""
    order = _order(rows)
    like = rows[order]
    first = torch.ones(len(rows), dtype=torch.bool, device=rows.device)
    torch.ne(like[1:], like[:-1], out=first[1:])
    starts = first.nonzero()[:, 0]
    return like[starts], order, starts


def _order(rows: Tensor) -> Tensor:
    """A stable order of rows, none of them negative. On a CPU in linear time, 16 bits of all keys after the other."""
    if not rows.is_cpu:
        return torch.sort(rows, stable=True).indices
    keys = rows.numpy()
    order = np.argsort(keys.astype(np.uint16), kind="stable")
    rest = int(keys.max(initial=0)) >> _DIGIT
    passed = _DIGIT
    while rest:
        digits = (keys >> passed).astype(np.uint16)[order]
        order = order[np.argsort(digits, kind="stable")]
        passed, rest = passed + _DIGIT, rest >> _DIGIT
    return torch.from_numpy(order)


class _BagSums(torch.autograd.Function):
    """Sums over bags of rows, and backwards sums over those bags that have a row; without starts each row is a bag."""

    @staticmethod
    def forward(ctx: Any, table: Tensor, rows: Tensor, starts: Tensor | None, weights: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, starts, weights)
        ctx.shape = table.shape
        if starts is None:
            return embedding(rows, table)
        return embedding_bag(rows, table, starts, mode="sum", per_sample_weights=weights)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        rows, starts, weights = ctx.saved_tensors
        (d,) = gradients  # (N, D)
        distinct, order, firsts = grouped(rows)
        bags = order
        if starts is not None:
            sizes = torch.diff(starts, append=starts.new_tensor([len(rows)]))
            bags = torch.repeat_interleave(sizes, output_size=len(rows))[order]
        pulls = None if weights is None else weights[order]
        values = embedding_bag(bags, d.contiguous(), firsts, mode="sum", per_sample_weights=pulls)  # (R, D)
        found = torch.sparse_coo_tensor(distinct[None], values, ctx.shape, is_coalesced=True, check_invariants=False)
        return found, None, None, None
