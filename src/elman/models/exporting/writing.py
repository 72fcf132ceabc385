"""An exported folder, written aside, opened as a user would, compared, and only then put in its place.

Knows which kinds can be exported; what is written of each is in the file of its name. Called by `Model.export`.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from elman.errors import OptionError, nearest
from elman.files.atomic import new_folder
from elman.models import folder
from elman.models.engines.choosing import need

FORMATS = ("onnx",)
PARTS = {
    "tagger": "tagger", "classifier": "classifier", "language-model": "language_model", "seq2seq": "seq2seq",
}  # fmt: skip
"""The file of this package for each kind."""


def export(
    model: Any, out: Path, *, to: str, int8: bool, overwrite: bool, files: Sequence[Any], reading: Mapping[str, Any],
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
    if to not in FORMATS:
        raise OptionError(f"{to!r} is not a choice", where="--to", mend=nearest(str(to), FORMATS))
    if model.exported is not None:
        raise OptionError("this model was exported already", where=str(model.exported.folder),
                          mend="give the folder that it was exported from")  # fmt: skip
    for package in ("onnx", "onnxruntime"):
        need(package, where=f"--to {to}")
    kind = import_module(f"elman.models.exporting.{PARTS[model.kind]}")
    with new_folder(out, overwrite=overwrite) as aside:
        graphs, arrays = kind.graphs(model, int8=int8), kind.arrays(model)
        about = {"to": to, "int8": int8, "parameters": model.engine.parameters(), "check": {}}
        written = folder.Exported(about, arrays, tuple(graphs), aside)
        folder.write_exported(model, written, graphs)
        other = folder.load(aside, "onnx")
        compared = kind.compare(model, other, files=files, reading=reading)
        compared.hold(int8=int8, where=str(out))
        about["check"] = compared.to_json()
        report: dict[str, Any] = {"kind": model.kind, **about}
        if files:
            one, two = (each.evaluate(files, reading=reading, **beside)["metrics"] for each in (model, other))
            report.update(metrics=two, metrics_before=one)
        other.exported = written
        folder.write_exported(other, written, graphs)  # once more, for what was found and for the card
        report["bytes"] = sum(path.stat().st_size for path in aside.iterdir())
    return report
