"""Symbols in and out as ONNX operators: the vectors that a stack reads, and the softmax over what comes next.

Knows weights by their names in `nn.embedding`, `nn.symbols` and `nn.softmax`; knows no tokenizer. Used for language
models, seq2seq models and classifiers of symbols. A table that both sides share is in a graph once.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.export.onnx_graph import Graph, Weights, part_of
from elman.export.onnx_words import table

NEVER = -1e4
"""As in `nn.softmax`: added to the logit of a symbol that is never predicted."""
Floats = NDArray[np.float32]


def embedded(graph: Graph, ids: str, weights: Weights) -> str:
    """Vectors (…, D) of ids of any shape: rows of one matrix, or of clusters of ever narrower ones.

    Args:
        weights: of `nn.embedding.Embedding`.
    """
    if "E" in weights:
        return graph.rows(weights["E"], ids)
    tables, projections = clusters(part_of(weights, "clusters."))
    edges = np.cumsum([0, *(len(one) for one in tables)])
    x = graph.rows(tables[0], _within(graph, ids, 0, int(edges[1])))
    for k, (one, projection) in enumerate(zip(tables[1:], projections, strict=True), 1):
        begin, end = int(edges[k]), int(edges[k + 1])
        inside = graph.op("GreaterOrEqual", ids, graph.constant(begin))  # the clusters behind overwrite it again
        rows = graph.product(graph.rows(one, _within(graph, ids, begin, end)), projection.T)
        x = graph.op("Where", graph.op("Unsqueeze", inside, graph.constant([-1])), rows, x)
    return x


def with_ngrams(graph: Graph, x: str, rows: str, weights: Weights, *, orders: int, bits: int, width: int) -> str:
    """x (B, T, D) with the vectors of hashed n-grams beside it, (B, T, D + n D').

    Args:
        rows: (B, T, n), of the tables of all orders. weights: of `nn.ngrams.NgramEmbedding`. orders: the longest n.
    """
    found = table(graph, weights, "tables", rows=(orders - 1) << bits, ids=rows)  # (B, T, n, D')
    flat = graph.op("Reshape", found, graph.constant([0, 0, (orders - 1) * width]))
    return graph.op("Concat", x, flat, axis=2)


def log_softmax(
    graph: Graph, h: str, weights: Weights, *, embedding: Weights, impossible: Sequence[int], joint: bool = False
) -> str:
    """ln p of every symbol, (M, N), of states h (M, H).

    Args:
        weights: of `nn.softmax`, whole or adaptive. embedding: of the embedding that it may share its matrix with.
            joint: all that an adaptive softmax multiplies with h itself is one matrix, which no embedding shares.
    """
    h = graph.product(h, weights["projection.P"]) if "projection.P" in weights else h
    if "b" in weights:
        matrix = weights["V"] if "V" in weights else _matrix(embedding)
        return graph.op("LogSoftmax", graph.product(h, matrix, _possible(weights["b"], impossible)), axis=1)
    tables, projections = _clusters_of(weights, embedding)
    if joint:
        logits, *narrow = _joint_head(graph, h, weights, tables[0], projections=projections, impossible=impossible)
    else:
        logits = _head(graph, h, weights, tables[0], impossible)
        narrow = [graph.product(h, projection) for projection in projections]
    head = graph.op("LogSoftmax", logits, axis=1)
    sizes = graph.constant([len(tables[0]), *[1] * len(projections)])
    first, *ways = graph.ops("Split", head, sizes, outputs=1 + len(projections), axis=1)
    parts = [first]
    for k, (h_k, way) in enumerate(zip(narrow, ways, strict=True)):
        parts.append(graph.op("Add", tail_logs(graph, h_k, k, weights, embedding=embedding), way))
    return graph.op("Concat", *parts, axis=1)


def narrowed(
    graph: Graph, h: str, weights: Weights, *, embedding: Weights, impossible: Sequence[int]
) -> tuple[str, list[str]]:
    """What an adaptive softmax does with every state h (M, H): ln p of the frequent symbols and of the clusters behind
    them, (M, N0 + K), and h as each of these reads it, K times (M, D_k)."""
    h = graph.product(h, weights["projection.P"]) if "projection.P" in weights else h
    tables, projections = _clusters_of(weights, embedding)
    logits, *narrow = _joint_head(graph, h, weights, tables[0], projections=projections, impossible=impossible)
    return graph.op("LogSoftmax", logits, axis=1), narrow


def tail_logs(graph: Graph, narrow: str, k: int, weights: Weights, *, embedding: Weights) -> str:
    """ln p of the symbols of the k-th cluster behind the frequent ones, each within it, (M, N_k), of h as it reads it
    (M, D_k)."""
    tables, _ = _clusters_of(weights, embedding)
    return graph.op("LogSoftmax", graph.product(narrow, tables[1 + k], weights[f"b_tails.{k}"]), axis=1)


def target_logs(graph: Graph, h: str, targets: str, weights: Weights, *, embedding: Weights, impossible: Sequence[int]
) -> str:  # fmt: skip
    """ln p of each target (M,) by an adaptive softmax, (M,), of states h (M, H): of the clusters behind the head only
    those rows are computed whose target is in them."""
    h = graph.product(h, weights["projection.P"]) if "projection.P" in weights else h
    tables, projections = _clusters_of(weights, embedding)
    edges = [int(edge) for edge in np.cumsum([0, *(len(one) for one in tables)])]
    head = graph.op("LogSoftmax", _head(graph, h, weights, tables[0], impossible), axis=1)
    asked, behind = targets, []
    for k in range(1, len(tables)):
        low = graph.op("GreaterOrEqual", targets, graph.constant(edges[k]))
        inside = graph.op("And", low, graph.op("Less", targets, graph.constant(edges[k + 1])))
        behind.append(inside)
        asked = graph.op("Where", inside, graph.constant(edges[1] + k - 1), asked)
    logs = _picked(graph, head, asked)
    for k, inside in enumerate(behind, 1):
        places = graph.op("Transpose", graph.op("NonZero", inside), perm=[1, 0])  # (m, 1)
        rows = graph.op("GatherND", h, places)  # (m, D)
        ids = graph.op("Sub", graph.op("GatherND", targets, places), graph.constant(edges[k]))  # (m,)
        logits = graph.product(graph.product(rows, projections[k - 1]), tables[k], weights[f"b_tails.{k - 1}"])
        found = _picked(graph, graph.op("LogSoftmax", logits, axis=1), ids)
        logs = graph.op("ScatterND", logs, places, found, reduction="add")
    return logs


def clusters(weights: Weights) -> tuple[list[Floats], list[Floats]]:
    """The tables of `nn.embedding.Clusters`, and the projections of all but the first."""
    tables, projections = (
        [weights[f"{name}.{k}"] for k in range(sum(one.startswith(f"{name}.") for one in weights))]
        for name in ("tables", "projections")
    )
    return tables, projections


def _clusters_of(weights: Weights, embedding: Weights) -> tuple[list[Floats], list[Floats]]:
    """Those of an adaptive softmax, or of the embedding that it is tied to."""
    return clusters(part_of(weights, "own.") or part_of(embedding, "clusters."))


def _matrix(embedding: Weights) -> Floats:
    """The matrix (N, D) of an embedding, put together where it is in clusters."""
    if "E" in embedding:
        return embedding["E"]
    tables, projections = clusters(part_of(embedding, "clusters."))
    tails = [one @ projection for one, projection in zip(tables[1:], projections, strict=True)]
    return np.concatenate([tables[0], *tails])


def _head(graph: Graph, h: str, weights: Weights, table: Floats, impossible: Sequence[int]) -> str:
    """The logits of the frequent symbols and of the clusters behind them."""
    bias = _possible(weights["b_head"], impossible)
    parts = [
        graph.product(h, table, bias[: len(table)]),
        graph.product(h, weights["C"], bias[len(table) :]),
    ]
    return graph.op("Concat", *parts, axis=1)


def _joint_head(
    graph: Graph, h: str, weights: Weights, table: Floats, *, projections: Sequence[Floats], impossible: Sequence[int]
) -> list[str]:
    """`_head`, and h as each of the clusters behind it reads it, by one product."""
    matrix = np.concatenate([table, weights["C"], *projections])
    sizes = [len(table) + len(weights["C"]), *map(len, projections)]
    bias = np.zeros(len(matrix), dtype=np.float32)
    bias[: sizes[0]] = _possible(weights["b_head"], impossible)
    return graph.ops("Split", graph.product(h, matrix, bias), graph.constant(sizes), outputs=len(sizes), axis=1)


def _possible(bias: Floats, impossible: Sequence[int]) -> Floats:
    held = bias.copy()
    held[list(impossible)] += np.float32(NEVER)
    return held


def _within(graph: Graph, ids: str, begin: int, end: int) -> str:
    """The places of ids in a cluster; of those outside, one that exists."""
    low = graph.op("Max", graph.op("Sub", ids, graph.constant(begin)), graph.constant(0))
    return graph.op("Min", low, graph.constant(end - begin - 1))


def _picked(graph: Graph, logs: str, ids: str) -> str:
    """The numbers (M,) of logs (M, N) at ids (M,)."""
    column = graph.op("GatherElements", logs, graph.op("Unsqueeze", ids, graph.constant([1])), axis=1)
    return graph.op("Squeeze", column, graph.constant([1]))
