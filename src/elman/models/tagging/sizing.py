"""What is left open of a tagger's options, chosen for its data and its time.

Knows counts and seconds; knows no network. Used by `models.tagging.preparing`. The rules come from the ablations in
`docs/log.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOKENS_PER_SECOND = 20_000
"""Tokens that training is expected to read a second, for a first plan; the speed is measured after."""
DEV_TOKENS = 40_000
"""Tokens of an evaluation on the way."""


@dataclass(frozen=True)
class Facts:
    """What a choice depends on.

    Args:
        seconds: of the budget, or None with `epochs`. spans: whether the labels of the first column stand for spans.
    """

    tokens: int
    sentences: int
    seconds: float | None
    epochs: int | None
    spans: bool


@dataclass(frozen=True)
class Choice:
    """What was chosen, by option name, and why; steps of a first plan; dev tokens of an evaluation on the way."""

    values: dict[str, Any]
    reason: str
    steps: int
    dev_tokens: int


def choose(facts: Facts, given: Mapping[str, Any]) -> Choice:
    """Values for the options that are left open."""
    wanted: dict[str, Any] = {"batch_size": 32}
    values = {name: value for name, value in wanted.items() if name not in given}
    seen = facts.seconds * TOKENS_PER_SECOND if facts.seconds else facts.tokens * (facts.epochs or 1)
    rows = given.get("batch_size", wanted["batch_size"])
    steps = max(1, int(seen / facts.tokens * facts.sentences / rows))
    reason = f"chosen for about {seen / facts.tokens:.0f} epochs: " + ", ".join(f"{k} {v}" for k, v in values.items())
    return Choice(values, reason, steps, DEV_TOKENS)
