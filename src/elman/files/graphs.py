"""An ONNX file, looked through before a runtime sees it: its operators, inputs and outputs, and nothing beside.

Knows the encoding (protocol buffers: a number for each field, then a number or so many bytes) and the few fields that
elman writes; any other one is refused, those that lead to further files among them. Knows no runtime. Used by `models`.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from os import PathLike

import numpy as np

from elman.errors import ModelFileError
from elman.files.opening import read_regular

LARGEST = (1 << 31) - 1
"""Bytes of such a file."""
MOST_NODES = 100_000
NUMBER, BYTES, FIXED = 0, 2, 5
"""How a field is written: as a number, as bytes, as four bytes."""
TYPES = {1: "float32", 3: "int8", 6: "int32", 7: "int64"}
Door = tuple[str, tuple[int | None, ...]]
"""Type and shape of an input or output; None where a size varies."""


@dataclass
class Contents:
    """What a file holds.

    Attributes:
        operators: domain and name of each. inputs, outputs: by name.
    """

    operators: set[tuple[str, str]] = field(default_factory=set)
    inputs: dict[str, Door] = field(default_factory=dict)
    outputs: dict[str, Door] = field(default_factory=dict)
    nodes: int = 0


def read_graph(path: str | PathLike[str], allowed: Collection[tuple[str, str]]) -> tuple[bytes, Contents]:
    """The bytes of an ONNX file that runs the allowed operators alone, and what it holds.

    Raises:
        ModelFileError: this is no such file, or it has an operator, a type or any field that elman does not write, or
            weights that are not finite.
    """
    content = read_regular(path, LARGEST)
    found = Contents()
    try:
        for number, _, value in _fields(memoryview(content), {1: NUMBER, 2: BYTES, 7: BYTES, 8: BYTES}):
            if number == 7:
                _graph(_bytes(value), found)
    except _FaultError as fault:
        raise ModelFileError(f"this is no graph of elman's: {fault}", where=str(path)) from None
    strange = sorted(found.operators - set(allowed))
    if strange:
        name = ".".join(filter(None, strange[0]))
        raise ModelFileError(f"the operator {name!r} is not one of elman's graphs", where=str(path))
    return content, found


class _FaultError(Exception):
    """What is wrong with the bytes."""


Value = int | memoryview


def _fields(data: memoryview, known: dict[int, int]) -> Iterator[tuple[int, int, Value]]:
    """Number, way of writing and value of each field of a message.

    Args:
        known: how each field that may stand here is written.
    """
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        number, way = key >> 3, key & 7
        if known.get(number) != way:
            raise _FaultError(f"an unknown field, number {number}")
        if way == NUMBER:
            value, place = _varint(data, place)
            yield number, way, value
            continue
        size, place = (4, place) if way == FIXED else _varint(data, place)
        if size > len(data) - place:
            raise _FaultError("it ends too early")
        yield number, way, data[place : place + size]
        place += size


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
    raise _FaultError("a number without end")


def _bytes(value: Value) -> memoryview:
    assert isinstance(value, memoryview)
    return value


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _text(value: Value) -> str:
    try:
        return str(_bytes(value), "utf-8")
    except UnicodeDecodeError:
        raise _FaultError("a name that is not UTF-8") from None


def _graph(data: memoryview, found: Contents, *, outer: bool = True) -> None:
    for number, _, value in _fields(data, {1: BYTES, 2: BYTES, 5: BYTES, 11: BYTES, 12: BYTES}):
        if number == 1:
            _node(_bytes(value), found, outer=outer)
        elif number == 5:
            _tensor(_bytes(value))
        elif number in (11, 12):
            name, door = _door(_bytes(value), shaped=outer)
            if outer:
                (found.inputs if number == 11 else found.outputs)[name] = door


def _node(data: memoryview, found: Contents, *, outer: bool) -> None:
    kind = domain = ""
    found.nodes += 1
    if found.nodes > MOST_NODES:
        raise _FaultError(f"more than {MOST_NODES:,} operators")
    for number, _, value in _fields(data, {1: BYTES, 2: BYTES, 4: BYTES, 5: BYTES, 7: BYTES}):
        if number == 4:
            kind = _text(value)
        elif number == 7:
            domain = _text(value)
        elif number == 5:
            _attribute(_bytes(value), found, outer=outer)
    found.operators.add((domain, kind))


def _attribute(data: memoryview, found: Contents, *, outer: bool) -> None:
    known = {1: BYTES, 2: FIXED, 3: NUMBER, 4: BYTES, 6: BYTES, 7: FIXED, 8: NUMBER, 20: NUMBER}
    for number, _, value in _fields(data, known):
        if number == 6:
            if not outer:
                raise _FaultError("a graph inside a graph inside a graph")
            _graph(_bytes(value), found, outer=False)


def _tensor(data: memoryview) -> None:
    """Hold weights to their type and shape, and to being finite."""
    dims: list[int] = []
    dtype, raw = "", memoryview(b"")
    for number, _, value in _fields(data, {1: NUMBER, 2: NUMBER, 8: BYTES, 9: BYTES}):
        if number == 1:
            dims.append(_number(value))
        elif number == 2:
            dtype = _type(value)
        elif number == 9:
            raw = _bytes(value)
    if not dtype or len(dims) > 8 or math.prod(dims) * np.dtype(dtype).itemsize != len(raw):
        raise _FaultError("weights that are not as many as their shape says")
    if dtype == "float32" and len(raw):
        array = np.frombuffer(raw, dtype="<f4")
        if not np.isfinite([array.min(), array.max()]).all():
            raise _FaultError("a weight that is not finite")


def _door(data: memoryview, *, shaped: bool) -> tuple[str, Door]:
    name, found = "", ("", ())
    for number, _, value in _fields(data, {1: BYTES, 2: BYTES}):
        if number == 1:
            name = _text(value)
        else:
            for _, _, tensor in _fields(_bytes(value), {1: BYTES}):
                found = _shaped(_bytes(tensor))  # type: ignore[assignment]
    if shaped and not found[0]:
        raise _FaultError(f"no type for {name!r}")
    return name, found


def _shaped(data: memoryview) -> Door:
    dtype, sizes = "", []
    for number, _, value in _fields(data, {1: NUMBER, 2: BYTES}):
        if number == 1:
            dtype = _type(value)
            continue
        for _, _, dim in _fields(_bytes(value), {1: BYTES}):
            size: int | None = None
            for which, _, told in _fields(_bytes(dim), {1: NUMBER, 2: BYTES}):
                size = _number(told) if which == 1 else None
            sizes.append(size)
    return dtype, tuple(sizes)


def _type(value: Value) -> str:
    found = TYPES.get(_number(value))
    if found is None:
        raise _FaultError(f"numbers of type {value}")
    return found
