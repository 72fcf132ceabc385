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
"""How many labels must be equal in int8."""
LOST = 0.01
"""How many nats a symbol a distribution may lose in int8: so perplexity rises by 1 % at most. Which of two symbols is
the likelier one, where they are nearly as likely, says little of a model that foretells what comes next."""
ROWS = 256
"""Rows that are compared."""


@dataclass
class Comparison:
    """What was found row by row.

    Args:
        foretells: as `Kind` has it. rows: how many. answers: labels, or whatever is answered. equal: how many of
            these. difference: the largest between two scores, as a share of the largest score of its row, or of 1 where
            that is smaller. foretold: distributions over what comes next. nats: what the second model loses by these,
            all together.
    """

    foretells: bool = False
    rows: int = 0
    answers: int = 0
    equal: int = 0
    difference: float = 0.0
    foretold: int = 0
    nats: float = 0.0

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

    def foretell(self, wanted: NDArray[np.float32], got: NDArray[np.float32]) -> None:
        """Count the distribution over what comes next by both models, ln p and ln q (N,). Where p is right, q loses the
        sum of p ln(p / q) in the mean (Kullback & Leibler 1951). The likeliest is the answer."""
        p, apart = np.exp(wanted.astype(np.float64)), wanted.astype(np.float64) - got
        self.foretold += 1
        self.nats += max(0.0, float((p * apart).sum())) if np.isfinite(got).all() else float("inf")
        self.answer([int(wanted.argmax())], [int(got.argmax())])

    def to_json(self) -> dict[str, Any]:
        """As `export.json` has it."""
        found: dict[str, Any] = {
            "rows": self.rows, "largest_difference": self.difference,
            "equal": self.equal / self.answers if self.answers else 1.0,
        }  # fmt: skip
        return found | ({"nats_lost": self._lost()} if self.foretells else {})

    def _lost(self) -> float:
        """Nats a symbol."""
        return self.nats / max(1, self.foretold)

    def hold(self, *, int8: bool, where: str, is_real: bool) -> None:
        """Refuse a model that does not answer as it should.

        Args:
            is_real: whether the rows were of files, and not made up.
        Raises:
            ElmanError: in fp32 scores are further apart than `NEAR`; in int8 fewer answers are equal than `EQUAL`, or,
                of a model that foretells what comes next, more nats are lost than `LOST`.
        """
        share = self.equal / max(1, self.answers)
        if not int8 and not self.difference <= NEAR:
            raise ElmanError(
                f"the exported model is {self.difference:.1e} away from the trained one, allowed are {NEAR:.0e}: "
                "nothing was written", where=where,
            )  # fmt: skip
        mend = "export without --int8" + ("" if is_real else ", or name files on whose rows to compare")
        if int8 and self.foretold and not self._lost() <= LOST:
            raise ElmanError(
                f"in int8 {self._lost():.2g} nats are lost a symbol, allowed are {LOST}: nothing was written",
                where=where, mend=mend,
            )  # fmt: skip
        if int8 and not self.foretold and (share < EQUAL or not np.isfinite(self.difference)):
            raise ElmanError(
                f"in int8 only {share:.2%} of {self.answers:,} answers are those of the trained model, wanted are "
                f"{EQUAL:.1%}: nothing was written", where=where, mend=mend,
            )  # fmt: skip


def spread_of(rows: Iterable[Any], *, most: int = ROWS) -> list[Any]:
    """The first rows of many."""
    found = []
    for row in rows:
        found.append(row)
        if len(found) == most:
            break
    return found
