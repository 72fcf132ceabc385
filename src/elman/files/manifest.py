"""The manifest of a folder: sum and size of each file that loading reads, checked before anything is used.

Knows files and sums; knows no model. Used by `models.folder`.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from io import BufferedReader
from os import PathLike
from pathlib import Path
from typing import Any

from elman.errors import ModelFileError
from elman.files.documents import read_json, write_json
from elman.files.opening import held_bytes, open_regular

NAME = "manifest.json"
PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
"""File names that a manifest may hold: no separator, no dot in front, nothing that a terminal would act on."""

HOLLOW = 1 << 20
"""Bytes from which on a file has to be more than holes: a small one costs nothing."""


def write_manifest(folder: str | PathLike[str], names: Iterable[str]) -> None:
    """Write `manifest.json` for the files of these names in the folder."""
    files: dict[str, Any] = {}
    for name in names:
        with open_regular(Path(folder) / name) as file:
            files[name] = {"sha256": sum_of(file), "bytes": os.fstat(file.fileno()).st_size}
    write_json(Path(folder) / NAME, {"files": files})


def check_manifest(folder: str | PathLike[str], required: Iterable[str], *, limit: int) -> None:
    """Hold the required files of a folder to its manifest; before any is read, its size is held to the limit.

    Args:
        limit: bytes that each of these files may have.
    Raises:
        ModelFileError: there is no such folder or no manifest in it; the manifest is not one; a required file is not
            listed, missing, no regular file, too large, nearly empty for its size, or not what it was when the manifest
            was written.
    """
    place = Path(folder)
    if not place.is_dir():
        what = "this is not a folder" if os.path.lexists(place) else "there is no such folder"
        raise ModelFileError(what, where=str(folder), mend="give a model folder")
    if not os.path.lexists(place / NAME):
        raise ModelFileError(
            f"there is no {NAME}", where=str(folder), mend="give a model folder that elman has written"
        )
    entries = listed(place / NAME)
    for name in required:
        if name not in entries:
            raise ModelFileError(f"{name} is not listed", where=str(place / NAME))
        _check_file(place / name, entries[name], limit)


def listed(path: str | PathLike[str]) -> dict[str, dict[str, Any]]:
    """The entries of a manifest by the names of the files, each held to its form.

    Raises:
        ModelFileError: the file cannot be read, or is not a manifest.
    """
    document = read_json(path)
    files = document.get("files") if isinstance(document, dict) and len(document) == 1 else None
    if not isinstance(files, dict):
        raise ModelFileError("this is not a manifest", where=str(path))
    for name, entry in files.items():
        if not PLAIN.fullmatch(name):
            raise ModelFileError(f"{name!r} is not the plain name of a file", where=str(path))
        if not isinstance(entry, dict) or set(entry) != {"sha256", "bytes"}:
            raise ModelFileError(f"the entry of {name} has not just sha256 and bytes", where=str(path))
        if not isinstance(entry["sha256"], str) or type(entry["bytes"]) is not int:
            raise ModelFileError(f"the entry of {name} is not a sum and a size", where=str(path))
    return files


def sum_of(file: BufferedReader) -> str:
    """The sha256 sum, in hexadecimal digits, of what is left to read."""
    return hashlib.file_digest(file, "sha256").hexdigest()


def _check_file(path: Path, entry: dict[str, Any], limit: int) -> None:
    mend = "take a fresh copy of the folder"
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size != entry["bytes"]:
            raise ModelFileError(
                f"{size:,} bytes where the manifest says {entry['bytes']:,}", where=str(path), mend=mend
            )
        if size > limit:
            raise ModelFileError(f"{size:,} bytes; such a file has {limit:,} at most", where=str(path))
        try:
            if size > HOLLOW and held_bytes(file) < size // 4:
                what = "more than three quarters of this file are holes, which take no room on the disk"
                raise ModelFileError(what, where=str(path), mend=f"{mend}, or fill them: cp --sparse=never")
            found = sum_of(file)
        except OSError as error:
            raise ModelFileError(str(error.strerror or error), where=str(path)) from error
    if found != entry["sha256"]:
        raise ModelFileError("the content is not what it was when the manifest was written", where=str(path), mend=mend)
