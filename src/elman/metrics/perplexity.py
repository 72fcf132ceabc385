"""What a language model's score is made of: sums of nats and counts, and the figures that the field quotes.

Knows numbers only. Filled by `models.language_model`, over batches in any order.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class LanguageModelTally:
    """Sums over a text; adding two tallies gives that of both texts.

    Args:
        nats: sum of -ln p over all predicted symbols. tokens: symbols predicted, end marks counted. words: words split
            at blanks, and line ends. characters: Unicode characters, line ends included. unknown: symbols among the
            tokens that stand for something not in the vocabulary.
    """

    nats: float = 0.0
    tokens: int = 0
    words: int = 0
    characters: int = 0
    unknown: int = 0

    def __add__(self, other: "LanguageModelTally") -> "LanguageModelTally":
        return LanguageModelTally(
            self.nats + other.nats,
            self.tokens + other.tokens,
            self.words + other.words,
            self.characters + other.characters,
            self.unknown + other.unknown,
        )

    def metrics(self) -> dict[str, float | None]:
        """The figures: `loss` (nats a token), `perplexity`, `word_perplexity`, `bits_per_character`, `unknown_rate`.

        None where there is nothing to divide by, or where a perplexity is beyond the range of a float (JSON has no
        infinity).
        """
        return {
            "loss": _per(self.nats, self.tokens),
            "perplexity": _exp(_per(self.nats, self.tokens)),
            "word_perplexity": _exp(_per(self.nats, self.words)),
            "bits_per_character": _per(self.nats / math.log(2), self.characters),
            "unknown_rate": _per(self.unknown, self.tokens),
        }


def _per(total: float, count: int) -> float | None:
    return total / count if count and math.isfinite(total) else None


def _exp(value: float | None) -> float | None:
    return math.exp(value) if value is not None and value < 700 else None
