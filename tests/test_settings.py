"""Single values that a user gives: what they must be, and what is told where they are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.errors import OptionError
from elman.settings import by_name, one_path, whole


def test_what_is_as_it_must_be_is_given_back() -> None:
    assert [whole(value, where="top") for value in (1, 3, np.int64(7))] == [1, 3, 7]
    assert whole(0, where="top", low=0) == 0
    assert one_path("a/b", where="path") == one_path(Path("a/b"), where="path") == Path("a/b")
    assert (by_name(None, where="reading"), by_name({"a": 1}, where="reading")) == ({}, {"a": 1})


@pytest.mark.parametrize("value", [2.5, 3.0, "3", True, None, [1], b"1"])
def test_what_is_no_whole_number_is_told(value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        whole(value, where="top")
    assert str(caught.value) == f"top: {value!r} is not a whole number; give a number of at least 1"


@pytest.mark.parametrize("value", [0, -1, np.int64(0)])
def test_a_number_below_the_lowest_is_told(value: int) -> None:
    with pytest.raises(OptionError, match=f"^top: {value} is out of range; give a number of at least 1$"):
        whole(value, where="top")


@pytest.mark.parametrize("value", [5, None, True, b"a", ["a"], "a\0b", ""])
def test_what_is_no_path_is_told_in_one_line(value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        one_path(value, where="--out")
    assert str(caught.value) == f"--out: {value!r} is not a path; give one as text"


@pytest.mark.parametrize("value", [5, "format", ["format"], [("format", "text")]])
def test_what_names_no_options_is_told(value: Any) -> None:
    with pytest.raises(OptionError, match=r"^reading: .* does not name options; give a dictionary"):
        by_name(value, where="reading")
