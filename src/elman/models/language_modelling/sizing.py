"""The size of a language model for its text and its time, where the user has left it open.

Knows counts, seconds and operations a second; knows no network. Used by `models.fitting`. The rules come from the
ablations in `docs/log.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elman.data.config import BatchConfig
from elman.nn.config import EmbeddingConfig

TOKENS_PER_WEIGHT = 5.0
"""Symbols that a run of minutes should read for each weight that a symbol meets in products."""
LARGE_VOCABULARY = 4000
"""From so many symbols on, the softmax is adaptive."""
ADAPTIVE_SHARE = 0.05
"""What the adaptive softmax computes for a symbol, as a share of the whole product, at 33,000 words."""
CHARACTERS = ("char", "byte")


@dataclass(frozen=True)
class Facts:
    """What a choice depends on.

    Args:
        symbols: size of the vocabulary. tokens: of the training text. seconds: of the budget, or None with `epochs`.
            flops: floating-point operations a second that training may expect.
    """

    symbols: int
    tokens: int
    tokenizer: str
    seconds: float | None
    epochs: int | None
    flops: float


@dataclass(frozen=True)
class Choice:
    """What was chosen, by option name, and why; how many steps that will be; dev symbols for each evaluation."""

    values: dict[str, Any]
    reason: str
    steps: int
    dev_tokens: int


def choose(facts: Facts, given: Mapping[str, Any]) -> Choice:
    """Values for the options that are left open.

    A budget pays for a number of operations, six for each weight and symbol; it is best spent on a network of which
    every weight sees about `TOKENS_PER_WEIGHT` symbols. Epochs fix the symbols, and by the same rule the weights.
    """
    values: dict[str, Any] = dict(given)

    def settle(**defaults: Any) -> None:
        for name, value in defaults.items():
            values.setdefault(name, value)

    large = facts.symbols >= LARGE_VOCABULARY
    is_small = facts.tokenizer in CHARACTERS
    settle(adaptive=large, tied=large, layers=1, ngrams=6 if is_small else 1, batch_size=BatchConfig().batch_size)
    settle(segment=BatchConfig().segment if is_small else 48)
    operations = facts.flops * facts.seconds * 0.9 if facts.seconds else None
    if operations is not None:
        weights = math.sqrt(operations / 6 / TOKENS_PER_WEIGHT)
    else:
        weights = facts.tokens * (facts.epochs or 1) / TOKENS_PER_WEIGHT
    settle(hidden=_hidden(weights, values, facts.symbols))
    settle(embedding=_width(values["hidden"], facts.symbols))
    cost = 6 * active_weights(values, facts.symbols)
    seen = operations / cost if operations is not None else facts.tokens * (facts.epochs or 1)
    epochs = seen / facts.tokens
    settle(**_dropout(epochs, is_small=is_small, given=given.get("dropout")))
    if values["ngrams"] == 1:
        values["ngram_dropout"] = given.get("ngram_dropout", 0.0)
    if values["layers"] == 1:
        values["dropout"] = given.get("dropout", 0.0)
    chosen = {name: value for name, value in values.items() if name not in given}
    reason = f"chosen for about {epochs:.1f} epochs: " + ", ".join(f"{name} {value}" for name, value in chosen.items())
    steps = max(1, int(seen / (values["batch_size"] * values["segment"])))
    return Choice(chosen, reason, steps, max(2000, min(60_000, int(0.0075 * seen))))


def active_weights(values: Mapping[str, Any], symbols: int) -> int:
    """Weights that a symbol meets in products: four gates a layer, and the output layer."""
    hidden = values["hidden"]
    embedding = values.get("embedding", hidden)
    width = embedding + (values["ngrams"] - 1) * values.get("ngram_width", EmbeddingConfig().ngram_width)
    stack = 4 * hidden * (width + hidden) + (values["layers"] - 1) * 8 * hidden * hidden
    return int(stack + symbols * embedding * (ADAPTIVE_SHARE if values["adaptive"] else 1))


def _hidden(weights: float, values: Mapping[str, Any], symbols: int) -> int:
    """The largest multiple of 32, from 64 to 1024, with which a symbol meets no more than so many weights."""
    sizes = range(64, 1025, 32)
    fitting = [
        H for H in sizes if active_weights({"embedding": _width(H, symbols), **values, "hidden": H}, symbols) <= weights
    ]
    return fitting[-1] if fitting else sizes[0]


def _width(hidden: int, symbols: int) -> int:
    return hidden if symbols >= LARGE_VOCABULARY else EmbeddingConfig().embedding


def _dropout(epochs: float, *, is_small: bool, given: float | None) -> dict[str, float]:
    """The more often a text is read, the more is dropped; what is read twice needs none. Words need more than
    characters, whose vocabulary is small: a text has fewer of them, and more to learn about each."""
    if given is not None:  # one number for all places that are not given apart
        return {"input_dropout": given, "output_dropout": given, "ngram_dropout": given}
    strength = min(1.0, max(0.0, math.log2(max(epochs, 1.0) / 2) / (4 if is_small else 2.5)))
    return {
        "ngram_dropout": round(min(0.5, 0.25 * math.log2(max(epochs, 1.0))), 2),
        "input_dropout": round(0.4 * strength, 2),
        "output_dropout": round(0.5 * strength, 2),
        "dropout": round(0.3 * strength, 2),
    }
