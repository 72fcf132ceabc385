"""A site: a folder of files and folders that a browser reads, with the sum and size of every file in `site.json`.

Knows files and sums; knows no page and no model. Used by `files.atomic`, to know what may be replaced, and by
`models.exporting.site`.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from elman.errors import ModelFileError
from elman.files.documents import read_json, write_json
from elman.files.manifest import PLAIN, sum_of
from elman.files.opening import open_regular

NAME = "site.json"
REQUIRED = {"index.html", "model/config.json", "model/export.json"}
"""What every site of elman's lists."""


def write_site(folder: Path, about: Mapping[str, Any]) -> None:
    """Write `site.json` for all files of a folder, beside what is told about it."""
    files = {}
    for path in _files(folder):
        with open_regular(folder / path) as file:
            files[path] = {"sha256": sum_of(file), "bytes": os.fstat(file.fileno()).st_size}
    write_json(folder / NAME, {**about, "files": files})


def is_site(folder: Path) -> bool:
    """Has elman written this folder, and nobody put anything else into it?"""
    try:
        document = read_json(folder / NAME)
    except ModelFileError:
        return False
    listed = document.get("files") if isinstance(document, dict) else None
    if not isinstance(listed, dict) or not set(listed) >= REQUIRED:
        return False
    names = all(PLAIN.fullmatch(part) for path in listed for part in path.split("/"))
    return names and {*_files(folder)} <= {*listed, NAME} and not any(path.is_symlink() for path in folder.rglob("*"))


def _files(folder: Path) -> list[str]:
    """All that is in a folder and no folder itself, by its path in it."""
    every = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path.relative_to(folder).as_posix() for path in every)
