"""What is computed of words, or of symbols, that came before: looked up where one comes again, made where it does not.

Knows keys by being equal, and arrays; knows no graph. Used by the ONNX engines.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from threading import Lock
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Key = TypeVar("Key", bound=Hashable)
Vectors = NDArray[Any]
LARGEST = 32 << 20
"""Bytes of vectors that are remembered."""
FEW, AHEAD = 8, 128
"""Where no more than so many keys are new, which costs nearly as much as making many, so many others are made ready."""


class VectorMemory(Generic[Key]):
    """Remembers the vectors of keys; when it is full it begins anew.

    Args:
        width: of a vector. largest: bytes of all vectors. kind: of their numbers.
    """

    def __init__(self, width: int, *, largest: int = LARGEST, kind: type[np.generic] = np.float32) -> None:
        self._lock = Lock()
        self._expected: Iterator[Key] = iter(())
        self._places: dict[Key, int] = {}
        size = np.dtype(kind).itemsize * max(1, width)
        self._vectors = np.empty((max(1, largest // size), width), dtype=kind)

    def expect(self, keys: Iterable[Key]) -> None:
        """Keys that will be asked for, the likeliest first: they are made beside others, some at a time, until half of
        what can be remembered is full."""
        self._expected = iter(keys)

    def of(self, keys: Sequence[Key], make: Callable[[list[Key]], Vectors]) -> Vectors:
        """The vectors (n, D) of n keys.

        Args:
            make: gives those of different keys that were not met yet, of each the same whatever the others are.
        """
        with self._lock:
            places = [self._places.get(key, -1) for key in keys]
            if -1 not in places:
                return self._vectors[places]
            new = list(dict.fromkeys(key for key, place in zip(keys, places, strict=True) if place < 0))
            if len(new) > len(self._vectors) - len(self._places):
                self._places, new = {}, list(dict.fromkeys(keys))
                if len(new) > len(self._vectors):
                    found = {key: place for place, key in enumerate(new)}
                    return make(new)[[found[key] for key in keys]]
            if len(new) <= FEW:
                new += self._next_expected(new)
            begin = len(self._places)
            self._vectors[begin : begin + len(new)] = make(new)
            self._places.update(zip(new, range(begin, begin + len(new)), strict=True))
            return self._vectors[list(map(self._places.__getitem__, keys))]

    def _next_expected(self, new: Sequence[Key]) -> list[Key]:
        """Keys to be made ready beside new ones."""
        room = len(self._vectors) // 2 - len(self._places) - len(new)
        unknown = (key for key in self._expected if key not in self._places and key not in new)
        return list(dict.fromkeys(islice(unknown, max(0, min(AHEAD, room)))))
