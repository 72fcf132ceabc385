"""A classifier as ONNX graphs: `words.onnx`, the vectors of words; `classifier.onnx`, the scores of labels by the
stacks; `bag.onnx`, those by the n-grams of a text.

Knows weights by their names in `models.networks.classifier`; knows no text. Called by `models.exporting`.
"""

from typing import Any

from elman.export.onnx_graph import FAR_BELOW, Graph, Weights, part_of
from elman.export.onnx_scan import real_steps
from elman.export.onnx_stack import Reading, joined, stack
from elman.export.onnx_symbols import embedded, with_ngrams
from elman.export.onnx_tagger import linear_mean
from elman.export.onnx_words import summed, table
from elman.nn.config import JOINT, EmbeddingConfig, StackConfig, TextHeadConfig


def classifier_graph(
    config: StackConfig, weights: Weights, *, head: TextHeadConfig, width: int, spelt: int | None = None,
    symbols: EmbeddingConfig | None = None, int8: bool = False,
) -> bytes:  # fmt: skip
    """The scores of the labels by the stacks together, `scores` (B, K).

    Inputs `vectors` (W, D) and `places` (B, T), or `ids` (B, T) and, where there are n-grams, `ngrams` (B, T, n);
    `lengths` (B,); where characters are read too, `spelt_vectors`, `spelt_places` and `spelt_lengths` of these.

    Args:
        weights: of the network. width: D; spelt: likewise of characters. symbols: the embedding, where symbols are read
            in place of words.
    """
    graph = Graph("classifier", int8=int8)
    x = _looked_up(graph, width) if symbols is None else symbol_vectors(graph, symbols, part_of(weights, "embedding."))
    members = [dict(weights), *(part_of(weights, f"others.{k}.") for k in range(head.members - 1))]
    found = _members(graph, x, config, head, members=members, lengths=graph.input("lengths", "int32", ["B"]))
    if spelt is not None:
        x = _looked_up(graph, spelt, "spelt_")
        members = [part_of(weights, f"spellers.{k}.") for k in range(head.members)]
        counts = graph.input("spelt_lengths", "int32", ["B"])
        found += _members(graph, x, config, head, members=members, lengths=counts)
    labels = len(weights["head.b"])
    graph.output("scores", linear_mean(graph, found), dtype="float32", shape=["B", labels])
    return graph.to_bytes()


def bag_graph(weights: Weights, *, rows: int, width: int, labels: int) -> bytes:
    """The scores of the labels by the n-grams of a text, `scores` (B, K).

    Inputs `rows` (m,) of the table, `owners` (m,) among the 2 B bags, `sizes` (2 B,) of these, at least 1.

    Args:
        weights: of `nn.bags.TextBag`. rows, width: of the whole table.
    """
    graph = Graph("bag")
    vectors = table(graph, weights, "E", rows=rows, ids=graph.input("rows", "int64", ["m"]))
    owners, sizes = graph.input("owners", "int64", ["m"]), graph.input("sizes", "int64", ["bags"])
    both = summed(graph, vectors, owners, sizes, width=width)  # (2 B, D)
    pairs = graph.op("Reshape", both, graph.constant([-1, 2, width]))
    s = graph.op("ReduceSum", pairs, graph.constant([1]), keepdims=0)  # (B, D)
    scores = graph.product(s, weights["V"]) if "V" in weights else s
    graph.output("scores", scores, dtype="float32", shape=["B", labels])
    return graph.to_bytes()


def symbol_vectors(
    graph: Graph, config: EmbeddingConfig, weights: Weights, *, part: str = "symbols.", steps: str | int = "T"
) -> str:
    """What a stack reads of symbols, (B, T, D), with the inputs that this takes.

    Args:
        weights: of `nn.symbols.SymbolEmbedding`, or of what has an embedding under the name `part` and n-grams. steps:
            T, where it is known.
    """
    x = embedded(graph, graph.input("ids", "int64", ["B", steps]), part_of(weights, part))
    if config.ngrams == 1:
        return x
    rows = graph.input("ngrams", "int64", ["B", steps, config.ngrams - 1])
    return with_ngrams(graph, x, rows, part_of(weights, "ngrams."), orders=config.ngrams, bits=config.ngram_bits,
                       width=config.ngram_width)  # fmt: skip


def _looked_up(graph: Graph, width: int, prefix: str = "") -> str:
    """Vectors (B, T, D) of what stands at each step, with the inputs that this takes."""
    vectors = graph.input(f"{prefix}vectors", "float32", [f"{prefix}W", width])
    return graph.op("Gather", vectors, graph.input(f"{prefix}places", "int64", ["B", f"{prefix}T"]))


def _members(
    graph: Graph, x: str, config: StackConfig, head: TextHeadConfig, *, members: list[dict[str, Any]], lengths: str
) -> list[str]:
    """The scores (B, K) of each stack that reads x (B, T, D)."""
    found, steps = [], graph.op("Transpose", x, perm=[1, 0, 2])  # (T, B, D)
    for own in members:
        read = stack(graph, steps, config, weights=part_of(own, "stack."), lengths=lengths)
        v = _pooled(graph, read, config, head, weights=own, lengths=lengths)
        for k in range(head.feed_forward_layers):
            v = graph.op("Relu", graph.product(v, own[f"layers.W.{k}"], own[f"layers.b.{k}"]))
        found.append(graph.product(v, own["head.V"], own["head.b"]))
    return found


def _pooled(
    graph: Graph, read: Reading, config: StackConfig, head: TextHeadConfig, *, weights: Weights, lengths: str
) -> str:
    """What `nn.pooling` makes of h in n pieces (T, n, B, D / n), zero at padding: (B, ways * D). No row is empty."""
    found = []
    directions = 2 if config.bidirectional else 1
    width = directions * config.hidden
    counts = graph.op("Cast", graph.op("Unsqueeze", lengths, graph.constant([1])), to=1)  # (B, 1)
    for way in head.pooling.split(JOINT):
        if way == "last":
            whole = config.layers * directions
            ends = graph.op("Slice", read.state[0], graph.constant([whole - directions]), graph.constant([whole]))
            found.append(_rows_first(graph, ends, width))
        elif way == "mean":
            sums = graph.op("ReduceSum", read.h, graph.constant([0]), keepdims=0)
            found.append(graph.op("Div", _rows_first(graph, sums, width), counts))
        elif way == "max":
            lowest = graph.op("Unsqueeze", _far_below(graph, read.h, lengths), graph.constant([1]))  # (T, 1, B, 1)
            real = graph.op("Add", read.h, lowest)
            found.append(_rows_first(graph, _greatest(graph, real, width // read.pieces, pieces=read.pieces), width))
        else:
            h = joined(graph, read)
            scores = graph.product(graph.op("Tanh", h), weights["pooling.a"][None])  # (T, B, 1)
            alpha = graph.op("Softmax", graph.op("Add", scores, _far_below(graph, h, lengths)), axis=0)
            found.append(graph.op("ReduceSum", graph.op("Mul", alpha, h), graph.constant([0]), keepdims=0))
    return found[0] if len(found) == 1 else graph.op("Concat", *found, axis=1)


def _greatest(graph: Graph, h: str, width: int, *, pieces: int) -> str:
    """The greatest of all steps of h (T, pieces, B, width): (pieces, B, width).

    ONNX Runtime compares numbers that lie together several times as fast; without the second `Reshape` it would put
    steps first again.
    """
    steps_last = graph.op("Transpose", graph.op("Reshape", h, graph.constant([0, -1])), perm=[1, 0])
    apart = graph.op("Reshape", steps_last, graph.constant([0, 1, -1]))
    found = graph.op("ReduceMax", apart, axes=[2], keepdims=0)
    return graph.op("Reshape", found, graph.constant([pieces, -1, width]))


def _rows_first(graph: Graph, pieces: str, width: int) -> str:
    """(B, D) of pieces (n, B, D / n)."""
    return graph.op("Reshape", graph.op("Transpose", pieces, perm=[1, 0, 2]), graph.constant([0, width]))


def _far_below(graph: Graph, h: str, lengths: str) -> str:
    """(T, B, 1): what to add to h (T, …) so that it is least at padding and stays the same elsewhere."""
    padding = graph.op("Sub", graph.number(1.0), real_steps(graph, h, lengths))
    return graph.op("Mul", padding, graph.number(FAR_BELOW))
