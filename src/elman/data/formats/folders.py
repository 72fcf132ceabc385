"""Folders of text files: a sub-folder a label, a `.txt` file a text.

Knows folders and their order; knows no label set. Used by `data.texts`.
"""

import os
from collections.abc import Iterator, Mapping
from os.path import getsize
from typing import Any

from elman.data.examples import Example
from elman.data.formats.jsonl import line_of
from elman.data.sources import Decoding, source_of
from elman.errors import InputError

LONGEST_TEXT = 1 << 26
"""Characters of a text: a corpus that stands where a text should is told before it fills the memory."""


def read(folder: str, config: Decoding, *, labelled: bool) -> Iterator[tuple[Example, str]]:
    """Every `.txt` or `.txt.gz` file of the sub-folders, sorted by name, and the name of its sub-folder.

    Hidden names and all other files are passed over. A file may be empty. Its last line end is no part of the text.

    Args:
        labelled: if not, the files of a folder without such sub-folders are read themselves, without a name.
    Raises:
        InputError: there are no such files, or one cannot be read or is too long.
    """
    is_empty = True
    for entry in _entries(folder):
        if entry.is_dir():
            for path in _files(entry.path):
                is_empty = False
                yield _example(path, config), entry.name
    if is_empty and labelled:
        raise InputError("there is no sub-folder with .txt files in this folder", where=folder,
                         mend="name the folder whose sub-folders are called like the labels")  # fmt: skip
    if is_empty:
        paths = _files(folder)
        if not paths:
            raise InputError("there are no .txt files in this folder", where=folder, mend="name a folder with texts")
        for path in paths:
            yield _example(path, config), ""


def write(example: Example, added: Mapping[str, Any]) -> str:
    """A JSON line with the path of the file and what is added to it."""
    return line_of({"path": example.path, **added})


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """What stands in a folder and is not hidden, sorted by name."""
    try:
        with os.scandir(folder) as found:
            return sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise InputError(error.strerror or str(error), where=folder) from error


def _files(folder: str) -> list[str]:
    return [
        entry.path
        for entry in _entries(folder)
        if entry.name.lower().removesuffix(".gz").endswith(".txt") and entry.is_file()
    ]


def _example(path: str, config: Decoding) -> Example:
    pieces: list[str] = []
    size = 0
    if getsize(path):
        for piece in source_of(path, config, whole=True).chunks():
            pieces.append(piece)
            size += len(piece)
            if size > LONGEST_TEXT:
                raise InputError(f"this text has more than {LONGEST_TEXT} characters", where=path, mend="divide it")
    text = "".join(pieces)
    return Example(text.removesuffix("\n"), path, 1, end="\n" if text.endswith("\n") else "")
