"""Graphs as they are put together, against what an output needs of them."""

import numpy as np
import onnx
import onnxruntime

from elman.export.onnx_graph import Graph, node


def test_what_no_output_needs_is_left_out() -> None:
    """A body of `Scan` reads from outside, so what it reads stays."""
    graph = Graph("sums")
    x = graph.input("x", "float32", ["T", 2])
    added = graph.constant(np.array([1.0, 2.0], dtype=np.float32), name="added")
    graph.op("Mul", x, graph.constant(np.ones(2, dtype=np.float32), name="waste"))
    nodes = [node("Add", "before", "step", out="sum"), node("Add", "sum", added, out="after"),
             node("Identity", "after", out="told")]  # fmt: skip
    step = graph.body(inputs=["before", "step"], outputs=["after", "told"], nodes=nodes)
    zeros = graph.constant(np.zeros(2, dtype=np.float32), name="zeros")
    end, told = graph.ops("Scan", zeros, x, outputs=2, body=step, num_scan_inputs=1)
    graph.op("Sqrt", end)
    graph.output("y", told, dtype="float32", shape=["T", 2])
    content = graph.to_bytes()
    model = onnx.load_from_string(content).graph
    assert [one.op_type for one in model.node] == ["Scan", "Identity"]
    assert {one.name for one in model.initializer} == {added, zeros}
    run = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"]).run
    (y,) = run(None, {"x": np.ones((3, 2), dtype=np.float32)})
    assert y.tolist() == [[2, 3], [4, 6], [6, 9]]
