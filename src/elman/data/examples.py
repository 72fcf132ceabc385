"""A text with the place it came from.

Knows nothing of formats; made by the readers, used by all who report on single texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Example:
    """A text of a file.

    Args:
        path, line: where it stands; lines (in parquet: rows) are counted from 1. end: the line end behind it, or
            nothing where the file ends without one. row: all that stands beside it in a file with columns: cells by
            column, or, in a table without names, by number.
    """

    text: str
    path: str
    line: int
    end: str = "\n"
    row: Mapping[Any, Any] | None = None
