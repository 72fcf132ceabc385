"""Texts that are read ahead and worked on together, so that those of like length can stand in one batch.

Knows sizes alone. Used by the models that read files of any size.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

Item = TypeVar("Item")
WINDOW = 2048
"""Texts that are read ahead."""
LONGEST_WINDOW = 1 << 20
"""Characters after which a window ends all the same."""


def windows(items: Iterable[Item], size_of: Any = len) -> Iterator[list[Item]]:
    """Texts, or what has one, in lists that are read together.

    Args:
        size_of: the characters of an item.
    """
    window: list[Item] = []
    size = 0
    for item in items:
        window.append(item)
        size += size_of(item)
        if len(window) == WINDOW or size >= LONGEST_WINDOW:
            yield window
            window, size = [], 0
    if window:
        yield window
