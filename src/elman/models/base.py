"""From a folder to the model that it holds. Called as `elman.load`."""

from os import PathLike
from pathlib import Path
from typing import Any

from elman.models import folder


def load(path: str | PathLike[str]) -> Any:
    """The model in a folder, after its files have been checked against the manifest.

    Raises:
        ModelFileError: a file is missing, altered, unsafe, of an unknown format version, or does not fit the others.
    """
    return folder.load(Path(path))
