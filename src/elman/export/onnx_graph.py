"""A graph of ONNX operators as it is put together, node by node: what every other file of this package writes with.

Knows operators, names and arrays; knows no network. In int8 the products are those of ONNX Runtime, whose inputs are
rounded as they come.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from elman.errors import ElmanError
from elman.export.quantize import rounded

OPSET, RUNTIME_OPSET, IR_VERSION = 17, 1, 8
RUNTIME = "com.microsoft"
"""The domain of ONNX Runtime's own operators."""
LARGEST = (1 << 31) - 1
"""Bytes that a file of this format can have."""
TYPES = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64, "int32": TensorProto.INT32}
SMALL = 1 << 14
"""Weights of a matrix that is not worth to be rounded: its product takes less time than to round what goes in."""
NONE = ""
"""Stands for an input of an operator that is left out."""
FAR_BELOW = -3e38
"""Stands for minus infinity: no number of a state changes it by being added, and it makes no NaN."""


class Graph:
    """Nodes, weights, inputs and outputs; every method gives the name of what it has added.

    Args:
        name: of the graph. int8: products by rounded weights.
    """

    def __init__(self, name: str, *, int8: bool = False) -> None:
        self.name, self.int8 = name, int8
        self._nodes: list[Any] = []
        self._weights: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._names: dict[str, int] = {}
        self._shared: dict[int, tuple[NDArray[np.float32], tuple[str, ...]]] = {}

    def input(self, name: str, dtype: str, shape: Sequence[str | int]) -> str:
        """An array that is given at every run; a size is a number, or a name where it varies."""
        self._inputs.append(helper.make_tensor_value_info(name, TYPES[dtype], list(shape)))
        return name

    def output(self, name: str, value: str, *, dtype: str, shape: Sequence[str | int]) -> None:
        """Give out a value under a name of its own."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TYPES[dtype], list(shape)))

    def constant(self, array: NDArray[Any] | Sequence[int] | int, *, name: str = "constant") -> str:
        """Weights, or whole numbers that an operator wants as an array."""
        held = np.asarray(array, dtype=None if isinstance(array, np.ndarray) else np.int64)
        fresh = self._fresh(name)
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(held), fresh))
        return fresh

    def number(self, value: float) -> str:
        """A real number."""
        return self.constant(np.array(value, dtype=np.float32), name="number")

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """What an operator with one output makes of its inputs."""
        return self.ops(kind, *inputs, outputs=1, domain=domain, **attributes)[0]

    def ops(self, kind: str, *inputs: str, outputs: int, domain: str = "", **attributes: Any) -> list[str]:
        """What an operator with several outputs makes of its inputs."""
        names = [self._fresh(kind.lower()) for _ in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, domain=domain, **attributes))
        return names

    def product(self, x: str, matrix: NDArray[np.float32], bias: NDArray[np.float32] | None = None) -> str:
        """x (…, D) times the transposed matrix (N, D), plus a bias (N,)."""
        held, *scales = self._matrix(matrix)
        turned = self.op("Transpose", held, perm=[1, 0])  # once, when the graph is opened
        added = [] if bias is None else [self.constant(bias, name="bias")]
        if not scales:
            found = self.op("MatMul", x, turned)
            return found if bias is None else self.op("Add", found, *added)
        zeros = self.constant(np.zeros(len(matrix), dtype=np.int8), name="zeros")
        return self.op("DynamicQuantizeMatMul", x, turned, *scales, zeros, *added, domain=RUNTIME)

    def product_nodes(
        self, x: str, matrix: NDArray[np.float32], bias: NDArray[np.float32] | None = None, *, out: str
    ) -> list[Any]:
        """The same product as operators for the inside of a `body`, of values there; the weights stand outside."""
        added = [] if bias is None else [self.constant(bias, name="bias")]
        if self.int8 and matrix.size >= SMALL:
            values, scales = rounded(np.ascontiguousarray(matrix.T))
            zeros = np.zeros(len(matrix), dtype=np.int8)
            held = [self.constant(part, name="matrix") for part in (values, scales, zeros)]
            return [node("DynamicQuantizeMatMul", x, *held, *added, out=out, domain=RUNTIME)]
        held = [self.constant(matrix.T, name="matrix")]
        if not added:
            return [node("MatMul", x, *held, out=out)]
        return [node("MatMul", x, *held, out=f"{out}_bare"), node("Add", f"{out}_bare", *added, out=out)]

    def rows(self, matrix: NDArray[np.float32], ids: str) -> str:
        """The rows (…, D) of a matrix (N, D) at ids (…)."""
        held, *scales = self._matrix(matrix)
        found = self.op("Gather", held, ids)
        if not scales:
            return found
        scale = self.op("Unsqueeze", self.op("Gather", *scales, ids), self.constant([-1]))
        return self.op("Mul", self.op("Cast", found, to=TYPES["float32"]), scale)

    def _matrix(self, matrix: NDArray[np.float32]) -> tuple[str, ...]:
        """A matrix (N, D), in int8 with the scales of its rows if it is a large one; the same one is stored once."""
        if id(matrix) not in self._shared:
            parts: tuple[NDArray[Any], ...] = (matrix,)
            if self.int8 and matrix.size >= SMALL:
                values, scales = rounded(matrix.T)
                parts = (values.T, scales)
            self._shared[id(matrix)] = matrix, tuple(self.constant(part, name="matrix") for part in parts)
        return self._shared[id(matrix)][1]

    def body(self, *, inputs: Sequence[str], outputs: Sequence[str], nodes: Sequence[Any]) -> Any:
        """The graph that `Scan` runs at every step, of float32 values whose shapes follow from the first step."""

        def told(names: Sequence[str]) -> list[Any]:
            return [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names]

        return helper.make_graph(list(nodes), "step", told(inputs), told(outputs))

    def to_bytes(self) -> bytes:
        """The content of an ONNX file: what the outputs need of the nodes and weights.

        ONNX Runtime would compute the rest at every run.

        Raises:
            ElmanError: there are more weights than such a file can hold.
        """
        nodes, names = self._needed()
        weights = [one for one in self._weights if one.name in names]
        if sum(len(one.raw_data) for one in weights) > LARGEST - (1 << 20):
            raise ElmanError(f"{self.name}: an ONNX file holds two gigabytes, and these weights are more")
        opsets = [helper.make_opsetid("", OPSET)]
        if self.int8:
            opsets.append(helper.make_opsetid(RUNTIME, RUNTIME_OPSET))
        graph = helper.make_graph(nodes, self.name, self._inputs, self._outputs, weights)
        model = helper.make_model(graph, producer_name="elman", opset_imports=opsets, ir_version=IR_VERSION)
        content: bytes = model.SerializeToString()
        return content

    def _needed(self) -> tuple[list[Any], set[str]]:
        """The nodes from which an output follows, in their order, and the names of all values that these read."""
        nodes: list[Any] = []
        names = {one.name for one in self._outputs}
        for one in reversed(self._nodes):
            if not names.isdisjoint(one.output):
                nodes.append(one)
                names.update(_read(one))
        return nodes[::-1], names

    def _fresh(self, name: str) -> str:
        self._names[name] = number = self._names.get(name, 0) + 1
        return f"{name}_{number}"


def _read(one: Any) -> Iterator[str]:
    """The names of the values that a node reads, those that its body takes from outside among them."""
    yield from one.input
    for attribute in one.attribute:
        for inner in attribute.g.node:
            yield from _read(inner)


def node(kind: str, *inputs: str, out: str | Sequence[str], domain: str = "", **attributes: Any) -> Any:
    """An operator with names of its own, for the inside of a `body`."""
    outputs = [out] if isinstance(out, str) else list(out)
    return helper.make_node(kind, list(inputs), outputs, domain=domain, **attributes)


Floats = NDArray[np.float32]
Weights = Mapping[str, NDArray[Any]]
"""Weights by the names that a folder has for them; of tables in eight bits the rows, scales and values."""


def part_of(weights: Weights, prefix: str) -> dict[str, NDArray[Any]]:
    """The weights of one part, by their names in it."""
    return {name.removeprefix(prefix): array for name, array in weights.items() if name.startswith(prefix)}
