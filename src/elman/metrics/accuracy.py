"""How many labels are right, over all tokens and over those whose word was not seen in training, and what is confused.

Knows labels as strings only, no model and no file. Filled by the tagger, one tally a column, sentence by sentence.
"""

from collections import Counter
from collections.abc import Sequence


class AccuracyTally:
    """Counts over the tokens of one column.

    Attributes:
        tokens, right: all tokens, and those whose label is the gold one. unseen, unseen_right: the same over the tokens
            whose word was not seen in training.
    """

    def __init__(self) -> None:
        self.tokens = self.right = self.unseen = self.unseen_right = 0
        self._confusions: Counter[tuple[str, str]] = Counter()

    def add(self, gold: Sequence[str], predicted: Sequence[str], *, unseen: Sequence[bool]) -> None:
        """Count a sentence; `unseen` says of each token whether its word was not seen in training."""
        for pair, new in zip(zip(gold, predicted, strict=True), unseen, strict=True):
            right = pair[0] == pair[1]
            self.tokens += 1
            self.right += right
            self.unseen += new
            self.unseen_right += new and right
            if not right:
                self._confusions[pair] += 1

    def confusions(self, most: int) -> list[tuple[str, str, int]]:
        """Gold label, predicted label and count of the mistakes, at most so many, the most frequent first."""
        ordered = sorted(self._confusions.items(), key=lambda item: (-item[1], item[0]))
        return [(gold, predicted, count) for (gold, predicted), count in ordered[:most]]

    def metrics(self) -> dict[str, float | None]:
        """`accuracy` and `accuracy_unseen`, 0 to 1; None where there is no such token."""
        return {
            "accuracy": self.right / self.tokens if self.tokens else None,
            "accuracy_unseen": self.unseen_right / self.unseen if self.unseen else None,
        }
