"""A recurrent stack as ONNX operators: LSTM, GRU and RNN as ONNX has them, minGRU as one product and a `Scan`.

Knows weights by their names in `nn.stack`, and what ONNX calls what; knows no network around it. Used by the other
files of this package. Time stands first here: (T, B, …).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import helper

from elman.export.onnx_graph import NONE, RUNTIME, Graph, Weights
from elman.export.quantize import rounded
from elman.nn.config import StackConfig

OPERATORS = {"lstm": "LSTM", "gru": "GRU", "elman": "RNN"}
ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "elman": (0,)}
"""Where ONNX's blocks stand among ours: its LSTM has i o f g, ours i f g o; its GRU z r h_tilde, ours r z h_tilde."""
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Reading:
    """What a stack gives: h (T, B, directions * H), zero at padding, and the parts of the state, (layers * directions,
    B, H) each."""

    h: str
    state: tuple[str, ...]


def stack(
    graph: Graph, x: str, config: StackConfig, *, weights: Weights, lengths: str | None, state: tuple[str, ...] = ()
) -> Reading:
    """Read x (T, B, D).

    Args:
        weights: of the stack, `layers.LAYER.DIRECTION.W` and so on. lengths: (B,) int32, real steps; None where all
            are. state: the state to begin with, as `nn.stack` has it; none for zeros.
    """
    directions = 2 if config.bidirectional else 1
    before: list[list[str]] = [[] for _ in range(config.layers)]
    for part in state:
        pieces = [part] if config.layers == 1 else graph.ops("Split", part, outputs=config.layers, axis=0)
        for layer, piece in enumerate(pieces):
            before[layer].append(piece)
    ends = []
    for layer in range(config.layers):
        own = [
            {name: weights[f"layers.{layer}.{d}.{name}"] for name in ("W", "U", "b", "b_u")
             if f"layers.{layer}.{d}.{name}" in weights}
            for d in range(directions)
        ]  # fmt: skip
        read = _scanned if config.cell == "mingru" else _operator
        x, after = read(graph, x, config, weights=own, lengths=lengths, state=before[layer])
        ends.append(after)
    parts = zip(*ends, strict=True)
    return Reading(x, tuple(p[0] if len(p) == 1 else graph.op("Concat", *p, axis=0) for p in parts))


def _operator(
    graph: Graph,
    x: str,
    config: StackConfig,
    *,
    weights: list[dict[str, Floats]],
    lengths: str | None,
    state: list[str],
) -> tuple[str, list[str]]:
    """A layer in all directions by ONNX's own operator: h (T, B, directions * H), and the state."""
    kind, hidden = config.cell, config.hidden
    W, U, b = (np.stack([_ordered(one, name, config) for one in weights]) for name in ("W", "U", "b"))  # noqa: N806
    how: dict[str, Any] = {"hidden_size": hidden, "direction": "bidirectional" if len(weights) == 2 else "forward"}
    if kind == "gru":
        how["linear_before_reset"] = 1
    sizes, outputs = NONE if lengths is None else lengths, 3 if kind == "lstm" else 2
    if graph.int8 and kind == "lstm":
        (w, w_scales), (u, u_scales) = (rounded(part.transpose(0, 2, 1)) for part in (W, U))
        zeros = np.zeros(w_scales.shape, dtype=np.int8)
        held = [graph.constant(part, name="lstm") for part in (w, u, b, w_scales, u_scales, zeros)]
        state = state or [NONE, NONE]
        found = graph.ops(
            "DynamicQuantizeLSTM", x, *held[:3], sizes, *state, NONE, held[3], held[5], held[4], held[5],
            outputs=outputs, domain=RUNTIME, **how,
        )  # fmt: skip
    else:
        held = [graph.constant(part, name=kind) for part in (W, U, b)]
        found = graph.ops(OPERATORS[kind], x, *held, sizes, *state, outputs=outputs, **how)
    h, *after = found  # (T, directions, B, H)
    if lengths is not None:
        after = [_kept(graph, part, lengths, state[k] if any(state) else None) for k, part in enumerate(after)]
    return _joined(graph, h, len(weights)), after


def _ordered(weights: dict[str, Floats], name: str, config: StackConfig) -> Floats:
    """A matrix, or all biases of a layer in one direction, with the blocks in ONNX's order."""
    order = list(ORDERS[config.cell])

    def turned(array: Floats) -> Floats:
        blocks = array.reshape(len(order), config.hidden, *array.shape[1:])[order]
        return blocks.reshape(array.shape)

    if name != "b":
        return turned(weights[name])
    inner = np.zeros_like(weights["b"])
    if "b_u" in weights:
        inner[-config.hidden :] = weights["b_u"]
    return np.concatenate([turned(weights["b"]), inner])


def _kept(graph: Graph, after: str, lengths: str, before: str | None) -> str:
    """The state (directions, B, H), but as it was, or zero, in rows without steps."""
    read = graph.op(
        "Greater", graph.op("Unsqueeze", lengths, graph.constant([1])), graph.constant(np.array(0, dtype=np.int32))
    )
    return graph.op("Where", read, after, graph.number(0.0) if before is None else before)


def _joined(graph: Graph, h: str, directions: int) -> str:
    """h (T, directions, B, H) as (T, B, directions * H)."""
    if directions == 1:
        return graph.op("Squeeze", h, graph.constant([1]))
    return graph.op("Reshape", graph.op("Transpose", h, perm=[0, 2, 1, 3]), graph.constant([0, 0, -1]))


def _scanned(
    graph: Graph,
    x: str,
    config: StackConfig,
    *,
    weights: list[dict[str, Floats]],
    lengths: str | None,
    state: list[str],
) -> tuple[str, list[str]]:
    """A layer of minGRU in all directions: all gates by one product, then h_t = h_prev + z * (h_tilde - h_prev)."""
    directions = len(weights)
    starts = [NONE] * directions
    if state:
        starts = state if directions == 1 else graph.ops("Split", state[0], outputs=2, axis=0)
    real = None if lengths is None else _real(graph, x, lengths)  # (T, B, 1)
    found, ends = [], []
    for d, (one, start) in enumerate(zip(weights, starts, strict=True)):
        v = graph.product(x, one["W"], one["b"])  # (T, B, 2 H)
        if d == 1:
            v = _turned(graph, v, x, lengths)
        v_z, v_h = graph.ops("Split", v, outputs=2, axis=2)
        z, h_tilde = graph.op("Sigmoid", v_z), positive(graph, v_h)
        if real is not None:
            z = graph.op("Mul", z, real)  # at padding h stands still
        first = graph.op("Squeeze", start, graph.constant([0])) if start else _zeros(graph, z)
        last, h = graph.ops("Scan", first, z, h_tilde, outputs=2, body=_step(graph), num_scan_inputs=2)
        if real is not None:
            h = graph.op("Mul", h, real)
        found.append(_turned(graph, h, x, lengths) if d == 1 else h)
        ends.append(graph.op("Unsqueeze", last, graph.constant([0])))
    if directions == 1:
        return found[0], ends
    return graph.op("Concat", *found, axis=2), [graph.op("Concat", *ends, axis=0)]


def _step(graph: Graph) -> object:
    """One step of minGRU: the state twice, to be carried and to be given out."""
    nodes = [
        helper.make_node("Sub", ["h_tilde", "h_prev"], ["lead"]),
        helper.make_node("Mul", ["z", "lead"], ["move"]),
        helper.make_node("Add", ["h_prev", "move"], ["h_t"]),
        helper.make_node("Identity", ["h_t"], ["h_out"]),
    ]
    return graph.body(inputs=["h_prev", "z", "h_tilde"], outputs=["h_t", "h_out"], nodes=nodes)


def positive(graph: Graph, v: str) -> str:
    """minGRU's g: v + 0.5 for v >= 0, sigmoid(v) below."""
    is_high = graph.op("GreaterOrEqual", v, graph.number(0.0))
    return graph.op("Where", is_high, graph.op("Add", v, graph.number(0.5)), graph.op("Sigmoid", v))


def _zeros(graph: Graph, z: str) -> str:
    """(B, H) of zeros, as wide as z (T, B, H)."""
    shape = graph.op("Slice", graph.op("Shape", z), graph.constant([1]), graph.constant([3]))
    return graph.op("Expand", graph.number(0.0), shape)


def _real(graph: Graph, x: str, lengths: str) -> str:
    """(T, B, 1), 1 at the real steps of x (T, B, D), else 0."""
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
