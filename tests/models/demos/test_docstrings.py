"""Docstrings of packages: read from source as Python itself reads them, each once, files in one part whole."""

import inspect
import json
from collections import Counter
from pathlib import Path

import pytest

from elman.models.demos.docstrings import docstring_parts


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder of two packages: `a` of ten files with ten docstrings each and one with a hundred, `b` of one file."""
    for package in ("a", "a/sub", "a/tests", "b"):
        (tmp_path / package).mkdir()
    for n in range(10):
        _write(tmp_path / f"a/{'sub/' if n % 2 else ''}m{n}.py", [f"it is file {n} text {k}" for k in range(10)])
    _write(tmp_path / "a/large.py", [f"it is a large file, text {k}" for k in range(100)])
    _write(tmp_path / "a/tests/test_a.py", ["this is a test of a"])
    _write(tmp_path / "b/one.py", ["it is file 3 text 7", "this one is of b alone", "too short it is"])
    return tmp_path


def _write(path: Path, texts: list[str]) -> None:
    path.write_text("".join(f'def f{k}():\n    """{text}"""\n\n' for k, text in enumerate(texts)), encoding="utf-8")


def test_parts_have_room_and_files_are_in_one_of_them(library: Path) -> None:
    parts = docstring_parts(("a", "b", "c"), root=library)
    files = {part: {one.path for one in texts} for part, texts in parts.items()}
    assert not files["train"] & files["dev"] and not files["train"] & files["test"] and not files["dev"] & files["test"]
    # of 200 docstrings of `a` a tenth is dev, a fifth is test: two and four files of ten; the large one has no room
    assert {part: len(texts) for part, texts in parts.items() if part != "train"} == {"dev": 20, "test": 40}
    assert "a/large.py" in files["train"] and not any("tests" in path for path in files["train"])


def test_a_text_is_taken_once_and_not_without_five_words(library: Path) -> None:
    parts = docstring_parts(("a", "b"), root=library)
    texts = [one for some in parts.values() for one in some]
    assert max(Counter(one.text for one in texts).values()) == 1
    assert [(one.text, one.path, one.name) for one in texts if one.package == "b"] == [
        ("this one is of b alone", "b/one.py", "f1")
    ]


def test_the_parts_do_not_depend_on_the_other_packages(library: Path) -> None:
    alone, both = docstring_parts(("a",), root=library), docstring_parts(("a", "b"), root=library)
    assert [one for one in both["test"] if one.package == "a"] == alone["test"]


def test_docstrings_are_those_that_python_tells() -> None:
    found = {
        one.name: one.text for texts in docstring_parts(("json",)).values() for one in texts
        if one.path == "json/decoder.py"
    }  # fmt: skip
    assert found["JSONDecoder"] == inspect.getdoc(json.decoder.JSONDecoder)
    assert found["raw_decode"] == inspect.getdoc(json.decoder.JSONDecoder.raw_decode)
