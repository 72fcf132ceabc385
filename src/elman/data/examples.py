"""A text with the place it came from.

Knows nothing of formats; made by the readers, used by all who report on single texts.
"""

from collections.abc import Iterable, Mapping
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


TOLD = 3
"""Texts of a batch that are told."""


def some_of(names: Iterable[str]) -> str:
    """A few of the names of what stands side by side, for people.

    Example:
        >>> some_of(f"a.txt:{line}" for line in range(1, 33))
        'a.txt:1, a.txt:2, a.txt:3 and 29 more'
    """
    known = list(names)
    more = len(known) - TOLD
    return ", ".join(known[:TOLD]) + (f" and {more} more" if more > 0 else "")


def numbered_texts(what: str, places: Iterable[int]) -> str:
    """A few texts by their number in the order of the files, blank ones and those that are set aside not counted.

    Example:
        >>> numbered_texts("pairs", [4, 7])
        'pairs 5, 8'
    """
    return f"{what} {some_of(str(int(place) + 1) for place in places)}"
