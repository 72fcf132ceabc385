"""What every kind of model has: a report, a card, a folder; and the way from a folder to the model that it holds.

Knows no network. `load` is `elman.load`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from elman.models import card, folder
from elman.settings import one_path


class Model(ABC):
    """A trained model of any kind; what it learnt and what it answers is the kind's own."""

    kind: str
    """As users write it."""
    commands: tuple[str, ...]
    """What its card says can be done with it, DIR for the folder."""
    call: str
    """The same for the library, in one line."""
    config: Any
    record: folder.Record
    exported: folder.Exported | None = None
    """What runs the model where that is not torch."""
    loaded_from: Path | None = None
    """The folder that it was read from, if it was."""

    @abstractmethod
    def documents(self) -> dict[str, Any]:
        """The JSON files of the folder that its kind alone has."""

    @abstractmethod
    def shape_rows(self) -> list[tuple[str, str]]:
        """What the card tells of reading and shape."""

    @property
    def report(self) -> dict[str, Any]:
        """What training came to: `kind`, `seconds`, `tokens`, …, `metrics`, as `elman train --json` prints it."""
        return self.record.report

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the model folder, whole or not at all.

        Raises:
            OptionError: this is no path, it cannot be written, or something is there that is not to be replaced.
        """
        folder.save(self, one_path(path, where="path"), overwrite=overwrite)

    def export(
        self, path: str | PathLike[str], *, to: str = "onnx", int8: bool = False,
        runtime: str | PathLike[str] | None = None, overwrite: bool = False, files: Sequence[Any] = (),
        reading: Mapping[str, Any] | None = None, **beside: Any,
    ) -> dict[str, Any]:  # fmt: skip
        """Write a folder that runs without torch, after both models have been compared row by row.

        Args:
            to: `onnx`, for ONNX Runtime, or `web`, a site for any static server. int8: products by weights of eight
                bits: faster and smaller, and a little less exact. runtime: of a site, the folder of the npm package
                onnxruntime-web; else npm brings it. files: compare on their rows, and judge both models on them.
                reading, beside: as `evaluate` has them.
        Returns:
            `kind`, `to`, `int8`, `parameters`, `bytes`, `check` (`rows`, `largest_difference`, `equal`, and of a model
            that foretells what comes next `nats_lost`); with files also `metrics`, and `metrics_before` of this model.
        Raises:
            OptionError: as `save`, or the model cannot be exported. ElmanError: the exported model does not answer as
                this one.
        """
        from elman.models.exporting.writing import Form, export  # which needs onnx

        place = one_path(path, where="path")
        return export(self, place, Form(to, int8, runtime), overwrite=overwrite, files=files,
                      reading=dict(reading or {}), beside=beside)  # fmt: skip

    def description(self) -> dict[str, Any]:
        """The model card as values."""
        return card.description(self)

    def show(self) -> str:
        """The model card as text."""
        return card.text(self)


def load(path: str | PathLike[str], *, engine: str = "auto") -> Any:
    """The model in a folder, after its files have been checked against the manifest.

    Args:
        engine: `torch` for a folder with weights, `onnx` for one that was exported; `auto` is the one that can run it.
    Raises:
        OptionError: this is no path, or the engine cannot run the folder. ModelFileError: a file is missing, altered,
            unsafe, of an unknown format version, or does not fit the others.
    """
    return folder.load(one_path(path, where="path"), engine)
