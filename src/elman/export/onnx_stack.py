"""A recurrent stack as ONNX operators: LSTM, GRU and RNN as ONNX has them, or, where that is slower, as `onnx_scan` has
them.

Knows weights by their names in `nn.stack`, and what ONNX calls what; knows no network around it. Used by the other
files of this package. Time stands first here: (T, B, …).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from elman.export.onnx_graph import NONE, RUNTIME, Floats, Graph, Weights
from elman.export.onnx_scan import is_scanned, scanned
from elman.export.quantize import rounded
from elman.nn.config import StackConfig

OPERATORS = {"lstm": "LSTM", "gru": "GRU", "elman": "RNN"}
ORDERS = {"lstm": (0, 3, 1, 2), "gru": (1, 0, 2), "elman": (0,)}
"""Where ONNX's blocks stand among ours: its LSTM has i o f g, ours i f g o; its GRU z r h_tilde, ours r z h_tilde."""


@dataclass(frozen=True)
class Reading:
    """What a stack gives: h (T, n, B, D / n), of D = directions * H in n pieces and zero at padding, as the last layer
    has it, and the parts of the state, (layers * directions, B, H) each. `joined` makes one of the pieces."""

    h: str
    pieces: int
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
        split = [part] if config.layers == 1 else graph.ops("Split", part, outputs=config.layers, axis=0)
        for layer, piece in enumerate(split):
            before[layer].append(piece)
    ends = []
    read: Reading  # there is a layer
    for layer in range(config.layers):
        own = [
            {name: weights[f"layers.{layer}.{d}.{name}"] for name in ("W", "U", "b", "b_u")
             if f"layers.{layer}.{d}.{name}" in weights}
            for d in range(directions)
        ]  # fmt: skip
        if is_scanned(config, int8=graph.int8):
            h, after = scanned(graph, x, config, weights=own, lengths=lengths, state=before[layer])
            read = Reading(graph.op("Unsqueeze", h, graph.constant([1])), 1, ())
        else:
            h, after = _operator(graph, x, config, weights=own, lengths=lengths, state=before[layer])
            read = Reading(h, directions, ())
        if layer < config.layers - 1:
            x = joined(graph, read)
        ends.append(after)
    parts = zip(*ends, strict=True)
    return replace(read, state=tuple(p[0] if len(p) == 1 else graph.op("Concat", *p, axis=0) for p in parts))


def joined(graph: Graph, read: Reading) -> str:
    """h as (T, B, D)."""
    if read.pieces == 1:
        return graph.op("Squeeze", read.h, graph.constant([1]))
    return graph.op("Reshape", graph.op("Transpose", read.h, perm=[0, 2, 1, 3]), graph.constant([0, 0, -1]))


def _operator(
    graph: Graph,
    x: str,
    config: StackConfig,
    *,
    weights: list[dict[str, Floats]],
    lengths: str | None,
    state: list[str],
) -> tuple[str, list[str]]:
    """A layer in all directions by ONNX's own operator: h (T, directions, B, H), and the state."""
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
    h, *after = found
    if lengths is not None:
        after = [_kept(graph, part, lengths, state[k] if any(state) else None) for k, part in enumerate(after)]
    return h, after


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
