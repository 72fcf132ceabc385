"""CoNLL-U: ten columns between tabs, a word a line, with ranges of words and empty nodes in between.

Knows the columns and what their ids and heads may be; knows nothing of trees. Used by `data.sentences`.

Source: https://universaldependencies.org/format.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from elman.data.config import TokenReadConfig
from elman.data.formats.conll import cell, columns_told, target, wanted_place
from elman.data.paragraphs import Sentence, paragraphs, sentences_of, with_rows
from elman.data.sources import Source
from elman.errors import InputError

NAMES = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
FORM, UPOS, HEAD, MISC = 1, 3, 6, 9
_RANGE = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_EMPTY_NODE = re.compile(r"([0-9]{1,9})\.([1-9][0-9]{0,8})")


def read(source: Source, config: TokenReadConfig, *, labelled: bool) -> Iterator[Sentence]:
    """Every sentence of a file: its words; multiword ranges and empty nodes are none.

    Args:
        source: verbatim.
    Raises:
        InputError: there is no such column, a row has not ten columns or an empty one, the ids do not count 1, 2, 3, …,
            a range or an empty node is out of its place, or a head is no word of the sentence.
    """
    token = _token_place(config, where=source.path)
    wanted = {name: NAMES.index(name) for name in (label_names(config, where=source.path) if labelled else ())}

    def parse(lines: list[str], first: int) -> Sentence | None:
        words, numbers = _words(lines, first, path=source.path)
        if not words:
            return None
        columns = list(zip(*words, strict=True))
        allowed = {"0", "_", *columns[0]}
        if not allowed.issuperset(columns[HEAD]):
            _refuse_heads(words, numbers, path=source.path)
        found = {name: columns[place] for name, place in wanted.items()}
        begin = next(number for number, line in enumerate(lines, first) if line.strip(" \t"))
        return Sentence(columns[token], found, source.path, begin, tuple(numbers), token)

    return sentences_of(paragraphs(source.blocks()), parse)


def label_names(config: TokenReadConfig, *, where: str) -> tuple[str, ...]:
    """The names of the columns with the wanted labels, in small letters.

    Raises:
        InputError: there is no such column, or it is named twice.
    """
    taken = [0, _token_place(config, where=where)]
    for column in config.label_columns or (NAMES[UPOS],):
        taken.append(wanted_place(column.lower(), NAMES, where=where, taken=taken))
    return tuple(NAMES[place] for place in taken[2:])


def write(
    sentence: Sentence, labels: Mapping[str, Sequence[str]], extra: Mapping[str, Any], *, given: Mapping[str, str]
) -> str:
    """The text of a sentence with its labels exchanged; what CoNLL-U has no column for goes into MISC as `key=value`.

    Args:
        given: name or number in this file, by column, where it differs.
    Raises:
        InputError: a label cannot stand in a column.
    """
    places: dict[str, int | None] = {}
    for name in labels:
        place = target(name.lower(), _lower(given.get(name)), NAMES, token=sentence.source.layout)
        places[name] = None if place in (0, FORM) else place
    further = {name: labels[name] for name, place in places.items() if place is None} | dict(extra)
    last = MISC if further else max((place for place in places.values() if place is not None), default=MISC)

    def change(row: str, n: int) -> str:
        cells = row.split("\t", last + 1)  # no further than is written to, which takes half the time
        for name, place in places.items():
            if place is not None:
                cells[place] = cell(labels[name][n] or "_", "\t", where=f"{sentence.path}:{sentence.lines[n]}")
        if further:
            cells[MISC] = _with_keys(cells[MISC], {key: values[n] for key, values in further.items()})
        return "\t".join(cells)

    return "\n".join(with_rows(sentence, change))


def _token_place(config: TokenReadConfig, *, where: str) -> int:
    if config.token_column is None:
        return FORM
    return wanted_place(config.token_column.lower(), NAMES, where=where, taken=[0])


def _words(lines: list[str], first: int, *, path: str) -> tuple[list[list[str]], list[int]]:
    """The cells and the line of every word of a sentence."""
    words: list[list[str]] = []
    numbers: list[int] = []
    between = _Between()
    for number, line in enumerate(lines, first):
        if line[:1] == "#":
            continue
        cells = line.split("\t")
        if len(cells) != len(NAMES) or "" in cells:
            if not line.strip(" \t"):
                continue
            _refuse_row(cells, where=f"{path}:{number}")
        if cells[0] == str(len(words) + 1):
            words.append(cells)
            numbers.append(number)
        else:
            between.check(cells[0], len(words), where=f"{path}:{number}")
    between.close(len(words), path=path)
    return words, numbers


class _Between:
    """The rows of a sentence that are not words, each held to its place."""

    def __init__(self) -> None:
        self._end, self._line = 0, ""
        self._node = (0, 0)

    def check(self, id: str, words: int, *, where: str) -> None:  # noqa: A002 the word of the format
        """Refuse an id that cannot follow so many words."""
        node, span = _EMPTY_NODE.fullmatch(id), _RANGE.fullmatch(id)
        if node is not None:
            place = (int(node[1]), int(node[2]))
            wanted = (words, self._node[1] + 1 if self._node[0] == words else 1)
            if place != wanted:
                raise InputError(f"the empty node {id} stands where {wanted[0]}.{wanted[1]} would", where=f"{where}:1",
                                 mend="number empty nodes behind their word from .1")  # fmt: skip
            self._node = place
        elif span is not None:
            begin, end = int(span[1]), int(span[2])
            if begin != words + 1 or end < begin or begin <= self._end:
                raise InputError(f"the range {id} makes no sense before word {words + 1}", where=f"{where}:1",
                                 mend="begin it at the next word, behind any other range")  # fmt: skip
            self._end, self._line = end, where
        else:
            raise InputError(f"the id {id!r} where {words + 1} should follow", where=f"{where}:1",
                             mend="count the words of a sentence 1, 2, 3, …, and end it with a blank line")  # fmt: skip

    def close(self, words: int, *, path: str) -> None:
        """Refuse what the end of a sentence leaves open."""
        if self._end > words:
            raise InputError(f"a range up to word {self._end} in a sentence of {words}", where=f"{self._line}:1",
                             mend="end it at a word of the sentence")  # fmt: skip


def _refuse_row(cells: Sequence[str], *, where: str) -> NoReturn:
    if len(cells) != len(NAMES):
        raise InputError(f"{columns_told(len(cells))} where CoNLL-U has {len(NAMES)}", where=where,
                         mend="separate the columns by tabs")  # fmt: skip
    place = cells.index("")
    raise InputError(f"the column {NAMES[place]} is empty", where=f"{where}:{_character(cells, place)}",
                     mend="write _ for nothing")  # fmt: skip


def _refuse_heads(words: Sequence[Sequence[str]], numbers: Sequence[int], *, path: str) -> NoReturn:
    allowed = {"_", *(str(n) for n in range(len(words) + 1))}
    number, cells = next((n, cells) for n, cells in zip(numbers, words, strict=True) if cells[HEAD] not in allowed)
    head = cells[HEAD]
    is_number = head.isascii() and head.isdecimal()
    what = f"the head {head} is no word of the sentence" if is_number else f"the head {head!r} is not a whole number"
    raise InputError(what, where=f"{path}:{number}:{_character(cells, HEAD)}",
                     mend=f"write 0 to {len(words)}, or _ for nothing")  # fmt: skip


def _character(cells: Sequence[str], place: int) -> int:
    """The number, from 1, of the character at which a cell begins."""
    return sum(len(text) + 1 for text in cells[:place]) + 1


def _with_keys(misc: str, added: Mapping[str, Any]) -> str:
    """MISC with pairs added to it, in place of those that had their keys."""
    kept = [] if misc == "_" else [pair for pair in misc.split("|") if pair.partition("=")[0] not in added]
    return "|".join([*kept, *(f"{key}={_value(value)}" for key, value in added.items())])


def _value(value: Any) -> str:
    """A value as MISC can hold it: a plain text as it is, else JSON, where a bar is an escape."""
    if isinstance(value, str) and not any(mark in value for mark in "|\t\n"):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("|", "\\u007c")


def _lower(name: str | None) -> str | None:
    return name and name.lower()
