"""Plain text: every line is a text. Knows lines, and how a line with its predictions is written. Used by `formats`."""

from collections.abc import Iterator, Mapping
from typing import Any

from elman.data.examples import Example
from elman.data.formats.jsonl import line_of
from elman.data.sources import Source


def read(source: Source) -> Iterator[Example]:
    """Every line of a file, blank ones too."""
    line = 1
    for block in source.blocks():
        texts = block.split("\n")
        last = texts.pop()
        for text in texts:
            yield Example(text, source.path, line)
            line += 1
        if last:
            yield Example(last, source.path, line, end="")


def write(example: Example, added: Mapping[str, Any]) -> str:
    """A JSON line with the text and what is added to it."""
    return line_of({"text": example.text, **added})
