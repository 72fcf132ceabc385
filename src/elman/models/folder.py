"""A model folder: written aside and renamed into place, checked against its manifest before anything is used.

Knows the files and their order; the safe reading itself is in `files`. Used by the models and by `elman.load`.
"""

import json
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.files.atomic import new_folder
from elman.files.documents import read_json, write_json
from elman.files.manifest import NAME, check_manifest, listed, write_manifest
from elman.files.opening import read_regular
from elman.files.tensors import load_tensors, read_shapes, save_tensors
from elman.models import card
from elman.models.config import FORMAT_VERSION
from elman.models.kinds import KINDS, Kind
from elman.models.tables import pack, packed_shapes, unpack

READ = ("config.json", "weights.safetensors", "training.json")
"""The files that loading reads in every folder, beside the documents of the kind; the manifest has the sums of all."""
LARGEST_DOCUMENT = 256 * 1024 * 1024
LARGEST_HISTORY = 16 * 1024 * 1024


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
class Stored:
    """A folder whose manifest holds: what a kind makes its model from.

    Args:
        config: the content of `config.json`, of a known kind and format version.
    """

    path: Path
    kind: Kind
    config: dict[str, Any]

    def has(self, name: str) -> bool:
        """Whether the folder has a document that not every folder of its kind has; if so, it is held to the manifest.

        Raises:
            ModelFileError: it is not the file that the manifest tells of.
        """
        if name not in listed(self.path / NAME):
            return False
        check_manifest(self.path, (name,))
        return True

    def document(self, name: str) -> dict[str, Any]:
        """The content of a JSON file of the folder."""
        return _object(self.path / name)

    def record(self) -> Record:
        """How the model came to be."""
        return Record(_training(self.path), _history(self.path / "history.jsonl"))

    def weights(self, shapes: dict[str, tuple[int, ...]]) -> dict[str, NDArray[np.float32]]:
        """The weights of the given names and shapes, and no others, in float32."""
        return _read_weights(self.path / "weights.safetensors", shapes, packed=self.kind.packed)


def save(model: Any, path: Path, *, overwrite: bool) -> None:
    """Write the folder of a model.

    Raises:
        OptionError: something is there that is not to be replaced.
    """
    kind = KINDS[model.kind]
    with new_folder(path, overwrite=overwrite) as aside:
        write_json(aside / "config.json", model.config.to_json())
        for name, document in model.documents().items():
            write_json(aside / name, document)
        write_json(aside / "training.json", model.record.training)
        _write_weights(aside / "weights.safetensors", model.engine.arrays(), packed=kind.packed)
        lines = (json.dumps(line, ensure_ascii=False) for line in model.record.history)
        (aside / "history.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        (aside / "README.md").write_text(card.markdown(model), encoding="utf-8")
        write_manifest(aside, dict.fromkeys((*READ, *kind.documents, *model.documents())))


def open_folder(path: Path) -> Stored:
    """A folder, after its files have been held to its manifest.

    Raises:
        ModelFileError: it is not a whole, unaltered model folder of a known kind and format version.
    """
    check_manifest(path, READ)
    document = _object(path / "config.json")
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
    check_manifest(path, kind.documents)
    return Stored(path, kind, document)


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


def load(path: Path) -> Any:
    """The model of a folder.

    Raises:
        ModelFileError: a file is missing, altered, unsafe, or does not fit the others.
    """
    stored = open_folder(path)
    model = getattr(import_module(stored.kind.module), stored.kind.front)
    return model.restore(stored)


def _training(path: Path) -> dict[str, Any]:
    """The content of `training.json`, each part of the type that it must have."""
    where = str(path / "training.json")
    training = _object(path / "training.json")
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


def _write_weights(path: Path, arrays: dict[str, NDArray[np.float32]], *, packed: tuple[str, ...]) -> None:
    tensors: dict[str, NDArray[Any]] = {}
    for name, array in arrays.items():
        tensors.update(pack(array, name=name) if name in packed else {name: array})
    save_tensors(path, tensors)


def _read_weights(
    path: Path, shapes: dict[str, tuple[int, ...]], *, packed: tuple[str, ...]
) -> dict[str, NDArray[np.float32]]:
    """The arrays of the given names and shapes, in float32."""
    found = read_shapes(path)
    expected: dict[str, tuple[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        expected.update(packed_shapes(found, name=name, shape=shape) if name in packed else {name: ("float32", shape)})
    tensors = load_tensors(path, expected)
    return {
        name: unpack(tensors, name=name, shape=shape, where=str(path)) if name in packed else tensors[name]
        for name, shape in shapes.items()
    }


def _object(path: Path) -> dict[str, Any]:
    document = read_json(path, LARGEST_DOCUMENT)
    if not isinstance(document, dict):
        raise ModelFileError("this is not a JSON object", where=str(path))
    return document
