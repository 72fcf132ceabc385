"""Layers as a product for all steps and a `Scan` over them: cells that ONNX does not have, or runs slower so.

Knows weights by their names in `nn.cells`; knows no stack. Used by `onnx_stack` and `onnx_step`. Time stands first:
(T, B, …).
"""

from typing import Any

import numpy as np

from elman.export.onnx_graph import NONE, Floats, Graph, node
from elman.nn.config import StackConfig

LEAST = {("mingru", False): 0, ("mingru", True): 0, ("elman", False): 128, ("elman", True): 128, ("gru", True): 256}
"""From which size on a cell is scanned, in fp32 and in int8. ONNX Runtime's RNN takes a GRU's time in batches, though
it reads a small single row faster; its GRU has no form in eight bits, but at 128 reads a single row in a third of the
time (`docs/log.md`)."""


def is_scanned(config: StackConfig, *, int8: bool) -> bool:
    """Whether the layers of a stack are better run by `scanned` than by ONNX's operator for the cell."""
    least = LEAST.get((config.cell, int8))
    return least is not None and config.hidden >= least


def scanned(
    graph: Graph,
    x: str,
    config: StackConfig,
    *,
    weights: list[dict[str, Floats]],
    lengths: str | None,
    state: list[str],
) -> tuple[str, list[str]]:
    """A layer in all directions: h (T, B, directions * H), zero at padding, and the state (directions, B, H)."""
    directions = len(weights)
    starts = [NONE] * directions
    if state:
        starts = state if directions == 1 else graph.ops("Split", state[0], outputs=2, axis=0)
    real = None if lengths is None else real_steps(graph, x, lengths)  # (T, B, 1)
    found, ends = [], []
    for d, (one, start) in enumerate(zip(weights, starts, strict=True)):
        v = graph.product(x, one["W"], one["b"])  # (T, B, gates * H)
        if d == 1:
            v = _turned(graph, v, x, lengths)
        first = graph.op("Squeeze", start, graph.constant([0])) if start else _zeros(graph, v, config.hidden)
        last, h = _mingru(graph, v, first, real) if config.cell == "mingru" else _recurrent(graph, v, first, real, one)
        if real is not None:
            h = graph.op("Mul", h, real)
        found.append(_turned(graph, h, x, lengths) if d == 1 else h)
        ends.append(graph.op("Unsqueeze", last, graph.constant([0])))
    if directions == 1:
        return found[0], ends
    return graph.op("Concat", *found, axis=2), [graph.op("Concat", *ends, axis=0)]


def _mingru(graph: Graph, v: str, first: str, real: str | None) -> list[str]:
    """The last state and all of them: h_t = h_prev + z * (h_tilde - h_prev), all but that before the scan."""
    v_z, v_h = graph.ops("Split", v, outputs=2, axis=2)
    z, h_tilde = graph.op("Sigmoid", v_z), positive(graph, v_h)
    if real is not None:
        z = graph.op("Mul", z, real)  # at padding h stands still
    nodes = [
        node("Sub", "h_tilde", "h_prev", out="lead"),
        node("Mul", "z", "lead", out="move"),
        node("Add", "h_prev", "move", out="h_t"),
        node("Identity", "h_t", out="h_out"),
    ]
    body = graph.body(inputs=["h_prev", "z", "h_tilde"], outputs=["h_t", "h_out"], nodes=nodes)
    return graph.ops("Scan", first, z, h_tilde, outputs=2, body=body, num_scan_inputs=2)


def _recurrent(graph: Graph, v: str, first: str, real: str | None, weights: dict[str, Floats]) -> list[str]:
    """The last state and all of them, of a cell that multiplies its state at every step."""
    nodes = _gru(graph, weights) if "b_u" in weights else _elman(graph, weights)
    inputs, given = ["h_prev", "v"], [first, v]
    if real is None:
        nodes.append(node("Identity", "h_new", out="h_t"))
    else:
        nodes += [node("Cast", "real", out="is_real", to=9), node("Where", "is_real", "h_new", "h_prev", out="h_t")]
        inputs, given = [*inputs, "real"], [*given, real]
    nodes.append(node("Identity", "h_t", out="h_out"))
    body = graph.body(inputs=inputs, outputs=["h_t", "h_out"], nodes=nodes)
    return graph.ops("Scan", *given, outputs=2, body=body, num_scan_inputs=len(given) - 1)


def _elman(graph: Graph, weights: dict[str, Floats]) -> list[Any]:
    return [
        *graph.product_nodes("h_prev", weights["U"], out="u"),
        node("Add", "v", "u", out="sum"), node("Tanh", "sum", out="h_new"),
    ]  # fmt: skip


def _gru(graph: Graph, weights: dict[str, Floats]) -> list[Any]:
    hidden = len(weights["b_u"])
    inner = np.concatenate([np.zeros(2 * hidden, dtype=np.float32), weights["b_u"]])
    sizes = graph.constant([2 * hidden, hidden])
    return [
        *graph.product_nodes("h_prev", weights["U"], inner, out="u"),
        node("Split", "v", sizes, out=("v_rz", "v_h"), axis=1), node("Split", "u", sizes, out=("u_rz", "u_h"), axis=1),
        node("Add", "v_rz", "u_rz", out="sum_rz"), node("Sigmoid", "sum_rz", out="rz"),
        node("Split", "rz", out=("r", "z"), axis=1),
        node("Mul", "r", "u_h", out="reset"), node("Add", "v_h", "reset", out="sum_h"),
        node("Tanh", "sum_h", out="h_tilde"),
        node("Sub", "h_prev", "h_tilde", out="lead"), node("Mul", "z", "lead", out="kept"),
        node("Add", "h_tilde", "kept", out="h_new"),
    ]  # fmt: skip


def positive(graph: Graph, v: str) -> str:
    """minGRU's g: v + 0.5 for v >= 0, sigmoid(v) below."""
    is_high = graph.op("GreaterOrEqual", v, graph.number(0.0))
    return graph.op("Where", is_high, graph.op("Add", v, graph.number(0.5)), graph.op("Sigmoid", v))


def _zeros(graph: Graph, v: str, hidden: int) -> str:
    """(B, H) of zeros, for v (T, B, ...)."""
    rows = graph.op("Slice", graph.op("Shape", v), graph.constant([1]), graph.constant([2]))
    return graph.op("Expand", graph.number(0.0), graph.op("Concat", rows, graph.constant([hidden]), axis=0))


def real_steps(graph: Graph, x: str, lengths: str) -> str:
    """(T, B, 1), 1 at the real steps of x (T, …), else 0."""
    steps = graph.op("Range", graph.constant(0), _steps(graph, x), graph.constant(1))  # (T,)
    column = graph.op("Cast", graph.op("Unsqueeze", steps, graph.constant([1])), to=6)  # (T, 1) int32
    is_real = graph.op("Less", column, lengths)  # (T, B)
    return graph.op("Cast", graph.op("Unsqueeze", is_real, graph.constant([2])), to=1)


def _steps(graph: Graph, x: str) -> str:
    """T of x (T, B, D), a number."""
    return graph.op("Gather", graph.op("Shape", x), graph.constant(0))


def _turned(graph: Graph, v: str, x: str, lengths: str | None) -> str:
    """Each row of v (T, B, D) turned round within its own length."""
    if lengths is None:
        rows = graph.op("Slice", graph.op("Shape", x), graph.constant([1]), graph.constant([2]))
        every = graph.op("Expand", _steps(graph, x), rows)
    else:
        every = graph.op("Cast", lengths, to=7)
    return graph.op("ReverseSequence", v, every, time_axis=0, batch_axis=1)
