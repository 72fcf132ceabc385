"""Ways to make a small model folder ask for much more than it holds: holes, tables without rows, graphs that swell."""

import base64
import json
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from altered import Change, edited
from elman.files.manifest import NAME
from elman.files.tensors import save_tensors
from elman.models.kinds import TAGGER


def sparse(path: Path, size: int, begin: bytes = b"") -> None:
    """A file of a size, of which all but the begin is a hole."""
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(size)


def hollow_files(folder: Path) -> Iterator[tuple[str, Change]]:
    """A file of a terabyte or a gigabyte of holes, as large as the manifest says."""

    def hollow(name: str, size: int, begin: bytes) -> Change:
        def change(folder: Path) -> None:
            edited(NAME, lambda manifest: manifest["files"][name].update(bytes=size))(folder)
            sparse(folder / name, size, begin)

        return change

    for name in json.loads((folder / NAME).read_text(encoding="utf-8"))["files"]:
        content = (folder / name).read_bytes()
        for size in (1 << 40, 1 << 30, 4 << 20):
            yield f"{name} of {size:,} zeros", hollow(name, size, b"")
            yield f"{name} and {size:,} zeros", hollow(name, size, content)
            if name.endswith(".safetensors"):
                header = f'{{"a":{{"dtype":"U8","shape":[{size - 128}],"data_offsets":[0,{size - 128}]}}}}'.ljust(120)
                vast = struct.pack("<Q", len(header)) + header.encode()
                assert len(vast) == 128
                yield f"{name} of one vast tensor, {size:,}", hollow(name, size, vast)


def vast_tables(folder: Path) -> Iterator[tuple[str, Change]]:
    """Tables of hashed rows, or vectors of words, of which hardly a row is stored: a small folder asks for much."""
    kind = folder.name

    def hashed(bits: int) -> Change:
        ones = base64.b64encode(b"\xff" * ((1 << bits) // 8)).decode("ascii")
        changes = [
            edited("config.json", lambda config: config["words"].update(hash_bits=bits)),
            edited("config.json", lambda config: config.update(features_known=1 << bits)),
            edited("words.json", lambda words: (words["config"].update(hash_bits=bits), words.update(features=ones))),
        ]
        return lambda folder: [change(folder) for change in changes]

    if kind == "language-model":
        for bits in (20, 21, 23):
            yield (
                f"ngram_bits of {bits}",
                edited("config.json", lambda config, bits=bits: config["embedding"].update(ngram_bits=bits)),
            )
    if kind == "classifier":
        yield "bag_bits of 24", edited("config.json", lambda config: config["bag"].update(bag_bits=24))
    if kind in ("classifier", "tagger"):
        yield "hash_bits of 24", hashed(24)
    if kind == "tagger":
        yield "many words", _many_words


def _many_words(folder: Path) -> None:
    """Many words with wide vectors, none of which is stored."""
    import elman
    from elman.models.config import TaggerConfig
    from elman.models.engines.torch_tagger import tagger_shapes

    count, model = 20_000, elman.load(folder)
    config, words = (json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in ("config", "words"))
    config["embedding"]["word_width"], config["words_known"] = 1024, count + 1
    words["words"], words["counts"] = [f"w{n}" for n in range(count)], [1] * (count + 1)
    for name, document in (("config.json", config), ("words.json", words)):
        (folder / name).write_text(json.dumps(document), encoding="utf-8")
    tensors: dict[str, Any] = {}
    for name, shape in tagger_shapes(TaggerConfig.from_json(config), model.labels).items():
        if name.endswith(TAGGER.stored_packed):
            tensors |= {f"{name}.rows": np.zeros(0, np.int32), f"{name}.scales": np.zeros(0, np.float32),
                        f"{name}.values": np.zeros((0, shape[1]), np.int8)}  # fmt: skip
        else:
            tensors[name] = np.zeros(shape, np.float32)
    save_tensors(folder / "weights.safetensors", tensors)


def false_graphs(folder: Path) -> Iterator[tuple[str, Change]]:
    """Graphs of another make, of which some ask for much more memory than they have bytes."""
    import onnx
    from onnx import helper, numpy_helper

    column, row = np.ones((20_000, 1), np.float32), np.ones((1, 20_000), np.float32)
    vast = np.array([1 << 20, 1 << 12], np.int64)

    def changed(name: str, edit: Callable[[Any], object]) -> Change:
        def change(folder: Path) -> None:
            model = onnx.load(folder / name)
            edit(model)
            (folder / name).write_bytes(model.SerializeToString())

        return change

    def bomb(kind: str, **weights: Any) -> Callable[[Any], object]:
        def edit(model: Any) -> None:
            graph, held = model.graph, [numpy_helper.from_array(array, name) for name, array in weights.items()]
            first = helper.make_node(kind, list(weights), ["bomb"])
            last = helper.make_node("ReduceMax", ["bomb"], ["spark"], axes=[0, 1], keepdims=0)
            result = graph.node[-1].input[0]
            graph.node[-1].input[0] = "burst"
            for node in (first, last, helper.make_node("Add", [result, "spark"], ["burst"])):
                graph.node.insert(len(graph.node) - 1, node)
            graph.initializer.extend(held)

        return edit

    def renamed(model: Any) -> None:
        model.graph.node[-1].output[0] = model.graph.output[-1].name = "other"

    edits: dict[str, Callable[[Any], object]] = {
        "a sum": bomb("Add", c=column, r=row), "a product": bomb("MatMul", c=column, r=row),
        "a filling": bomb("Expand", c=np.ones((1, 1), np.float32), s=vast),
        "an output of another name": renamed, "no operators": lambda model: model.graph.ClearField("node"),
        "no weights": lambda model: model.graph.ClearField("initializer"),
        "an operator less": lambda model: model.graph.node.pop(0),
        "an operator that is not one": lambda model: setattr(model.graph.node[0], "op_type", "Loop"),
        "a function": lambda model: model.functions.add(name="f", domain="d"),
        "half of its weights": lambda model: model.graph.initializer.pop(),
    }  # fmt: skip
    for path in sorted(folder.glob("*.onnx")):
        for what, edit in edits.items():
            yield f"{path.name} with {what}", changed(path.name, edit)
