"""A model folder: written aside and renamed into place, checked against its manifest before anything is used.

Knows the files and their order; the safe reading itself is in `files`. Used by the models and by `elman.load`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.files.atomic import new_folder
from elman.files.documents import MOST_VALUES, read_object, write_json
from elman.files.manifest import NAME, check_manifest, listed, write_manifest
from elman.files.opening import read_regular
from elman.files.tensors import hold_shapes, load_tensors, read_shapes, save_tensors
from elman.models import card
from elman.models.config import FORMAT_VERSION
from elman.models.engines.choosing import choose
from elman.models.kinds import KINDS, Kind
from elman.models.tables import least_rows, pack, packed_shapes, unpack

READ = ("config.json", "training.json")
"""The documents that loading reads in every folder, beside those of the kind; the manifest has the sums of all that is
read."""
WEIGHTS = "weights.safetensors"
ABOUT, ARRAYS = "export.json", "arrays.safetensors"
"""What folders that were exported have, with the graphs of the kind, in place of weights."""
LARGEST_DOCUMENT = 128 * 1024 * 1024
SMALL_DOCUMENT = 16 * 1024 * 1024
"""Bytes that a document may have whatever the config says, say for a bit for each of 2 ** 24 rows."""
LONGEST_ENTRY = 256
"""Bytes of a word, label or symbol, on an average: more of them make room for a larger document."""
MOST_VALUES_OF_ENTRY = 8
"""Values that stand in a document for one of them: itself, how often it was seen, the pair that it was merged of."""
LARGEST_HISTORY = 16 * 1024 * 1024
LARGEST_GRAPH = 1 << 31


@dataclass(frozen=True)
class Record:
    """How a model came to be: what `--replay` needs, the evaluations on the way, and the report.

    Args:
        training: content of `training.json`. history: a line per evaluation.
    """

    training: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def device(self) -> str:
        """Where the run was computed."""
        return str(self.training["machine"]["device"])

    @property
    def precision(self) -> str:
        """The number format of its products."""
        return str(self.training["machine"]["precision"])

    @property
    def report(self) -> dict[str, Any]:
        """What training came to, as `elman train --json` prints it."""
        report: dict[str, Any] = self.training.get("report", {})
        return report


@dataclass(frozen=True)
class Exported:
    """What the folder of an exported model has in place of weights.

    Args:
        about: content of `export.json`: `parameters` of the network, `int8`, `to`, and what was found in `check`.
            arrays: what is computed without a graph, by name. graphs: the names of the ONNX files; folder: where they
            are.
    """

    about: dict[str, Any]
    arrays: dict[str, NDArray[np.float32]]
    graphs: tuple[str, ...]
    folder: Path

    @property
    def parameters(self) -> int:
        """The number of weights of the network."""
        return int(self.about["parameters"])


@dataclass(frozen=True)
class Stored:
    """A folder whose manifest holds: what a kind makes its model from.

    Args:
        config: the content of `config.json`, of a known kind and format version. is_exported: it holds graphs in place
            of weights. engine: what is to run it.
    """

    path: Path
    kind: Kind
    config: dict[str, Any]
    is_exported: bool = False
    engine: str = "torch"

    def has(self, name: str) -> bool:
        """Whether the folder has a document that not every folder of its kind has; if so, it is held to the manifest.

        Raises:
            ModelFileError: it is not the file that the manifest tells of.
        """
        if name not in listed(self.path / NAME):
            return False
        check_manifest(self.path, (name,), limit=LARGEST_DOCUMENT)
        return True

    def document(self, name: str, *, entries: int = 0, limit: int = SMALL_DOCUMENT) -> dict[str, Any]:
        """The content of a JSON file of the folder.

        Args:
            entries: how many words, labels or symbols the config says that it has: what is read, and so the memory that
                it takes, is bounded by them. limit: bytes that it may have beside those for the entries.
        """
        limit = min(LARGEST_DOCUMENT, limit + LONGEST_ENTRY * entries)
        return read_object(self.path / name, limit, most=MOST_VALUES + MOST_VALUES_OF_ENTRY * entries)

    def record(self) -> Record:
        """How the model came to be."""
        return Record(_training(self.path), _history(self.path / "history.jsonl"))

    def exported(self, shapes: dict[str, tuple[int, ...]]) -> Exported:
        """What the folder has in place of weights, with arrays of the given names and shapes, and no others."""
        arrays = _load(self.path / ARRAYS, {name: ("float32", shape) for name, shape in shapes.items()})
        graphs = tuple(name for name in listed(self.path / NAME) if name.endswith(".onnx"))
        check_manifest(self.path, dict.fromkeys((*self.kind.graphs, *graphs)), limit=LARGEST_GRAPH)
        return Exported(_about(self.path / ABOUT, foretells=self.kind.foretells), arrays, graphs, self.path)

    def weights(self, shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
        """The weights of the given names and shapes, and no others, in float32."""
        return _read_weights(self.path / WEIGHTS, shapes, packed=self.kind.stored_packed)


def save(model: Any, path: Path, *, overwrite: bool) -> None:
    """Write the folder of a model.

    Raises:
        OptionError: something is there that is not to be replaced. ModelFileError: the model runs from an exported
            folder that is no longer what it was.
    """
    exported: Exported | None = model.exported
    with new_folder(path, overwrite=overwrite) as aside:
        if exported is None:
            kind = KINDS[model.kind]
            save_tensors(aside / WEIGHTS, stored_tensors(model.engine.arrays(), packed=kind.stored_packed))
            _write_beside(model, aside, names=(*READ, WEIGHTS, *kind.documents))
            return
        check_manifest(exported.folder, exported.graphs, limit=LARGEST_GRAPH)
        graphs = {name: read_regular(exported.folder / name, LARGEST_GRAPH) for name in exported.graphs}
        write_exported(model, replace(exported, folder=aside), graphs)


def write_exported(model: Any, exported: Exported, graphs: Mapping[str, bytes]) -> None:
    """Fill the folder of an exported model; the card is that of the model that is given."""
    for name, content in graphs.items():
        (exported.folder / name).write_bytes(content)
    write_json(exported.folder / ABOUT, exported.about)
    save_tensors(exported.folder / ARRAYS, exported.arrays)
    _write_beside(model, exported.folder, names=(*READ, ABOUT, ARRAYS, *graphs))


def _write_beside(model: Any, folder: Path, *, names: tuple[str, ...]) -> None:
    """Write all but what the engine computes with, and the manifest of these names and of the documents."""
    write_json(folder / "config.json", model.config.to_json())
    for name, document in model.documents().items():
        write_json(folder / name, document)
    write_json(folder / "training.json", model.record.training)
    lines = (json.dumps(line, ensure_ascii=False) for line in model.record.history)
    (folder / "history.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "README.md").write_text(card.markdown(model), encoding="utf-8")
    write_manifest(folder, dict.fromkeys((*names, *model.documents())))


def open_folder(path: Path) -> Stored:
    """A folder, after its documents have been held to its manifest; weights and graphs are when they are read.

    Raises:
        ModelFileError: it is not a whole, unaltered model folder of a known kind and format version.
    """
    is_exported = os.path.lexists(path / NAME) and ABOUT in listed(path / NAME)
    check_manifest(path, (*READ, ABOUT) if is_exported else READ, limit=SMALL_DOCUMENT)
    document = read_object(path / "config.json", SMALL_DOCUMENT)
    version = document.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        raise ModelFileError(
            f"format version {version!r} is not one that this elman reads ({FORMAT_VERSION})",
            where=str(path / "config.json"), mend="use the elman that wrote it, or a newer one",
        )  # fmt: skip
    name = document.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ModelFileError(f"{name!r} is not a kind of model that this elman knows", where=str(path / "config.json"))
    check_manifest(path, kind.documents, limit=LARGEST_DOCUMENT)
    return Stored(path, kind, document, is_exported)


def kind_of(path: Path) -> Kind:
    """The kind of the model in a folder.

    Raises:
        ModelFileError: as `open_folder`.
    """
    return open_folder(path).kind


def read_training(path: Path, kind: Kind) -> dict[str, Any]:
    """How the model in a folder was trained.

    Raises:
        ModelFileError: as `open_folder`, it is of another kind, or the record lacks what a repetition needs.
    """
    stored = open_folder(path)
    if stored.kind != kind:
        raise ModelFileError(f"this is a {stored.kind.name}, not a {kind.name}", where=str(path))
    return _training(path)


def load(path: Path, engine: str = "auto") -> Any:
    """The model of a folder.

    Args:
        engine: as `engines.choosing.choose` knows them.
    Raises:
        ModelFileError: a file is missing, altered, unsafe, or does not fit the others. OptionError: the engine cannot
            run the folder.
    """
    stored = open_folder(path)
    stored = replace(stored, engine=choose(engine, exported=stored.is_exported, where=str(path)))
    model = getattr(import_module(stored.kind.module), stored.kind.front)
    restored = model.restore(stored)
    restored.loaded_from = path.absolute()
    return restored


def _training(path: Path) -> dict[str, Any]:
    """The content of `training.json`, each part of the type that it must have."""
    where = str(path / "training.json")
    training = read_object(path / "training.json", SMALL_DOCUMENT)
    wanted = {"options": dict, "plan": list, "evaluation_tokens": int, "data": dict, "machine": dict, "report": dict}
    for name, kind in wanted.items():
        if not isinstance(training.get(name), kind):
            raise ModelFileError(f"{name} is missing, or is not what it must be", where=where)
    if not all(isinstance(point, list) and [type(x) for x in point] == [int, float, int] for point in training["plan"]):
        raise ModelFileError("the plan is not a list of steps, progress and totals", where=where)
    for name, kinds in (("train", (list,)), ("dev", (list, str, type(None)))):
        files = training["data"].get(name)
        if not isinstance(files, kinds) or (isinstance(files, list) and not all(map(_is_sum, files))):
            raise ModelFileError(f"the {name} data are not told by name, size and sum", where=where)
    texts = {"torch", "python", "machine", "processor", "device", "precision"}
    if not all(isinstance(training["machine"].get(name), str) for name in texts):
        raise ModelFileError("the machine is not told", where=where)
    numbers = [training["machine"].get("threads"), *(training["report"].get(name) for name in _FIGURES)]
    if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in numbers):
        raise ModelFileError("threads or figures of the report are not numbers", where=where)
    if not isinstance(training["report"].get("metrics"), dict):
        raise ModelFileError("the metrics are missing", where=where)
    return training


_FIGURES = ("seconds", "tokens", "tokens_per_second", "parameters", "epochs", "steps")


def _is_sum(entry: Any) -> bool:
    kinds = {"name": str, "sha256": str, "bytes": int}
    return isinstance(entry, dict) and all(isinstance(entry.get(key), kind) for key, kind in kinds.items())


def _history(path: Path) -> list[dict[str, Any]]:
    """The evaluations that a folder tells of; none where the file is gone or was edited: nothing depends on it."""
    try:
        lines = read_regular(path, LARGEST_HISTORY).decode("utf-8").splitlines()
        found = [json.loads(line) for line in lines]
    except (ModelFileError, OSError, ValueError, RecursionError):
        return []
    return found if all(isinstance(line, dict) for line in found) else []


def stored_tensors(arrays: Mapping[str, NDArray[np.float32]], *, packed: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """Weights as a folder stores them: those whose names end so packed."""
    tensors: dict[str, NDArray[Any]] = {}
    least = least_rows({name: array.shape for name, array in arrays.items() if name.endswith(packed)})
    for name, array in arrays.items():
        tensors.update(pack(array, name=name, least=least[name]) if name in least else {name: array})
    return tensors


def _about(path: Path, *, foretells: bool) -> dict[str, Any]:
    """The content of `export.json`, each part of the type that it must have.

    Args:
        foretells: as `Kind` has it.
    """
    about = read_object(path, SMALL_DOCUMENT)
    wanted = {"to": str, "int8": bool, "parameters": int, "check": dict}
    if set(about) != set(wanted) or not all(type(about[name]) is kind for name, kind in wanted.items()):
        raise ModelFileError(f"this has not just {', '.join(wanted)}, or one is not what it must be", where=str(path))
    if about["to"] != "onnx" or not 0 <= about["parameters"] < 1 << 62:
        raise ModelFileError("this does not tell of an export to ONNX", where=str(path))
    check = about["check"]
    parts = _CHECK | (_FORETOLD if foretells else {})
    if check and not (set(check) == set(parts) and all(_is_count(check[name], *most) for name, most in parts.items())):
        raise ModelFileError(f"check has not just {', '.join(parts)}, or one is not what it must be", where=str(path))
    return about


_CHECK: dict[str, tuple[type, float]] = {
    "rows": (int, 2**40),
    "largest_difference": (float, 2**40),
    "equal": (float, 1),
}
"""What `exporting.checking` has found, of which type and at most how much; nothing, while it is still to be found."""
_FORETOLD: dict[str, tuple[type, float]] = {"nats_lost": (float, 2**40)}
"""What is found beside that of a model that foretells what comes next."""


def _is_count(value: Any, kind: type, most: float) -> bool:
    return type(value) is kind and isinstance(value, int | float) and 0 <= value <= most


def _read_weights(
    path: Path, shapes: dict[str, tuple[int, ...]], *, packed: tuple[str, ...]
) -> dict[str, NDArray[np.float32]]:
    """The arrays of the given names and shapes, in float32; what may be packed is read plain too."""
    found = read_shapes(path)
    least = least_rows({name: shape for name, shape in shapes.items() if name.endswith(packed) and name not in found})
    expected: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        if name in least:
            expected.update(packed_shapes(found, name=name, shape=shape, least=least[name]))
        else:
            expected[name] = ("float32", shape)
    tensors = _load(path, expected)
    return {
        name: unpack(tensors, name=name, shape=shape, where=str(path)) if name in least else tensors[name]
        for name, shape in shapes.items()
    }


def _load(path: Path, expected: dict[str, tuple[str, tuple[int, ...]]]) -> dict[str, NDArray[Any]]:
    """The arrays of a file of a folder: its header is held to what is expected, then its sum to the manifest."""
    check_manifest(path.parent, (path.name,), limit=hold_shapes(path, expected))
    return load_tensors(path, expected)
