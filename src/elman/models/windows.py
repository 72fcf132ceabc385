"""Texts that are read ahead and worked on together, so that those of like length can stand in one batch.

Knows sizes, and where texts stand. Used by the models that read files of any size.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from elman.errors import InputError

Item = TypeVar("Item")
WINDOW = 2048
"""Texts that are read ahead."""
LONGEST_WINDOW = 1 << 20
"""Characters after which a window ends all the same."""
LONGEST = 1 << 22
"""Characters of a text that is worked on at once: what is kept of each symbol would fill the memory."""


def windows(
    items: Iterable[Item], size_of: Any = len, *, longest: int = LONGEST, most: int | None = None
) -> Iterator[list[Item]]:
    """Texts, or what has one, in lists that are read together.

    Args:
        size_of: the characters of an item. longest: how many it may have. most: items in a list (default: `WINDOW`).
    Raises:
        InputError: a text is longer.
    """
    window: list[Item] = []
    size, most = 0, WINDOW if most is None else most
    for number, item in enumerate(items, 1):
        length = size_of(item)
        refuse_long(item, number, length, longest)
        window.append(item)
        size += length
        if len(window) == most or size >= LONGEST_WINDOW:
            yield window
            window, size = [], 0
    if window:
        yield window


def refuse_long(item: Any, number: int, length: int, longest: int, *, unit: str = "characters") -> None:
    """Refuse a text that is too long to be worked on at once.

    Args:
        item: which may know its file and line. number: of the text, for one that does not. length: what it has.
    Raises:
        InputError: it is longer than `longest`.
    """
    if length > longest:
        where = f"{item.path}:{item.line}" if hasattr(item, "path") else f"text {number}"
        raise InputError(f"{length:,} {unit} in one text, at most {longest:,} are read at once", where=where,
                         mend="divide it")  # fmt: skip
