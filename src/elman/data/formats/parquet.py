"""Parquet: columns of a typed table, read in batches. Knows pyarrow, which is imported when it is needed.

Used by `formats` and `data.pairs`; predictions are written as JSON lines.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from elman.data.examples import Example
from elman.data.formats.columns import text_column
from elman.data.sources import STANDARD_INPUT
from elman.errors import InputError, OptionError

ROWS = 4096
"""Rows that are read at a time."""


def read(path: str, column: str | None) -> Iterator[Example]:
    """Every row of a file, all its columns.

    Args:
        column: name of the column with the text; None as `columns.text_column` says.
    Raises:
        InputError: this is not a parquet file, the column is missing, or a value in it is not a text.
        OptionError: pyarrow is not installed.
    """
    number = 0
    for rows, name in _batches(path, column, only_text=False):
        for row in rows:
            number += 1
            yield Example(_text(row[name], name, f"{path}: row {number}"), path, number, row=row)


def read_texts(path: str, column: str | None) -> Iterator[list[str]]:
    """The texts alone, some thousand at a time; the other columns are not read."""
    number = 0
    for texts, name in _batches(path, column, only_text=True):
        yield [_text(text, name, f"{path}: row {number + place}") for place, text in enumerate(texts, 1)]
        number += len(texts)


def read_rows(path: str) -> Iterator[dict[str, Any]]:
    """Every row of a file, whatever its columns hold.

    Raises:
        InputError: this is not a parquet file, or two columns have one name. OptionError: pyarrow is not installed.
    """
    with _opened(path) as file:
        names = file.schema_arrow.names
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"there are {names.count(twice)} columns {twice!r}", where=path, mend="name them apart")
        for batch in file.iter_batches(batch_size=ROWS, use_threads=False):
            yield from batch.to_pylist()


def _batches(path: str, column: str | None, *, only_text: bool) -> Iterator[tuple[list[Any], str]]:
    """Some thousand rows, or what the column with the text holds in them, and the name of that column."""
    with _opened(path) as file:
        name = text_column(column, file.schema_arrow.names, where=path)
        kind = file.schema_arrow.field(name).type
        if not _is_text(kind):
            raise InputError(f"the column {name!r} holds {kind}, not text", where=path)
        for batch in file.iter_batches(batch_size=ROWS, columns=[name] if only_text else None, use_threads=False):
            yield (batch.column(name) if only_text else batch).to_pylist(), name


@contextmanager
def _opened(path: str) -> Iterator[Any]:
    """The file, by pyarrow, whose errors are told as ours."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        mend = "pip install 'elman[parquet]'"
        raise OptionError("pyarrow is needed to read parquet", where=path, mend=mend) from error
    if path == STANDARD_INPUT:
        raise InputError("parquet cannot be read from standard input", where=path, mend="name a file")
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except FileNotFoundError as error:
        raise InputError("there is no such file", where=path) from error
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"this is not a parquet file that can be read ({reason})", where=path) from error


def _is_text(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind))


def _text(value: Any, name: str, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{name!r} is null, not a text", where=where)
    if "\x00" in value:
        raise InputError(f"{name!r} has a NUL in it", where=where)
    return value
