"""fastText's lines: labels anywhere in a line, blanks as fastText has them, lines written and read again."""

import io
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.examples import Example
from elman.data.formats import fasttext
from elman.data.sources import Source
from elman.errors import InputError


def lines(path: Path, text: str) -> list[tuple[str, tuple[str, ...]]]:
    path.write_bytes(text.encode())
    return [(example.text, labels) for example, labels in fasttext.read(Source(str(path)))]


@pytest.mark.parametrize(
    ("line", "text", "labels"),
    [
        ("__label__a one  two", "one  two", ("a",)),
        ("__label__a __label__b-c one", "one", ("a", "b-c")),
        ("__label__a\t, one", ", one", ("a",)),
        ("one __label__a two __label__b", "one two", ("a", "b")),
        ("x__label__a one", "x__label__a one", ()),
        ("__label__a__label__b one", "one", ("a__label__b",)),
        ("  __label__한글 둘 ", "둘", ("한글",)),
        ("__label__a", "", ("a",)),
        ("__label__ one", "one", ("",)),
        ("__label__a\u00a0b one", "one", ("a\u00a0b",)),
        ("__LABEL__a one", "__LABEL__a one", ()),
        ('__label__a "one', '"one', ("a",)),
        ("", "", ()),
    ],
)
def test_a_line_is_its_labels_and_its_text(tmp_path: Path, line: str, text: str, labels: tuple[str, ...]) -> None:
    assert lines(tmp_path / "a.ft", line + "\r\n__label__z last") == [(text, labels), ("last", ("z",))]


def test_every_line_has_its_number(tmp_path: Path) -> None:
    path = tmp_path / "a.ft"
    path.write_bytes(b"\xef\xbb\xbf__label__a x\n\n__label__b y")
    assert [example for example, _ in fasttext.read(Source(str(path)))] == [
        Example("x", str(path), 1), Example("", str(path), 2), Example("y", str(path), 3),
    ]  # fmt: skip


WORDS = st.text(st.sampled_from("ab_\"'한|,"), min_size=1, max_size=4)


@given(labels=st.lists(WORDS, max_size=3), words=st.lists(WORDS, max_size=4))
def test_what_is_written_is_read(labels: list[str], words: list[str]) -> None:
    text = " ".join(words)
    line = fasttext.write(Example(text, "a", 1), labels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line.encode())))
        [(example, found)] = fasttext.read(Source("-"))
    assert (example.text, found) == (text, tuple(labels))
    # fastText cuts at blanks and takes every word with the prefix for a label
    assert [word[9:] for word in line.split() if word.startswith("__label__")] == labels


@pytest.mark.parametrize("label", ["", "two words", "a\tb", "a\nb"])
def test_a_label_that_cannot_stand_in_a_line_is_refused(label: str) -> None:
    with pytest.raises(InputError, match=r"^a:3: the label '.*' cannot stand in a line of fastText; give the texts as"):
        fasttext.write(Example("x", "a", 3), [label])


def test_a_long_line_is_read_in_linear_time(tmp_path: Path) -> None:
    body = "__label_ x__label__y " * 20_000
    [(text, labels)] = lines(tmp_path / "a.ft", "__label__a " + body + "z\n")
    assert text == body + "z"
    assert labels == ("a",)
