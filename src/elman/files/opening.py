"""A regular file, opened so that nothing that stands in its place can hang, redirect or flood the reader.

Knows descriptors and limits; knows no format. Used by the other files of this package, on files that may be hostile.
"""

import errno
import os
import stat
from io import BufferedReader
from os import PathLike
from pathlib import Path

from elman.errors import ModelFileError

MOST_PIECES = 100_000
"""Pieces between holes that are looked for in a file."""


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
            size = os.fstat(file.fileno()).st_size
            content = file.read(min(limit, size) + 1)  # so much room is taken at once, whatever there is
        except OSError as error:
            raise ModelFileError(_reason(error), where=str(path)) from error
    if len(content) > limit:
        raise ModelFileError(f"this file has more than {limit:,} bytes", where=str(path))
    return content


def held_bytes(file: BufferedReader) -> int:
    """How many bytes of a file are really there: those of holes take no room, and read as zeros.

    A file in very many pieces is not followed to its end.

    Raises:
        OSError: it cannot be looked into.
    """
    size, held, place = os.fstat(file.fileno()).st_size, 0, 0
    if not hasattr(os, "SEEK_DATA"):
        return size
    try:
        for _ in range(MOST_PIECES):
            begin = os.lseek(file.fileno(), place, os.SEEK_DATA)
            place = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            held += place - begin
    except OSError as error:
        if error.errno != errno.ENXIO:  # behind the last piece
            raise
    finally:
        file.seek(0)
    return held


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
