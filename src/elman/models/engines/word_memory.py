"""The vectors of words that came before: looked up where a word comes again, made where it does not.

Knows texts by being equal, and arrays; knows no graph. Used by `models.engines.onnx_words`.
"""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
LARGEST = 32 << 20
"""Bytes of vectors that are remembered."""


class WordMemory:
    """Remembers the vectors of words; when it is full it begins anew.

    Args:
        width: of a vector. largest: bytes of all vectors.
    """

    def __init__(self, width: int, *, largest: int = LARGEST) -> None:
        self._lock = Lock()
        self._places: dict[str, int] = {}
        self._vectors = np.empty((max(1, largest // (4 * max(1, width))), width), dtype=np.float32)

    def of(self, words: Sequence[str], make: Callable[[list[str]], Floats]) -> Floats:
        """The vectors (n, D) of n different words.

        Args:
            make: gives those of words that were not met yet, of each the same whatever the others are.
        """
        with self._lock:
            places = [self._places.get(word, -1) for word in words]
            new = [word for word, place in zip(words, places, strict=True) if place < 0]
            if not new:
                return self._vectors[places]
            if len(new) > len(self._vectors) - len(self._places):
                self._places, new = {}, list(words)
                if len(new) > len(self._vectors):
                    return make(new)
            begin = len(self._places)
            self._vectors[begin : begin + len(new)] = make(new)
            self._places.update(zip(new, range(begin, begin + len(new)), strict=True))
            return self._vectors[[self._places[word] for word in words]]
