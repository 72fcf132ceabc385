"""How large the values of an ONNX graph get, followed by their shapes alone, before a runtime computes any.

Knows of each operator in elman's graphs what shape it gives, and the few whole numbers that say how large something is
to be; knows no file. A few bytes can ask for any memory (a column plus a row, a shape to be filled), and a runtime that
prepares a graph computes all that is constant in it. Called by `graphs`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

VARYING = 64
"""What a size that varies is taken to be: so large that what grows by a power too many is found."""
LARGEST_SIZE = 1 << 40
Shape = tuple[int, ...]


class Fault(Exception):  # noqa: N818 it is told, not raised to a user
    """What is wrong with a graph."""


@dataclass(frozen=True)
class Tensor:
    """What is known of a value.

    Args:
        numbers: its whole numbers, where they are needed and do not depend on what goes in. is_constant: it follows
            from weights alone.
    """

    shape: Shape
    numbers: NDArray[np.int64] | None = None
    is_constant: bool = True


@dataclass(frozen=True)
class Node:
    """An operator with the names of what it takes and gives.

    Args:
        numbers: its attributes that are whole numbers. nodes: those that it runs at every step; taken, given: the names
            of what these take and give.
    """

    kind: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    numbers: Mapping[str, Shape]
    nodes: Sequence["Node"] = ()
    taken: Sequence[str] = ()
    given: Sequence[str] = ()


@dataclass
class _Room:
    """How many numbers one value may have, all values together, and those that follow from weights alone."""

    each: int
    all: int
    constant: int
    values: dict[str, Tensor] = field(default_factory=dict)

    def take(self, name: str, value: Tensor) -> None:
        """Count a value."""
        count = math.prod(value.shape)
        self.all -= count
        self.constant -= count if value.is_constant else 0
        if count > self.each or min(self.all, self.constant) < 0 or max(value.shape, default=0) > LARGEST_SIZE:
            raise Fault(f"{name!r} would have the shape {value.shape}, too much for these weights and inputs")
        self.values[name] = value


def hold_sizes(
    nodes: Sequence[Node],
    *,
    inputs: Mapping[str, tuple[int | None, ...]],
    outputs: Sequence[str],
    weights: Mapping[str, Tensor],
) -> None:
    """Refuse a graph whose values would be far larger than its weights and what its inputs times their widths come to.

    Args:
        inputs: shapes, None where a size varies.
    Raises:
        Fault: it would be too large, or what it computes has no shape that can be told.
    """
    shapes = {name: tuple(VARYING if size is None else size for size in shape) for name, shape in inputs.items()}
    widest = max((size for shape in (*shapes.values(), *(one.shape for one in weights.values())) for size in shape),
                 default=1)  # fmt: skip
    count = sum(math.prod(one.shape) for one in weights.values())
    each = (1 << 20) + 4 * count + 16 * VARYING**2 * max(VARYING, widest)
    room = _Room(each, 64 * each, 4 * count + (1 << 16))
    room.values.update(weights)
    for name, shape in shapes.items():
        room.take(name, Tensor(shape, is_constant=False))
    _follow(nodes, room)
    for name in outputs:
        _known(room, name)


def _follow(nodes: Sequence[Node], room: _Room) -> None:
    """Go through operators in their order, each after those that it takes something of."""
    for node in nodes:
        given = [_known(room, name) for name in node.inputs if name]
        try:
            if node.kind == "Scan":
                found = _scanned(node, given, room)
            else:
                found = RULES[node.kind](node, [room.values[name] if name else NOTHING for name in node.inputs])
            is_constant = all(one.is_constant for one in given)
            for name, value in zip(node.outputs, found, strict=False):
                room.take(name, replace(value, is_constant=is_constant))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
            raise Fault(f"{node.kind!r} of {[one.shape for one in given]} has no shape that can be told") from error


def _known(room: _Room, name: str) -> Tensor:
    if name not in room.values:
        raise Fault(f"{name!r} is used before it is made")
    return room.values[name]


NOTHING = Tensor((), None)
"""Stands for an input that is left out."""
Rule = Callable[[Node, list[Tensor]], list[Tensor]]


def _scanned(node: Node, given: list[Tensor], room: _Room) -> list[Tensor]:
    """A state that stays as large as it was, and what is given out at every step."""
    states = len(given) - node.numbers["num_scan_inputs"][0]
    steps = {one.shape[0] for one in given[states:]}
    inner = [*given[:states], *(Tensor(one.shape[1:]) for one in given[states:])]
    inside = replace(room, values=dict(room.values))  # weights of its products stand outside
    for name, value in zip(node.taken, inner, strict=True):
        inside.take(name, replace(value, is_constant=False))
    _follow(node.nodes, inside)
    room.all = inside.all
    found = [_known(inside, name) for name in node.given]
    (count,) = steps
    if not states or [one.shape for one in found[:states]] != [one.shape for one in given[:states]]:
        raise ValueError("the state changes its shape")
    return [*found[:states], *(Tensor((count, *one.shape)) for one in found[states:])]


def _same(node: Node, given: list[Tensor]) -> list[Tensor]:
    return [Tensor(given[0].shape)]


def _together(node: Node, given: list[Tensor]) -> list[Tensor]:
    return [Tensor(np.broadcast_shapes(*(one.shape for one in given)))]


def _cells(node: Node, given: list[Tensor]) -> list[Tensor]:
    """h (T, directions, B, H) of x (T, B, D), and the parts of the state, (directions, B, H) each."""
    (steps, rows, _), (directions, *_), inner = given[0].shape, given[1].shape, given[2].shape
    hidden = node.numbers["hidden_size"][0]
    if hidden not in inner[1:] or directions != inner[0] or directions > 2:
        raise ValueError("the weights are of another size")
    state = Tensor((directions, rows, hidden))
    return [Tensor((steps, directions, rows, hidden)), state, state]


def _product(node: Node, given: list[Tensor]) -> list[Tensor]:
    (*rest, rows, inner), (*others, same, columns) = given[0].shape, given[1].shape
    if inner != same:
        raise ValueError("these have no product")
    return [Tensor((*np.broadcast_shapes(tuple(rest), tuple(others)), rows, columns))]


def _axes(told: Sequence[int] | NDArray[np.int64] | None, rank: int) -> list[int]:
    found = [int(axis) + rank if axis < 0 else int(axis) for axis in _numbers(told)]
    if not all(0 <= axis < rank for axis in found):
        raise ValueError("there is no such axis")
    return found


def _numbers(told: Sequence[int] | NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Whole numbers that have to be known."""
    if told is None:
        raise ValueError("a size depends on what goes in")
    return np.asarray(told, dtype=np.int64).reshape(-1)


def _axis(node: Node, rank: int) -> int:
    return _axes(node.numbers.get("axis", (0,)), rank)[0]


def _concat(node: Node, given: list[Tensor]) -> list[Tensor]:
    first = given[0].shape
    axis = _axis(node, len(first))
    if {(*one.shape[:axis], *one.shape[axis + 1 :]) for one in given} != {(*first[:axis], *first[axis + 1 :])}:
        raise ValueError("these do not stand side by side")
    shape = (*first[:axis], sum(one.shape[axis] for one in given), *first[axis + 1 :])
    known = [one.numbers for one in given if one.numbers is not None]
    return [Tensor(shape, np.concatenate(known, axis=axis) if len(known) == len(given) else None)]


def _expand(node: Node, given: list[Tensor]) -> list[Tensor]:
    sizes = [int(size) for size in _numbers(given[1].numbers)]
    if not all(0 <= size <= LARGEST_SIZE for size in sizes):
        raise ValueError("this is no shape")
    shape, wanted = given[0].shape, tuple(sizes)
    rank = max(len(shape), len(wanted))
    pairs = zip((1,) * (rank - len(shape)) + shape, (1,) * (rank - len(wanted)) + wanted, strict=True)
    return [Tensor(tuple(other if one == 1 else one for one, other in pairs))]


def _gather(node: Node, given: list[Tensor]) -> list[Tensor]:
    data, ids = given
    axis = _axis(node, len(data.shape))
    numbers = None
    if data.numbers is not None and ids.numbers is not None:
        numbers = np.take(data.numbers, ids.numbers, axis=axis)
    return [Tensor((*data.shape[:axis], *ids.shape, *data.shape[axis + 1 :]), numbers)]


def _gather_nd(node: Node, given: list[Tensor]) -> list[Tensor]:
    *places, depth = given[1].shape
    return [Tensor((*places, *given[0].shape[depth:]))]


def _range(node: Node, given: list[Tensor]) -> list[Tensor]:
    begin, end, step = (int(_numbers(one.numbers).item()) for one in given)
    return [Tensor((max(0, -((begin - end) // step)),))]


def _reduced(node: Node, given: list[Tensor]) -> list[Tensor]:
    told = node.numbers.get("axes") if len(given) == 1 else given[1].numbers
    axes, keeps = _axes(told, len(given[0].shape)), node.numbers.get("keepdims", (1,))[0]
    sizes = enumerate(given[0].shape)
    return [Tensor(tuple(1 if axis in axes else size for axis, size in sizes if axis not in axes or keeps))]


def _reshape(node: Node, given: list[Tensor]) -> list[Tensor]:
    shape, count = given[0].shape, math.prod(given[0].shape)
    sizes = [shape[k] if size == 0 else int(size) for k, size in enumerate(_numbers(given[1].numbers))]
    rest = math.prod(size for size in sizes if size != -1)
    sizes = [count // rest if size == -1 else size for size in sizes]
    if math.prod(sizes) != count or min(sizes, default=0) < 0 or "allowzero" in node.numbers:
        raise ValueError("this is another number of values")
    return [Tensor(tuple(sizes))]


def _shape(node: Node, given: list[Tensor]) -> list[Tensor]:
    if node.numbers:
        raise ValueError("a part of a shape")
    return [Tensor((len(given[0].shape),), np.array(given[0].shape, dtype=np.int64))]


def _slice(node: Node, given: list[Tensor]) -> list[Tensor]:
    data, begins, ends, *axes = given
    told = range(len(_numbers(begins.numbers))) if not axes else axes[0].numbers
    if len(axes) > 1:
        raise ValueError("steps of a slice")
    parts = [slice(None)] * len(data.shape)
    for axis, begin, end in zip(
        _axes(told, len(parts)), _numbers(begins.numbers).tolist(), _numbers(ends.numbers).tolist(), strict=True
    ):
        parts[axis] = slice(begin, end)
    shape = tuple(len(range(*part.indices(size))) for part, size in zip(parts, data.shape, strict=True))
    return [Tensor(shape, None if data.numbers is None else data.numbers[tuple(parts)])]


def _split(node: Node, given: list[Tensor]) -> list[Tensor]:
    shape, count = given[0].shape, len(node.outputs)
    axis = _axis(node, len(shape))
    sizes = [shape[axis] // count] * count if len(given) == 1 else _numbers(given[1].numbers).tolist()
    if len(sizes) != count or sum(sizes) != shape[axis] or min(sizes) < 0:
        raise ValueError("the parts are not the whole")
    return [Tensor((*shape[:axis], size, *shape[axis + 1 :])) for size in sizes]


def _squeeze(node: Node, given: list[Tensor]) -> list[Tensor]:
    data = given[0]
    axes = _axes(given[1].numbers, len(data.shape))
    if any(data.shape[axis] != 1 for axis in axes):
        raise ValueError("more than one")
    shape = tuple(size for axis, size in enumerate(data.shape) if axis not in axes)
    return [Tensor(shape, None if data.numbers is None else data.numbers.reshape(shape))]


def _unsqueeze(node: Node, given: list[Tensor]) -> list[Tensor]:
    data, told = given[0], _numbers(given[1].numbers)
    axes, sizes = _axes(told, len(data.shape) + len(told)), list(data.shape)
    for axis in sorted(axes):
        sizes.insert(axis, 1)
    return [Tensor(tuple(sizes), None if data.numbers is None else data.numbers.reshape(sizes))]


def _transpose(node: Node, given: list[Tensor]) -> list[Tensor]:
    perm = node.numbers["perm"]
    if sorted(perm) != list(range(len(given[0].shape))):
        raise ValueError("not all axes")
    return [Tensor(tuple(given[0].shape[axis] for axis in perm))]


RULES: dict[str, Rule] = {
    **dict.fromkeys(("Cast", "Log", "LogSoftmax", "Relu", "ReverseSequence", "ScatterND", "Sigmoid", "Softmax",
                     "Sqrt", "Tanh"), _same),
    **dict.fromkeys(("Add", "And", "Div", "Greater", "GreaterOrEqual", "Less", "Max", "Mean", "Min", "Mul", "Sub",
                     "Where"), _together),
    **dict.fromkeys(("DynamicQuantizeLSTM", "GRU", "LSTM", "RNN"), _cells),
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMul"), _product),
    **dict.fromkeys(("ReduceLogSumExp", "ReduceMax", "ReduceSum"), _reduced),
    "Concat": _concat, "Expand": _expand, "Gather": _gather, "GatherND": _gather_nd, "Range": _range,
    "GatherElements": lambda node, given: [Tensor(given[1].shape)], "Identity": lambda node, given: given,
    "NonZero": lambda node, given: [Tensor((len(given[0].shape), math.prod(given[0].shape)))],
    "Reshape": _reshape, "Shape": _shape, "Slice": _slice, "Split": _split, "Squeeze": _squeeze,
    "Transpose": _transpose, "Unsqueeze": _unsqueeze,
}  # fmt: skip
"""What each operator gives; `Scan`, which runs others, is by itself."""
