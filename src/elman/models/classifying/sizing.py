"""What is left open of a classifier's options, chosen for its data and its time.

Knows counts and seconds; knows no network. Used by `models.classifying.preparing`. The rules come from the ablations in
`docs/log.md`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TOKENS_PER_SECOND = 20_000
"""Words that training is expected to read a second, for a first plan; the speed is measured after."""
DEV_TOKENS = 60_000
"""Words of an evaluation on the way."""
FEW_LABELS = 64
"""Up to so many labels, an n-gram has a number for each; from there on a vector of this width, which V turns into
scores."""
FEW_TOKENS = 1_000_000
"""Words of training texts below which a small network is as good as a large one."""
SMALL = {"hidden": 96, "word_width": 64, "feature_width": 32}
LARGE = {"hidden": 128, "word_width": 100, "feature_width": 64}
MEMBER_EPOCHS, MOST_MEMBERS = 8, 3
"""A text that is read more often than this is learnt by heart: the time is better spent on several stacks."""
MEETINGS, FEWEST_EPOCHS = 30_000, 8
"""Under a budget a run ends when it has met a text of each label so often: what comes after is learning by heart."""
SMOOTHING = 0.1
"""Of more than two labels, one of which a text has: some texts could as well have another."""
MOSTLY, SPELLING_COST = 0.5, 3
"""Texts are read by characters too where more than this share of them are syllables: a word of Hangul is often met
once, its syllables a thousand times. What that costs, against reading the words alone."""
SPELLING_EPOCHS = 6
"""Under a budget they are only if there is time to read them so often: a text that is not read once so is learnt worse
than by its words alone."""
TRANSFER = {"layer_decay": 2.6, "thaw": 0.2}
"""Where layers have learnt something before: rates fall as in Howard & Ruder 2018 (ULMFiT)."""


@dataclass(frozen=True)
class Facts:
    """What a choice depends on.

    Args:
        tokens: words of the training texts. seconds: of the budget, or None with `epochs`. transferred: whether the
            layers have learnt something before. several: whether a text may have several labels. syllables: share of
            the characters that are syllables or words of themselves (Hangul, kana, Chinese).
    """

    texts: int
    tokens: int
    labels: int
    seconds: float | None
    epochs: int | None
    transferred: bool = False
    several: bool = False
    syllables: float = 0.0


@dataclass(frozen=True)
class Choice:
    """What was chosen, by option name, and why; steps of a first plan; dev words of an evaluation on the way; the
    epochs after which a run ends that has time for more."""

    values: dict[str, Any]
    reason: str
    steps: int
    dev_tokens: int
    most_epochs: int | None


def choose(facts: Facts, given: Mapping[str, Any]) -> Choice:
    """Values for the options that are left open."""
    wanted: dict[str, Any] = {
        "batch_size": 32,
        "layers": 1,
        "bag_width": 0 if facts.labels <= FEW_LABELS else FEW_LABELS,
        **(SMALL if facts.tokens < FEW_TOKENS else LARGE),
        "label_smoothing": SMOOTHING if facts.labels > 2 and not facts.several else 0.0,
        **(TRANSFER if facts.transferred else {}),
    }
    seen = (facts.seconds or 0.0) * TOKENS_PER_SECOND
    has_time = not facts.seconds or seen / SPELLING_COST >= SPELLING_EPOCHS * facts.tokens
    wanted["spelling"] = facts.syllables > MOSTLY and not facts.transferred and has_time
    seen /= SPELLING_COST if given.get("spelling", wanted["spelling"]) else 1
    wanted["members"] = _members(seen / facts.tokens) if facts.seconds and not facts.transferred else 1
    values = {name: value for name, value in wanted.items() if name not in given}
    seen /= given.get("members", wanted["members"])
    most = max(FEWEST_EPOCHS, MEETINGS * facts.labels // facts.texts) if facts.seconds else None
    epochs = min(seen / facts.tokens, most or math.inf) if facts.seconds else facts.epochs or 1
    rows = given.get("batch_size", wanted["batch_size"])
    steps = max(1, int(epochs * facts.texts / rows))
    told = ", ".join(f"{name} {value}" for name, value in values.items())
    return Choice(values, f"chosen for about {epochs:.0f} epochs: {told}", steps, DEV_TOKENS, most)


def _members(epochs: float) -> int:
    """How many stacks a time pays for in which one would read the text so often."""
    return max(1, min(MOST_MEMBERS, int(epochs / MEMBER_EPOCHS)))
