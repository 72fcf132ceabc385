"""What is asked for is checked before anything is read or loaded."""

from pathlib import Path
from typing import Any

import pytest

from elman.errors import OptionError
from elman.models.kinds import TAGGER
from elman.models.plans import Request, paths_of


def request(**given: Any) -> Request:
    values = {"train": ["a"], "dev": None, "out": None, "overwrite": False, "start": None, "replay": None, **given}
    return Request(TAGGER, **values)


@pytest.mark.parametrize("value", [5, True, b"m", ["m"], "m\0"])
@pytest.mark.parametrize(("name", "option"), [("out", "--out"), ("start", "--from"), ("replay", "--replay")])
def test_a_place_that_is_no_path_is_told(name: str, option: str, value: Any) -> None:
    with pytest.raises(OptionError) as caught:
        request(**{name: value})
    assert str(caught.value) == f"{option}: {value!r} is not a path; give one as text"


def test_a_further_file_that_is_no_path_is_told() -> None:
    with pytest.raises(OptionError, match=r"^--vectors: 5 is not a path"):
        request(files={"vectors": [5]})


def test_none_is_no_file_among_dev_files() -> None:
    assert request(dev="none").dev == "none"
    assert request(dev=("a", Path("none"), "./none")).dev == ("a", Path("none"), "./none")
    for dev in (("none",), ("none", "b.bio"), ("b.bio", "none")):
        with pytest.raises(OptionError, match=r"^--dev: none stands among files; give it alone"):
            request(dev=dev)


@pytest.mark.parametrize("value", [5, 2.5, None, b"a", [], [5], ["a", None], {"a": 1}])
def test_what_names_no_files_is_told(value: Any) -> None:
    with pytest.raises(OptionError, match=r"^no file is named; give a path, or a list of paths$"):
        paths_of(value)
