"""A language model as ONNX graphs: `states.onnx`, from symbols and a state to states, one step or many; `softmax.onnx`,
from states to what comes next; with an adaptive softmax `nats.onnx`, from states to ln p of one symbol each.

Knows weights by their names in `models.networks.language_model`; knows no text. Called by `models.exporting`.
"""

from collections.abc import Sequence

from elman.export.onnx_classifier import symbol_vectors
from elman.export.onnx_graph import Graph, Weights, part_of
from elman.export.onnx_stack import joined, stack
from elman.export.onnx_symbols import log_softmax, target_logs
from elman.nn.config import EmbeddingConfig, StackConfig

STATES = {"lstm": ("h", "c"), "gru": ("h",), "elman": ("h",), "mingru": ("h",)}


def states_graph(config: StackConfig, weights: Weights, *, embedding: EmbeddingConfig, int8: bool = False) -> bytes:
    """The states that a softmax reads, `states` (B, T, H), and the state behind each row's last step, `h_end` (layers,
    B, H) and, for the LSTM, `c_end`.

    Inputs `ids` (B, T) and, where there are n-grams, `ngrams` (B, T, n), their rows in the tables; `lengths` (B,); `h`
    and `c`, the state before.

    Args:
        weights: of the network.
    """
    graph = Graph("states", int8=int8)
    x = symbol_vectors(graph, embedding, weights, part="embedding.")
    lengths = graph.input("lengths", "int32", ["B"])
    shape: list[str | int] = [config.layers, "B", config.hidden]
    state = tuple(graph.input(name, "float32", shape) for name in STATES[config.cell])
    steps = graph.op("Transpose", x, perm=[1, 0, 2])  # (T, B, D)
    read = stack(graph, steps, config, weights=part_of(weights, "stack."), lengths=lengths, state=state)
    rows_first = graph.op("Transpose", joined(graph, read), perm=[1, 0, 2])
    graph.output("states", rows_first, dtype="float32", shape=["B", "T", config.hidden])
    for name, part in zip(STATES[config.cell], read.state, strict=True):
        graph.output(f"{name}_end", part, dtype="float32", shape=shape)
    return graph.to_bytes()


def softmax_graph(
    weights: Weights, *, hidden: int, symbols: int, impossible: Sequence[int], int8: bool = False
) -> bytes:
    """ln p of every symbol, `logs` (M, N), of `states` (M, H).

    Args:
        weights: of the network.
    """
    graph = Graph("softmax", int8=int8)
    states = graph.input("states", "float32", ["M", hidden])
    logs = log_softmax(graph, states, part_of(weights, "head."), embedding=part_of(weights, "embedding."),
                       impossible=impossible)  # fmt: skip
    graph.output("logs", logs, dtype="float32", shape=["M", symbols])
    return graph.to_bytes()


def nats_graph(weights: Weights, *, hidden: int, impossible: Sequence[int], int8: bool = False) -> bytes:
    """ln p of one symbol each, `logs` (M,), of `states` (M, H) and `targets` (M,), by an adaptive softmax.

    Args:
        weights: of the network.
    """
    graph = Graph("nats", int8=int8)
    states, targets = graph.input("states", "float32", ["M", hidden]), graph.input("targets", "int64", ["M"])
    logs = target_logs(graph, states, targets, part_of(weights, "head."), embedding=part_of(weights, "embedding."),
                       impossible=impossible)  # fmt: skip
    graph.output("logs", logs, dtype="float32", shape=["M"])
    return graph.to_bytes()
