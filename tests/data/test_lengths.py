"""Median, percentile and the longest, against sorted lists."""

import math

from hypothesis import given
from hypothesis import strategies as st

from elman.data.lengths import LengthTally


@given(lengths=st.lists(st.integers(0, 30), min_size=1))
def test_the_summary_is_that_of_the_sorted_lengths(lengths: list[int]) -> None:
    tally = LengthTally()
    for line, length in enumerate(lengths, 1):
        tally.add(length, line)
    ordered = sorted(lengths)
    assert tally.summary() == {
        "total": sum(lengths), "median": ordered[math.ceil(len(lengths) / 2) - 1],
        "percentile_95": ordered[math.ceil(len(lengths) * 95 / 100) - 1], "longest": max(lengths),
        "line": lengths.index(max(lengths)) + 1,
    }  # fmt: skip


def test_of_nothing_all_is_nothing() -> None:
    assert set(LengthTally().summary().values()) == {0}
