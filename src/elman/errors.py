"""Every error that a user can see, each with its exit code.

    ElmanError              1    the work failed
    ├── TrainingError       1    training could not go on (a loss that is not finite)
    ├── InputError          2    a file or a text that was given is not as it must be
    ├── OptionError         2    an option, a key or a combination of them is wrong
    └── ModelFileError      2    a model folder is not whole, not ours, or not safe

Knows nothing of the rest. Raised anywhere, turned into one line and an exit code by `cli/main.py` alone.
"""

import difflib
from collections.abc import Iterable


class ElmanError(Exception):
    """Something went wrong in a way that can be told in one line: where, what, and how to mend it.

    Args:
        what: the fault. where: file, `file:line`, `file:line:column` or option, as the user wrote it.
        mend: what to do about it.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        self.what, self.where, self.mend = what, where, mend
        message = f"{where}: {what}" if where else what
        super().__init__(one_line(f"{message}; {mend}" if mend else message))


class TrainingError(ElmanError):
    """Training could not go on; what had been reached is kept."""


class InputError(ElmanError):
    """A file or a text is not as it must be."""

    exit_code = 2


class OptionError(ElmanError):
    """An option, a configuration key or a combination of them is wrong."""

    exit_code = 2


class ModelFileError(ElmanError):
    """A model folder is incomplete, altered, of an unknown format, or unsafe to load."""

    exit_code = 2


def one_line(text: str) -> str:
    """The text with line breaks and control characters written as escapes, so that a message stays one line."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def nearest(name: str, choices: Iterable[str]) -> str:
    """How to mend an unknown name: the nearest known one where there is one, else all of them.

    Example:
        >>> nearest("hiden", ["hidden", "layers"])
        'did you mean hidden?'
        >>> nearest("zzz", ["hidden", "layers"])
        'known are hidden, layers'
    """
    known = list(choices)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
