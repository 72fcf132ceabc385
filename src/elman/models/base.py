"""From a folder to the model that it holds. Called as `elman.load`."""

from os import PathLike
from pathlib import Path

from elman.models import folder
from elman.models.language_model import LanguageModel


def load(path: str | PathLike[str]) -> LanguageModel:
    """The model in a folder, after its files have been checked against the manifest.

    Raises:
        ModelFileError: a file is missing, altered, unsafe, of an unknown format version, or does not fit the others.
    """
    return folder.load(Path(path))
