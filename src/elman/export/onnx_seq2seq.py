"""A seq2seq model as ONNX graphs: `encoder.onnx`, from a source to what the decoder looks back at and begins from;
`decoder.onnx`, one step of the decoder, from a symbol and a state to what comes next.

Knows weights by their names in `models.networks.seq2seq`; knows no text. Called by `models.exporting`.
"""

from dataclasses import replace

from elman.export.onnx_graph import FAR_BELOW, Graph, Weights, part_of
from elman.export.onnx_language_model import STATES
from elman.export.onnx_stack import joined, stack
from elman.export.onnx_symbols import embedded, log_softmax, narrowed, tail_logs
from elman.nn.config import Seq2SeqShape
from elman.nn.cutoffs import default_cutoffs, tails

IMPOSSIBLE = (1,)
"""`<s>`, which is never written."""


def has_keys(shape: Seq2SeqShape) -> bool:
    """Whether queries are compared with something else than the memory itself."""
    kind, directions = shape.decoder.attention, 2 if shape.stack.bidirectional else 1
    return kind in ("general", "mlp") or (kind == "dot" and directions == 2)


def state_names(shape: Seq2SeqShape) -> list[str]:
    """The parts of a decoder's state, (R, H) each: those of the cell layer by layer, then h_tilde, if it is fed."""
    names = [f"{name}{layer}" for layer in range(shape.decoder.decoder_layers) for name in STATES[shape.stack.cell]]
    return [*names, *(["h_tilde"] if shape.decoder.input_feeding else [])]


def encoder_graph(shape: Seq2SeqShape, weights: Weights, *, int8: bool = False) -> bytes:
    """What the decoder begins from, `h0`, `c0`, `h1`, … (B, H), and, with attention, `memory` (B, S, D) and `keys`
    (B, S, H), where these are not the memory itself.

    Inputs `source` (B, S) and `lengths` (B,).

    Args:
        weights: of the network.
    """
    graph = Graph("encoder", int8=int8)
    ids, lengths = graph.input("source", "int64", ["B", "S"]), graph.input("lengths", "int32", ["B"])
    x = embedded(graph, ids, part_of(weights, "embedding." if shape.joint else "source_embedding."))
    steps = graph.op("Transpose", x, perm=[1, 0, 2])  # (S, B, E)
    read = stack(graph, steps, shape.stack, weights=part_of(weights, "encoder."), lengths=lengths)
    hidden, directions = shape.stack.hidden, 2 if shape.stack.bidirectional else 1
    number = 0
    for layer in range(shape.decoder.decoder_layers):
        begin = min(layer, shape.stack.layers - 1) * directions
        for name, part in zip(STATES[shape.stack.cell], read.state, strict=True):
            ends = graph.op("Slice", part, graph.constant([begin]), graph.constant([begin + directions]))
            rows = graph.op("Transpose", ends, perm=[1, 0, 2])
            both = graph.op("Reshape", rows, graph.constant([0, directions * hidden]))
            begun = graph.product(both, weights["decoder.bridge.W"][number], weights["decoder.bridge.b"][number])
            value = graph.op("Tanh", begun) if name == "h" else begun
            graph.output(f"{name}{layer}", value, dtype="float32", shape=["B", hidden])
            number += 1
    if shape.decoder.attention != "none":
        memory = graph.op("Transpose", joined(graph, read), perm=[1, 0, 2])
        graph.output("memory", memory, dtype="float32", shape=["B", "S", directions * hidden])
        if has_keys(shape):
            own = part_of(weights, "decoder.attention.")
            keys = graph.product(memory, own["W"], own.get("b"))
            graph.output("keys", keys, dtype="float32", shape=["B", "S", hidden])
    return graph.to_bytes()


def decoder_graph(shape: Seq2SeqShape, weights: Weights, *, int8: bool = False, narrow: bool = False) -> bytes:
    """One step: ln p of every next symbol by the softmax, `logs` (R, N), the state after it, and with attention `alpha`
    (R, S); where symbols are copied `gate` (R,), the logarithm of g before its sigmoid.

    Inputs `ids` (R,), the state, with attention `memory`, `keys` and `lengths` of the rows, and with coverage
    `coverage` (R, S). What comes after a state has its name with `_end`.

    Args:
        weights: of the network. narrow: of an adaptive softmax give out, in place of `logs`, the `head` (R, N0 + K) and
            what the clusters behind it read, `narrow0` (R, D_0), …: input of `tails_graph`. Where rows look together,
            `memory`, `keys` and `lengths` then have a row for each of n sources, `index` (n, B) the rows that are
            written from it, some perhaps twice, and `place` (R,) where each row stands in `index`.
    """
    graph, config, hidden = Graph("decoder", int8=int8), shape.decoder, shape.stack.hidden
    ids = graph.input("ids", "int64", ["R"])
    state = {name: graph.input(name, "float32", ["R", hidden]) for name in state_names(shape)}
    embedding = part_of(weights, "embedding.")
    x = embedded(graph, ids, embedding)  # (R, E)
    read = graph.op("Concat", x, state["h_tilde"], axis=1) if config.input_feeding else x
    h, after = _layers(graph, read, shape, state, weights=part_of(weights, "decoder.first."), first=0, count=1)
    context = alpha = None
    if config.attention != "none":
        look = _looked_together if narrow and shape.looks_together else _looked
        context, alpha = look(graph, h, shape, part_of(weights, "decoder.attention."))
    if config.decoder_layers > 1:
        below = h if context is None else graph.op("Concat", h, context, axis=1)
        upper, above = part_of(weights, "decoder.upper."), config.decoder_layers - 1
        h, higher = _layers(graph, below, shape, state, weights=upper, first=1, count=above)
        after.update(higher)
    if context is not None:
        h = graph.op("Tanh", graph.product(graph.op("Concat", h, context, axis=1), weights["decoder.W"]))
    if config.input_feeding:
        after["h_tilde"] = h
    own = part_of(weights, "head.")
    if narrow:
        cutoffs = default_cutoffs(shape.target_symbols)
        head, rest = narrowed(graph, h, own, embedding=embedding, impossible=IMPOSSIBLE)
        graph.output("head", head, dtype="float32", shape=["R", cutoffs[0] + len(cutoffs)])
        for k, (part, tail) in enumerate(zip(rest, tails(shape.target_symbols, shape.output_width), strict=True)):
            graph.output(f"narrow{k}", part, dtype="float32", shape=["R", tail.width])
    else:
        logs = log_softmax(graph, h, own, embedding=embedding, impossible=IMPOSSIBLE)
        graph.output("logs", logs, dtype="float32", shape=["R", shape.target_symbols])
    for name in state:
        graph.output(f"{name}_end", after[name], dtype="float32", shape=["R", hidden])
    if alpha is not None:
        graph.output("alpha", alpha, dtype="float32", shape=["R", "S"])
    if config.copy and context is not None:
        vectors = graph.op("Concat", h, context, x, axis=1)
        gate = graph.product(vectors, weights["copying.w"][None], weights["copying.b"])  # (R, 1)
        graph.output("gate", graph.op("Squeeze", gate, graph.constant([1])), dtype="float32", shape=["R"])
    return graph.to_bytes()


def tails_graph(shape: Seq2SeqShape, weights: Weights, *, int8: bool = False) -> bytes:
    """ln p of the symbols of each cluster behind the frequent ones, within it, for those rows that need them: `tail0`
    (M0, N_0), …, of `narrow0` (M0, D_0), ….

    Args:
        weights: of the network.
    """
    graph = Graph("tails", int8=int8)
    own, embedding = part_of(weights, "head."), part_of(weights, "embedding.")
    for k, tail in enumerate(tails(shape.target_symbols, shape.output_width)):
        rows = graph.input(f"narrow{k}", "float32", [f"M{k}", tail.width])
        logs = tail_logs(graph, rows, k, own, embedding=embedding)
        graph.output(f"tail{k}", logs, dtype="float32", shape=[f"M{k}", tail.symbols])
    return graph.to_bytes()


def _layers(
    graph: Graph, x: str, shape: Seq2SeqShape, state: dict[str, str], *, weights: Weights, first: int, count: int
) -> tuple[str, dict[str, str]]:
    """One step of some layers: h (R, H) of the highest, and their state by name."""
    names = STATES[shape.stack.cell]
    config = replace(shape.stack, layers=count, bidirectional=False)
    begun = []
    for name in names:
        parts = [graph.op("Unsqueeze", state[f"{name}{first + k}"], graph.constant([0])) for k in range(count)]
        begun.append(parts[0] if count == 1 else graph.op("Concat", *parts, axis=0))
    one = graph.op("Unsqueeze", x, graph.constant([0]))  # (1, R, D)
    read = stack(graph, one, config, weights=weights, lengths=None, state=tuple(begun))
    after = {}
    for name, part in zip(names, read.state, strict=True):
        pieces = [part] if count == 1 else graph.ops("Split", part, outputs=count, axis=0)
        for k, piece in enumerate(pieces):
            after[f"{name}{first + k}"] = graph.op("Squeeze", piece, graph.constant([0]))
    return graph.op("Squeeze", joined(graph, read), graph.constant([0])), after


def _looked(graph: Graph, h: str, shape: Seq2SeqShape, weights: Weights) -> tuple[str, str]:
    """context (R, D) and alpha (R, S) of queries h (R, H); see `nn.attention`."""
    config, hidden = shape.decoder, shape.stack.hidden
    width = hidden * (2 if shape.stack.bidirectional else 1)
    memory = graph.input("memory", "float32", ["R", "S", width])
    keys = graph.input("keys", "float32", ["R", "S", hidden]) if has_keys(shape) else memory
    lengths = graph.input("lengths", "int32", ["R"])
    coverage = graph.input("coverage", "float32", ["R", "S"]) if config.coverage > 0 else None
    last = graph.constant([2])
    if config.attention == "mlp":
        read = graph.op("Unsqueeze", graph.product(h, weights["U"]), graph.constant([1]))  # (R, 1, H)
        inside = graph.op("Add", keys, read)
        if coverage is not None:
            covered = graph.op("Unsqueeze", coverage, last)
            inside = graph.op("Add", inside, graph.op("Mul", covered, graph.constant(weights["a"], name="a")))
        scores = graph.op("MatMul", graph.op("Tanh", inside), graph.constant(weights["v"][:, None], name="v"))
    else:
        scores = graph.op("MatMul", keys, graph.op("Unsqueeze", h, last))  # (R, S, 1)
        if coverage is not None:
            covered = graph.op("Mul", graph.op("Unsqueeze", coverage, last), graph.constant(weights["a"], name="a"))
            scores = graph.op("Add", scores, covered)
    flat = graph.op("Squeeze", scores, last)  # (R, S)
    places = graph.op("Gather", graph.op("Shape", flat), graph.constant(1))
    every = graph.op("Cast", graph.op("Range", graph.constant(0), places, graph.constant(1)), to=6)
    real = graph.op("Less", every, graph.op("Unsqueeze", lengths, graph.constant([1])))  # (R, S)
    masked = graph.op("Where", real, flat, graph.number(FAR_BELOW))
    alpha = graph.op("Mul", graph.op("Softmax", masked, axis=1), graph.op("Cast", real, to=1))
    context = graph.op("MatMul", graph.op("Unsqueeze", alpha, graph.constant([1])), memory)  # (R, 1, D)
    return graph.op("Squeeze", context, graph.constant([1])), alpha


def _looked_together(graph: Graph, h: str, shape: Seq2SeqShape, weights: Weights) -> tuple[str, str]:
    """The same, with the rows of a source side by side, so that it is read once for all of them."""
    hidden = shape.stack.hidden
    width = hidden * (2 if shape.stack.bidirectional else 1)
    memory = graph.input("memory", "float32", ["n", "S", width])
    keys = graph.input("keys", "float32", ["n", "S", hidden]) if has_keys(shape) else memory
    lengths = graph.input("lengths", "int32", ["n"])
    index, place = graph.input("index", "int64", ["n", "B"]), graph.input("place", "int64", ["R"])
    queries = graph.op("Transpose", graph.op("Gather", h, index), perm=[0, 2, 1])  # (n, H, B)
    scores = graph.op("Transpose", graph.op("MatMul", keys, queries), perm=[0, 2, 1])  # (n, B, S)
    if shape.decoder.coverage > 0:
        covered = graph.op("Gather", graph.input("coverage", "float32", ["R", "S"]), index)
        scores = graph.op("Add", scores, graph.op("Mul", covered, graph.constant(weights["a"], name="a")))
    steps = graph.op("Gather", graph.op("Shape", memory), graph.constant(1))
    every = graph.op("Cast", graph.op("Range", graph.constant(0), steps, graph.constant(1)), to=6)
    real = graph.op("Less", every, graph.op("Unsqueeze", lengths, graph.constant([1, 2])))  # (n, 1, S)
    masked = graph.op("Where", real, scores, graph.number(FAR_BELOW))
    alpha = graph.op("Mul", graph.op("Softmax", masked, axis=2), graph.op("Cast", real, to=1))
    found = []
    for grouped in (graph.op("MatMul", alpha, memory), alpha):  # (n, B, D), (n, B, S)
        last = graph.op("Slice", graph.op("Shape", grouped), graph.constant([2]), graph.constant([3]))
        rows = graph.op("Reshape", grouped, graph.op("Concat", graph.constant([-1]), last, axis=0))
        found.append(graph.op("Gather", rows, place))
    return found[0], found[1]
