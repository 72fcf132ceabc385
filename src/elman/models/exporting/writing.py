"""An exported folder, written aside, opened as a user would, compared, and only then put in its place; of a site it is
a part.

Knows which kinds can be exported; what is written of each is in the file of its name. Called by `Model.export`.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from elman.errors import OptionError, nearest
from elman.files.atomic import check_target, new_folder
from elman.models import folder
from elman.models.engines.choosing import need
from elman.models.exporting.runtime import runtime_files
from elman.models.exporting.site import MODEL, fill_site
from elman.settings import one_path

log = logging.getLogger("elman")
ONNX, WEB = "onnx", "web"
FORMATS = (ONNX, WEB)
PARTS = {
    "tagger": "tagger", "classifier": "classifier", "language-model": "language_model", "seq2seq": "seq2seq",
}  # fmt: skip
"""The file of this package for each kind."""
NOT_IN_A_PAGE = ("narrow.onnx", "tails.onnx")
"""Graphs that the page of a site has no use for."""


@dataclass(frozen=True)
class Form:
    """What is written: a folder for ONNX Runtime, or a site that has it in it.

    Args:
        to: one of `FORMATS`. int8: weights of eight bits. runtime: of a site, the folder of ONNX Runtime Web; None has
            npm bring it.
    Raises:
        OptionError: there is no such format, or it has no runtime.
    """

    to: str
    int8: bool
    runtime: Any = None

    def __post_init__(self) -> None:
        if self.to not in FORMATS:
            raise OptionError(f"{self.to!r} is not a choice", where="--to", mend=nearest(str(self.to), FORMATS))
        if self.runtime is not None and self.to != WEB:
            raise OptionError(
                "only a site has a runtime in it", where="--runtime", mend="leave it out, or give --to web"
            )

    def runtime_files(self) -> dict[str, bytes]:
        """ONNX Runtime Web, for a site."""
        if self.to != WEB:
            return {}
        return runtime_files(None if self.runtime is None else one_path(self.runtime, where="--runtime"))


def export(
    model: Any, out: Path, form: Form, *, overwrite: bool, files: Sequence[Any], reading: Mapping[str, Any],
    beside: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Write a folder that runs without torch; returns what was written and how it compares.

    Args:
        files: judge both models on them, and compare their rows; none: rows are made up. beside: further arguments of
            the kind's `evaluate`.
    Raises:
        OptionError: the model or the format cannot be exported, or the place cannot be written. ElmanError: the
            exported model does not answer as the trained one.
    """
    if model.exported is not None:
        raise OptionError("this model was exported already", where=str(model.exported.folder),
                          mend="give the folder that it was exported from")  # fmt: skip
    for package in ("onnx", "onnxruntime"):
        need(package, where=f"--to {form.to}")
    source = model.loaded_from
    if source is not None and source.is_dir() and out.is_dir() and out.samefile(source):
        raise OptionError("this is the folder that is to be exported", where=str(out), mend="give another place")
    check_target(out, overwrite=overwrite)
    runtime = form.runtime_files()
    with new_folder(out, overwrite=overwrite) as aside:
        place = aside / MODEL if form.to == WEB else aside
        place.mkdir(exist_ok=True)
        report, exported = _write_model(model, place, form, where=str(out), files=files, reading=reading)
        if files:
            one, two = (each.evaluate(files, reading=reading, **beside)["metrics"] for each in (model, exported))
            report.update(metrics=two, metrics_before=one)
        if form.to == WEB:
            fill_site(aside, model.kind, runtime=runtime)
        report["bytes"] = sum(path.stat().st_size for path in aside.rglob("*") if path.is_file())
    if form.to == WEB:
        log.info("any static server shows it, say: python -m http.server --directory %s", out)
    return {"kind": model.kind, **report, "to": form.to}


def _write_model(
    model: Any, place: Path, form: Form, *, where: str, files: Sequence[Any], reading: Mapping[str, Any]
) -> tuple[dict[str, Any], Any]:
    """Fill the folder of the exported model; what is told of it, and the model that it holds."""
    kind = import_module(f"elman.models.exporting.{PARTS[model.kind]}")
    graphs, arrays = kind.graphs(model, int8=form.int8), kind.arrays(model)
    if form.to == WEB:
        graphs = {name: graph for name, graph in graphs.items() if name not in NOT_IN_A_PAGE}
    about = {"to": ONNX, "int8": form.int8, "parameters": model.engine.parameters(), "check": {}}
    written = folder.Exported(about, arrays, tuple(graphs), place)
    folder.write_exported(model, written, graphs)
    other = folder.load(place, "onnx")
    compared = kind.compare(model, other, files=files, reading=reading)
    compared.hold(int8=form.int8, where=where, is_real=bool(files))
    about["check"] = compared.to_json()
    other.exported = written
    folder.write_exported(other, written, graphs)  # once more, for what was found and for the card
    return about, other
