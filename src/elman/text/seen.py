"""Which words were met in training, in four bytes a word: for figures on words that were not.

Knows words only as sums of their bytes. Used by the models that report on unseen words.
"""

import base64
import binascii
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.text.vocabulary import check_keys

LARGEST = 1 << 26
"""Characters of a stored list that are read."""


class SeenWords:
    """The set of the words of the training files, kept as 32-bit sums: one unseen word in 40,000 passes for a seen one
    where 100,000 were met."""

    def __init__(self, sums: NDArray[np.uint32]) -> None:
        self._sums = np.unique(sums)

    @classmethod
    def of(cls, words: Iterable[str]) -> "SeenWords":
        """The set of some words."""
        return cls(_sums(list(words)))

    def joined(self, other: "SeenWords") -> "SeenWords":
        """The words of both."""
        return SeenWords(np.concatenate([self._sums, other._sums]))

    def unseen(self, words: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each word was not met, (n,)."""
        sums = _sums(words)
        if not len(self._sums):
            return np.ones(len(sums), dtype=bool)
        places = np.searchsorted(self._sums, sums).clip(max=len(self._sums) - 1)
        return np.asarray(self._sums[places] != sums)

    def to_json(self) -> dict[str, Any]:
        """The sums as base64 of little-endian numbers in rising order."""
        return {"crc32": base64.b64encode(self._sums.astype("<u4").tobytes()).decode("ascii")}

    @classmethod
    def from_json(cls, document: dict[str, Any], *, where: str) -> "SeenWords":
        """The set whose `to_json` is given.

        Raises:
            ModelFileError: the document is not one that `to_json` gives.
        """
        check_keys(document, ["crc32"], where=where)
        text = document["crc32"]
        if not isinstance(text, str) or len(text) > LARGEST:
            raise ModelFileError("the sums are not a text of bounded length", where=where)
        try:
            data = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ModelFileError("the sums are not base64", where=where) from error
        if len(data) % 4:
            raise ModelFileError("the sums are not whole numbers of four bytes", where=where)
        return cls(np.frombuffer(data, dtype="<u4").astype(np.uint32))


def _sums(words: Sequence[str]) -> NDArray[np.uint32]:
    sums = (zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words)
    return np.fromiter(sums, dtype=np.uint32, count=len(words))
