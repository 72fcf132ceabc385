"""How large a graph gets is followed before it runs: by the shapes of a named library, and bombs are refused."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, shape_inference

from elman.errors import ModelFileError
from elman.files import graph_sizes
from elman.files.graph_sizes import RULES, VARYING
from elman.files.graphs import read_graph
from elman.models.engines.onnx_session import OPERATORS

GRAPHS = sorted((Path(__file__).parents[1] / "fixtures" / "format-1").glob("exported-*/*.onnx"))
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def test_every_operator_has_a_rule() -> None:
    assert {kind for _, kind in OPERATORS} == {*RULES, "Scan"}


def followed(path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, ...]]:
    """The shapes of all values of a file, by their names."""
    found: dict[str, tuple[int, ...]] = {}
    take = graph_sizes._Room.take

    def note(room: Any, name: str, value: Any) -> None:
        found[name] = value.shape
        take(room, name, value)

    monkeypatch.setattr(graph_sizes._Room, "take", note)
    read_graph(path, OPERATORS)
    return found


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_shapes_are_those_that_onnx_infers(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = onnx.load(path)
    for one in model.graph.input:
        for dim in one.type.tensor_type.shape.dim:
            dim.dim_value = dim.dim_value or VARYING
    for one in model.graph.output:
        one.type.tensor_type.ClearField("shape")
    inferred = shape_inference.infer_shapes(model, data_prop=True).graph
    wanted = {
        one.name: tuple(dim.dim_value for dim in one.type.tensor_type.shape.dim)
        for one in (*inferred.input, *inferred.value_info, *inferred.output)
        if one.type.tensor_type.HasField("shape")
    }
    found = followed(path, monkeypatch)
    known = {name: shape for name, shape in wanted.items() if name in found and all(shape)}
    assert len(known) > len(model.graph.node) / 2
    assert {name: found[name] for name in known} == known


Parts = tuple[list[Any], dict[str, Any]]
"""Operators, and weights by name."""
SQUARE = np.ones((1, 3000), dtype=np.float32)


def op(kind: str, inputs: str, output: str, **attributes: Any) -> Any:
    return helper.make_node(kind, inputs.split(), [output], **attributes)


def whole(*sizes: int) -> Any:
    return np.array(sizes, dtype=np.int64)


def chained(count: int, make: Callable[[str, str], Any]) -> list[Any]:
    """An operator so many times, each on what the one before gives, from v0 on."""
    return [make(f"v{n}", f"v{n + 1}") for n in range(count)]


BOMBS: dict[str, Parts] = {
    "a column plus a row": ([op("Add", "c r", "y")], {"c": SQUARE.T, "r": SQUARE}),
    "a column times a row": ([op("MatMul", "c r", "y")], {"c": SQUARE.T, "r": SQUARE}),
    "a choice": ([op("Greater", "c r", "b")], {"c": SQUARE.T, "r": SQUARE}),
    "a shape to be filled": ([op("Expand", "one s", "y")], {"one": np.float32(1), "s": whole(1 << 20, 1 << 20)}),
    "a shape filled with what goes in": ([op("Expand", "u s", "y")], {"s": whole(1 << 20, 1, 1)}),
    "a long row of numbers": ([op("Range", "a b a1", "y")], {"a": np.int64(0), "b": np.int64(1 << 40),
                                                             "a1": np.int64(1)}),
    "a row that is asked for often": ([op("Gather", "r ids", "y")], {"r": SQUARE, "ids": np.zeros(3000, np.int64)}),
    "twice as much forty times": (
        chained(40, lambda one, other: op("Concat", f"{one} {one}", other, axis=0)), {"v0": SQUARE},
    ),
    "all that goes in, to the fifth": (
        [op("Unsqueeze", "u last", "v0"),
         op("Reshape", "x minus", "row"), op("MatMul", "v0 row", "s"), op("Unsqueeze", "s two", "t"),
         op("Mul", "t row", "y")],
        {"last": whole(1), "two": whole(2), "minus": whole(1, -1)},
    ),
    "x by x by x": (
        [op("Reshape", "x column", "c"), op("Reshape", "x row", "r"), op("MatMul", "c r", "s"),
         op("Reshape", "s column", "t"), op("MatMul", "t r", "y")],
        {"column": whole(-1, 1), "row": whole(1, -1)},
    ),
    "a vast output of each step": (
        [helper.make_node("Scan", ["v0", "x"], ["end", "y"], num_scan_inputs=1, body=helper.make_graph(
            [op("Identity", "h", "h1"), op("Transpose", "h", "c", perm=[1, 0]), op("MatMul", "c h", "out")], "g",
            [helper.make_tensor_value_info(name, FLOAT, None) for name in ("h", "x_t")],
            [helper.make_tensor_value_info(name, FLOAT, None) for name in ("h1", "out")]))],
        {"v0": SQUARE},
    ),
    "a thousand large constants": (
        [op("Transpose", "c", f"y{n}", perm=[1, 0]) for n in range(1000)], {"c": SQUARE},
    ),
}  # fmt: skip
"""What asks for far more memory than its file has bytes."""
FAULTS: dict[str, Parts] = {
    "something used before it is made": ([op("Tanh", "z", "y"), op("Tanh", "u", "z")], {}),
    "a state that grows": (
        [helper.make_node("Scan", ["v0", "x"], ["y"], num_scan_inputs=1, body=helper.make_graph(
            [op("Concat", "h h", "hh", axis=0)], "g", [helper.make_tensor_value_info(name, FLOAT, None)
                                                       for name in ("h", "x_t")],
            [helper.make_tensor_value_info("hh", FLOAT, None)]))], {"v0": SQUARE},
    ),
    "an output that nobody makes": ([], {}),
    "a row of numbers whose end is computed": (
        [op("Mul", "b b", "bb"), op("Range", "a bb a1", "y")],
        {"a": np.int64(0), "b": np.int64(1 << 20), "a1": np.int64(1)},
    ),
    "a shape that depends on what goes in": ([op("Expand", "u u", "y")], {}),
    "another number of values": ([op("Reshape", "r s", "y")], {"r": SQUARE, "s": whole(7, -1)}),
    "a vast shape": ([op("Expand", "one s", "y")], {"one": np.float32(1), "s": whole(1 << 62, 1 << 62)}),
    "a negative shape": ([op("Expand", "r s", "y")], {"r": SQUARE, "s": whole(-5)}),
    "axes that are not there": ([op("Transpose", "r", "y", perm=[0, 5])], {"r": SQUARE}),
    "too few inputs": ([op("MatMul", "r", "y")], {"r": SQUARE}),
    "weights of no size": ([op("Tanh", "w", "y")], {"w": TensorProto(name="w", dims=[0, 1 << 62], data_type=FLOAT)}),
}  # fmt: skip


def file_of(nodes: Sequence[Any], weights: dict[str, Any]) -> bytes:
    """Inputs u (m,) and x (B, T), output y."""
    held = [one if isinstance(one, TensorProto) else numpy_helper.from_array(np.asarray(one), name)
            for name, one in weights.items()]  # fmt: skip
    inputs = [helper.make_tensor_value_info("u", FLOAT, ["m"]), helper.make_tensor_value_info("x", FLOAT, ["B", "T"])]
    outputs = [helper.make_tensor_value_info("y", FLOAT, None)]
    graph = helper.make_graph(list(nodes), "g", inputs, [], held)
    graph.output.extend(outputs)
    graph.output[0].type.tensor_type.shape.dim.add(dim_param="n")
    return bytes(helper.make_model(graph, producer_name="elman").SerializeToString())


def refusal(parts: Parts, tmp_path: Path) -> str:
    (tmp_path / "m.onnx").write_bytes(file_of(*parts))
    with pytest.raises(ModelFileError, match=r"m\.onnx: this is no graph of elman's: ") as caught:
        read_graph(tmp_path / "m.onnx", OPERATORS)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    return str(caught.value)


@pytest.mark.parametrize("parts", BOMBS.values(), ids=list(BOMBS))
def test_a_graph_that_is_far_larger_than_its_file_is_refused(parts: Parts, tmp_path: Path) -> None:
    assert "too much for these weights and inputs" in refusal(parts, tmp_path)


@pytest.mark.parametrize("parts", FAULTS.values(), ids=list(FAULTS))
def test_a_graph_whose_shapes_cannot_be_told_is_refused(parts: Parts, tmp_path: Path) -> None:
    told = refusal(parts, tmp_path)
    assert any(part in told for part in ("no shape that can be told", "is used before", "as many as their shape says"))


def test_what_grows_as_its_inputs_is_not_refused(tmp_path: Path) -> None:
    nodes = [op("MatMul", "x r", "s"), op("Concat", "s s", "y", axis=1)]
    (tmp_path / "m.onnx").write_bytes(file_of(nodes, {"r": np.ones((VARYING, 3000), dtype=np.float32)}))
    assert len(read_graph(tmp_path / "m.onnx", OPERATORS)[1].nodes) == 2
