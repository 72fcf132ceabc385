"""A tagger as ONNX graphs: `words.onnx`, the vectors of words, and `tagger.onnx`, the scores of labels.

Knows weights by their names in `models.networks.tagger`; knows no text. Called by `models.exporting`.
"""

from collections.abc import Sequence

import numpy as np

from elman.export.onnx_graph import Graph, Weights, part_of
from elman.export.onnx_stack import joined, stack
from elman.export.onnx_words import table
from elman.nn.config import StackConfig


def tagger_graph(
    config: StackConfig, weights: Weights, *, widths: Sequence[int], crf: Sequence[bool], int8: bool = False,
    contexts: tuple[int, int] | None = None, smoothing: float = 0.0,
) -> bytes:  # fmt: skip
    """Scores of the labels of every column at every step, `scores_K` (M, B, T, labels), as the network has them: ln of
    the mean p of all members, and with contexts of the p of these; or as the CRF of each has them.

    Inputs `vectors` (W, D), `places` (B, T) of words among these, `lengths` (B,), and with contexts their rows
    `contexts` (B, T, F).

    Args:
        weights: of the network. widths: of the vectors of each member, which stand side by side. crf: for each column,
            whether it has a CRF. contexts: rows of the table of what stands around words, and how many a word has,
            where that is read. smoothing: of the probabilities of all members, and so of what is averaged with them.
    """
    graph = Graph("tagger", int8=int8)
    vectors = graph.input("vectors", "float32", ["W", sum(widths)])
    places = graph.op("Transpose", graph.input("places", "int64", ["B", "T"]), perm=[1, 0])
    lengths = graph.input("lengths", "int32", ["B"])
    found: list[list[str]] = [[] for _ in crf]
    labels = [len(weights[f"members.0.heads.{k}.b"]) for k in range(len(crf))]
    for member, width in enumerate(widths):
        own, begin = part_of(weights, f"members.{member}."), sum(widths[:member])
        bounds = (graph.constant([place]) for place in (begin, begin + width, 1))
        its = vectors if len(widths) == 1 else graph.op("Slice", vectors, *bounds)  # (W, its own D)
        x = graph.op("Gather", its, places)  # (T, B, D)
        h = joined(graph, stack(graph, x, config, weights=part_of(own, "stack."), lengths=lengths))
        for k, is_linear in enumerate(crf):
            scores = graph.product(h, own[f"heads.{k}.V"], own[f"heads.{k}.b"])  # (T, B, K)
            found[k].append(scores if is_linear else graph.op("LogSoftmax", scores, axis=2))
    beside: list[str] = []
    if contexts:
        own, (rows, templates) = part_of(weights, "log_linear."), contexts
        steps = graph.op("Transpose", graph.input("contexts", "int32", ["B", "T", templates]), perm=[1, 0, 2])
        near = table(graph, own, "contexts.E", rows=rows, ids=steps, nothing=0)  # (T, B, F, D)
        h = graph.op("ReduceSum", near, graph.constant([2]), keepdims=0)
        for k, is_linear in enumerate(crf):
            scores = graph.product(h, own[f"heads.{k}.V"], own[f"heads.{k}.b"])
            beside.append(scores if is_linear else smoothed(graph, scores, smoothing, labels=labels[k]))
    for k, (scored, is_linear) in enumerate(zip(found, crf, strict=True)):
        parts = [*(scored if is_linear else [log_mean(graph, scored)]), *beside[k : k + 1]]
        every = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=2)  # (T, B, M K)
        apart = graph.op("Reshape", every, graph.constant([0, 0, len(parts), labels[k]]))
        rows_first = graph.op("Transpose", apart, perm=[2, 1, 0, 3])  # (M, B, T, K)
        graph.output(f"scores_{k}", rows_first, dtype="float32", shape=[len(parts), "B", "T", labels[k]])
    return graph.to_bytes()


def smoothed(graph: Graph, scores: str, share: float, *, labels: int) -> str:
    """ln of the softmax of scores (T, B, K), a share of each probability spread over all K labels."""
    if share == 0:
        return graph.op("LogSoftmax", scores, axis=2)
    p = graph.op("Softmax", scores, axis=2)
    kept = graph.op("Mul", p, graph.number(1 - share))
    return graph.op("Log", graph.op("Add", kept, graph.number(share / labels)))


def linear_mean(graph: Graph, parts: list[str]) -> str:
    """The mean of arrays of one shape."""
    return parts[0] if len(parts) == 1 else graph.op("Mean", *parts)


def log_mean(graph: Graph, logs: list[str]) -> str:
    """ln of the mean of probabilities whose logarithms (T, B, K) are given."""
    if len(logs) == 1:
        return logs[0]
    beside = [graph.op("Unsqueeze", one, graph.constant([0])) for one in logs]
    total = graph.op("ReduceLogSumExp", graph.op("Concat", *beside, axis=0), axes=[0], keepdims=0)
    return graph.op("Sub", total, graph.number(float(np.log(len(logs)))))
