"""Whether an exported model answers as the one that it was made from: how far scores are apart, how many answers equal.

Knows arrays; knows no kind of model. Used by the other files of this package.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ElmanError

NEAR = 1e-5
"""How far scores in fp32 may be apart, as a share of the largest of a row."""
EQUAL = 0.995
"""How many answers must be equal in int8."""
ROWS = 256
"""Rows that are compared."""


@dataclass
class Comparison:
    """What was found row by row.

    Args:
        rows: how many. answers: labels, or whatever is answered. equal: how many of these. difference: the largest
            between two scores, as a share of the largest score of its row, or of 1 where that is smaller.
    """

    rows: int = 0
    answers: int = 0
    equal: int = 0
    difference: float = 0.0

    def add(self, wanted: NDArray[np.float32], got: NDArray[np.float32]) -> None:
        """Count the scores of a row by both models."""
        self.rows += 1
        if wanted.shape != got.shape or not np.isfinite(got).all():
            self.difference = float("inf")
        elif wanted.size:
            apart = float(np.abs(wanted.astype(np.float64) - got).max() / max(1.0, float(np.abs(wanted).max())))
            self.difference = max(self.difference, apart)

    def answer(self, wanted: Sequence[Any], got: Sequence[Any]) -> None:
        """Count the answers of a row by both models."""
        self.answers += len(wanted)
        self.equal += sum(one == other for one, other in zip(wanted, got, strict=True))

    def to_json(self) -> dict[str, Any]:
        """As `export.json` has it."""
        return {
            "rows": self.rows, "largest_difference": self.difference,
            "equal": self.equal / self.answers if self.answers else 1.0,
        }  # fmt: skip

    def hold(self, *, int8: bool, where: str, is_real: bool) -> None:
        """Refuse a model that does not answer as it should.

        Args:
            is_real: whether the rows were of files, and not made up.
        Raises:
            ElmanError: in fp32 scores are further apart than `NEAR`; in int8 fewer answers are equal than `EQUAL`.
        """
        share = self.equal / max(1, self.answers)
        if not int8 and not self.difference <= NEAR:
            raise ElmanError(
                f"the exported model is {self.difference:.1e} away from the trained one, allowed are {NEAR:.0e}: "
                "nothing was written", where=where,
            )  # fmt: skip
        if int8 and (share < EQUAL or not np.isfinite(self.difference)):
            raise ElmanError(
                f"in int8 only {share:.2%} of {self.answers:,} answers are those of the trained model, wanted are "
                f"{EQUAL:.1%}: nothing was written", where=where,
                mend="export without --int8" + ("" if is_real else ", or name files on whose rows to compare"),
            )  # fmt: skip


def spread_of(rows: Iterable[Any], *, most: int = ROWS) -> list[Any]:
    """The first rows of many."""
    found = []
    for row in rows:
        found.append(row)
        if len(found) == most:
            break
    return found
