"""What every kind of model has: a report, a card, a folder; and the way from a folder to the model that it holds.

Knows no network. `load` is `elman.load`.
"""

from os import PathLike
from typing import Any

from elman.models import card, folder
from elman.settings import one_path


class Model:
    """A trained model of any kind; what it learnt and what it answers is the kind's own."""

    kind: str
    """As users write it."""
    commands: tuple[str, ...]
    """What its card says can be done with it, DIR for the folder."""
    call: str
    """The same for the library, in one line."""
    config: Any
    record: folder.Record

    def documents(self) -> dict[str, Any]:
        """The JSON files of the folder that its kind alone has."""
        raise NotImplementedError

    def shape_rows(self) -> list[tuple[str, str]]:
        """What the card tells of reading and shape."""
        raise NotImplementedError

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

    def description(self) -> dict[str, Any]:
        """The model card as values."""
        return card.description(self)

    def show(self) -> str:
        """The model card as text."""
        return card.text(self)


def load(path: str | PathLike[str]) -> Any:
    """The model in a folder, after its files have been checked against the manifest.

    Raises:
        OptionError: this is no path. ModelFileError: a file is missing, altered, unsafe, of an unknown format version,
            or does not fit the others.
    """
    return folder.load(one_path(path, where="path"))
