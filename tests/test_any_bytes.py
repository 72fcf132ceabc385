"""Any bytes give examples or one error with its place, in every format and every kind of prediction; a few tries each.

The slow suite tries many: `tests/slow/test_any_bytes.py`.
"""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from any_bytes import BYTES, PREDICTIONS, READERS, Read, model, outcome, packed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "read"), READERS.values(), ids=list(READERS))
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=BYTES)
def test_a_reader_gives_examples_or_one_error(name: str, read: Read, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outcome(name, read, packed(name, data), Path(folder))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "read"), PREDICTIONS.values(), ids=list(PREDICTIONS))
@settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=BYTES)
def test_prediction_gives_a_file_or_one_error(name: str, read: Read, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outcome(name, read, packed(name, data), Path(folder))


STRANGE = [
    "a\u2028b",
    "\u0085",
    "\u202ec",
    "e\u0301\u0323",
    "👩\u200d👩\u200d👧",
    "\ufefff",
    "Ada",
    "한글",
    "\x1c",
    "x\u00a0y",
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_all_of_unicode_comes_back_as_it_was(end: str, tmp_path: Path) -> None:
    path = tmp_path / "a.bio"
    path.write_bytes("".join(f"{token}\t_\tO{end}" for token in STRANGE).encode() + end.encode())
    written: list[str] = []
    model("tagger").predict_to([path], written.append)
    lines = "".join(written).split(end)
    assert [line.split("\t")[0] for line in lines] == [*STRANGE, "", ""]


def test_places_of_spans_are_counted_in_code_points(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(" ".join(STRANGE) + " Ada Kim sees New York .\n", encoding="utf-8")
    written: list[str] = []
    model("tagger").predict_to([path], written.append, spans=True)
    found = json.loads("".join(written))
    spans = (
        found["spans"]
        if isinstance(found["spans"], list)
        else [one for some in found["spans"].values() for one in some]
    )
    assert found["text"].split(" ") == [*STRANGE, "Ada", "Kim", "sees", "New", "York", "."]
    assert spans
    for one in spans:
        begin, end = one["characters"]
        assert found["text"][begin:end] == one["text"] == " ".join(found["text"].split(" ")[slice(*one["tokens"])])


def test_the_symbols_of_a_line_are_its_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("".join(STRANGE) + "\n", encoding="utf-8")
    written: list[str] = []
    model("language-model").predict_to([path], written.append)
    found = json.loads("".join(written))
    assert found["text"] == "".join(STRANGE) and len(found["symbols"]) == len("".join(STRANGE)) + 1
