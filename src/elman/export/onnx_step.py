"""One symbol a row as ONNX operators: `readings.onnx`, what reading a symbol adds to a step, W E[w] + b, which an
engine keeps for the symbols that come again; `step.onnx`, from these and a state to the state behind the symbol and to
what comes next.

A step of one row waits for the weights that it reads: so those of the first layer's input are read once for each
symbol, and all other products may be by rounded weights, those of the cells too for which ONNX Runtime has no such
operator. The cells stand here as the equations do in `nn.cells`. Knows weights by their names in
`models.networks.language_model`; knows no text. Called by `models.exporting`.
"""

from collections.abc import Sequence

from elman.export.onnx_classifier import symbol_vectors
from elman.export.onnx_graph import Graph, Weights, part_of
from elman.export.onnx_language_model import STATES
from elman.export.onnx_scan import positive
from elman.export.onnx_symbols import embedded, log_softmax
from elman.nn.config import GATES, EmbeddingConfig, StackConfig


def readings_graph(weights: Weights, *, int8: bool = False) -> bytes:
    """W E[w] + b of the first layer, `readings` (m, G H), of `ids` (m,).

    Args:
        weights: of a network without n-grams.
    """
    graph = Graph("readings", int8=int8)
    x = embedded(graph, graph.input("ids", "int64", ["m"]), part_of(weights, "embedding."))
    W, b = (weights[f"stack.layers.0.0.{name}"] for name in ("W", "b"))  # noqa: N806
    graph.output("readings", graph.product(x, W, b), dtype="float32", shape=["m", len(b)])
    return graph.to_bytes()


def step_graph(
    config: StackConfig, weights: Weights, *, embedding: EmbeddingConfig, symbols: int, impossible: Sequence[int],
    int8: bool = False,
) -> bytes:  # fmt: skip
    """ln p of every next symbol, `logs` (B, N), and the state after one symbol a row, `h_end` (layers, B, H) and, for
    the LSTM, `c_end`.

    Inputs `readings` (B, G H) or, where there are n-grams, `ids` (B, 1) and `ngrams` (B, 1, n); `h` and `c`, the state
    before.

    Args:
        weights: of the network.
    """
    graph, cell, hidden = Graph("step", int8=int8), config.cell, config.hidden
    if embedding.ngrams == 1:
        v = graph.input("readings", "float32", ["B", GATES[cell] * hidden])
    else:
        rows = symbol_vectors(graph, embedding, weights, part="embedding.", steps=1)  # (B, 1, D)
        x = graph.op("Transpose", rows, perm=[1, 0, 2])  # (1, B, D)
        v = graph.product(x, weights["stack.layers.0.0.W"], weights["stack.layers.0.0.b"])
    shape: list[str | int] = [config.layers, "B", hidden]
    state = [graph.input(name, "float32", shape) for name in STATES[cell]]
    before = [[one] if config.layers == 1 else graph.ops("Split", one, outputs=config.layers, axis=0) for one in state]
    ends: list[list[str]] = []
    for layer, parts in enumerate(zip(*before, strict=True)):
        own = part_of(weights, f"stack.layers.{layer}.0.")
        if layer:
            v = graph.product(ends[-1][0], own["W"], own["b"])
        ends.append(_cell(graph, cell, v, list(parts), own))
    h = graph.op("Squeeze", ends[-1][0], graph.constant([0]))  # (B, H)
    logs = log_softmax(graph, h, part_of(weights, "head."), embedding=part_of(weights, "embedding."),
                       impossible=impossible, joint=True)  # fmt: skip
    graph.output("logs", logs, dtype="float32", shape=["B", symbols])
    for name, every in zip(STATES[cell], zip(*ends, strict=True), strict=True):
        joined = every[0] if len(every) == 1 else graph.op("Concat", *every, axis=0)
        graph.output(f"{name}_end", joined, dtype="float32", shape=shape)
    return graph.to_bytes()


def _cell(graph: Graph, cell: str, v: str, state: list[str], weights: Weights) -> list[str]:
    """The state (1, B, H) after one step; the equations are those of `nn.cells`.

    Args:
        v: (B, G H) or (1, B, G H), W x_t + b. state: h_prev, and c_prev of the LSTM.
    """
    h_prev = state[0]
    if cell == "mingru":
        v_z, v_h = graph.ops("Split", v, outputs=2, axis=-1)
        return [_between(graph, h_prev, positive(graph, v_h), graph.op("Sigmoid", v_z))]
    u = graph.product(h_prev, weights["U"])  # (1, B, G H)
    if cell == "gru":
        (x_r, x_z, x_h), (u_r, u_z, u_h) = (graph.ops("Split", each, outputs=3, axis=-1) for each in (v, u))
        r, z = (graph.op("Sigmoid", graph.op("Add", *pair)) for pair in ((x_r, u_r), (x_z, u_z)))
        candidate = graph.op("Mul", r, graph.op("Add", u_h, graph.constant(weights["b_u"], name="bias")))
        h_tilde = graph.op("Tanh", graph.op("Add", x_h, candidate))
        return [_between(graph, h_tilde, h_prev, z)]
    added = graph.op("Add", u, v)
    if cell == "elman":
        return [graph.op("Tanh", added)]
    i, f, g, o = graph.ops("Split", added, outputs=4, axis=-1)
    kept = graph.op("Mul", graph.op("Sigmoid", f), state[1])
    c_t = graph.op("Add", kept, graph.op("Mul", graph.op("Sigmoid", i), graph.op("Tanh", g)))
    return [graph.op("Mul", graph.op("Sigmoid", o), graph.op("Tanh", c_t)), c_t]


def _between(graph: Graph, one: str, other: str, z: str) -> str:
    """(1 - z) * one + z * other."""
    return graph.op("Add", one, graph.op("Mul", z, graph.op("Sub", other, one)))
