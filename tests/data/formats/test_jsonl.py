"""JSON lines: a good file, and every way in which a line can be wrong."""

import json
import math
from pathlib import Path

import pytest

from elman.data.examples import Example
from elman.data.formats import jsonl
from elman.data.sources import Source
from elman.errors import InputError


def test_every_object_is_an_example(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"id": 1, "text": "one\\ntwo\\u00e9"}\r\n\n  \n{"text": "", "id": [2.5, null]}')
    assert list(jsonl.read(Source(str(path)), None)) == [
        Example("one\ntwoé", str(path), 1, row={"id": 1, "text": "one\ntwoé"}),
        Example("", str(path), 4, row={"text": "", "id": [2.5, None]}),
    ]


def test_a_pair_of_surrogates_is_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "\\ud83d\\ude00"}\n', encoding="utf-8")
    assert [example.text for example in jsonl.read(Source(str(path)), "a")] == ["😀"]


def test_the_first_object_tells_under_which_key_the_texts_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"review": "x"}\n{"text": "y", "review": "z"}\n{"text": "y"}\n', encoding="utf-8")
    found = jsonl.read(Source(str(path)), None)
    assert [next(found).text, next(found).text] == ["x", "z"]
    with pytest.raises(InputError, match=":3: there is no column 'review'; "):
        next(found)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"a": 1', ":2:8: this is not JSON: Expecting ',' delimiter"),
        ("text", ":2:1: this is not JSON: Expecting value"),
        ('{"a": NaN}', ":2: this is not JSON: NaN is not a number that JSON has"),
        ('{"a": ' + "1" * 5000 + "}", ":2: this is not JSON: Exceeds the limit"),
        ("[" * 100_000, ":2: objects or lists are nested too deep"),
        ('["a"]', ":2: this is JSON, but not an object; write {"),
        ('"a"', ":2: this is JSON, but not an object; write {"),
        ('{"b": "x"}', ":2: there is no column 'a'; known are b"),
        ('{"a": null}', ":2: 'a' is not a text but null"),
        ('{"a": 1.5}', ":2: 'a' is not a text but a number"),
        ('{"a": true}', ":2: 'a' is not a text but true or false"),
        ('{"a": ["x"]}', ":2: 'a' is not a text but a list"),
        ('{"a": {}}', ":2: 'a' is not a text but an object"),
        ('{"a": "\\ud800"}', ":2: 'a' has half of a surrogate pair in it, U+D800"),
        ('{"a": "\\u0000"}', ":2: 'a' has a NUL in it"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": "fine"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        list(jsonl.read(Source(str(path)), "a"))
    assert str(caught.value).startswith(str(path) + message)


def test_half_of_a_surrogate_pair_beside_the_text_is_written_as_it_was_read(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "\\ud800", "text": "é"}\n', encoding="utf-8")
    [example] = jsonl.read(Source(str(path)), "text")
    assert jsonl.write(example, {"p": 1}) == '{"id": "\\ud800", "text": "\\u00e9", "p": 1}\n'


def test_numbers_that_json_does_not_have_are_written_as_null(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"n": [1e400, {"m": -1e400}], "text": "é"}\n', encoding="utf-8")
    [example] = jsonl.read(Source(str(path)), "text")
    line = jsonl.write(example, {"p": math.nan, "q": [1.5, -math.inf]})
    assert line == '{"n": [null, {"m": null}], "text": "é", "p": null, "q": [1.5, null]}\n'


def test_an_object_is_written_with_what_is_added() -> None:
    line = jsonl.write(Example("한", "a", 1, row={"id": 1, "t": "한\n"}), {"p": -2.0})
    assert line == '{"id": 1, "t": "한\\n", "p": -2.0}\n'
    assert json.loads(line) == {"id": 1, "t": "한\n", "p": -2.0}
