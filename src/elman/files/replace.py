"""Files that are whole or not there: written under another name beside the wanted one, synced, renamed.

Knows paths; knows no format. Used by the other files of this package and by commands that write to a file.
"""

import errno
import gzip
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from io import TextIOWrapper
from os import PathLike
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from elman.errors import ElmanError, OptionError

_WRITING = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY}
"""Faults of the moment: the work failed."""
_PLACE = {
    errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ENOENT, errno.EINVAL, errno.ELOOP,
}  # fmt: skip
"""Faults of the place: another one was to be named."""


@contextmanager
def aside_of(path: str | PathLike[str]) -> Iterator[Path]:
    """The name of a file beside the wanted one, to be written; it takes the wanted place when the block ends well.

    A link is followed: what it points to is replaced, not the link.

    Raises:
        OptionError: something other than a file stands there, or the folder is missing. ElmanError: it cannot be
            written (a full disk, say).
    """
    with writing_errors(path):
        place = Path(os.path.realpath(path))
        is_other = place.exists() and not stat.S_ISREG(place.stat().st_mode)
        has_folder = place.parent.is_dir()
    if is_other:
        raise OptionError("this is not a file that can be replaced", where=str(path), mend="give another name")
    if not has_folder:
        raise OptionError("there is no such folder to write in", where=str(path), mend="make it, or give another name")
    aside = aside_name(place)
    try:
        with writing_errors(path):
            yield aside
            sync(aside)
            aside.replace(place)
            sync(place.parent)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def text_aside_of(path: str | PathLike[str]) -> Iterator[TextIO]:
    """A file of UTF-8 text beside the wanted one, open to be written, as `aside_of`; packed where the name ends in
    `.gz`, as files are read."""
    with aside_of(path) as aside, aside.open("wb") as raw:
        is_packed = str(path).lower().endswith(".gz")
        packed = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if is_packed else nullcontext(raw)
        with packed as bytes_, TextIOWrapper(cast(BinaryIO, bytes_), encoding="utf-8", newline="") as file:
            yield file


def write_file(path: str | PathLike[str], data: bytes) -> None:
    """Write a file, whole or not at all; errors are those of `aside_of`."""
    with aside_of(path) as aside:
        aside.write_bytes(data)


def aside_name(place: Path, word: str = "tmp") -> Path:
    """A free name beside a place, which tells whose it is: `.NAME.WORD-PID-RANDOM`."""
    return place.parent / f".{place.name}.{word}-{os.getpid()}-{secrets.token_hex(4)}"


def sync(path: Path) -> None:
    """Have a file's content, or a folder's names, on the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def writing_errors(path: str | PathLike[str]) -> Iterator[None]:
    """Turn the system's refusals to write into an error that names the place.

    Raises:
        OptionError: nothing can be written there. ElmanError: it cannot be written now (a full disk, say).
    """
    try:
        yield
    except OSError as error:
        if error.errno in _PLACE:
            raise OptionError(
                f"cannot be written: {error.strerror}", where=str(path), mend="give another place"
            ) from error
        if error.errno not in _WRITING:
            raise
        raise ElmanError(f"cannot be written: {error.strerror}", where=str(path)) from error
