"""Which column holds the text, and which the labels. Knows names of columns; used by formats that have them, and by
`data.texts`.
"""

from collections.abc import Sequence

from elman.errors import InputError, nearest

TEXT, FURTHER_TEXTS = "text", ("sentence", "document", "review", "content", "message", "utterance")
"""What the column with the text is called where the user names none; a further name counts where it is the only one."""
LABEL, FURTHER_LABELS = "label", ("labels", "category", "class", "target", "sentiment")
"""The same of the column with the labels."""


def text_column(name: str | None, columns: Sequence[str], *, where: str) -> str:
    """The name of the column with the text.

    Args:
        name: as the user gave it; None takes the only column, or the one that is called `text`, or the one that has
            the only one of the further names.
        where: file and line that tell of the columns.
    Raises:
        InputError: there is no such column (the nearest is offered), there are two of that name, or none was given
            and it is not plain which one is meant.
    """
    if name is None:
        name = _usual(columns, TEXT, FURTHER_TEXTS)
        if name is None:
            raise _unknown("text", "--text-column", columns, where=where)
    return _one_of(name, columns, where=where)


def label_column(name: str | None, columns: Sequence[str], *, text: str, where: str) -> str:
    """The name of the column with the labels.

    Args:
        name: as the user gave it; None takes the one that is called `label`, or the one that has the only one of the
            further names, or, of two columns, the one that is not the text.
        text: name of the column with the text. where: file and line that tell of the columns.
    Raises:
        InputError: as `text_column`; or this is the column with the text.
    """
    if name is None:
        name = _usual([column for column in columns if column != text], LABEL, FURTHER_LABELS)
        if name is None:
            raise _unknown("labels", "--label-column", columns, where=where)
    if name == text:
        raise InputError(f"the column {name!r} holds the text already", where=where, mend="give --label-column another")
    return _one_of(name, columns, where=where)


def _usual(columns: Sequence[str], first: str, further: Sequence[str]) -> str | None:
    """The column that is called as such columns are, or else the only one."""
    if first in columns:
        return first
    found = [name for name in further if name in columns]
    if len(found) == 1:
        return found[0]
    return columns[0] if len(columns) == 1 else None


def _unknown(what: str, option: str, columns: Sequence[str], *, where: str) -> InputError:
    mend = f"give {option}; columns are {', '.join(columns)}"
    return InputError(f"it is not known which column holds the {what}", where=where, mend=mend)


def no_column(name: str, columns: Sequence[str], *, where: str) -> InputError:
    """What is wrong where no column is called so."""
    mend = nearest(name, columns)
    if name.isdecimal() and not all(map(str.isdecimal, columns)):
        mend = f"numbers name columns only in tables without a header (--no-header); {mend}"
    return InputError(f"there is no column {name!r}", where=where, mend=mend)


def _one_of(name: str, columns: Sequence[str], *, where: str) -> str:
    if name not in columns:
        raise no_column(name, columns, where=where)
    if columns.count(name) > 1:
        raise InputError(f"there are {columns.count(name)} columns {name!r}", where=where, mend="name them apart")
    return name
