"""All options of training a language model: from names and values to the configs of the parts, and back.

Knows the configs; knows no file and no network. Used by `models.fitting`; the command line derives its options from
`TRAINING_CONFIGS`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from elman.data.config import BatchConfig, ReadConfig
from elman.errors import OptionError, nearest
from elman.nn.config import EmbeddingConfig, SoftmaxConfig, StackConfig
from elman.settings import build, names, to_dict
from elman.text.config import TextConfig
from elman.training.config import TrainConfig

TRAINING_CONFIGS = (TrainConfig, TextConfig, ReadConfig, BatchConfig, EmbeddingConfig, StackConfig, SoftmaxConfig)
SHAPE_CONFIGS = (TextConfig, EmbeddingConfig, StackConfig, SoftmaxConfig)
"""What a folder that training starts from decides; dropout alone may differ."""


@dataclass(frozen=True)
class Options:
    """One config of each part."""

    train: TrainConfig
    text: TextConfig
    reading: ReadConfig
    batch: BatchConfig
    embedding: EmbeddingConfig
    stack: StackConfig
    softmax: SoftmaxConfig

    @classmethod
    def build(cls, values: Mapping[str, Any]) -> "Options":
        """The configs from all their fields in one mapping; what is not named keeps its default.

        Raises:
            OptionError: a name is not a field of any of them, or a value is out of range.
        """
        known = names(*TRAINING_CONFIGS)
        for name in values:
            if name not in known:
                raise OptionError(f"unknown option {name!r}", mend=nearest(name, known))
        parts: dict[str, Any] = {}
        for field, kind in zip(fields(cls), TRAINING_CONFIGS, strict=True):
            own = names(kind)
            parts[field.name] = build(kind, {name: value for name, value in values.items() if name in own})
        return cls(**parts)

    def flat(self) -> dict[str, Any]:
        """All fields of all configs in one mapping."""
        return {name: value for field in fields(self) for name, value in to_dict(getattr(self, field.name)).items()}


def seconds_of(budget: str) -> float:
    """A length of time as people write it: `90s`, `5m`, `1.5h`, `1h30m`; a bare number is seconds.

    Raises:
        OptionError: it is not such a length, or not longer than nothing.

    Example:
        >>> seconds_of("1h30m")
        5400.0
    """
    text = budget.strip().lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        seconds = sum(float(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)
    elif re.fullmatch(r"\d+(\.\d+)?", text):
        seconds = float(text)
    else:
        raise OptionError(f"{budget!r} is not a length of time", where="--budget", mend="write it as 90s, 5m or 1h")
    if not 1 <= seconds <= 10_000_000:
        raise OptionError(f"{budget!r} is out of range", where="--budget", mend="give at least one second")
    return seconds
