"""Hashes that are kept, because enough of training has them: chosen, numbered, and written as text.

Many of few hashes are written as a bit for each, few of many by their gaps. Knows arrays; knows no word. Used by
`text.features` and `text.context`.
"""

import base64
import binascii
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError

MOST_BYTES = 4
"""Of a gap: seven bits each, more than any hash has."""


def frequent(counts: NDArray[Any], *, minimum: int, most: int) -> NDArray[np.bool_]:
    """Which hashes were counted at least so often, or so much oftener that no more than `most` are left."""
    having = np.bincount(counts)[::-1].cumsum()[::-1]  # hashes counted at least so often
    enough = int((having > most).sum())  # it falls: the first number that is not too large
    return np.asarray(counts >= max(minimum, enough))


def numbered(kept: NDArray[np.bool_]) -> NDArray[np.int32]:
    """The number of each hash among those that are kept, from 0 on; of others it says nothing."""
    found: NDArray[np.int32] = kept.cumsum(dtype=np.int32)
    found -= 1
    return found


def to_text(kept: NDArray[np.bool_]) -> str:
    """A bit for each hash, as base64."""
    return base64.b64encode(np.packbits(kept).tobytes()).decode("ascii")


def from_text(document: Any, hashes: int, *, where: str, what: str) -> NDArray[np.bool_]:
    """What `to_text` wrote of so many hashes, a multiple of eight.

    Raises:
        ModelFileError: the document is not a text of as many bits; it tells `what` they stand for.
    """
    data = _bytes(document)
    if data is None or len(data) != hashes // 8:
        raise ModelFileError(f"{what} are not {hashes} bits", where=where)
    return np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(bool)


def gaps_to_text(kept: NDArray[np.int64]) -> str:
    """How far each of some hashes, which rise, is behind the one before (the first behind -1), as base64: seven bits of
    it a byte, the lowest first, with the eighth bit where more follow (LEB128)."""
    gaps = np.diff(kept, prepend=-1)
    left = gaps[:, None] >> (7 * np.arange(MOST_BYTES))  # (n, bytes), what is left of a gap at each byte
    data = (left & 127) | np.where(left > 127, 128, 0)
    is_there = left > 0
    is_there[:, 0] = True
    return base64.b64encode(data[is_there].astype(np.uint8).tobytes()).decode("ascii")


def gaps_from_text(document: Any, hashes: int, *, where: str, what: str) -> NDArray[np.int64]:
    """What `gaps_to_text` wrote of some of so many hashes.

    Raises:
        ModelFileError: the document is not a text of hashes that rise; it tells `what` they stand for.
    """
    read = _bytes(document)
    data = np.frombuffer(read or b"", dtype=np.uint8).astype(np.int64)
    ends = np.flatnonzero(data < 128) + 1
    begins = np.concatenate([[0], ends[:-1]])[: len(ends)]
    sizes = ends - begins
    found = np.empty(0, dtype=np.int64)
    is_right = read is not None and (ends[-1] if len(ends) else 0) == len(data) and sizes.max(initial=0) <= MOST_BYTES
    if is_right and len(ends):
        places = np.arange(len(data)) - begins.repeat(sizes)
        gaps = np.add.reduceat((data & 127) << 7 * places, begins)
        found = gaps.cumsum() - 1
        is_right = bool(gaps.min() > 0 and found[-1] < hashes)
    if not is_right:
        raise ModelFileError(f"{what} are not some of {hashes} hashes that rise", where=where)
    return found


def _bytes(document: Any) -> bytes | None:
    try:
        return base64.b64decode(document, validate=True) if isinstance(document, str) else None
    except (binascii.Error, ValueError):
        return None
