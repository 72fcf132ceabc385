"""What training would bear, but should be known of its files, in lines.

Knows tallies and repetitions; knows no format. Used by `models.checking.report`.
"""

from collections.abc import Iterator, Sequence

from elman.data.repeats import Repetitions
from elman.models.checking.items import Files
from elman.models.checking.tally import TOLD, FileTally

PLACES = {"folder": ": text ", "parquet": ": row "}
"""What stands between the name of a file and the number of a line that is none."""


class Warnings:
    """The lines about some files."""

    def __init__(self, names: Sequence[str], files: Files, tallies: Sequence[FileTally]) -> None:
        self.names, self.unit, self.tallies = names, files.unit, tallies
        self._between = [PLACES.get(form, ":") for form in files.formats]

    def of_files(self) -> Iterator[str]:
        """Of what is in each file by itself, and of labels that the first one has not."""
        for number, tally in enumerate(self.tallies):
            if tally.empty.count:
                yield self._told(number, tally.empty.line, f"{self._of(tally.empty.count, number)} are empty")
            yield from self._ill_formed(number)
            for column, labels in tally.strange(self.tallies[0]).items():
                line = min(tally.first_lines[column][label] for label in labels)
                some = ", ".join(list(labels)[:TOLD]) + (", …" if len(labels) > TOLD else "")
                told = f"{len(labels):,} labels of column {column} are not in {self.names[0]} ({some})"
                yield self._told(number, line, f"{told}; {sum(labels.values()):,} times they count as errors")

    def of_repetitions(self, repeated: Repetitions, ids: Repetitions, *, companion: str | None) -> Iterator[str]:
        """Of what stands several times, in one file or in two.

        Args:
            companion: what else should be the same where a sequence is; None where it may differ.
        """
        for number in range(len(self.names)):
            inside, other, same = repeated.inside[number], repeated.other[number], ids.inside[number]
            if inside.count:
                told = f"{self._of(inside.count, number)} stood in the file before"
                yield self._told(number, inside.line, told, f"as line {inside.earlier}")
            if other.count and companion is not None:
                yield self._told(
                    number, other.line, f"{other.count:,} {self.unit} stand elsewhere with other {companion}"
                )
            if same.count:
                yield self._told(number, same.line, f"{same.count:,} ids stood before", f"in line {same.earlier}")
        for (one, two), shared in repeated.shared.items():
            if not shared.count:
                continue
            is_whole = shared.count == self.tallies[two].sequences - self.tallies[two].empty.count
            told = f"{self._of(shared.count, two)} stand in {self.names[one]} too"
            told += ", all that have text: a score on them tells nothing of new text" if is_whole else ""
            yield self._told(two, shared.line, told, f"as line {shared.earlier} there")

    def _ill_formed(self, number: int) -> Iterator[str]:
        tally = self.tallies[number]
        for column, lines in tally.wrong.items():
            scheme, count = tally.schemes[column], tally.wrong_labels[column]
            assert scheme is not None
            told = f"{count:,} labels of column {column}, in {tally.broken[column]:,} {self.unit}"
            dots = ", …" if count > len(lines) else ""
            yield f"{self.names[number]}: {told}, are not as the scheme {scheme.name} writes them: lines " + (
                ", ".join(map(str, lines)) + dots
            )

    def _of(self, count: int, number: int) -> str:
        return f"{count:,} of {self.tallies[number].sequences:,} {self.unit}"

    def _told(self, number: int, line: int, what: str, first: str = "here") -> str:
        """A line about what stands first in a place."""
        return f"{self.names[number]}{self._between[number]}{line}: {what}, the first {first}"
