"""Hashes that are kept, as text and back."""

import base64
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.text.kept import frequent, gaps_from_text, gaps_to_text


def leb128(value: int) -> bytes:
    """The definition: seven bits a byte, the lowest first."""
    found = []
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


@given(st.sets(st.integers(0, (1 << 22) - 1), max_size=50))
def test_gaps_are_written_in_leb128_and_come_back(hashes: set[int]) -> None:
    kept = np.array(sorted(hashes), dtype=np.int64)
    text = gaps_to_text(kept)
    before = [-1, *kept.tolist()]
    assert base64.b64decode(text) == b"".join(leb128(b - a) for a, b in pairwise(before))
    assert np.array_equal(gaps_from_text(text, 1 << 22, where="here", what="contexts"), kept)


@pytest.mark.parametrize(
    ("minimum", "most", "wanted"), [(1, 9, [0, 1, 3, 4]), (2, 9, [1, 3]), (1, 3, [1, 3]), (1, 1, [3]), (9, 9, [])]
)
def test_what_is_frequent_is_what_was_counted_often_enough(minimum: int, most: int, wanted: list[int]) -> None:
    found = frequent(np.array([1, 2, 0, 5, 1]), minimum=minimum, most=most)
    assert np.flatnonzero(found).tolist() == wanted
