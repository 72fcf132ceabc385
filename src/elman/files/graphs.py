"""An ONNX file, looked through before a runtime sees it: its operators, inputs and outputs, and nothing beside.

Knows the encoding (protocol buffers: a number for each field, then a number or so many bytes) and the few fields that
elman writes; any other one is refused, those that lead to further files among them. Knows no runtime. Used by `models`;
how large a graph gets when it runs is told by `graph_sizes`.
"""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.files.graph_sizes import Fault, Node, Tensor, hold_sizes
from elman.files.opening import read_regular

LARGEST = (1 << 31) - 1
"""Bytes of such a file."""
MOST_NODES = 100_000
MOST_NUMBERS = 1024
"""Of a constant of whole numbers that may say how large something is."""
NUMBER, BYTES, FIXED = 0, 2, 5
"""How a field is written: as a number, as bytes, as four bytes."""
TYPES = {1: "float32", 3: "int8", 6: "int32", 7: "int64"}
Door = tuple[str, tuple[int | None, ...]]
"""Type and shape of an input or output; None where a size varies."""


@dataclass
class Contents:
    """What a file holds.

    Attributes:
        operators: domain and name of each. inputs, outputs: by name. nodes: the operators as they are joined, those
            inside another one with it; weights: what is constant; count: of all operators.
    """

    operators: set[tuple[str, str]] = field(default_factory=set)
    inputs: dict[str, Door] = field(default_factory=dict)
    outputs: dict[str, Door] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    weights: dict[str, Tensor] = field(default_factory=dict)
    count: int = 0


def read_graph(path: str | PathLike[str], allowed: Collection[tuple[str, str]]) -> tuple[bytes, Contents]:
    """The bytes of an ONNX file that runs the allowed operators alone, and what it holds.

    Raises:
        ModelFileError: this is no such file, or it has an operator, a type or any field that elman does not write, or
            weights that are not finite, or it would make far more of these and of its inputs than elman's graphs do.
    """
    content = read_regular(path, LARGEST)
    found = Contents()
    try:
        for number, _, value in _fields(memoryview(content), {1: NUMBER, 2: BYTES, 7: BYTES, 8: BYTES}):
            if number == 7:
                _graph(_bytes(value), found)
        strange = sorted(found.operators - set(allowed))
        if strange:
            raise Fault(f"the operator {'.'.join(filter(None, strange[0]))!r} is not one of them")
        hold_sizes(found.nodes, inputs={name: shape for name, (_, shape) in found.inputs.items()},
                   outputs=list(found.outputs), weights=found.weights)  # fmt: skip
    except Fault as fault:
        raise ModelFileError(f"this is no graph of elman's: {fault}", where=str(path)) from None
    return content, found


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
            raise Fault(f"an unknown field, number {number}")
        if way == NUMBER:
            value, place = _varint(data, place)
            yield number, way, value
            continue
        size, place = (4, place) if way == FIXED else _varint(data, place)
        if size > len(data) - place:
            raise Fault("it ends too early")
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
    raise Fault("a number without end")


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
        raise Fault("a name that is not UTF-8") from None


def _graph(data: memoryview, found: Contents, *, outer: bool = True) -> None:
    for number, _, value in _fields(data, {1: BYTES, 2: BYTES, 5: BYTES, 11: BYTES, 12: BYTES}):
        if number == 1:
            found.nodes.append(_node(_bytes(value), found, outer=outer))
        elif number == 5:
            name, tensor = _tensor(_bytes(value))
            found.weights[name] = tensor
        elif number in (11, 12):
            name, door = _door(_bytes(value), shaped=outer)
            (found.inputs if number == 11 else found.outputs)[name] = door


def _node(data: memoryview, found: Contents, *, outer: bool) -> Node:
    kind = domain = ""
    inputs, outputs, numbers = [], [], {}
    body: Contents | None = None
    found.count += 1
    if found.count > MOST_NODES:
        raise Fault(f"more than {MOST_NODES:,} operators")
    for number, _, value in _fields(data, {1: BYTES, 2: BYTES, 4: BYTES, 5: BYTES, 7: BYTES}):
        if number == 1:
            inputs.append(_text(value))
        elif number == 2:
            outputs.append(_text(value))
        elif number == 4:
            kind = _text(value)
        elif number == 7:
            domain = _text(value)
        else:
            name, some, inner = _attribute(_bytes(value), found, outer=outer)
            numbers[name], body = some, inner or body
    found.operators.add((domain, kind))
    if body is None:
        return Node(kind, inputs, outputs, numbers)
    return Node(kind, inputs, outputs, numbers, body.nodes, list(body.inputs), list(body.outputs))


def _attribute(data: memoryview, found: Contents, *, outer: bool) -> tuple[str, tuple[int, ...], Contents | None]:
    """The name of an attribute, its whole numbers, and the graph that it is, if it is one."""
    known = {1: BYTES, 2: FIXED, 3: NUMBER, 4: BYTES, 6: BYTES, 7: FIXED, 8: NUMBER, 20: NUMBER}
    name, numbers = "", []
    body: Contents | None = None
    for number, _, value in _fields(data, known):
        if number == 1:
            name = _text(value)
        elif number == 4:
            _text(value)
        elif number in (3, 8):
            numbers.append((_number(value) + (1 << 63)) % (1 << 64) - (1 << 63))  # two's complement
        elif number == 6:
            if not outer or body is not None:
                raise Fault("a graph inside a graph inside a graph")
            body = Contents(found.operators, count=found.count)
            _graph(_bytes(value), body, outer=False)
            found.count = body.count
            if body.weights:
                raise Fault("weights inside a graph inside a graph")
    return name, tuple(numbers), body


def _tensor(data: memoryview) -> tuple[str, Tensor]:
    """Name, shape and, if they are few whole numbers, values of weights, held to their type and to being finite."""
    dims: list[int] = []
    name, dtype, raw = "", "", memoryview(b"")
    values: NDArray[np.int64] | None = None
    for number, _, value in _fields(data, {1: NUMBER, 2: NUMBER, 8: BYTES, 9: BYTES}):
        if number == 1:
            dims.append(_number(value))
        elif number == 2:
            dtype = _type(value)
        elif number == 8:
            name = _text(value)
        else:
            raw = _bytes(value)
    if (
        not dtype
        or len(dims) > 8
        or max(dims, default=0) >= 1 << 31
        or math.prod(dims) * np.dtype(dtype).itemsize != len(raw)
    ):
        raise Fault("weights that are not as many as their shape says")
    if dtype == "float32" and len(raw):
        array = np.frombuffer(raw, dtype="<f4")
        if not np.isfinite([array.min(), array.max()]).all():
            raise Fault("a weight that is not finite")
    if dtype in ("int32", "int64") and math.prod(dims) <= MOST_NUMBERS:
        values = np.frombuffer(raw, dtype=np.dtype(dtype).newbyteorder("<")).astype(np.int64).reshape(dims)
    return name, Tensor(tuple(dims), values)


def _door(data: memoryview, *, shaped: bool) -> tuple[str, Door]:
    name, found = "", ("", ())
    for number, _, value in _fields(data, {1: BYTES, 2: BYTES}):
        if number == 1:
            name = _text(value)
        else:
            for _, _, tensor in _fields(_bytes(value), {1: BYTES}):
                found = _shaped(_bytes(tensor))  # type: ignore[assignment]
    if shaped and not found[0]:
        raise Fault(f"no type for {name!r}")
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
        raise Fault(f"numbers of type {value}")
    return found
