"""JSON documents, read under limits and written atomically.

Knows JSON; knows no document's meaning. Used by `manifest` and by `models`.
"""

import json
import math
import re
from os import PathLike
from typing import Any

from elman.errors import ModelFileError
from elman.files.opening import read_regular
from elman.files.replace import write_file

DEEPEST = 32
"""Objects and lists inside one another that a document may have."""
MOST_VALUES = 100_000
"""Values that a document may have where no more are expected: `[],` is three bytes in a file, and eighty in memory."""
MOST_ESCAPES = 4
"""Backslashes for each of the values that a document may have: each parts a text in two while it is read."""
_UP_TO_A_SIGN = rb'(?:[^",\[{]++|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)){0,5}+[,\[{]'
"""To what parts values, over texts: a key and its value are all that stands before one, or it is not JSON. A text that
is not closed goes to the end of the document, so that no byte is read twice."""
_OBJECT = re.compile(rb"[ \t\n\r]*+\{")


def read_json(path: str | PathLike[str], limit_bytes: int = 1 << 20, *, most: int = MOST_VALUES) -> Any:
    """The content of a JSON file.

    Args:
        most: values that it may have, at whatever depth.
    Raises:
        ModelFileError: it is larger than the limit, not UTF-8, not JSON or too deep; it has too many values or
            backslashes, a key twice, a number that is not finite, or half of a surrogate pair.
    """
    return parse_json(read_regular(path, limit_bytes), where=str(path), most=most)


def read_object(path: str | PathLike[str], limit_bytes: int, *, most: int = MOST_VALUES) -> dict[str, Any]:
    """The content of a JSON file that holds an object; the rest as `read_json`.

    Raises:
        ModelFileError: as `read_json`; or it is another value, which is not read.
    """
    content = read_regular(path, limit_bytes)
    document = parse_json(content, where=str(path), most=most) if _OBJECT.match(content) else None
    if not isinstance(document, dict):
        raise ModelFileError("this is not a JSON object", where=str(path))
    return document


def parse_json(content: bytes, *, where: str, most: int = MOST_VALUES) -> Any:
    """The value that a JSON text stands for; `where` names it in errors, which are those of `read_json`."""
    _check_counts(content, most, where)
    try:
        text = content.decode("utf-8")
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
    except RecursionError as error:
        raise ModelFileError(f"objects or lists are nested more than {DEEPEST} deep", where=where) from error
    except UnicodeDecodeError as error:
        raise ModelFileError(f"not valid UTF-8 at byte {error.start}", where=where) from error
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
        raise ModelFileError(f"this is not JSON: {error.msg}", where=place) from error
    except ValueError as error:  # from the hooks below, and from whole numbers of thousands of digits
        raise ModelFileError(str(error), where=where) from error
    _check_depth(document, where)
    if "\\u" in text:
        _check_surrogates(document, where)
    return document


def write_json(path: str | PathLike[str], document: Any) -> None:
    """Write a document as indented JSON, whole or not at all."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1)
    write_file(path, (text + "\n").encode("utf-8"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a finite number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits[:40]} is not a finite number")
    return value


def _children(values: list[Any]) -> list[Any]:
    """All that stands directly inside the given objects and lists."""
    return [item for value in values for item in (value.values() if isinstance(value, dict) else value)]


def _check_counts(content: bytes, most: int, where: str) -> None:
    """Refuse a document with more values, or more that has to be put together, than are expected, before it is made."""
    if content.count(b"\\") > MOST_ESCAPES * most:
        raise ModelFileError(f"there are more than {MOST_ESCAPES * most:,} backslashes", where=where)
    if sum(content.count(sign) for sign in (b",", b"[", b"{")) <= most:
        return
    if re.compile(b"(?:%b){%d}+" % (_UP_TO_A_SIGN, most + 1), re.DOTALL).match(content):
        raise ModelFileError(f"there are more than {most:,} values", where=where)


def _check_depth(document: Any, where: str) -> None:
    level = [document]
    for _ in range(DEEPEST + 1):
        level = [item for item in level if isinstance(item, (dict, list))]
        if not level:
            return
        level = _children(level)
    raise ModelFileError(f"objects or lists are nested more than {DEEPEST} deep", where=where)


def _check_surrogates(document: Any, where: str) -> None:
    """Refuse text that no UTF-8 can hold, so that whatever is read can be written and shown."""
    try:
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise ModelFileError("there is half of a surrogate pair in a text", where=where) from error
