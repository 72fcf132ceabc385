"""Texts that are read together, and those that are too long for it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from any_bytes import model
from elman.errors import InputError
from elman.models import windows as subject
from elman.models.kinds import KINDS
from elman.models.windows import windows


@dataclass(frozen=True)
class Placed:
    """A text with its place."""

    text: str
    path: str = "a.txt"
    line: int = 3


@given(texts=st.lists(st.text("ab", max_size=4), max_size=30))
def test_windows_hold_all_texts_in_order(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subject, "WINDOW", 5)
        patch.setattr(subject, "LONGEST_WINDOW", 6)
        found = list(windows(texts))
    assert [text for window in found for text in window] == texts
    assert all(len(window) <= 5 and sum(map(len, window[:-1])) < 6 for window in found)


def test_a_text_that_is_too_long_is_told_with_its_place() -> None:
    assert list(windows(["abc"], longest=3)) == [["abc"]]
    with pytest.raises(InputError) as caught:
        list(windows(["a", "abcd"], longest=3))
    assert str(caught.value) == "text 2: 4 characters in one text, at most 3 are read at once; divide it"
    with pytest.raises(InputError, match=r"^a\.txt:3: 4 characters in one text"):
        list(windows([Placed("abcd")], lambda one: len(one.text), longest=3))


LIMITS = {
    "language-model": "elman.models.language_modelling.judging.LONGEST", "classifier": None,
    "tagger": "elman.models.tagging.decoding.LONGEST_SENTENCE",
    "seq2seq": "elman.models.translating.predicting.LONGEST_SOURCE",
}  # fmt: skip


@pytest.mark.parametrize("kind", list(KINDS))
def test_prediction_refuses_a_line_that_is_too_long(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, limit = tmp_path / "a.txt", LIMITS[kind]
    if limit is not None:
        monkeypatch.setattr(limit, 4)
        path.write_text("a b\na b c d e f\n", encoding="utf-8")
    else:
        path.write_text("a b\n" + "x" * (subject.LONGEST + 1) + "\n", encoding="utf-8")
    written: list[str] = []
    with pytest.raises(InputError, match=r"a\.txt:2: [0-9,]+ \w+ in one text, at most"):
        model(kind).predict_to([path], written.append)
