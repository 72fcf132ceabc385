"""Pairs of texts, a source and its targets: which suffix means which format, how they are read, how predictions are
written.

Knows the table of formats and how files stand side by side; each format is in a file of its own. Called by `models`.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from os import PathLike
from os.path import isfile
from typing import Any

from elman.data import formats
from elman.data.config import PairReadConfig, ReadConfig
from elman.data.examples import Example
from elman.data.formats import parquet, plain, table
from elman.data.formats.columns import no_column
from elman.data.formats.jsonl import line_of, object_of
from elman.data.sources import STANDARD_INPUT, format_named, path_of, source_of
from elman.errors import InputError, OptionError, nearest
from elman.text.vocabulary import has_surrogate

Path = str | PathLike[str]
SOURCES, TARGETS = ("source", "src"), ("target", "tgt")
"""What the columns are called where the user names none."""
FORM = '{"source": "…", "target": "…"}'
_LINE_END = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")


@dataclass(frozen=True)
class Pair:
    """A source with what it is to become.

    Args:
        targets: the references, the first of which is trained on; none where they were not read. sentences: those of
            the source, which is these joined by blanks, if the file has a list of them; else none.
        path, line, end, row: as `examples.Example` has them, of the source.
    """

    source: str
    targets: tuple[str, ...]
    sentences: tuple[str, ...]
    path: str
    line: int
    end: str = "\n"
    row: Mapping[Any, Any] | None = None


Lay = Callable[[Pair, Sequence[Any]], str]
"""From a pair and the values that are added to it to the lines of it."""


def format_of(path: Path, config: PairReadConfig) -> str:
    """The name of a file's format: as given, or by its suffix; standard input is plain text unless given.

    Raises:
        InputError: this is a folder, or the suffix is not known.
    """
    return format_named(path, config.format, suffixes=formats.SUFFIXES)


def read_pairs(
    sources: Sequence[Path], config: PairReadConfig, *, targets: Sequence[Sequence[Path]] = (), targeted: bool,
    option: str = "--target",
) -> Iterator[Pair]:  # fmt: skip
    """The pairs of files, one by one, also those with an empty side. Blank lines of files with columns are passed over;
    in plain text every line is a text.

    Args:
        targets: for each reference as many files as there are of sources, in their order. They make both sides plain
            text, whatever the suffixes; the same lines of both are a pair. None: the targets stand beside the sources.
        targeted: read the targets too; else they may be missing. option: how a user names files of targets.
    Raises:
        InputError, OptionError: a file cannot be read, has targets to be read but no pair, or is not as its format
            wants it; files that stand side by side differ in their numbers of lines. File and line are told.
    """
    assert targeted or not targets, "targets that are not to be read"
    if targeted:
        check_sides(sources, config, targets=targets, option=option)
    if targets:
        for path, references in zip(sources, zip(*targets, strict=True), strict=True):
            yield from _side_by_side(path_of(path), [path_of(one) for one in references], config=config)
        return
    for path in sources:
        pair = None
        for pair in _pairs(path, config, targeted=targeted):
            yield pair
        if pair is None and targeted:
            raise InputError("there is no pair in this file", where=path_of(path), mend="give sources with targets")


def check_sides(
    sources: Sequence[Path], config: PairReadConfig, *, targets: Sequence[Sequence[Path]] = (), option: str
) -> None:
    """Refuse files of which it is known before they are read that they do not have both sides.

    Raises:
        InputError, OptionError: as `read_pairs`, whose arguments these are.
    """
    if targets:
        _check_parallel(sources, config, targets=targets)
        return
    for path in sources:
        mend = f"give --format, or the file of its targets with {option}"
        if format_named(path, config.format, suffixes=formats.SUFFIXES, mend=mend) == "text":
            mend = f"name the file of its targets with {option}, or give a table or JSON lines"
            raise InputError("plain text has no targets", where=path_of(path), mend=mend)


@contextmanager
def pair_writer(paths: Sequence[Path], config: PairReadConfig, *, added: Sequence[str]) -> Iterator[Lay]:
    """How pairs of the files are written with values added, in the files' own format.

    Gives a function that maps a pair and its values to one or several lines. Of plain text with one value added the
    line is that value alone, line breaks in it become blanks; with more values, and of parquet, JSON lines are written.
    Rows and objects get columns and keys (the first row of a table brings the header with it); in tables without quotes
    tabs, or what else the delimiter is, and line breaks become blanks.

    Args:
        added: names of the values; where the first pair has a column of that name, `predicted_` is put before it.
    Raises:
        OptionError: the files are not of one format. InputError: tables with different columns; a later row has a
            column that is called as an added one.
    """
    kinds = {format_of(path, config) for path in paths}
    if len(kinds) > 1:
        raise OptionError(f"the files are of several formats: {', '.join(sorted(kinds))}", mend="give them apart")
    kind = kinds.pop()
    lays: list[Callable[[Example, Sequence[Any]], str]] = []
    with ExitStack() as stack:

        def lay(pair: Pair, values: Sequence[Any]) -> str:
            if kind == "text":
                return _line(pair, dict(zip(added, values, strict=True)))
            if not lays:
                names = _free(added, pair.row or {})
                lays.append(stack.enter_context(formats.writer(paths, _plain_config(kind, config), added=names)))
            if kind == "tsv":
                delimiter = table.form_of(kind, config.delimiter, header=config.header).delimiter
                values = [_unbroken(one, delimiter) if isinstance(one, str) else one for one in values]
            return lays[0](Example(pair.source, pair.path, pair.line, pair.end, pair.row), values)

        yield lay


def header_alone(paths: Sequence[Path], config: PairReadConfig, *, added: Sequence[str]) -> str:
    """What is to be written of tables without rows, as `formats.header_alone`."""
    name, kind = path_of(paths[0]), format_of(paths[0], config)
    if kind not in ("csv", "tsv") or not isfile(name):
        return ""
    form = table.form_of(kind, config.delimiter, header=config.header)
    names = _free(added, table.first_row(source_of(name, config), table=form))
    return formats.header_alone(paths, _plain_config(kind, config), added=names)


def _check_parallel(sources: Sequence[Path], config: PairReadConfig, *, targets: Sequence[Sequence[Path]]) -> None:
    """Refuse what makes no sense beside files of targets."""
    if config.format not in (None, "text"):
        mend = "leave it out, or name no files of targets"
        raise OptionError("files of targets make both sides plain text", where="--format", mend=mend)
    _check_table(config)
    for files in targets:
        if len(files) != len(sources):
            raise OptionError(f"{len(sources)} files of sources, but {len(files)} of their targets",
                              mend="give as many, in the same order")  # fmt: skip
    if [path_of(path) for files in (sources, *targets) for path in files].count(STANDARD_INPUT) > 1:
        raise InputError("standard input can be read only once", where=STANDARD_INPUT, mend="name a file")


def _check_table(config: PairReadConfig) -> None:
    """Refuse options for tables where there is none. Names of columns may be those of the training files."""
    for option, is_given in (("--delimiter", config.delimiter is not None), ("--no-header", not config.header)):
        if is_given:
            raise OptionError("plain text has no columns", where=option, mend="leave it out, or give --format")


def _side_by_side(path: str, targets: Sequence[str], *, config: PairReadConfig) -> Iterator[Pair]:
    """The lines of a file, each with the same line of the files of its targets."""
    sides = [plain.read(source_of(name, config)) for name in (path, *targets)]
    for number, lines in enumerate(zip_longest(*sides)):
        if None in lines:
            counts = [
                number + (line is not None) + sum(1 for _ in side) for line, side in zip(lines, sides, strict=True)
            ]
            other, count = next(one for one in zip(targets, counts[1:], strict=True) if one[1] != counts[0])
            raise InputError(f"{counts[0]:,} lines, but {count:,} in {other}", where=path,
                             mend="give every source its target on the same line")  # fmt: skip
        source, *references = lines
        yield Pair(source.text, tuple(one.text for one in references), (), path, source.line, source.end)


def _pairs(path: Path, config: PairReadConfig, *, targeted: bool) -> Iterator[Pair]:
    """The pairs of a file that has both sides; of plain text the sources alone."""
    kind, name = format_of(path, config), path_of(path)
    if kind == "text":
        _check_table(config)
        for example in plain.read(source_of(name, config)):
            yield Pair(example.text, (), (), name, example.line, example.end)
        return
    columns: tuple[Any, Any] | None = None
    for line, row in _rows(name, config, kind=kind):
        where = f"{name}: row {line}" if kind == "parquet" else f"{name}:{line}"
        if columns is None:
            is_named = kind == "parquet" or (kind != "jsonl" and config.header)
            columns = _columns(row, config, targeted=targeted, where=name if is_named else where)
        for column in columns[: 1 + targeted]:
            if column not in row:
                raise InputError(f"there is no column {column!r}", where=where, mend=nearest(column, row))
        sentences = _texts(row[columns[0]], repr(str(columns[0])), where=where)
        references = _texts(row[columns[1]], repr(str(columns[1])), where=where) if targeted else ()
        if targeted and not references:
            raise InputError(f"{str(columns[1])!r} is a list without a text", where=where, mend="write a target")
        is_list = isinstance(row[columns[0]], list)
        yield Pair(" ".join(sentences), references, sentences if is_list else (), name, line, row=row)


def _rows(path: str, config: PairReadConfig, *, kind: str) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    """The number of the first line of every row of a file with columns, and its values by column."""
    if kind == "parquet":
        yield from enumerate(parquet.read_rows(path), 1)
        return
    source = source_of(path, config)
    if kind == "jsonl":
        for line, text in enumerate(source.lines(), 1):
            if text and not text.isspace():
                yield line, object_of(text, where=f"{path}:{line}", form=FORM)
        return
    names: Sequence[Any] = ()
    for example in table.read(source, "0", table=table.form_of(kind, config.delimiter, header=False)):
        cells = list((example.row or {}).values())
        if not names:
            names = cells if config.header else range(len(cells))
            twice = next((name for name in names if list(names).count(name) > 1), None)
            if twice is not None:
                raise InputError(f"two columns are called {twice!r}", where=f"{path}:{example.line}",
                                 mend="name them apart, or --no-header")  # fmt: skip
            if config.header:
                continue
        yield example.line, dict(zip(names, cells, strict=True))


def _columns(row: Mapping[Any, Any], config: PairReadConfig, *, targeted: bool, where: str) -> tuple[Any, Any]:
    """The keys of source and target in rows like this one; the latter may be None where it is not read.

    Of a column that the user did not name, the usual name counts; else, of two columns, the other one, and the source
    is the first; else, where only the source is read, the only one.
    """
    names = [str(key) for key in row]
    source, target = config.source_column, config.target_column
    source = source or next((name for name in SOURCES if name in names and name != target), None)
    target = target or next((name for name in TARGETS if name in names and name != source), None)
    if len(names) == 2:
        source = source or next(name for name in names if name != target)
        target = target or next(name for name in names if name != source)
    elif len(names) == 1 and not targeted:
        source = source or names[0]
    for what, name in (("source", source), ("target", target))[: 1 + targeted]:
        if name is None:
            mend = f"give --{what}-column; columns are {', '.join(names)}"
            raise InputError(f"it is not known which column holds the {what}", where=where, mend=mend)
        if name not in names:
            raise no_column(name, names, where=where)
    keys: dict[str | None, Any] = {None: None, **dict(zip(names, row, strict=True))}
    return keys[source], keys.get(target)


def _texts(value: Any, what: str, *, where: str) -> tuple[str, ...]:
    """The text, or the texts of a list, in a column."""
    values = value if isinstance(value, list) else [value]
    for one in values:
        if not isinstance(one, str):
            kind = "null" if one is None else f"of type {type(one).__name__}"
            item = "an item of " if isinstance(value, list) else ""
            raise InputError(f"{item}{what} is {kind}, where a text is wanted", where=where, mend="write it in quotes")
        if "\x00" in one or has_surrogate(one):
            raise InputError(f"{what} has a NUL or half of a surrogate pair in it", where=where)
    return tuple(values)


def _line(pair: Pair, added: Mapping[str, Any]) -> str:
    """A line of plain text with what is added in its place."""
    if len(added) > 1:
        return line_of({"source": pair.source, **added})
    return "".join(_unbroken(str(value)) for value in added.values()) + "\n"


def _unbroken(text: str, delimiter: str = " ") -> str:
    """The text with blanks for line breaks and delimiters."""
    return _LINE_END.sub(" ", text).replace(delimiter, " ")


def _free(added: Sequence[str], taken: Mapping[Any, Any] | Sequence[str]) -> list[str]:
    """The names of what is added, so that none is that of a column."""
    return [f"predicted_{name}" if name in taken else name for name in added]


def _plain_config(kind: str, config: PairReadConfig) -> ReadConfig:
    return ReadConfig(
        format=kind, encoding=config.encoding, errors=config.errors, delimiter=config.delimiter, header=config.header
    )  # fmt: skip
