"""What is left open of a seq2seq model's options, chosen for its data and its time.

Knows counts and seconds; knows no network. Used by `models.translating.preparing`. The rules come from the ablations in
`docs/log.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CHARACTERS_PER_MERGE = 900
"""Characters of both sides for each symbol of a vocabulary of byte pairs."""
SMALLEST, LARGEST = 400, 16_000
"""Symbols of a vocabulary of byte pairs."""
TOKENS_PER_WEIGHT = 4.0
"""Target symbols that a run should read for each weight that a symbol meets in products."""
DEV_TOKENS = 20_000
"""Target symbols of an evaluation on the way."""


@dataclass(frozen=True)
class Facts:
    """What a choice depends on.

    Args:
        pairs: of the training part. tokens: their target symbols; source_tokens: likewise. symbols: of the target's
            vocabulary. seconds: of the budget, or None with `epochs`. flops: floating-point operations a second that
            training may expect.
    """

    pairs: int
    tokens: int
    source_tokens: int
    symbols: int
    seconds: float | None
    epochs: int | None
    flops: float


@dataclass(frozen=True)
class Choice:
    """What was chosen, by option name, and why; steps of a first plan; dev symbols of an evaluation on the way."""

    values: dict[str, Any]
    reason: str
    steps: int
    dev_tokens: int


def vocabulary_size(characters: int) -> int:
    """Symbols of a vocabulary of byte pairs for a text of so many characters: rare symbols are learnt badly."""
    return max(SMALLEST, min(LARGEST, round(characters / CHARACTERS_PER_MERGE / 100) * 100))


def choose(facts: Facts, given: Mapping[str, Any]) -> Choice:
    """Values for the options that are left open."""
    values: dict[str, Any] = dict(given)

    def settle(**defaults: Any) -> None:
        for name, value in defaults.items():
            values.setdefault(name, value)

    settle(layers=1, decoder_layers=1)
    operations = facts.flops * facts.seconds * 0.9 if facts.seconds else None
    ratio = facts.source_tokens / max(facts.tokens, 1)
    if operations is None:
        weights = facts.tokens * (facts.epochs or 1) / TOKENS_PER_WEIGHT
    else:
        weights = math.sqrt(operations / 6 / TOKENS_PER_WEIGHT)
    settle(hidden=_hidden(weights, facts.symbols, ratio))
    settle(embedding=values["hidden"])
    cost = 6 * active_weights(values["hidden"], facts.symbols, ratio)
    seen = operations / cost if operations is not None else facts.tokens * (facts.epochs or 1)
    epochs = seen / max(facts.tokens, 1)
    settle(**_dropout(epochs, given.get("dropout")))
    settle(batch_tokens=int(min(1200, max(300, facts.tokens / 400))))
    chosen = {name: value for name, value in values.items() if name not in given}
    reason = f"chosen for about {epochs:.1f} epochs: " + ", ".join(f"{name} {value}" for name, value in chosen.items())
    return Choice(chosen, reason, max(1, int(seen / values["batch_tokens"])), DEV_TOKENS)


def active_weights(hidden: int, symbols: int, ratio: float) -> float:
    """Weights that a target symbol meets in products: output, decoder and attention, and `ratio` times the encoder."""
    decoder, attention, encoder = 8 * hidden * hidden, 5 * hidden * hidden, 16 * hidden * hidden
    return symbols * hidden + decoder + attention + ratio * encoder


def _hidden(weights: float, symbols: int, ratio: float) -> int:
    """The largest multiple of 32, from 64 to 512, with which a symbol meets no more than so many weights."""
    fitting = [hidden for hidden in range(64, 513, 32) if active_weights(hidden, symbols, ratio) <= weights]
    return fitting[-1] if fitting else 64


def _dropout(epochs: float, given: float | None) -> dict[str, float]:
    """The more often a text is read, the more is dropped."""
    if given is not None:  # one number for all places that are not given apart
        return {"input_dropout": given, "output_dropout": given}
    strength = min(1.0, max(0.0, math.log2(max(epochs, 1.0)) / 4))
    return {
        "input_dropout": round(0.3 * strength, 2),
        "output_dropout": round(0.4 * strength, 2),
        "dropout": round(0.3 * strength, 2),
    }
