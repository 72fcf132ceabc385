"""What a file holds, counted sequence by sequence. Knows items; knows no format. Used by `models.checking.report`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from elman.data.lengths import LengthTally
from elman.data.repeats import Found, Repeats
from elman.errors import InputError
from elman.models.checking.items import Item
from elman.text.labels import MOST_LABELS, Scheme, ill_formed

TOLD = 5
"""Lines, and unknown labels, that are told."""
MOST = 100_000
"""Labels of a column that are counted apart; what is behind is no label, and would fill the memory."""


class FileTally:
    """What a file holds, counted.

    Args:
        number: of the file. schemes: of the columns of labels that have one. repeats, ids: where every sequence, and
            every id, is noted.
    """

    def __init__(self, number: int, schemes: Mapping[str, Scheme | None], *, repeats: Repeats, ids: Repeats) -> None:
        self.number, self.schemes = number, schemes
        self.repeats, self.ids = repeats, ids
        self.sequences = 0
        self.empty = Found()
        self.lengths: dict[str, LengthTally] = {}
        self.labels: dict[str, Counter[str]] = {}
        self.first_lines: dict[str, dict[str, int]] = {}
        self.wrong: dict[str, list[int]] = {}
        self.wrong_labels: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()

    def add(self, item: Item) -> None:
        """Count a sequence."""
        self.sequences += 1
        if item.is_empty:
            self.empty.count += 1
            self.empty.line = self.empty.line or item.line
        else:
            self.repeats.add(item.key, file=self.number, line=item.line, other=item.companion)
        if item.name is not None:
            self.ids.add(item.name, file=self.number, line=item.line)
        for name, length in item.lengths.items():
            self.lengths.setdefault(name, LengthTally()).add(length, item.line)
        for column, labels in item.labels.items():
            self._add_labels(column, labels, item)

    def _add_labels(self, column: str, labels: Sequence[str], item: Item) -> None:
        counts = self.labels.setdefault(column, Counter())
        lines = self.first_lines.setdefault(column, {})
        for place, label in enumerate(labels):
            if label in counts or len(counts) < MOST:
                counts[label] += 1
                lines.setdefault(label, item.lines[place] if item.lines else item.line)
        scheme = self.schemes.get(column)
        wrong = ill_formed(labels, scheme) if scheme is not None else []
        if wrong:
            self.wrong_labels[column] += len(wrong)
            self.broken[column] += 1
            told = self.wrong.setdefault(column, [])
            told += [item.lines[place] for place in wrong][: TOLD - len(told)]

    def check(self, name: str, *, first: bool, few: int, unit: str) -> None:
        """Refuse what training refuses once a file is read.

        Raises:
            InputError: there is nothing in it, or the first file has too few labels, or too many.
        """
        if self.sequences == self.empty.count and (first or not self.labels):
            raise InputError(f"there are no {unit} with text in this file", where=name, mend="give a file with some")
        for column, counts in self.labels.items() if first else ():
            if len(counts) < few:
                raise InputError(f"there is no more than one label, {', '.join(counts)}", where=name,
                                 mend=f"give {unit} of two labels or more")  # fmt: skip
            if column in self.schemes and len(counts) > MOST_LABELS:
                what = f"{len(counts):,} different labels in column {column}, at most {MOST_LABELS:,} can be learnt"
                raise InputError(what, where=name, mend="choose a column of labels")

    def strange(self, first: "FileTally") -> dict[str, dict[str, int]]:
        """For each column the labels that another file has not, each with how often it comes."""
        found = {}
        for column, counts in self.labels.items():
            known = first.labels.get(column, Counter())
            found[column] = {label: count for label, count in counts.items() if label not in known}
        return {column: labels for column, labels in found.items() if labels}

    def report(self, first: "FileTally | None") -> dict[str, Any]:
        """What the file holds, as values."""
        found: dict[str, Any] = {
            "sequences": self.sequences, "empty": self.empty.count,
            "lengths": {name: tally.summary() for name, tally in self.lengths.items()},
        }  # fmt: skip
        if self.labels:
            found["labels"] = {column: dict(counts.most_common()) for column, counts in self.labels.items()}
            found["unknown_labels"] = {} if first is None else self.strange(first)
        if self.schemes:
            found["schemes"] = {name: None if one is None else one.name for name, one in self.schemes.items()}
            found["ill_formed"] = {
                column: {"labels": self.wrong_labels[column], "sequences": self.broken[column], "lines": lines}
                for column, lines in self.wrong.items()
            }
        return found
