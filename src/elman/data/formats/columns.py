"""Which column holds the text. Knows names of columns; used by the formats that have them."""

from collections.abc import Sequence

from elman.errors import InputError, nearest

DEFAULT = "text"


def text_column(name: str | None, columns: Sequence[str], *, where: str) -> str:
    """The name of the column with the text.

    Args:
        name: as the user gave it; None takes the only column, or the one that is called `text`.
        where: file and line that tell of the columns.
    Raises:
        InputError: there is no such column (the nearest is offered), there are two of that name, or none was given
            and it is not plain which one is meant.
    """
    if name is None:
        if DEFAULT in columns:
            name = DEFAULT
        elif len(columns) == 1:
            name = columns[0]
        else:
            raise InputError(
                "it is not known which column holds the text", where=where,
                mend=f"give --text-column; columns are {', '.join(columns)}",
            )  # fmt: skip
    if name not in columns:
        raise InputError(f"there is no column {name!r}", where=where, mend=nearest(name, columns))
    if columns.count(name) > 1:
        raise InputError(f"there are {columns.count(name)} columns {name!r}", where=where, mend="name them apart")
    return name
