"""fastText's lines: a text a line, the words that begin with `__label__` are its labels.

Knows lines and that prefix; knows no label set. Used by `data.texts`.
"""

import re
from collections.abc import Iterator, Sequence

from elman.data.examples import Example
from elman.data.sources import Source
from elman.errors import InputError

PREFIX = "__label__"
_BLANKS = " \t\v\f\r"
_LABEL = re.compile(rf"(?<![^{_BLANKS}]){PREFIX}([^{_BLANKS}]*)[{_BLANKS}]*")


def read(source: Source) -> Iterator[tuple[Example, tuple[str, ...]]]:
    """Every line of a file, blank ones too: the text without its labels and outer blanks, and the labels as they stand.

    As in fastText, a label may stand anywhere in the line; its name may be empty, which is left to the caller.
    """
    for number, line in enumerate(source.lines(), 1):
        labels = tuple(_LABEL.findall(line)) if PREFIX in line else ()
        text = _LABEL.sub("", line) if labels else line
        yield Example(text.strip(_BLANKS), source.path, number), labels


def write(example: Example, labels: Sequence[str]) -> str:
    """The line with these labels before the text.

    Raises:
        InputError: a label is empty or has blanks in it.
    """
    for label in labels:
        if not label or any(mark in label for mark in (*_BLANKS, "\n")):
            raise InputError(f"the label {label[:40]!r} cannot stand in a line of fastText",
                             where=f"{example.path}:{example.line}",
                             mend="give the texts as CSV or JSON lines")  # fmt: skip
    return " ".join([*(PREFIX + label for label in labels), example.text]) + "\n"
