"""Edits and common subsequences against the recursions of the textbook."""

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from elman.metrics.edits import common_length, edit_distance

WORDS = st.lists(st.sampled_from("abc"), max_size=9)
LONG = st.text("ab", min_size=60, max_size=140)


def plain_distance(first: str, second: str) -> int:
    """Levenshtein's recursion."""

    @cache
    def distance(m: int, n: int) -> int:
        if not m or not n:
            return m + n
        return min(
            distance(m - 1, n) + 1, distance(m, n - 1) + 1, distance(m - 1, n - 1) + (first[m - 1] != second[n - 1])
        )

    return distance(len(first), len(second))


def plain_common(first: str, second: str) -> int:
    """The recursion of the longest common subsequence."""

    @cache
    def common(m: int, n: int) -> int:
        if not m or not n:
            return 0
        if first[m - 1] == second[n - 1]:
            return common(m - 1, n - 1) + 1
        return max(common(m - 1, n), common(m, n - 1))

    return common(len(first), len(second))


@given(first=WORDS, second=WORDS)
def test_both_are_those_of_the_recursions(first: list[str], second: list[str]) -> None:
    assert edit_distance(first, second) == plain_distance("".join(first), "".join(second))
    assert common_length(first, second) == plain_common("".join(first), "".join(second))


@given(first=LONG, second=LONG)
def test_longer_sequences_are_bounded_by_what_they_share(first: str, second: str) -> None:
    distance, common = edit_distance(first, second), common_length(first, second)
    assert distance == edit_distance(second, first)
    assert common == common_length(second, first)
    assert max(len(first), len(second)) - common <= distance <= len(first) + len(second) - 2 * common


def test_sequences_longer_than_a_machine_word() -> None:
    first = "ab" * 100
    assert edit_distance(first, first[1:] + "x") == 2
    assert common_length(first, first[1:] + "x") == 199
    assert edit_distance(first, "") == edit_distance("", first) == 200
    assert common_length(first, "") == common_length("", first) == 0


def test_symbols_may_be_words() -> None:
    assert edit_distance(["AH0", "B", "AW1", "T"], ["AH0", "B", "UW1", "T", "S"]) == 2
