"""Word vectors in text form: the three tools' files, words with blanks, and every fault with its line."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.vectors import read_vectors
from elman.errors import InputError


def saved(path: Path, content: str) -> Path:
    path.write_bytes(gzip.compress(content.encode()) if path.suffix == ".gz" else content.encode())
    return path


@pytest.mark.parametrize("name", ["a.vec", "a.txt.gz"])
@pytest.mark.parametrize("header", ["", "4 2\n"])
@pytest.mark.parametrize("end", ["\n", " \n", "\r\n"])
def test_wanted_rows_are_kept_in_the_order_of_the_file(tmp_path: Path, name: str, header: str, end: str) -> None:
    rows = ["the 0.5 -1", "of 1e-3 2", "한\u2028 3 4.25", "the 9 9"]
    path = saved(tmp_path / name, header + "".join(row + end for row in rows))
    words, vectors = read_vectors(path, {"한\u2028", "the", "absent"}.__contains__)
    assert words == ["the", "한\u2028"]
    assert vectors.dtype == np.float32
    assert vectors.tolist() == [[0.5, -1], [3, 4.25]]


def test_a_word_may_have_blanks_in_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.txt", "at 1 2\n. . . 3 4\nat name@domain.com 5 6\n1 1/2 7 8\n")
    words, vectors = read_vectors(path, {". . .", "at name@domain.com", "1 1/2"}.__contains__)
    assert words == [". . .", "at name@domain.com", "1 1/2"]
    assert vectors.tolist() == [[3, 4], [5, 6], [7, 8]]


def test_a_word_of_digits_is_no_header_where_it_has_more_numbers(tmp_path: Path) -> None:
    words, vectors = read_vectors(saved(tmp_path / "a.txt", "1 2 3\n"), lambda _: True)
    assert (words, vectors.tolist()) == (["1"], [[2, 3]])


NUMBER = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=25, deadline=None)
@given(rows=st.dictionaries(st.text("ab한\u0085", min_size=1, max_size=3), st.tuples(NUMBER, NUMBER), min_size=1))
def test_numbers_are_read_to_the_bit(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, tuple[float, float]]
) -> None:
    content = "".join(f"{word} {x!r} {y!r}\n" for word, (x, y) in rows.items())
    words, vectors = read_vectors(saved(tmp_path_factory.getbasetemp() / "a.vec", content), lambda _: True)
    assert words == list(rows)
    assert np.array_equal(vectors, np.array(list(rows.values()), dtype=np.float32))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("some plain text\n", ":1: 'plain' is not a number; give a word and its numbers, between blanks, on every"),
        ("word\n", ":1: a word without numbers; give a word and its numbers on every line"),
        ("a 1 2\nb 1 x\n", ":2: 'x' is not a number"),
        ("a 1 2\nb 1  2\n", ":2: '' is not a number"),
        ("a 1 2\nb 1 nan\n", ":2: 'nan' is not a finite number of 32 bits"),
        ("a 1 2\nb inf 1\n", ":2: 'inf' is not a finite number"),
        ("a 1 2\nb 1e39 1\n", ":2: '1e39' is not a finite number"),
        ("a 1 2\nb 1\n", ":2: 1 numbers where there should be 2; give a file in which all words have vectors of one"),
        ("a 1 2\nb 0.1 0.2 0.3\n", ":2: 3 numbers where there should be 2"),
        ("2 3\na 1 2\n", ":2: 2 numbers where there should be 3"),
        ("2 2\n", ": none of the words that are wanted is in this file; give vectors of the language of the data"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    path = saved(tmp_path / "a.vec", content)
    with pytest.raises(InputError) as caught:
        read_vectors(path, lambda _: True)
    assert str(caught.value).startswith(str(path) + message)


def test_a_file_without_a_wanted_word_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the words that are wanted is in this file"):
        read_vectors(saved(tmp_path / "a.vec", "a 1 2\n"), lambda _: False)
