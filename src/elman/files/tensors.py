"""Arrays by name in a safetensors file: written one after the other, as the library has them; read under limits.

Knows the format (8 bytes that hold the header's length, a JSON header, the data); knows no network. Used by `models`.
"""

import json
import math
import os
from collections.abc import Mapping
from io import BufferedReader
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.files.documents import parse_json
from elman.files.opening import open_regular
from elman.files.replace import aside_of

LONGEST_HEADER = 1 << 20
"""Bytes of a header: room for some ten thousand tensors, and no more memory than that for a hostile one."""
TYPES = {
    "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "F32": "float32", "F64": "float64",
}  # fmt: skip
SIZES = {name: np.dtype(name).itemsize for name in TYPES.values()}
NAMES = {ours: theirs for theirs, ours in TYPES.items()}
RANKS = {name: rank for rank, name in enumerate(
    ("uint8", "int8", "int16", "uint16", "float16", "int32", "uint32", "float32", "float64", "int64", "uint64")
)}  # fmt: skip
"""The library writes the arrays of the types behind before those of the types in front, so that all are aligned."""
Shapes = dict[str, tuple[str, tuple[int, ...]]]


def save_tensors(path: str | PathLike[str], tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name, whole or not at all: the bytes of the library, which would hold all of them in memory.

    Raises:
        ElmanError: the file cannot be written.
    """
    names = sorted(tensors, key=lambda name: (-RANKS[tensors[name].dtype.name], name))
    header: dict[str, Any] = {}
    end = 0
    for name in names:
        array = tensors[name]
        begin, end = end, end + array.nbytes
        header[name] = {"dtype": NAMES[array.dtype.name], "shape": list(array.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with aside_of(path) as aside, aside.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in names:
            flat = np.ascontiguousarray(tensors[name]).reshape(-1)
            file.write(flat.astype(flat.dtype.newbyteorder("<"), copy=False).view(np.uint8).data)


def read_shapes(path: str | PathLike[str]) -> Shapes:
    """Type and shape of each tensor of a file, from its header alone.

    Raises:
        ModelFileError: the file is not a safetensors file, or its header does not fit its size.
    """
    with open_regular(path) as file:
        header, _ = _read_header(file, str(path))
    return {name: (dtype, shape) for name, (dtype, shape, _) in header.items()}


def hold_shapes(path: str | PathLike[str], expected: Mapping[str, tuple[str, tuple[int, ...]]]) -> int:
    """Hold the header of a file to the tensors that are expected; returns how many bytes the file may have.

    Raises:
        ModelFileError: as `load_tensors`, but for the values.
    """
    with open_regular(path) as file:
        header, _ = _read_header(file, str(path))
    _compare(header, expected, where=str(path))
    return 8 + LONGEST_HEADER + sum(_bytes(*entry) for entry in expected.values())


def load_tensors(
    path: str | PathLike[str], expected: Mapping[str, tuple[str, tuple[int, ...]]]
) -> dict[str, NDArray[Any]]:
    """The arrays of a file, which has exactly those that are expected.

    Read here and not by the library, which follows links, takes headers of 100 MB and leaves arrays read-only.

    Args:
        expected: name to (type as numpy names it, shape).
    Raises:
        ModelFileError: the file is not a safetensors file; a tensor is missing, unknown, of another type or shape, or
            has a value that is not finite.
    """
    with open_regular(path) as file:
        header, begin = _read_header(file, str(path))
        _compare(header, expected, where=str(path))
        return {name: _read_array(file, header[name], begin=begin, where=f"{path}: {name}") for name in expected}


_Entry = tuple[str, tuple[int, ...], int]
"""Type, shape, and where the data begin, counted from the end of the header."""


def _read_header(file: BufferedReader, where: str) -> tuple[dict[str, _Entry], int]:
    """The entries, which fill the file without gap or overlap, and the place where the data begin."""
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(_read(file, 8, where), "little")
    if length > LONGEST_HEADER or 8 + length > size:
        raise ModelFileError(
            f"a header of {length:,} bytes in a file of {size:,}; at most {LONGEST_HEADER:,} are read", where=where
        )
    document = parse_json(_read(file, length, where), where=where)
    if not isinstance(document, dict):
        raise ModelFileError("the header is not an object", where=where)
    entries = {name: _entry(name, entry, where) for name, entry in document.items() if name != "__metadata__"}
    end = 0
    for name, (dtype, shape, begin) in sorted(entries.items(), key=lambda item: (item[1][2], _bytes(*item[1][:2]))):
        if begin != end:
            raise ModelFileError(f"{name} begins at byte {begin:,} of the data, not at {end:,}", where=where)
        end += _bytes(dtype, shape)
    if 8 + length + end != size:
        raise ModelFileError(f"the header tells of {end:,} bytes of data, there are {size - 8 - length:,}", where=where)
    return entries, 8 + length


def _entry(name: str, entry: Any, where: str) -> _Entry:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise ModelFileError(f"the header's entry of {name!r} has not just dtype, shape and data_offsets", where=where)
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in TYPES:
        raise ModelFileError(f"{name!r} is of type {dtype!r}, which is not read", where=where)
    if not _are_counts(shape) or not _are_counts(offsets) or len(offsets) != 2 or len(shape) > 8:
        raise ModelFileError(f"shape or place of {name!r} are not whole numbers from 0", where=where)
    found = (TYPES[dtype], tuple(shape))
    if offsets[1] - offsets[0] != _bytes(*found):
        raise ModelFileError(f"{name!r} has {offsets[1] - offsets[0]:,} bytes, not {_bytes(*found):,}", where=where)
    return (*found, offsets[0])


def _are_counts(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int and 0 <= value < 1 << 62 for value in values)


def _bytes(dtype: str, shape: tuple[int, ...]) -> int:
    return math.prod(shape) * SIZES[dtype]


def _compare(header: Mapping[str, _Entry], expected: Mapping[str, tuple[str, tuple[int, ...]]], *, where: str) -> None:
    for name in expected:
        if name not in header:
            raise ModelFileError(f"the tensor {name} is missing", where=where)
    for name, (dtype, shape, _) in header.items():
        if name not in expected:
            raise ModelFileError(f"the tensor {name!r} is not one of this model", where=where)
        wanted_type, wanted_shape = expected[name]
        if (dtype, shape) != (wanted_type, tuple(wanted_shape)):
            raise ModelFileError(
                f"the tensor {name} is {dtype} {shape}, wanted {wanted_type} {tuple(wanted_shape)}", where=where
            )


def _read_array(file: BufferedReader, entry: _Entry, *, begin: int, where: str) -> NDArray[Any]:
    dtype, shape, offset = entry
    stored = np.empty(shape, dtype=np.dtype(dtype).newbyteorder("<"))
    file.seek(begin + offset)
    view = stored.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])
        if not count:
            raise ModelFileError("the file ends before its data", where=where)
        done += count
    array = stored.astype(dtype, copy=False)
    if array.dtype.kind == "f" and array.size and not np.isfinite([array.min(), array.max()]).all():
        raise ModelFileError("a value is not finite", where=where)
    return array


def _read(file: BufferedReader, count: int, where: str) -> bytes:
    content = file.read(count)
    if len(content) != count:
        raise ModelFileError("the file ends before its header", where=where)
    return content
