"""Whatever is wrong with a graph that passed the first look is one error of ours, when it is opened or when it runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NotImplemented_

from elman.errors import ModelFileError
from elman.files.graphs import Door
from elman.models.engines.onnx_session import Session

INPUTS: dict[str, Door] = {"ids": ("int64", (None,))}
OUTPUTS: dict[str, Door] = {"y": ("float32", (None, 3))}


def session(tmp_path: Path, edit: Callable[[Any], object]) -> Session:
    """y = E[ids]: (B, 3), once something was changed."""
    held = numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3), "E")
    doors = [helper.make_tensor_value_info("ids", TensorProto.INT64, ["B"])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", 3])]
    graph = helper.make_graph([helper.make_node("Gather", ["E", "ids"], ["y"])], "g", doors, outputs, [held])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="elman")
    edit(model)
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    return Session(tmp_path / "m.onnx", inputs=INPUTS, outputs=OUTPUTS)


def test_a_graph_runs(tmp_path: Path) -> None:
    (found,) = session(tmp_path, lambda model: None).run(ids=np.array([1, 0]))
    np.testing.assert_array_equal(found, [[3, 4, 5], [0, 1, 2]])


@pytest.mark.parametrize(
    "edit",
    [
        lambda model: setattr(model.graph.node[0].attribute.add(name="axsi", type=2), "i", 0),
        lambda model: model.opset_import.pop(),
        lambda model: setattr(model.opset_import[0], "version", 10**6),
        lambda model: setattr(model, "ir_version", 10**6),
        lambda model: model.graph.node.append(helper.make_node("Identity", ["ids"], ["y"])),
    ],
)
def test_a_graph_that_the_runtime_does_not_take_is_one_error(tmp_path: Path, edit: Callable[[Any], object]) -> None:
    with pytest.raises(ModelFileError, match=r"m\.onnx: ONNX Runtime does not take this graph: ") as caught:
        session(tmp_path, edit)
    assert "\n" not in str(caught.value)


def test_a_graph_that_fails_when_it_runs_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"m\.onnx: ONNX Runtime cannot run this graph: ") as caught:
        session(tmp_path, lambda model: None).run(ids=np.array([2]))
    assert "\n" not in str(caught.value)


def test_arrays_of_another_shape_than_was_told_are_not_given_on(tmp_path: Path) -> None:
    def turned(model: Any) -> None:
        model.graph.node[0].output[0] = "x"
        model.graph.node.append(helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0]))

    found = session(tmp_path, turned)
    with pytest.raises(ModelFileError, match="other shapes than it tells"):
        found.run(ids=np.array([1, 0]))


@pytest.mark.parametrize(
    "fault", [RuntimeError("no"), UnicodeDecodeError("utf-8", b"\xe3", 0, 1, "no"), NotImplemented_("no")]
)
def test_a_graph_that_is_not_taken_is_told_once_and_by_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fault: Exception
) -> None:
    def fails(*_: Any) -> None:
        raise fault

    monkeypatch.setattr(onnxruntime.InferenceSession, "_create_inference_session", fails)
    with pytest.raises(ModelFileError, match="does not take this graph"):
        session(tmp_path, lambda model: None)
    assert capfd.readouterr() == ("", "")
