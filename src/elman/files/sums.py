"""What identifies the files that a model was made from: name, size and sha256 sum.

Knows files that a user named; knows no format. Used by `models` for `training.json`.
"""

import os
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from elman.errors import InputError
from elman.files.manifest import sum_of


def file_sums(paths: Iterable[str | PathLike[str]]) -> list[dict[str, Any]]:
    """`name` (without its folder), `bytes` and `sha256` of each file.

    Raises:
        InputError: a file cannot be read.
    """
    return [_one(Path(path)) for path in paths]


def _one(path: Path) -> dict[str, Any]:
    name = os.fsencode(path.name).decode("utf-8", "backslashreplace")  # which JSON can hold whatever its bytes
    try:
        with path.open("rb") as file:
            return {"name": name, "bytes": os.fstat(file.fileno()).st_size, "sha256": sum_of(file)}
    except OSError as error:
        what = "there is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror or error)
        raise InputError(what, where=str(path)) from error
