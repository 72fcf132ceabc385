"""Formats of files: which suffix means which, and how any file becomes examples, texts or blocks of running text.

Knows the table of formats; each is in a file of its own. Called by `data.corpus`, and by `models` to predict.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from os import PathLike
from os.path import isfile
from typing import Any

from elman.data.config import ReadConfig
from elman.data.examples import Example
from elman.data.formats import jsonl, parquet, plain, table
from elman.data.sources import format_named, path_of, source_of
from elman.errors import InputError, OptionError

Path = str | PathLike[str]
SUFFIXES = {".txt": "text", ".jsonl": "jsonl", ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet"}
"""Each with `.gz` behind it too, but for parquet, which is compressed in itself."""
BLOCK = 1 << 20
"""Characters from which on texts are handed over together."""
LONGEST_BLOCK = 1 << 24
"""Characters after which running text is cut anywhere, where there is neither line end nor blank."""


def format_of(path: Path, config: ReadConfig) -> str:
    """The name of a file's format: as given, or by its suffix; standard input is plain text unless given.

    Raises:
        InputError: this is a folder, or the suffix is not known.
    """
    return format_named(path, config.format, suffixes=SUFFIXES)


def read(paths: Sequence[Path], config: ReadConfig, *, keep_blank: bool = False) -> Iterator[Example]:
    """The texts of files, one by one. By lines (not `continuous`), blank ones are passed over.

    Args:
        keep_blank: give blank texts of files with columns too, so that as many examples come out as there are rows.
    Raises:
        InputError, OptionError: a file cannot be read, or is not as its format wants it; file and line are told.
    """
    for path in paths:
        for example in _examples(path, config):
            if config.continuous or not _is_blank(example.text) or (keep_blank and example.row is not None):
                yield example


def read_texts(paths: Sequence[Path], config: ReadConfig) -> Iterator[list[str]]:
    """The same texts as `read`, about a million characters at a time; much faster."""
    for path in paths:
        for texts in _lists(path, config):
            kept = texts if config.continuous else [text for text in texts if not _is_blank(text)]
            if kept:
                yield kept


def read_blocks(paths: Sequence[Path], config: ReadConfig) -> Iterator[str]:
    """Running text, about a million characters at a time: the texts of files, each with its line end.

    A block ends at a line end, with its file, or, in very long lines, before a blank.

    Raises:
        As `read`.
    """
    for path in paths:
        if format_of(path, config) == "text":
            yield from _running(source_of(path, config).chunks())
        else:
            yield from _running("\n".join([*texts, ""]) for texts in _lists(path, config))


@contextmanager
def writer(
    paths: Sequence[Path], config: ReadConfig, *, added: Sequence[str]
) -> Iterator[Callable[[Example, Sequence[Any]], str]]:
    """How examples of the files are written with values added, in the files' own format.

    Gives a function that maps an example and its values to one or several lines of text, each with its end: JSON lines
    for plain text and parquet, objects and rows with keys or columns added for the others (the first row of a table
    brings the header with it).

    Args:
        added: names of the values.
    Raises:
        OptionError: the files are not of one format. InputError: tables with different columns; a column that has the
            name of an added one.
    """
    formats = {format_of(path, config) for path in paths}
    if len(formats) > 1:
        raise OptionError(f"the files are of several formats: {', '.join(sorted(formats))}", mend="give them apart")
    kind = formats.pop()
    names = list(added)
    header: list[str] = []

    def lay(example: Example, values: Sequence[Any]) -> str:
        named = dict(zip(names, values, strict=True))
        taken = [name for name in names if example.row is not None and name in example.row]
        if taken:
            raise InputError(f"there is a {taken[0]!r} already", where=f"{example.path}:{example.line}",
                             mend="rename it")  # fmt: skip
        if kind == "text":
            return plain.write(example, named)
        if kind not in ("csv", "tsv"):
            return jsonl.write(example, named)
        form = table.form_of(kind, config.delimiter, header=config.header)
        begin = "" if header else table.row_text([*map(str, example.row or {}), *names], table=form) * config.header
        columns = list(map(str, example.row or {}))
        if header and columns != header:
            raise InputError("other columns than in the file before", where=example.path, mend="give the files apart")
        header[:] = columns
        return begin + table.write(example, named, table=form)

    yield lay


def header_alone(paths: Sequence[Path], config: ReadConfig, *, added: Sequence[str]) -> str:
    """What is to be written of tables without rows: the header of the first one with the names of what would be added.

    Nothing for other formats, and where the file cannot be read once more.
    """
    name, kind = path_of(paths[0]), format_of(paths[0], config)
    if kind not in ("csv", "tsv") or not config.header or not isfile(name):
        return ""
    form = table.form_of(kind, config.delimiter, header=config.header)
    columns = table.first_row(source_of(name, config), table=form)
    return table.row_text([*columns, *added], table=form) if columns else ""


def _examples(path: Path, config: ReadConfig) -> Iterator[Example]:
    kind = format_of(path, config)
    if kind == "parquet":
        return parquet.read(path_of(path), config.text_column)
    source = source_of(path, config)
    if kind == "text":
        return plain.read(source)
    if kind == "jsonl":
        return jsonl.read(source, config.text_column)
    return table.read(source, config.text_column, table=table.form_of(kind, config.delimiter, header=config.header))


def _lists(path: Path, config: ReadConfig) -> Iterator[list[str]]:
    """The texts of a file in lists."""
    kind = format_of(path, config)
    if kind == "parquet":
        yield from parquet.read_texts(path_of(path), config.text_column)
    elif kind == "text":
        for block in source_of(path, config).blocks():
            yield block.removesuffix("\n").split("\n")
    else:
        held, size = [], 0
        for example in _examples(path, config):
            held.append(example.text)
            size += len(example.text)
            if size >= BLOCK:
                yield held
                held, size = [], 0
        yield held


def _running(pieces: Iterator[str]) -> Iterator[str]:
    """The same text in blocks that end at line ends or before blanks."""
    begun: list[str] = []
    size = 0
    for piece in pieces:
        begun.append(piece)
        size += len(piece)
        if size < BLOCK and not piece.endswith("\n"):
            continue
        cut = _last_cut(piece, anywhere=size >= LONGEST_BLOCK)
        if cut:
            yield "".join(chain(begun[:-1], [piece[:cut]]))
            begun, size = [piece[cut:]], len(piece) - cut
    if size:
        yield "".join(begun)


def _last_cut(text: str, *, anywhere: bool) -> int:
    """Behind the last line end, else before the last blank that follows something else; 0 if there is neither."""
    line = text.rfind("\n") + 1
    if line:
        return line
    blank = len(text[: text.rfind(" ") + 1].rstrip(" \t\r"))
    return blank or (len(text) if anywhere else 0)


def _is_blank(text: str) -> bool:
    return not text or text.isspace()
