"""Tables and matrices in few bytes: rows that are zero left out, the others in eight bits with a scale each.

Knows arrays; knows no network. Used by `models.folder` to store, and by `models.fitting` so that a model in memory is
the one that will be loaded.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError

LARGEST_SCALE = float(np.finfo(np.float32).max) / 128
"""Of a row in eight bits: with more, its largest value would be none."""
FREE, SHARE = 1 << 26, 32
"""Bytes that the tables of a folder may take in memory whatever is stored of them, and beyond that for each stored."""


def least_rows(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, int]:
    """How many rows of each table (R, D) have to be stored, so that no small file asks for much memory."""
    if sum(4 * math.prod(shape) for shape in shapes.values()) <= FREE:
        return dict.fromkeys(shapes, 0)
    return {name: -(-4 * math.prod(shape) // (SHARE * (shape[1] + 8))) for name, shape in shapes.items()}


def pack(table: NDArray[np.float32], *, name: str, least: int = 0) -> dict[str, NDArray[np.generic]]:
    """A table (R, D) as tensors `NAME.rows` (int32), `NAME.scales` (float32) and `NAME.values` (int8, rows x D).

    A row is scale times values, the largest of which is 127 or -127; rows of zeros are left out, but at least so many
    rows are there: zeros as 0 times 1, so that no file system takes them for a hole.
    """
    largest = np.abs(table).max(axis=1)
    rows = np.flatnonzero(largest > 0)
    zeros = np.flatnonzero(largest == 0)[: max(0, least - len(rows))]
    rows = np.sort(np.concatenate([rows, zeros]))
    scales = (largest[rows] / 127).astype(np.float32)
    values = np.rint(table[rows] / np.maximum(scales, np.finfo(np.float32).tiny)[:, None]).clip(-127, 127)
    values[scales == 0] = 1
    return {
        f"{name}.rows": rows.astype(np.int32),
        f"{name}.scales": scales,
        f"{name}.values": values.astype(np.int8),
    }


def packed_shapes(
    found: Mapping[str, tuple[str, tuple[int, ...]]], *, name: str, shape: tuple[int, ...], least: int = 0
) -> dict[str, tuple[str, tuple[int, ...]]]:
    """The types and shapes that a packed table of the given shape has in a file, with as many rows as the file says.

    Raises:
        ModelFileError: the file has more rows than the table, or fewer than `least_rows` wants of it.
    """
    count = found.get(f"{name}.rows", ("int32", (0,)))[1]
    kept = count[0] if len(count) == 1 else -1
    if not 0 <= kept <= shape[0]:
        raise ModelFileError(f"{name} has {kept} rows where the table has {shape[0]}", where="weights.safetensors")
    if kept < least:
        what = f"{name} has {kept:,} rows of {shape[0]:,}; of tables as large as these at least {least:,} are stored"
        raise ModelFileError(what, where="weights.safetensors")
    return {
        f"{name}.rows": ("int32", (kept,)),
        f"{name}.scales": ("float32", (kept,)),
        f"{name}.values": ("int8", (kept, *shape[1:])),
    }


def unpack(
    tensors: Mapping[str, NDArray[np.generic]], *, name: str, shape: tuple[int, ...], where: str
) -> NDArray[np.float32]:
    """The table (R, D) whose `pack` is given.

    Raises:
        ModelFileError: the rows are not in rising order, or not all inside the table, or a value is not finite.
    """
    rows = np.asarray(tensors[f"{name}.rows"], dtype=np.int64)
    if len(rows) and (rows[0] < 0 or rows[-1] >= shape[0] or (np.diff(rows) <= 0).any()):
        raise ModelFileError(f"the rows of {name} are not in order or outside the table", where=where)
    scales = np.asarray(tensors[f"{name}.scales"], dtype=np.float32)
    if len(scales) and np.abs(scales).max() > LARGEST_SCALE:
        raise ModelFileError(f"a scale of {name} is so large that values are not finite", where=where)
    table = np.zeros(shape, dtype=np.float32)
    table[rows] = np.asarray(tensors[f"{name}.values"], dtype=np.float32) * scales[:, None]
    return table


def rounded(table: NDArray[np.float32]) -> NDArray[np.float32]:
    """The table as it will be after packing and unpacking; rounding twice changes nothing more."""
    return unpack(pack(table, name="t"), name="t", shape=table.shape, where="")
