"""Texts with labels: which suffix means which format, how they are read, and how predicted labels are written.

Knows the table of formats and what may be a label; each format is in a file of its own. Called by `models`.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from os import PathLike
from os.path import isdir, isfile
from typing import Any

from elman.data import formats
from elman.data.config import LabelledReadConfig, ReadConfig
from elman.data.examples import Example
from elman.data.formats import fasttext, folders, plain, table
from elman.data.formats.columns import label_column, text_column
from elman.data.formats.jsonl import line_of
from elman.data.sources import STANDARD_INPUT, folder_error, format_named, path_of, source_of
from elman.errors import InputError, OptionError, nearest
from elman.text.vocabulary import has_surrogate

Path = str | PathLike[str]
SUFFIXES = {**formats.SUFFIXES, ".ft": "ft"}
"""Each with `.gz` behind it too, but for parquet; a folder has none."""
SEPARATOR = "|"
"""What stands between the labels of a text in a cell of a table."""


@dataclass(frozen=True)
class LabelledText:
    """A text of a file with its labels.

    Args:
        labels: one; any number where texts may have several; none where they were not read.
        path, line, end, row: as `examples.Example` has them.
    """

    text: str
    labels: tuple[str, ...]
    path: str
    line: int
    end: str = "\n"
    row: Mapping[Any, Any] | None = None


Lay = Callable[[LabelledText, Sequence[Any]], str]
"""From a text and the values that are added to it to the lines of it."""


def format_of(path: Path, config: LabelledReadConfig) -> str:
    """The name of a file's format: as given, or by its suffix; standard input is plain text unless given.

    Raises:
        InputError: this is a folder and none is wanted, or the reverse, or the suffix is not known.
    """
    name = path_of(path)
    is_folder = name != STANDARD_INPUT and isdir(name)
    if is_folder and config.format not in (None, "folder"):
        raise folder_error(name)
    if is_folder:
        return "folder"
    if config.format == "folder":
        raise InputError("this is not a folder", where=name, mend="name a folder, or give another --format")
    return format_named(path, config.format, suffixes=SUFFIXES)


def read_labelled(paths: Sequence[Path], config: LabelledReadConfig, *, labelled: bool) -> Iterator[LabelledText]:
    """The texts of files and folders, one by one, empty ones too.

    Every line of plain text is a text. Blank lines of fastText's format are texts without labels; they are passed over
    where labels are read, as blank lines of the other formats always are.

    Args:
        labelled: read the labels too; else they may be missing.
    Raises:
        InputError, OptionError: a file cannot be read, has labels to be read but no text, or is not as its format wants
            it; a text has no label or, where only one is wanted, several. File and line are told.
    """
    for path in paths:
        text = None
        for text in _texts(path, config, labelled=labelled):
            yield text
        if text is None and labelled:
            raise InputError("there is no text in this file", where=path_of(path), mend="give texts with labels")


@contextmanager
def label_writer(paths: Sequence[Path], config: LabelledReadConfig, *, added: Sequence[str]) -> Iterator[Lay]:
    """How texts of the files are written with values added, in the files' own format.

    Gives a function that maps a text and its values to one or several lines. Those of fastText's format get their
    labels in front where one value is added, the label or a list of them; with more values, and for plain text,
    parquet and folders (with the path in place of the text), JSON lines are written. Lists of labels are joined in
    tables where texts may have several.

    Args:
        added: names of the values; where the first text has a column of that name, `predicted_` is put before it.
    Raises:
        OptionError: the files are not of one format. InputError: tables with different columns; a later row has a
            column that is called as an added one; a label cannot stand in this format.
    """
    kinds = {format_of(path, config) for path in paths}
    if len(kinds) > 1:
        raise OptionError(f"the files are of several formats: {', '.join(sorted(kinds))}", mend="give them apart")
    kind = kinds.pop()
    if kind in ("ft", "folder"):
        yield _lay_of(kind, list(added))
        return
    lays: list[Callable[[Example, Sequence[Any]], str]] = []
    is_joined = config.multi_label and kind in ("csv", "tsv")
    with ExitStack() as stack:

        def lay(text: LabelledText, values: Sequence[Any]) -> str:
            if not lays:
                names = _free(added, text.row or {})
                lays.append(stack.enter_context(formats.writer(paths, _plain_config(kind, config), added=names)))
            cells = [_joined(value, f"{text.path}:{text.line}") for value in values] if is_joined else values
            return lays[0](_example(text), cells)

        yield lay


def header_alone(paths: Sequence[Path], config: LabelledReadConfig, *, added: Sequence[str]) -> str:
    """What is to be written of tables without rows, as `formats.header_alone`."""
    name, kind = path_of(paths[0]), format_of(paths[0], config)
    if kind not in ("csv", "tsv") or not isfile(name):
        return ""
    form = table.form_of(kind, config.delimiter, header=config.header)
    names = _free(added, table.first_row(source_of(name, config), table=form))
    return formats.header_alone(paths, _plain_config(kind, config), added=names)


def _texts(path: Path, config: LabelledReadConfig, *, labelled: bool) -> Iterator[LabelledText]:
    kind, name = format_of(path, config), path_of(path)
    if kind == "text":
        if labelled:
            raise InputError("plain text has no labels", where=name,
                             mend="give a table, JSON lines, __label__ lines (--format ft) or folders")  # fmt: skip
        for example in plain.read(source_of(name, config)):
            yield _labelled(example, ())
    elif kind == "folder":
        for example, label in folders.read(name, config, labelled=labelled):
            given = [_label(label, "the name of the folder", where=example.path)] if labelled else []
            yield _labelled(example, _checked(given, example.path, config=config) if labelled else ())
    elif kind == "ft":
        for example, labels in fasttext.read(source_of(name, config)):
            if not labelled:
                yield _labelled(example, ())
            elif labels or example.text:
                where = f"{name}:{example.line}"
                mend = f"write {fasttext.PREFIX} and its name before the text"
                yield _labelled(example, _checked(labels, where, config=config, mend=mend))
    else:
        yield from _rows(name, config, kind=kind, labelled=labelled)


def _rows(path: str, config: LabelledReadConfig, *, kind: str, labelled: bool) -> Iterator[LabelledText]:
    """The texts of a file with columns. The first row tells which column holds the labels."""
    column: Any = None
    for example in formats.read([path], _plain_config(kind, config), keep_blank=True):
        row = example.row or {}
        if not labelled:
            yield _labelled(example, ())
            continue
        where = f"{path}: row {example.line}" if kind == "parquet" else f"{path}:{example.line}"
        if column is None:
            is_named = kind == "parquet" or (kind != "jsonl" and config.header)
            column = _column(row, config, where=path if is_named else where)
        if column not in row:
            raise InputError(f"there is no column {column!r}", where=where, mend=nearest(column, row))
        values = _cell_labels if kind in ("csv", "tsv") else _value_labels
        labels = values(row[column], where, column=str(column), config=config)
        yield _labelled(example, _checked(labels, where, config=config))


def _column(row: Mapping[Any, Any], config: LabelledReadConfig, *, where: str) -> Any:
    """The key of the labels in rows like this one."""
    names = [str(key) for key in row]
    text = text_column(config.text_column, names, where=where)
    return list(row)[names.index(label_column(config.label_column, names, text=text, where=where))]


def _cell_labels(cell: str, where: str, *, column: str, config: LabelledReadConfig) -> list[str]:
    if not cell or cell.isspace():
        return []
    return cell.split(SEPARATOR) if config.multi_label else [cell]


def _value_labels(value: Any, where: str, *, column: str, config: LabelledReadConfig) -> list[str]:
    """The labels that a value of JSON or parquet stands for."""
    if isinstance(value, list):
        if not config.multi_label:
            raise InputError(f"{column!r} holds a list of labels", where=where, mend="give --multi-label, or one label")
        return [_label(item, f"an item of {column!r}", where=where) for item in value]
    if value is None or (isinstance(value, str) and (not value or value.isspace())):
        return []
    return [_label(value, repr(column), where=where)]


def _label(value: Any, what: str, *, where: str) -> str:
    """A label as text: true and false, and numbers, as JSON writes them."""
    if isinstance(value, str):
        if "\x00" in value or has_surrogate(value):
            raise InputError(f"{what} has a NUL or half of a surrogate pair in it", where=where)
        return value
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    named = {type(None): "null", dict: "an object", list: "a list", float: "not a finite number"}
    kind = named.get(type(value), f"of type {type(value).__name__}")
    raise InputError(f"{what} is {kind}, where a label is wanted", where=where, mend="write a text or a number")


def _checked(
    labels: Iterable[str], where: str, *, config: LabelledReadConfig, mend: str = "write one, or leave the text out"
) -> tuple[str, ...]:
    """The labels without outer blanks, each once.

    Args:
        mend: what to do about a text that has none.
    """
    found = tuple(dict.fromkeys(label.strip() for label in labels))
    if "" in found:
        raise InputError("one of the labels is empty", where=where, mend="give it a name, or leave it out")
    if not found and not config.multi_label:
        raise InputError("this text has no label", where=where, mend=f"{mend}; with --multi-label it may have none")
    if len(found) > 1 and not config.multi_label:
        raise InputError(f"this text has {len(found)} labels", where=where, mend="leave one, or give --multi-label")
    return found


def _lay_of(kind: str, names: list[str]) -> Lay:
    """How texts of fastText's lines, or of folders, are written."""

    def lay(text: LabelledText, values: Sequence[Any]) -> str:
        named = dict(zip(names, values, strict=True))
        if kind == "folder":
            return folders.write(_example(text), named)
        if len(values) > 1:
            return line_of({"text": text.text, **named})
        return fasttext.write(_example(text), [values[0]] if isinstance(values[0], str) else values[0])

    return lay


def _joined(value: Any, where: str) -> Any:
    """A list of labels as a cell; any other value as it is."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        return value
    wrong = next((label for label in value if SEPARATOR in label), None)
    if wrong is not None:
        raise InputError(f"the label {wrong[:40]!r} cannot stand in a cell with others", where=where,
                         mend="give the texts as JSON lines")  # fmt: skip
    return SEPARATOR.join(value)


def _free(added: Sequence[str], taken: Iterable[Any]) -> list[str]:
    """The names of what is added, so that none is that of a column."""
    columns = set(taken)
    return [f"predicted_{name}" if name in columns else name for name in added]


def _plain_config(kind: str, config: LabelledReadConfig) -> ReadConfig:
    return ReadConfig(
        format=kind, encoding=config.encoding, errors=config.errors, text_column=config.text_column,
        delimiter=config.delimiter, header=config.header,
    )  # fmt: skip


def _labelled(example: Example, labels: tuple[str, ...]) -> LabelledText:
    return LabelledText(example.text, labels, example.path, example.line, example.end, example.row)


def _example(text: LabelledText) -> Example:
    return Example(text.text, text.path, text.line, text.end, text.row)
