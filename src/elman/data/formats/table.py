"""Tables: CSV, where quotes may hold delimiters and line ends, and TSV, where they are plain characters.

Knows rows and cells; knows no model. Used by `formats`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.data.examples import Example
from elman.data.formats.columns import text_column
from elman.data.sources import Source
from elman.errors import InputError

LONGEST_RECORD = 1 << 26
"""Characters of a row: a quote that nobody closed is told before it has swallowed the rest of a large file."""


@dataclass(frozen=True)
class Table:
    """How the rows of a table are written.

    Args:
        delimiter: one character. quoted: whether a cell may stand in double quotes. header: whether the first row
            names the columns.
    """

    delimiter: str
    quoted: bool
    header: bool = True


def form_of(kind: str, delimiter: str | None, *, header: bool) -> Table:
    """How tables of a format, `csv` or `tsv`, are written, if the delimiter is the given one or, for None, the usual.

    Args:
        delimiter: one character, or a backslash and a t for a tab.
    """
    given = "\t" if delimiter == "\\t" else delimiter
    return Table(given or {"csv": ",", "tsv": "\t"}[kind], quoted=kind == "csv", header=header)


def read(source: Source, column: str | None, *, table: Table) -> Iterator[Example]:
    """Every row of a file; blank lines are passed over, if they are not a row of blank cells between tabs.

    Args:
        column: name of the column with the text, or its number from 0 if there is no header; None as
            `columns.text_column` says.
    Raises:
        InputError: a row has not as many cells as the first one, a quote is not closed, or the column is missing.
    """
    names: Sequence[Any] = ()
    chosen = 0
    for line, cells in _rows(source, table):
        where = f"{source.path}:{line}"
        if not names:
            chosen = _chosen(column, cells, table=table, where=where)
            names = cells if table.header else range(len(cells))
            if table.header:
                continue
        if len(cells) != len(names):
            raise InputError(
                f"{len(cells)} cells where the first row has {len(names)}", where=where,
                mend=f"rows are separated at {table.delimiter!r}; --delimiter changes it",
            )  # fmt: skip
        yield Example(cells[chosen], source.path, line, row=dict(zip(names, cells, strict=True)))


def first_row(source: Source, *, table: Table) -> list[str]:
    """The cells of the first row; none if there is no row."""
    return next((cells for _, cells in _rows(source, table)), [])


def write(example: Example, added: Mapping[str, Any], *, table: Table) -> str:
    """The row with what is added to it; lists are written as JSON.

    Raises:
        InputError: what is added has a delimiter or a line end in it, in a table without quotes.
    """
    further = [_cell(value) for value in added.values()]
    if not table.quoted:
        for cell in further:
            if any(mark in cell for mark in (table.delimiter, "\n", "\r")):
                raise InputError(f"{cell[:40]!r} cannot stand in a cell without quotes",
                                 where=f"{example.path}:{example.line}",
                                 mend="give the texts as CSV or JSON lines")  # fmt: skip
    return row_text([*(example.row or {}).values(), *further], table=table)


def row_text(cells: Sequence[str], *, table: Table) -> str:
    """The cells as a line."""
    if table.quoted:
        special = (table.delimiter, '"', "\n", "\r")
        cells = [_quoted(cell) if any(mark in cell for mark in special) else cell for cell in cells]
    return table.delimiter.join(cells) + "\n"


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def _chosen(column: str | None, first: Sequence[str], *, table: Table, where: str) -> int:
    """The place of the column with the text, given the first row."""
    if table.header:
        twice = next((name for name in first if first.count(name) > 1), None)
        if twice is not None:
            raise InputError(f"two columns are called {twice!r}", where=where, mend="name them apart, or --no-header")
        return first.index(text_column(column, first, where=where))
    return int(text_column(column, [str(number) for number in range(len(first))], where=where))


def _rows(source: Source, table: Table) -> Iterator[tuple[int, list[str]]]:
    """The number of the first line of every row, and its cells."""
    lines = enumerate(source.lines(), 1)
    width = 0
    for number, line in lines:
        if (not line or line.isspace()) and (width < 2 or line.count(table.delimiter) + 1 != width):
            continue
        if not table.quoted or '"' not in line:
            cells = line.split(table.delimiter)
        else:
            cells = _quoted_cells(line, number, lines, source=source, delimiter=table.delimiter)
        width = width or len(cells)
        yield number, cells


def _quoted_cells(
    line: str, number: int, lines: Iterator[tuple[int, str]], *, source: Source, delimiter: str
) -> list[str]:
    """The cells of a row, which takes further lines where a line ends inside quotes.

    Source: RFC 4180; a quote that does not stand at the begin of a cell is a plain character.
    """
    cells: list[str] = []
    place = 0
    while True:
        if not line.startswith('"', place):
            end = line.find(delimiter, place)
            if end < 0:
                return [*cells, line[place:]]
            cells.append(line[place:end])
            place = end + 1
            continue
        line, end = _closed(line, place + 1, number, lines, path=source.path)
        cells.append(line[place + 1 : end].replace('""', '"'))
        if end + 1 == len(line):
            return cells
        if line[end + 1] != delimiter:
            raise InputError(
                f"a quoted cell goes on behind its quote ({line[end : end + 12]!r})", where=f"{source.path}:{number}",
                mend="write a quote inside quotes twice",
            )  # fmt: skip
        place = end + 2


def _closed(line: str, begin: int, number: int, lines: Iterator[tuple[int, str]], *, path: str) -> tuple[str, int]:
    """The row so far, with further lines if need be, and the place of the quote that ends the cell begun at `begin`."""
    parts, size, done = [line], len(line), begin
    while True:
        end = _end_quote(parts[-1], done)
        if end >= 0:
            row = "\n".join(parts)
            return row, len(row) - len(parts[-1]) + end
        _, following = next(lines, (0, None))
        size += len(following or "")
        if following is None or size > LONGEST_RECORD:
            raise InputError("a quote that opens in this row is not closed", where=f"{path}:{number}",
                             mend="close it; quotes are plain characters in --format tsv")  # fmt: skip
        parts.append(following)
        done = 0


def _end_quote(text: str, begin: int) -> int:
    """The place of the first quote, from `begin` on, that is not one of two; -1 if there is none."""
    while True:
        end = text.find('"', begin)
        if end < 0 or not text.startswith('"', end + 1):
            return end
        begin = end + 2
