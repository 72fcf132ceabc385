"""What stands several times: in files of any size, by hashes that are kept on disk, and between two sets of texts.

Knows hashes, numbers of files and lines; knows no format. Used by `models`, to check files and to warn in training.
"""

import tempfile
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
HELD = 1 << 18
"""Rows that are held in memory before they are written away."""
PARTS = 64
"""Files among which they are divided by their hashes: each is small enough to be looked at in memory."""
_ROW = np.dtype([("key", "<i8"), ("other", "<i8"), ("file", "<i8"), ("line", "<i8")])


@dataclass
class Found:
    """How often something repeats, and the first place of it.

    Args:
        line, earlier: where the first one stands, and where the same stood before it, or stands in the other file.
    """

    count: int = 0
    line: int = 0
    earlier: int = 0

    def add(self, lines: NDArray[np.int64], earlier: NDArray[np.int64]) -> None:
        """Count further ones, given their places."""
        self.count += len(lines)
        if len(lines):
            first = int(lines.argmin())
            if not self.line or lines[first] < self.line:
                self.line, self.earlier = int(lines[first]), int(earlier[first])


@dataclass
class Repetitions:
    """What repeats in several files.

    Args:
        inside: of each file, what stood before in it. shared: of each two files, what of the second stands in the first
            too. other: of each file, what stands there or elsewhere with another companion (a text with other labels).
    """

    inside: list[Found]
    other: list[Found]
    shared: dict[tuple[int, int], Found] = field(default_factory=dict)


class Repeats:
    """Gathers what stands in files; memory does not grow with them. To be used as a context."""

    def __init__(self) -> None:
        self._columns = {name: array("q") for name in _ROW.names or ()}
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> "Repeats":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            self._folder.cleanup()

    def add(self, key: Hashable, *, file: int, line: int, other: Hashable = 0) -> None:
        """Note that something stands in a line of a file, with its companion."""
        for column, value in zip(self._columns.values(), (hash(key), hash(other), file, line), strict=True):
            column.append(value)
        if len(self._columns["key"]) >= HELD:
            self._write()

    def found(self, files: int) -> Repetitions:
        """What repeats among so many files."""
        result = Repetitions([Found() for _ in range(files)], [Found() for _ in range(files)])
        result.shared = {pair: Found() for pair in combinations(range(files), 2)}
        if self._folder is None:
            _look(self._rows(), result)
            return result
        self._write()
        for part in sorted(Path(self._folder.name).iterdir()):
            _look(np.frombuffer(part.read_bytes(), dtype=_ROW), result)
        return result

    def _rows(self) -> NDArray[Any]:
        rows = np.empty(len(self._columns["key"]), dtype=_ROW)
        for name, column in self._columns.items():
            rows[name] = np.frombuffer(column, dtype=np.int64) if len(column) else 0
        return rows

    def _write(self) -> None:
        """Append what is held to the files of its parts."""
        self._folder = self._folder or tempfile.TemporaryDirectory(prefix="elman-")
        rows = self._rows()
        numbers = rows["key"] % PARTS
        for number in range(PARTS):
            with (Path(self._folder.name) / str(number)).open("ab") as part:
                part.write(rows[numbers == number].tobytes())
        for column in self._columns.values():
            del column[:]


class Met:
    """Hashes of what has gone by, eight bytes each."""

    def __init__(self) -> None:
        self._hashes = array("q")

    def passing(self, items: Iterable[Item], key: Callable[[Item], Hashable]) -> Iterator[Item]:
        """The items as they come; the key of each is remembered."""
        for item in items:
            self._hashes.append(hash(key(item)))
            yield item

    def count(self, keys: Iterable[Hashable]) -> int:
        """How many of the keys have gone by."""
        wanted = np.fromiter(map(hash, keys), dtype=np.int64)
        return int(np.isin(wanted, np.frombuffer(self._hashes, dtype=np.int64)).sum()) if self._hashes else 0


def _look(rows: NDArray[Any], result: Repetitions) -> None:
    """Add what repeats among some rows, which hold all rows of their keys."""
    rows = rows[np.lexsort((rows["line"], rows["file"], rows["key"]))]
    by_file = [rows[rows["file"] == file] for file in range(len(result.inside))]
    for mine, found in zip(by_file, result.inside, strict=True):
        again = np.flatnonzero(mine["key"][1:] == mine["key"][:-1]) + 1
        found.add(mine["line"][again], mine["line"][again - 1])
    for (one, two), found in result.shared.items():
        keys, places = np.unique(by_file[one]["key"], return_index=True)
        there = np.searchsorted(keys, by_file[two]["key"])
        if len(keys):
            there = np.minimum(there, len(keys) - 1)
            same = keys[there] == by_file[two]["key"]
            found.add(by_file[two]["line"][same], by_file[one]["line"][places[there[same]]])
    if not len(rows):
        return
    starts = np.flatnonzero(np.concatenate([[True], rows["key"][1:] != rows["key"][:-1]]))
    differs = np.minimum.reduceat(rows["other"], starts) != np.maximum.reduceat(rows["other"], starts)
    sizes = np.diff(np.append(starts, len(rows)))
    mixed = rows[np.repeat(differs, sizes)]
    for file, found in enumerate(result.other):
        lines = mixed["line"][mixed["file"] == file]
        found.add(lines, lines)
