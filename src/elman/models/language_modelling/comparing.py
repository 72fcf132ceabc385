"""Two language models on the same files: the scores of both, and whether the difference may be chance.

Knows models and the lines that they score. Called by `LanguageModel.evaluate`.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from elman.data.config import ReadConfig
from elman.errors import OptionError
from elman.metrics.paired import paired_bootstrap
from elman.models.language_modelling.judging import judge, score_lines

if TYPE_CHECKING:
    from elman.models.language_model import LanguageModel


def compare(
    model: "LanguageModel", other: "LanguageModel", files: Sequence[Any], *, reading: ReadConfig
) -> dict[str, Any]:
    """What `against` holds in a report: the `metrics` of the other model, and the paired bootstrap over lines.

    `difference` and `interval` are in bits a character, `model` less `other`: below 0 the first is better. Bits a
    character compare models of different symbols too, as long as both know the characters.

    Raises:
        OptionError: the other is no language model, or one reads lines and the other running text.
    """
    if getattr(other, "kind", None) != model.kind:
        raise OptionError(f"this is no {model.kind}", where="--against", mend="give a model of the same kind")
    if other.config.reading.continuous != model.config.reading.continuous:
        raise OptionError(
            "one model reads lines and the other running text, which predict different symbols",
            where="--against", mend="give a model that reads as this one does",
        )  # fmt: skip
    a, b, characters = [], [], []
    for (example, ours), (_, theirs) in zip(
        score_lines(model, files, reading=reading), score_lines(other, files, reading=reading), strict=True
    ):
        if ours or theirs:
            a.append(-sum(item.log_probability for item in ours) / math.log(2))
            b.append(-sum(item.log_probability for item in theirs) / math.log(2))
            characters.append(len(example.text) + (len(example.end) if reading.continuous else 1))
    metrics = judge(other, files, reading=reading, dynamic=False)["metrics"]
    return {"metrics": metrics, **paired_bootstrap(a, b, counts=characters)}
