"""How long sequences are: the sum, the middle, what nearly all stay below, and the longest with its line.

Knows numbers alone. Used by `models.checking`.
"""

from collections import Counter
from typing import Any

HALF, NEARLY_ALL = 50, 95


class LengthTally:
    """Counts lengths; memory grows with the number of different ones."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._longest = (0, 0)

    def add(self, length: int, line: int) -> None:
        """Count a sequence that stands in a line."""
        self._counts[length] += 1
        if length > self._longest[0] or not self._longest[1]:
            self._longest = (length, line)

    def summary(self) -> dict[str, Any]:
        """`total`, `median`, `percentile_95`, `longest`, and the `line` of the first that is as long.

        Median and percentile are the least length that half, or 95 in a hundred, of the sequences do not exceed.
        """
        return {
            "total": sum(length * count for length, count in self._counts.items()),
            "median": self._rank(HALF), "percentile_95": self._rank(NEARLY_ALL), "longest": self._longest[0],
            "line": self._longest[1],
        }  # fmt: skip

    def _rank(self, percent: int) -> int:
        left = -(-percent * self._counts.total() // 100)
        for length in sorted(self._counts):
            left -= self._counts[length]
            if left <= 0:
                return length
        return 0
