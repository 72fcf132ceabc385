"""Lines as examples."""

import json
import math
from pathlib import Path

from elman.data.examples import Example
from elman.data.formats import plain
from elman.data.sources import Source


def test_every_line_is_an_example_with_its_place_and_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\n\n two \nthree")
    assert list(plain.read(Source(str(path)))) == [
        Example("one", str(path), 1), Example("", str(path), 2), Example(" two ", str(path), 3),
        Example("three", str(path), 4, end=""),
    ]  # fmt: skip


def test_lines_are_numbered_on_through_blocks(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    lines = [f"{n} " + "x" * 1000 for n in range(1, 3001)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [(example.line, example.text) for example in plain.read(Source(str(path)))] == list(enumerate(lines, 1))


def test_a_line_is_written_as_json() -> None:
    line = plain.write(Example('say "한"\u2028', "a.txt", 1), {"p": -1.5, "symbols": ["한"]})
    assert line.endswith("}\n") and line.count("\n") == 1
    assert json.loads(line) == {"text": 'say "한"\u2028', "p": -1.5, "symbols": ["한"]}


def test_a_number_that_json_does_not_have_is_written_as_null() -> None:
    assert plain.write(Example("a", "a.txt", 1), {"p": -math.inf}) == '{"text": "a", "p": null}\n'
