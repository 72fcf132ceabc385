"""What dev text has in common with the training text, told while training begins: a score on it would flatter.

Knows texts and counts; knows no format and no network. Used by the preparing of every kind.
"""

import logging
from collections.abc import Iterable, Sequence

log = logging.getLogger("elman")
LARGEST = 1 << 20
"""Characters of a dev text that are compared, where the text is not held in memory."""
SHORTEST = 40
"""Characters of a line of running text that is no chance: short ones repeat in any text."""


def tell_shared(count: int, total: int, unit: str) -> None:
    """Warn of dev sequences that stand in the training text too, if there are any.

    Args:
        unit: what the sequences are called.
    """
    if count == total > 0:
        log.warning("all %s dev %s stand in the training text too: the score on them tells nothing of new text",
                    f"{total:,}", unit)  # fmt: skip
    elif count:
        log.warning("%s of %s dev %s stand in the training text too (elman check tells which)", f"{count:,}",
                    f"{total:,}", unit)  # fmt: skip


class SharedLines:
    """The first lines of a dev text, of which those are found that stand in text that goes by.

    Args:
        texts: lists of lines, or of blocks of running text. continuous: they are such blocks.
    """

    def __init__(self, texts: Iterable[Sequence[str]], *, continuous: bool) -> None:
        self._continuous = continuous
        self._lines: list[int] = []
        size = 0
        for some in texts:
            for line in self._compared(some):
                if size < LARGEST:
                    self._lines.append(hash(line))
                size += len(line)
            if size >= LARGEST:
                break
        self._wanted, self._met = set(self._lines), set[int]()

    def watch(self, texts: Sequence[str]) -> None:
        """Look at a list of training text."""
        self._met |= self._wanted.intersection(map(hash, self._compared(texts)))

    def tell(self) -> None:
        """Warn of what was found."""
        unit = f"lines of at least {SHORTEST} characters" if self._continuous else "lines"
        tell_shared(sum(line in self._met for line in self._lines), len(self._lines), unit)

    def _compared(self, texts: Sequence[str]) -> Sequence[str]:
        if not self._continuous:
            return texts
        return [line for text in texts for line in text.split("\n") if len(line) >= SHORTEST]
