"""A regular file, opened so that nothing that stands in its place can hang, redirect or flood the reader.

Knows descriptors and limits; knows no format. Used by the other files of this package, on files that may be hostile.
"""

import os
import stat
from io import BufferedReader
from os import PathLike
from pathlib import Path

from elman.errors import ModelFileError


def open_regular(path: str | PathLike[str]) -> BufferedReader:
    """The file of that name, opened to be read, without following a link and without waiting for a writer.

    Raises:
        ModelFileError: there is no such file, it cannot be read, or it is a folder, a link, a pipe or a device.
    """
    place = Path(path)
    try:
        _refuse_special(place.lstat().st_mode, place)  # before opening: a device may act on being opened
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ModelFileError(_reason(error), where=str(path)) from error
    file = os.fdopen(descriptor, "rb")
    try:
        _refuse_special(os.fstat(descriptor).st_mode, place)  # after: it may have been exchanged in between
    except ModelFileError:
        file.close()
        raise
    return file


def read_regular(path: str | PathLike[str], limit: int) -> bytes:
    """All bytes of a regular file.

    Raises:
        ModelFileError: it is not a regular file, cannot be read, or has more than `limit` bytes.
    """
    with open_regular(path) as file:
        try:
            content = file.read(limit + 1)
        except OSError as error:
            raise ModelFileError(_reason(error), where=str(path)) from error
    if len(content) > limit:
        raise ModelFileError(f"this file has more than {limit:,} bytes", where=str(path))
    return content


def _refuse_special(mode: int, path: Path) -> None:
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        found = "a folder"
    elif stat.S_ISLNK(mode):
        found = "a symbolic link"
    else:
        found = "a pipe, socket or device"
    raise ModelFileError(f"this is {found} where a file has to be", where=str(path))


def _reason(error: OSError) -> str:
    return "there is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror or error)
