"""Word vectors in text form, as word2vec, fastText and GloVe write them: a word a line and its numbers behind it.

Knows the form of the file; knows no vocabulary and no network. Called by `models`.
"""

import math
import re
from collections.abc import Callable, Iterator
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from elman.data.sources import Source, path_of
from elman.errors import InputError

_HEADER = re.compile(r"[0-9]+ [0-9]+")
_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+(?:[eE][-+]?[0-9]+)?")
_LARGEST = float(np.finfo(np.float32).max)


def read_vectors(path: str | PathLike[str], wanted: Callable[[str], bool]) -> tuple[list[str], NDArray[np.float32]]:
    """The words of a file that are wanted, in its order, and their vectors, a row each; of a word, the first row.

    The file is read as a stream and may be packed (`.gz`). A first line of two whole numbers is word2vec's header. A
    word may have blanks in it, as in GloVe. Rows that are not wanted are held to their number of columns alone.

    Raises:
        InputError: a row has too few or too many numbers, or one that is not a finite number, or no word is wanted.
    """
    name = path_of(path)
    words: dict[str, NDArray[np.float32]] = {}
    width = 0
    for line, row in _rows(name):
        where = f"{name}:{line}"
        if not width:
            width = row.count(" ")
            if line == 1 and _HEADER.fullmatch(row):
                width = int(row.partition(" ")[2][:9])
                continue
            _vector(row.split(" ")[1:], where=where)
        word = row[: row.find(" ")] if row.count(" ") == width else _long_word(row, width, where=where)
        if word not in words and wanted(word):
            words[word] = _vector(row.rsplit(" ", width)[1:], where=where)
    if not words:
        raise InputError("none of the words that are wanted is in this file", where=name,
                         mend="give vectors of the language of the data")  # fmt: skip
    return list(words), np.stack(list(words.values()))


def _rows(name: str) -> Iterator[tuple[int, str]]:
    """The number and the text of every line that is not blank, without the blanks at its end."""
    for line, text in enumerate(Source(name).lines(), 1):
        row = text.rstrip(" ")
        if row:
            yield line, row


def _long_word(row: str, width: int, *, where: str) -> str:
    """The word of a row that has not as many blanks as numbers: blanks are in it, or the row is wrong."""
    parts = row.rsplit(" ", width)
    numbers = len(parts) - 1
    if numbers == width:
        numbers += sum(1 for part in parts[0].split(" ")[1:] if _DECIMAL.fullmatch(part))
    if numbers != width:
        raise InputError(f"{numbers} numbers where there should be {width}", where=where,
                         mend="give a file in which all words have vectors of one size")  # fmt: skip
    return parts[0]


def _vector(texts: list[str], *, where: str) -> NDArray[np.float32]:
    numbers = []
    for text in texts:
        try:
            number = float(text)
        except ValueError as error:
            raise InputError(f"{text[:40]!r} is not a number", where=where,
                             mend="give a word and its numbers, between blanks, on every line") from error  # fmt: skip
        if not math.isfinite(number) or abs(number) > _LARGEST:
            raise InputError(f"{text[:40]!r} is not a finite number of 32 bits", where=where)
        numbers.append(number)
    if not numbers:
        raise InputError("a word without numbers", where=where, mend="give a word and its numbers on every line")
    return np.array(numbers, dtype=np.float32)
