"""Files as decoded text: opened, unpacked, decoded, faults told with their place.

Knows bytes, encodings and line ends; knows no format. Used by the readers in `data.formats`.
"""

import codecs
import gzip
import io
import logging
import sys
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from os import PathLike, fspath
from os.path import exists, isdir, isfile
from typing import BinaryIO, NoReturn, Protocol, cast

from elman.errors import InputError, OptionError

log = logging.getLogger("elman")
STANDARD_INPUT = "-"
CHUNK = 1 << 20
"""Bytes that are read at a time."""
_BYTE_ORDER_MARK = "\ufeff"
_REPLACING = "elman.replacing"


class Decoding(Protocol):
    """What a config says of the bytes of files."""

    @property
    def encoding(self) -> str:
        """Of the files."""

    @property
    def errors(self) -> str:
        """`strict` or `replace`."""


@dataclass(frozen=True)
class Source:
    """A file that a user named, and how its bytes are to be read.

    Args:
        errors: `strict` refuses bytes that are not in the encoding, `replace` puts U+FFFD in their place and tells how
            often. verbatim: keep the byte order mark and the carriage returns, so that what is written can be what was
            read. whole: the file is one text, not lines, so that its carriage returns are its own affair.
    """

    path: str
    encoding: str = "utf-8"
    errors: str = "strict"
    verbatim: bool = False
    whole: bool = False

    def chunks(self) -> Iterator[str]:
        """The text, about a million characters at a time, with every line end as `\\n`, without a byte order mark.

        Both are left as they are in a source that is verbatim. A line ends with `\\n` or `\\r\\n`, and with nothing
        else.

        Raises:
            InputError: there is no such file, it cannot be read, is empty, packed wrongly, binary, not in the encoding,
                or its lines end in bare carriage returns. OptionError: there is no such encoding.
        """
        decoder, place = _decoder(self.encoding, self.errors), _Place(self)
        held = ""  # a carriage return that may be the first half of a line end
        with self._open() as file:
            while True:
                data = self._read(file)
                text = held + place.decoded(decoder, data)
                if not self.verbatim:
                    if place.is_begin and text:
                        text, place.is_begin = text.removeprefix(_BYTE_ORDER_MARK), False
                    held = "\r" if data and text.endswith("\r") else ""
                    text = text[: len(text) - len(held)].replace("\r\n", "\n")
                place.check(text, data)
                if text:
                    yield text
                if not data:
                    break
        place.finish()

    def blocks(self) -> Iterator[str]:
        """The text in blocks of whole lines, each of about a million characters or, if that is longer, one line."""
        begun: list[str] = []
        for text in self.chunks():
            end = text.rfind("\n") + 1
            if end:
                yield "".join([*begun, text[:end]])
                begun = []
            if end < len(text):
                begun.append(text[end:])
        if begun:
            yield "".join(begun)

    def lines(self) -> Iterator[str]:
        """Every line, without its end."""
        for block in self.blocks():
            lines = block.split("\n")
            if not lines[-1]:
                lines.pop()
            yield from lines

    def _open(self) -> AbstractContextManager[BinaryIO]:
        if self.path == STANDARD_INPUT:
            if sys.stdin is None:
                raise InputError("standard input is closed", where=self.path, mend="name a file")
            return nullcontext(sys.stdin.buffer)
        try:
            if self.path.lower().endswith(".gz"):
                return cast("BinaryIO", gzip.open(self.path, "rb"))
            return open(self.path, "rb")
        except (OSError, ValueError) as error:
            raise _unreadable(error, self.path) from error

    def _read(self, file: BinaryIO) -> bytes:
        try:
            return file.read(CHUNK)
        except EOFError as error:
            raise InputError("the gzip data end too early", where=self.path, mend="take a fresh copy") from error
        except (gzip.BadGzipFile, zlib.error) as error:
            raise InputError(f"this is not a whole gzip file ({error})", where=self.path) from error
        except OSError as error:
            raise _unreadable(error, self.path) from error


class _Place:
    """How far a source has been read, and what is told of it with a place: faults, and what was replaced."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.is_begin = self.is_empty = True
        self._bytes, self._lines = 0, 1
        self._after_return = self._is_broken = False
        self._replaced, self._first = 0, (0, 0)

    def decoded(self, decoder: codecs.IncrementalDecoder, data: bytes) -> str:
        """The text of the next bytes; none ends the source."""
        _replaced.clear()
        try:
            return decoder.decode(data, final=not data)
        except UnicodeDecodeError as error:  # whose object may begin with bytes of the chunk before
            self._refuse(error.object, self._bytes + len(data) - len(error.object), error)
        except UnicodeError as error:
            raise InputError(f"not valid {self.source.encoding}: {error}", where=self.source.path) from error
        finally:
            self._bytes += len(data)
            if _replaced.first is not None and not self._replaced:
                read, start = _replaced.first
                self._first = self._lines + read.count(b"\n", 0, start), self._bytes - len(read) + start
            self._replaced += _replaced.count

    def check(self, text: str, data: bytes) -> None:
        """Refuse characters that no text has; count lines."""
        if "\x00" in text:
            line = self._lines + text.count("\n", 0, text.index("\x00"))
            mend = "give --encoding utf-16" if _looks_wide(data) else "give a text file"
            raise InputError("there is a NUL: this is a binary file", where=f"{self.source.path}:{line}", mend=mend)
        self._lines += text.count("\n")
        self.is_empty = self.is_empty and not text
        if self._lines == 1 and not self._is_broken:
            begin = 0 if self._after_return else text.find("\r")
            if begin >= 0:
                self._after_return, self._is_broken = True, bool(text[begin:].strip("\r"))

    def finish(self) -> None:
        """Refuse a source of which only the end shows that it is no text, or no lines; tell what was replaced."""
        source = self.source
        if self.is_empty:
            raise InputError("this file is empty", where=source.path, mend="give a file with text")
        if self._lines == 1 and self._is_broken and not source.whole:
            raise InputError("its lines end in bare carriage returns, which would make it one line",
                             where=source.path, mend="write line feeds instead, say by tr '\\r' '\\n'")  # fmt: skip
        if self._replaced:
            log.warning("%s: %s places are not valid %s and are read as U+FFFD, the first in line %d, at byte %d",
                        source.path, f"{self._replaced:,}", source.encoding, *self._first)  # fmt: skip

    def _refuse(self, data: bytes, begin: int, error: UnicodeDecodeError) -> NoReturn:
        if begin == 0 and data.startswith(b"\x1f\x8b"):
            raise InputError("this is a gzip file", where=self.source.path, mend="name it .gz") from error
        if begin == 0 and data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) % 2 == 0:
            raise InputError("this is UTF-16", where=self.source.path, mend="give --encoding utf-16") from error
        if b"\x00" in data[: error.start + 1000] and not self.source.encoding.lower().startswith(("utf-16", "utf-32")):
            raise InputError("this is a binary file", where=self.source.path, mend="give a text file") from error
        line = self._lines + data.count(b"\n", 0, error.start)
        raise InputError(
            f"not valid {self.source.encoding} at byte {begin + error.start}",
            where=f"{self.source.path}:{line}", mend="give --encoding, or --errors replace",
        ) from error  # fmt: skip


class _Replaced(threading.local):
    """What the last call of a decoder has replaced; codecs hand nothing else back.

    Attributes:
        first: the bytes that were decoded, and the place in them of the first that were replaced.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the call before."""
        self.count = 0
        self.first: tuple[bytes, int] | None = None

    def replace(self, error: UnicodeError) -> tuple[str, int]:
        """What codecs call for bytes that they cannot decode."""
        assert isinstance(error, UnicodeDecodeError)
        self.first = self.first or (error.object, error.start)
        self.count += 1
        return "\ufffd", error.end


_replaced = _Replaced()


def source_of(path: str | PathLike[str], config: Decoding, *, verbatim: bool = False, whole: bool = False) -> Source:
    """A file whose bytes are read as a config says."""
    return Source(path_of(path), config.encoding, config.errors, verbatim=verbatim, whole=whole)


def path_of(path: str | PathLike[str]) -> str:
    """The path as the user wrote it."""
    return str(fspath(path))


def format_named(
    path: str | PathLike[str], given: str | None, *, suffixes: Mapping[str, str], mend: str = "give --format"
) -> str:
    """The name of a file's format: as given, or by its suffix; standard input is plain text unless given.

    Args:
        suffixes: the format of each suffix. Each may have `.gz` behind it, but for parquet, compressed in itself.
        mend: what helps where the suffix is not known.
    Raises:
        InputError: this is a folder, or the suffix is not known.
    """
    name = path_of(path)
    if name != STANDARD_INPUT and isdir(name):
        raise folder_error(name)
    if given is not None:
        return given
    if name == STANDARD_INPUT:
        return "text"
    bare = name.lower().removesuffix(".gz")
    found = next((kind for suffix, kind in suffixes.items() if bare.endswith(suffix)), None)
    if found is None or (found == "parquet" and bare != name.lower()):
        raise InputError(f"the suffix is none of {', '.join(suffixes)}", where=name, mend=mend)
    return found


def folder_error(path: str) -> InputError:
    """The error that tells of a folder where a file is wanted."""
    return InputError("this is a folder", where=path, mend="name the files in it")


def refuse_single_reading(paths: Iterable[str | PathLike[str]]) -> None:
    """Refuse what would be empty when it is read again; for those who read files twice.

    Raises:
        InputError: standard input, a pipe or a device is among them.
    """
    for name in map(path_of, paths):
        if name == STANDARD_INPUT:
            raise InputError("standard input can be read only once", where=name, mend="write it to a file")
        if exists(name) and not isfile(name) and not isdir(name):
            raise InputError("this can be read only once", where=name, mend="write it to a file")


def _decoder(encoding: str, errors: str) -> codecs.IncrementalDecoder:
    if errors == "replace":
        codecs.register_error(_REPLACING, _replaced.replace)
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)  # refuses codecs that are not of text
        return codecs.getincrementaldecoder(encoding)(errors=_REPLACING if errors == "replace" else "strict")
    except (LookupError, ValueError) as error:
        raise OptionError(
            f"{encoding!r} is not an encoding", where="--encoding", mend="known are utf-8, cp949, latin-1, utf-16, …"
        ) from error


def _unreadable(error: Exception, path: str) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError("there is no such file", where=path)
    if isinstance(error, IsADirectoryError):
        return folder_error(path)
    return InputError(getattr(error, "strerror", None) or str(error), where=path)


def _looks_wide(data: bytes) -> bool:
    """Is every second byte NUL, as in UTF-16 of European text?"""
    return len(data) > 1 and (data[0::2].count(0) > len(data) // 4) != (data[1::2].count(0) > len(data) // 4)
