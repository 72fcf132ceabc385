"""Column files: a token a line with its labels beside it, between tabs or blanks, a blank line behind each sentence.

Knows columns by number and name, and comments; knows no label scheme. Used by `data.sentences`, and by `conllu`, which
shares the columns.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from elman.data.config import TokenReadConfig
from elman.data.paragraphs import Sentence, paragraphs, sentences_of, with_rows
from elman.data.sources import Source
from elman.errors import InputError, nearest

NAMES_LINE = "# global.columns ="
"""How the first line of a file begins that names the columns, as in CoNLL-U Plus."""
_FIELD = re.compile(r"[^ ]+")
_NUMBER = re.compile(r"-?[0-9]{1,6}")


@dataclass(frozen=True)
class Layout:
    """How the rows of a file are written.

    Args:
        separator: a tab or a blank; of blanks, several may stand together. names: of all columns. token, labels: the
            places of the columns that are wanted. is_named: whether the file itself names its columns.
    """

    separator: str
    names: tuple[str, ...]
    token: int
    labels: tuple[int, ...] = ()
    is_named: bool = False

    def cells(self, row: str) -> list[str]:
        """The cells of a row."""
        return _cells(row, self.separator)


def read(source: Source, config: TokenReadConfig, *, labelled: bool) -> Iterator[Sentence]:
    """Every sentence of a file.

    Where a line has a tab, tabs separate, and a token may be a blank; else blanks do. At the begin of a sentence, lines
    that begin with `## `, and those that begin with `# ` and have another number of columns than rows have, are
    comments. `-DOCSTART-` lines belong to no sentence.

    Args:
        source: verbatim.
    Raises:
        InputError: there is no such column, a row has another number of columns than the first one, or a cell that is
            wanted is empty.
    """
    layout, blocks = _opened(source, config, labelled=labelled)

    def parse(lines: list[str], first: int) -> Sentence | None:
        return _sentence(lines, first, path=source.path, layout=layout)

    return sentences_of(paragraphs(blocks), parse)


def label_names(source: Source, config: TokenReadConfig) -> tuple[str, ...]:
    """The names of the columns with the wanted labels: as the file names them; else `label` for the last column, and
    its number for another.

    Raises:
        As `read`.
    """
    layout, _ = _opened(source, config, labelled=True)
    return tuple(layout.names[place] for place in layout.labels)


def write(
    sentence: Sentence, labels: Mapping[str, Sequence[str]], extra: Mapping[str, Any], *, given: Mapping[str, str]
) -> str:
    """The text of a sentence with its labels exchanged; columns that the file has not, and what is extra, are added.

    Args:
        given: name or number in this file, by column, where it differs.
    Raises:
        InputError: a label cannot stand in a cell.
    """
    layout: Layout = sentence.source.layout
    places = {name: target(name, given.get(name), layout.names, token=layout.token) for name in labels}
    filled = [(place, labels[name]) for name, place in places.items() if place is not None]
    further = {name: labels[name] for name, place in places.items() if place is None} | dict(extra)

    def change(row: str, n: int) -> str:
        where = f"{sentence.path}:{sentence.lines[n]}"
        new = {place: cell(values[n], layout.separator, where=where) for place, values in filled}
        added = [cell(values[n], layout.separator, where=where) for values in further.values()]
        if layout.separator == " ":
            return _with_fields(row, new, added)
        cells = row.split("\t")
        for place, text in new.items():
            cells[place] = text
        return "\t".join([*cells, *added])

    rows = with_rows(sentence, change)
    if layout.is_named and sentence.source.line == 1:
        bare = rows[0].removesuffix("\r")
        rows[0] = " ".join([bare, *further]) + rows[0][len(bare) :]
    return "\n".join(rows)


def is_number(given: str) -> bool:
    """Is a column named by its number?"""
    return _NUMBER.fullmatch(given) is not None


def place_of(given: str, names: Sequence[str]) -> int | None:
    """The place of a column by its name or by its number from 0, where negative ones count from the end."""
    if given in names:
        return names.index(given)
    number = int(given) if is_number(given) else len(names)
    return number % len(names) if -len(names) <= number < len(names) else None


def wanted_place(given: str, names: Sequence[str], *, where: str, taken: Iterable[int] = ()) -> int:
    """The place of a column that the user names.

    Args:
        taken: places of columns that are in use already. where: what the error names.
    Raises:
        InputError: there is no such column (the nearest is offered), or it is taken.
    """
    place = place_of(given, names)
    if place is None:
        raise InputError(f"there is no column {given!r}", where=where, mend=nearest(given, names))
    if place in taken:
        raise InputError(f"column {given!r} is in use already", where=where, mend="name every column once")
    return place


def target(name: str, given: str | None, names: Sequence[str], *, token: int) -> int | None:
    """The place in which labels are written; none if they become a further column.

    Args:
        name: of the column, where the labels were learnt. given: its name or number in this file, if that differs.
        token: the place of the tokens, which nothing is written over.
    """
    place = place_of(given, names) if given is not None else names.index(name) if name in names else None
    return None if place == token else place


def cell(value: Any, separator: str, *, where: str) -> str:
    """A value as it stands in a cell: a text as it is, anything else as JSON without blanks.

    Args:
        where: what the error names.
    Raises:
        InputError: the text is empty, or has a line end or the separator in it.
    """
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace(" ", "\\u0020")
    if not value or "\n" in value or separator in value:
        raise InputError(f"the label {value!r} cannot stand in a column", where=where, mend="take JSON lines")
    return value


def columns_told(count: int) -> str:
    """So many columns, in words."""
    return "1 column" if count == 1 else f"{count} columns"


def _opened(source: Source, config: TokenReadConfig, *, labelled: bool) -> tuple[Layout, Iterator[str]]:
    """The layout, after a look at the first million characters or at more if no row is in them, and all the text."""
    blocks = source.blocks()
    seen: list[str] = []
    for block in blocks:
        seen.append(block)
        lines = [line.removesuffix("\r") for line in "".join(seen).removeprefix("\ufeff").split("\n")]
        rows = [(number, line) for number, line in enumerate(lines, 1) if _is_row(line)]
        if rows:
            separator = "\t" if any("\t" in line for _, line in rows) else " "
            number, row = rows[0]
            named = lines[0].removeprefix(NAMES_LINE) if lines[0].startswith(NAMES_LINE) else ""
            layout = _layout(
                separator, len(_cells(row, separator)), _FIELD.findall(named),
                config=config, where=f"{source.path}:{number}", labelled=labelled,
            )  # fmt: skip
            return layout, chain(seen, blocks)
    raise InputError("there is no sentence in this file", where=source.path)


def _layout(
    separator: str, width: int, named: list[str], *, config: TokenReadConfig, where: str, labelled: bool
) -> Layout:
    """The layout of a file by the width of its first row and the names that its first line gives, if it does."""
    if named and len(named) != width:
        raise InputError(f"{width} columns where the first line names {len(named)}", where=where)
    names = named or [str(number) for number in range(width)]
    if config.token_column is not None:
        token = wanted_place(config.token_column, names, where=where)
    else:
        token = names.index("FORM") if "FORM" in names else 0
    if not named:
        names[-1] = "label"
        names[token] = "token"
    labels: list[int] = []
    if labelled and width == 1:
        raise InputError("one column, and no labels beside the tokens", where=where,
                         mend="separate the columns by tabs or blanks")  # fmt: skip
    for column in (config.label_columns or ["-1"]) if labelled else ():
        labels.append(wanted_place(column, names, where=where, taken=[token, *labels]))
    return Layout(separator, tuple(names), token, tuple(labels), is_named=bool(named))


def _sentence(lines: list[str], first: int, *, path: str, layout: Layout) -> Sentence | None:
    rows: list[list[str]] = []
    numbers: list[int] = []
    width, separator = len(layout.names), layout.separator
    strange = "\t" if separator == " " else "\n"  # which is in no line
    for number, line in enumerate(lines, first):
        cells = line.split(separator)
        if len(cells) != width or "" in cells or line[0] in "#- " or strange in line:
            if not line.strip(" \t") or _is_document(line) or (not rows and _is_comment(line, layout, number)):
                continue
            cells = _checked(line, layout, where=f"{path}:{number}")
        rows.append(cells)
        numbers.append(number)
    if not rows:
        return None
    columns = list(zip(*rows, strict=True))
    labels = {layout.names[place]: columns[place] for place in layout.labels}
    begin = next(number for number, line in enumerate(lines, first) if line.strip(" \t"))
    return Sentence(columns[layout.token], labels, path, begin, tuple(numbers), layout)


def _checked(row: str, layout: Layout, *, where: str) -> list[str]:
    """The cells of a row that is not as plain as most."""
    if layout.separator == " " and "\t" in row:
        place = row.index("\t") + 1
        raise InputError("a tab, where blanks separate the columns of the first rows", where=f"{where}:{place}",
                         mend="separate all columns by tabs")  # fmt: skip
    cells, width = layout.cells(row), len(layout.names)
    if len(cells) != width:
        kind = "tabs" if layout.separator == "\t" else "blanks"
        raise InputError(f"{columns_told(len(cells))} where the first row has {width}", where=where,
                         mend=f"separate the columns by {kind}, and sentences by a blank line")  # fmt: skip
    for place in (layout.token, *layout.labels):
        if not cells[place]:
            column = sum(len(text) + 1 for text in cells[:place]) + 1
            what = "token" if place == layout.token else "label"
            raise InputError(f"the {what} is empty", where=f"{where}:{column}", mend=f"write a {what} in every row")
    return cells


def _cells(row: str, separator: str) -> list[str]:
    cells = row.split(separator)
    return cells if separator == "\t" else [text for text in cells if text]


def _with_fields(row: str, new: Mapping[int, str], added: Sequence[str]) -> str:
    """A row between blanks with some fields exchanged, and others behind its last one; its blanks stay."""
    fields = list(_FIELD.finditer(row))
    end = fields[-1].end()
    parts = [row[: fields[0].start()]]
    for place, field in enumerate(fields):
        following = fields[place + 1].start() if place + 1 < len(fields) else end
        parts += [new.get(place, field.group()), row[field.end() : following]]
    return "".join(parts) + "".join(f" {value}" for value in added) + row[end:]


def _is_row(line: str) -> bool:
    """Can this line be nothing but a row?"""
    return bool(line.strip(" \t")) and not line.startswith(("# ", "## ")) and not _is_document(line)


def _is_comment(line: str, layout: Layout, number: int) -> bool:
    """Is this line, at the begin of a sentence, a comment?"""
    if line.startswith("## ") or (number == 1 and layout.is_named):
        return True
    has_foreign_tab = layout.separator == " " and "\t" in line
    return line.startswith("# ") and (has_foreign_tab or len(layout.cells(line)) != len(layout.names))


def _is_document(line: str) -> bool:
    return line.startswith("-DOCSTART-") and line[10:11] in ("", " ", "\t")
