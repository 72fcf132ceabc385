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

    def metrics(self) -> dict[str, float]:
        """The figures: `loss` (nats a token), `perplexity`, `word_perplexity`, `bits_per_character`, `unknown_rate`.

        Perplexities beyond the range of a float are infinite; over no symbols at all every figure is not a number.
        """
        return {
            "loss": _per(self.nats, self.tokens),
            "perplexity": _exp(_per(self.nats, self.tokens)),
            "word_perplexity": _exp(_per(self.nats, self.words)),
            "bits_per_character": _per(self.nats, self.characters) / math.log(2),
            "unknown_rate": _per(self.unknown, self.tokens),
        }


def _per(total: float, count: int) -> float:
    return total / count if count else math.nan


def _exp(value: float) -> float:
    return math.exp(value) if value < 700 or math.isnan(value) else math.inf
