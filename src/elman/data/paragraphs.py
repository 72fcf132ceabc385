"""Sentences, and the text of the file that each is written back with, byte for byte.

Knows lines and the blank ones between sentences; knows no format. Used by the token formats and by `data.sentences`.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

_BLANK = re.compile(r"[ \t]*\r?\n")
_BEFORE_BLANK = re.compile(r"\n(?=[ \t]*\r?\n)")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class Sentence:
    """Tokens of a file, with their labels where these were read.

    Args:
        labels: by name of the column, in the order in which the columns were asked for; none when read without labels.
        path, line: where it begins; lines are counted from 1. lines: the line of each token.
        source: what its format needs to write it back.
    """

    tokens: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    path: str
    line: int
    lines: tuple[int, ...]
    source: Any


@dataclass(frozen=True)
class Paragraph:
    """All text of a file from the end of the sentence before to the end of this one, or to the end of the file.

    Args:
        line: the number of its first line. layout: what the format knows of the file besides.
    """

    text: str
    line: int
    layout: Any = None


Parse = Callable[[list[str], int], Sentence | None]
"""From lines, without their ends, and the number of the first one to the sentence in them, if there is one. A carriage
return that ends the file is taken for half of a line end that was cut off."""


def paragraphs(blocks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The number of the first line, and the text, of every stretch of lines up to a blank one, which is part of it.

    Args:
        blocks: text in whole lines. A line is blank that has only blanks and tabs, or nothing.
    """
    begun: list[str] = []
    line = 1
    for block in blocks:
        place = 0
        for end in _breaks(block):
            text = "".join([*begun, block[place:end]])
            yield line, text
            line += text.count("\n")
            begun, place = [], end
        if place < len(block):
            begun.append(block[place:])
    if begun:
        yield line, "".join(begun)


def single_lines(blocks: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The number and the text, with its end, of every line."""
    line = 1
    for block in blocks:
        texts = block.split("\n")
        last = texts.pop()
        for text in texts:
            yield line, text + "\n"
            line += 1
        if last:
            yield line, last


def sentences_of(pieces: Iterable[tuple[int, str]], parse: Parse) -> Iterator[Sentence]:
    """The sentences in pieces of text; pieces without one go with the next sentence or, at the end, with the last.

    The source of each is its `Paragraph`, with what `parse` gave as source for layout.
    """
    held: Sentence | None = None
    begin, texts = 1, []
    for line, text in pieces:
        texts.append(text)
        found = parse(_lines(text, line), line)
        if found is None:
            continue
        if held is not None:
            yield held
        held = replace(found, source=Paragraph("".join(texts), begin, found.source))
        begin, texts = line + text.count("\n"), []
    if held is not None:
        yield replace(held, source=replace(held.source, text="".join([held.source.text, *texts])))


def with_rows(sentence: Sentence, change: Callable[[str, int], str]) -> list[str]:
    """The lines of a sentence's paragraph, those of tokens changed.

    Args:
        change: from a line, without a carriage return at its end, and the number of its token to the new line.
    """
    paragraph: Paragraph = sentence.source
    rows = paragraph.text.split("\n")
    for n, line in enumerate(sentence.lines):
        row = rows[line - paragraph.line]
        bare = row.removesuffix("\r")
        rows[line - paragraph.line] = change(bare, n) + row[len(bare) :]
    return rows


def _breaks(block: str) -> Iterator[int]:
    """Where blank lines end."""
    first = _BLANK.match(block)
    if first is not None:
        yield first.end()
    for found in _BEFORE_BLANK.finditer(block):
        yield block.index("\n", found.end()) + 1


def _lines(text: str, line: int) -> list[str]:
    lines = text.split("\n")
    if "\r" in text:
        lines = [line.removesuffix("\r") for line in lines]
    if text.endswith("\n"):
        lines.pop()
    if line == 1 and lines:
        lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
    return lines
