"""JSON lines: an object a line, the text under one of its keys.

Knows JSON; knows no model. Used by `formats`, which writes rows of parquet by it too, by `plain` and by
`token_lists`.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from elman.data.examples import Example
from elman.data.formats.columns import text_column
from elman.data.sources import Source
from elman.errors import InputError
from elman.text.vocabulary import has_surrogate


def read(source: Source, column: str | None) -> Iterator[Example]:
    """Every object of a file; blank lines are passed over.

    Args:
        column: the key of the text; None as `columns.text_column` says of the first object.
    Raises:
        InputError: a line is not a JSON object, the key is missing, or what it holds is not a text.
    """
    for number, line in enumerate(source.lines(), 1):
        if line and not line.isspace():
            where = f"{source.path}:{number}"
            row = object_of(line, where=where, form='{"text": "…"}')
            column = text_column(column, list(row), where=where)
            yield Example(_text(row[column], column, where), source.path, number, row=row)


def write(example: Example, added: Mapping[str, Any]) -> str:
    """The object with what is added to it."""
    return line_of({**(example.row or {}), **added})


def line_of(row: Mapping[str, Any]) -> str:
    """The row as a line that `read` accepts and UTF-8 can hold: numbers that JSON does not have are null."""
    try:
        line = json.dumps(row, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        finite = json.loads(json.dumps(row, default=str), parse_constant=lambda _: None)
        line = json.dumps(finite, ensure_ascii=False)
    return (json.dumps(json.loads(line)) if has_surrogate(line) else line) + "\n"


def object_of(line: str, *, where: str, form: str) -> dict[str, Any]:
    """The object that a line is.

    Args:
        where: file and line. form: what a line should look like, for the error.
    Raises:
        InputError: it is not JSON, or not an object.
    """
    try:
        row = json.loads(line, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise InputError(f"this is not JSON: {error.msg}", where=f"{where}:{error.colno}") from error
    except RecursionError as error:
        raise InputError("objects or lists are nested too deep", where=where) from error
    except ValueError as error:  # from the hook below, and from whole numbers of thousands of digits
        raise InputError(f"this is not JSON: {error}", where=where) from error
    if not isinstance(row, dict):
        raise InputError("this is JSON, but not an object", where=where, mend=f"write {form} on every line")
    return row


def _text(value: Any, key: str, where: str) -> str:
    if not isinstance(value, str):
        raise InputError(f"{key!r} is not a text but {_kind(value)}", where=where)
    if "\x00" in value:
        raise InputError(f"{key!r} has a NUL in it", where=where)
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        half = f"U+{ord(value[error.start]):04X}"
        raise InputError(f"{key!r} has half of a surrogate pair in it, {half}", where=where) from error
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names[type(value)]


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number that JSON has")
