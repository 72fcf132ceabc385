"""The vectors of words as an ONNX graph: what `nn.words` does for the distinct words of a batch.

Knows weights by their names in `nn.words`; knows no text. Used for taggers and classifiers. Tables stay in the eight
bits in which a folder stores them; ONNX Runtime unpacks them once, when the graph is opened.
"""

from collections.abc import Sequence

import numpy as np

from elman.export.onnx_graph import Graph, Weights, part_of
from elman.export.onnx_stack import stack
from elman.nn.config import StackConfig, WordEmbeddingConfig

SMALL_TABLE = 1 << 20
"""Numbers of a table that is unpacked whole when the graph is opened, what is not stored too: a row is then found at
once."""


def table(graph: Graph, weights: Weights, name: str, *, rows: int, ids: str, nothing: int | None = None) -> str:
    """The rows (…, D) of a table stored in eight bits at ids (…); what is not stored is zero.

    Args:
        rows: how many rows the whole table has. nothing: the id that is zero whatever is stored, if there is one;
            of such a table nearly all rows are stored, and it is unpacked whole.
    """
    values, scales, known = (weights[f"{name}.{part}"] for part in ("values", "scales", "rows"))
    places = np.zeros(rows, dtype=np.int32)
    places[known] = np.arange(1, len(known) + 1)
    if nothing is not None:
        places[nothing] = 0
    zero = np.zeros((1, values.shape[1]), dtype=np.int8)
    packed = graph.op("Cast", graph.constant(np.concatenate([zero, values]), name=name), to=1)
    column = np.concatenate([np.ones(1, dtype=np.float32), scales])[:, None]
    stored = graph.op("Mul", packed, graph.constant(column, name="scales"))
    held = graph.constant(places, name="places")
    if nothing is not None or rows * values.shape[1] <= SMALL_TABLE:
        return graph.op("Gather", graph.op("Gather", stored, held), ids)
    return graph.op("Gather", stored, graph.op("Gather", held, ids))


def summed(graph: Graph, vectors: str, owners: str, sizes: str, *, width: int) -> str:
    """Sums (W, D) of vectors (m, D) by owner, over the root of how many each has.

    Args:
        owners: (m,). sizes: (W,).
    """
    shape = graph.op("Concat", graph.op("Shape", sizes), graph.constant([width]), axis=0)
    zeros = graph.op("Expand", graph.number(0.0), shape)
    sums = graph.op("ScatterND", zeros, graph.op("Unsqueeze", owners, graph.constant([1])), vectors, reduction="add")
    counts = graph.op("Cast", graph.op("Max", sizes, graph.constant([1])), to=1)
    return graph.op("Div", sums, graph.op("Unsqueeze", graph.op("Sqrt", counts), graph.constant([1])))


def words_graph(
    members: Sequence[tuple[WordEmbeddingConfig, Weights]], *, words: int, features: int, int8: bool = False
) -> bytes:
    """x = [E[w]; sum of hashed features; what the characters say] of distinct words, (W, D); with several members those
    of one after those of the other, D then is the sum of all.

    Inputs `words` (W,); `features` (m,), `owners` (m,) and `sizes` (W,); `characters` (W, C) and `character_lengths`
    (W,), those of them that a member has a use for. Output `vectors`.

    Args:
        members: the `WordEmbedding` of each. words: in the vocabulary. features: how many hashed ones.
    """
    graph = Graph("words", int8=int8)
    parts: list[list[str]] = [[] for _ in members]
    if any(config.word_width for config, _ in members):
        ids = graph.input("words", "int64", ["W"])
        for (config, own), some in zip(members, parts, strict=True):
            if config.word_width:
                some.append(table(graph, own, "E", rows=words, ids=ids))
    if any(config.feature_width for config, _ in members):
        numbers = graph.input("features", "int64", ["m"])
        owners, sizes = graph.input("owners", "int64", ["m"]), graph.input("sizes", "int64", ["W"])
        for (config, own), some in zip(members, parts, strict=True):
            if config.feature_width:
                vectors = table(graph, own, "features", rows=features, ids=numbers)
                some.append(summed(graph, vectors, owners, sizes, width=config.feature_width))
    if any(config.character_hidden for config, _ in members):
        steps = graph.op("Transpose", graph.input("characters", "int64", ["W", "C"]), perm=[1, 0])  # (C, W)
        lengths = graph.input("character_lengths", "int32", ["W"])
        for (config, own), some in zip(members, parts, strict=True):
            if config.character_hidden:
                some.append(_spelt(graph, config, own, steps=steps, lengths=lengths))
    every = [part for some in parts for part in some]
    joined = every[0] if len(every) == 1 else graph.op("Concat", *every, axis=1)
    graph.output("vectors", joined, dtype="float32", shape=["W", sum(config.width for config, _ in members)])
    return graph.to_bytes()


def _spelt(graph: Graph, config: WordEmbeddingConfig, weights: Weights, *, steps: str, lengths: str) -> str:
    """What the character network says of the words, (W, 2 H): its last state in each direction.

    Args:
        steps: characters (C, W). lengths: (W,), how many each word has.
    """
    x = graph.op("Gather", graph.constant(weights["alphabet"], name="alphabet"), steps)  # (C, W, D)
    shape = StackConfig(hidden=config.character_hidden, layers=1, bidirectional=True)
    read = stack(graph, x, shape, weights=part_of(weights, "reader."), lengths=lengths)
    ends = graph.op("Transpose", read.state[0], perm=[1, 0, 2])  # (W, 2, H)
    return graph.op("Reshape", ends, graph.constant([0, -1]))
