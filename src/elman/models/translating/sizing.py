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
LARGE_VOCABULARY = 3000
"""From so many symbols of the target on, the softmax is adaptive: the whole one would cost more than all the rest."""
ADAPTIVE_SHARE = 0.1
"""What the adaptive softmax computes for a symbol, as a share of the whole product, at 4,000 to 8,000 byte pairs."""
SMALL_VOCABULARY = 1000
"""Fewer symbols than these on both sides, as letters and phonemes, are all met often: little needs to be dropped."""
MANY_PAIRS = 50_000
"""From so many pairs of letters on, the encoder has two layers: what a letter stands for depends on those around it."""
WIDTH_STEP = 32
"""Sizes are multiples of this."""
TOKENS_PER_WEIGHT = 4.0
"""Target symbols that a run should read for each weight that a symbol meets in products."""
DEV_TOKENS = 20_000
"""Target symbols of an evaluation on the way."""


@dataclass(frozen=True)
class Facts:
    """What a choice depends on.

    Args:
        pairs: of the training part. tokens: their target symbols; source_tokens: likewise. symbols: of the target's
            vocabulary; source_symbols: likewise. seconds: of the budget, or None with `epochs`. flops: floating-point
            operations a second that training may expect.
    """

    pairs: int
    tokens: int
    source_tokens: int
    symbols: int
    source_symbols: int
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

    is_small = max(facts.symbols, facts.source_symbols) < SMALL_VOCABULARY
    settle(layers=2 if is_small and facts.pairs >= MANY_PAIRS else 1, decoder_layers=1)
    settle(adaptive=facts.symbols >= LARGE_VOCABULARY)
    operations = facts.flops * facts.seconds * 0.9 if facts.seconds else None
    if operations is None:
        weights = facts.tokens * (facts.epochs or 1) / TOKENS_PER_WEIGHT
    else:
        weights = math.sqrt(operations / 6 / TOKENS_PER_WEIGHT)
    settle(hidden=_hidden(weights, facts, values))
    settle(embedding=_width(values["hidden"], facts))
    cost = 6 * active_weights(values["hidden"], facts, values)
    seen = operations / cost if operations is not None else facts.tokens * (facts.epochs or 1)
    epochs = seen / max(facts.tokens, 1)
    settle(symbol_dropout=0.0 if is_small else 0.1, **_dropout(epochs, given.get("dropout"), is_small=is_small))
    settle(batch_tokens=int(min(1200, max(300, facts.tokens / 400))))
    chosen = {name: value for name, value in values.items() if name not in given}
    reason = f"chosen for about {epochs:.1f} epochs: " + ", ".join(f"{name} {value}" for name, value in chosen.items())
    return Choice(chosen, reason, max(1, int(seen / values["batch_tokens"])), DEV_TOKENS)


def active_weights(hidden: int, facts: Facts, values: Mapping[str, Any]) -> float:
    """Weights that a target symbol meets in products: output, decoder and attention, and of the encoder as many times
    as there are source symbols to it.

    Args:
        values: `layers`, `adaptive`, and `embedding` if its width is known.
    """
    width = values.get("embedding", _width(hidden, facts))
    output = facts.symbols * width * (ADAPTIVE_SHARE if values["adaptive"] else 1)
    decoder, attention = 4 * hidden * (width + hidden), 5 * hidden * hidden
    encoder = 8 * hidden * (width + hidden) + (values["layers"] - 1) * 24 * hidden * hidden
    return float(output + decoder + attention + facts.source_tokens / max(facts.tokens, 1) * encoder)


def _hidden(weights: float, facts: Facts, values: Mapping[str, Any]) -> int:
    """The largest multiple of 32, from 64 to 512, with which a symbol meets no more than so many weights."""
    sizes = range(64, 513, WIDTH_STEP)
    return max((hidden for hidden in sizes if active_weights(hidden, facts, values) <= weights), default=64)


def _width(hidden: int, facts: Facts) -> int:
    """As wide as the states, but not wider than there are symbols to tell apart."""
    symbols = max(facts.symbols, facts.source_symbols)
    return min(hidden, -(-symbols // WIDTH_STEP) * WIDTH_STEP)


def _dropout(epochs: float, given: float | None, *, is_small: bool) -> dict[str, float]:
    """The more often a text is read, the more is dropped; less of symbols that are few, and so all known well."""
    if given is not None:  # one number for all places that are not given apart
        return {"input_dropout": given, "output_dropout": given}
    strength = min(1.0, max(0.0, math.log2(max(epochs, 1.0)) / 4)) * (0.5 if is_small else 1)
    return {
        "input_dropout": round(0.3 * strength, 2),
        "output_dropout": round(0.4 * strength, 2),
        "dropout": round(0.3 * strength, 2),
    }
