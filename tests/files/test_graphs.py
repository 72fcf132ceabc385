"""ONNX files that are not elman's: each is refused in one line, before a runtime sees it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from elman.errors import ModelFileError
from elman.files.graphs import read_graph

ALLOWED = {("", "MatMul"), ("", "Scan"), ("", "Identity")}


def model(
    *, kind: str = "MatMul", domain: str = "", weights: Any = None, edit: Callable[[Any], object] | None = None
) -> bytes:
    """x (B, 2) times weights (2, 3)."""
    held = numpy_helper.from_array(np.ones((2, 3), dtype=np.float32), "W") if weights is None else weights
    doors = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 2])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 3])]
    node = helper.make_node(kind, ["x", "W"], ["y"], domain=domain)
    found = helper.make_model(helper.make_graph([node], "g", doors, outputs, [held]), producer_name="elman")
    if edit is not None:
        edit(found)
    return bytes(found.SerializeToString())


def refusal(tmp_path: Path, content: bytes) -> str:
    (tmp_path / "m.onnx").write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_graph(tmp_path / "m.onnx", ALLOWED)
    assert "\n" not in str(caught.value) and "m.onnx" in str(caught.value)
    return str(caught.value)


def test_a_good_file_tells_its_doors(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(model())
    content, found = read_graph(tmp_path / "m.onnx", ALLOWED)
    assert content == model()
    assert found.inputs == {"x": ("float32", (None, 2))}
    assert found.outputs == {"y": ("float32", (None, 3))}
    assert found.operators == {("", "MatMul")}


def external(found: Any) -> None:
    tensor = found.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    tensor.ClearField("raw_data")


def function(found: Any) -> None:
    found.functions.add(name="f", domain="d")


def sparse(found: Any) -> None:
    found.graph.sparse_initializer.add(dims=[2])


def inner(found: Any) -> None:
    deepest = helper.make_graph([helper.make_node("Evil", ["a"], ["b"])], "s", [], [])
    found.graph.node.append(helper.make_node("Scan", ["x"], ["z"], body=deepest, num_scan_inputs=1))


def tensor_attribute(found: Any) -> None:
    value = numpy_helper.from_array(np.ones(2, dtype=np.float32))
    found.graph.node.append(helper.make_node("Identity", ["x"], ["z"], value=value))


def nested(found: Any) -> None:
    body = helper.make_graph([], "s", [], [])
    for _ in range(3):
        body = helper.make_graph([helper.make_node("Scan", ["x"], ["z"], body=body)], "s", [], [])
    found.graph.node.extend(body.node)


def bytes_attribute(found: Any) -> None:
    found.graph.node[0].attribute.add(name="direction", type=3, s=b"forw\xe3rd")


def crowded(found: Any) -> None:
    found.graph.node.extend(helper.make_node("Identity", ["x"], [f"z{n}"]) for n in range(9))


@pytest.mark.parametrize(
    "edit", [external, function, sparse, inner, tensor_attribute, nested, crowded, bytes_attribute]
)
def test_what_elman_does_not_write_is_refused(
    tmp_path: Path, edit: Callable[[Any], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("elman.files.graphs.MOST_NODES", 9)
    told = refusal(tmp_path, model(edit=edit))
    assert ("more than 9 operators" in told) == (edit is crowded)


@pytest.mark.parametrize(("kind", "domain"), [("Loop", ""), ("MatMul", "evil.domain"), ("MatMul", "com.microsoft")])
def test_an_unknown_operator_or_domain_is_named(tmp_path: Path, kind: str, domain: str) -> None:
    assert kind in refusal(tmp_path, model(kind=kind, domain=domain))


@pytest.mark.parametrize(
    "weights",
    [
        numpy_helper.from_array(np.array([[1, np.nan, 0]] * 2, dtype=np.float32), "W"),
        numpy_helper.from_array(np.array([[1, np.inf, 0]] * 2, dtype=np.float32), "W"),
        numpy_helper.from_array(np.ones((2, 3), dtype=np.float64), "W"),
        TensorProto(name="W", dims=[1 << 40, 1 << 40], data_type=1, raw_data=b"0123"),
        TensorProto(name="W", dims=[-1], data_type=1, raw_data=b"0123"),
        TensorProto(name="W", dims=[2], data_type=1, float_data=[1.0, 2.0]),
        TensorProto(name="W", dims=[1] * 9, data_type=1, raw_data=b"0123"),
    ],
)
def test_weights_that_are_not_finite_or_do_not_fill_their_shape_are_refused(tmp_path: Path, weights: Any) -> None:
    assert refusal(tmp_path, model(weights=weights))


def test_whatever_is_cut_off_or_altered_is_refused_or_read_and_never_raises_otherwise(tmp_path: Path) -> None:
    good, generator = model(), np.random.default_rng(0)
    cuts = [good[:end] for end in range(1, len(good), 3)]
    flips = []
    for _ in range(300):
        data = bytearray(good)
        data[generator.integers(len(data))] ^= 1 << int(generator.integers(8))
        flips.append(bytes(data))
    for content in [*cuts, *flips, b"", b"\xff" * 40]:
        (tmp_path / "m.onnx").write_bytes(content)
        try:
            read_graph(tmp_path / "m.onnx", ALLOWED)
        except ModelFileError as error:
            assert "\n" not in str(error)
