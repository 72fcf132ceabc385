"""An example cannot be changed, and stands for a whole line unless told otherwise."""

import dataclasses

import pytest

from elman.data.examples import Example


def test_an_example_is_a_value() -> None:
    example = Example("a", "f.txt", 3)
    assert (example.end, example.row) == ("\n", None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        example.text = "b"  # type: ignore[misc]
