"""The labels of a classifier: their order, how often each was met in training, and how sure scores are to be taken.

Knows strings, counts and arrays; knows no file and no network. Used by `models.classifier` and its package.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.text_batches import Targets
from elman.errors import ModelFileError
from elman.metrics.calibration import COLDEST, HOTTEST, Floats, sigmoid, softmax
from elman.text.vocabulary import check_keys, symbols_from_json

MOST_SEEN = 1 << 62


@dataclass(frozen=True)
class TextLabels:
    """Labels by number, in sorted order, behind them those that further training brought.

    Args:
        names: each once. counts: training texts that have each. texts: of training. several: whether a text may have
            any number of labels, else it has one. temperature: what scores are divided by before they are
            probabilities. bag_share: how much of them is the bag's, 0 to 1, the rest is the stack's.
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    texts: int
    several: bool
    temperature: float = 1.0
    bag_share: float = 0.5

    @classmethod
    def train(cls, texts: Sequence[tuple[str, ...]], *, several: bool) -> "TextLabels":
        """Those of the training texts, given the labels of each."""
        return cls((), (), 0, several).extended(texts)

    def extended(self, texts: Sequence[tuple[str, ...]]) -> "TextLabels":
        """The same with the labels of further texts counted, new ones behind the known."""
        met = Counter(chain.from_iterable(texts))
        names = (*self.names, *sorted(set(met) - set(self.names)))
        before = dict(zip(self.names, self.counts, strict=True))
        counts = tuple(before.get(name, 0) + met[name] for name in names)
        return TextLabels(names, counts, self.texts + len(texts), self.several)

    def at(self, temperature: float) -> "TextLabels":
        """The same at another temperature."""
        return replace(self, temperature=temperature)

    def sharing(self, bag_share: float) -> "TextLabels":
        """The same with another share of the bag."""
        return replace(self, bag_share=bag_share)

    def mixed(self, paths: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores (n, K) of those of the stack and, behind them, of the bag, if there is one: (paths, n, K)."""
        if len(paths) == 1:
            return np.asarray(paths[0])
        share = np.float32(self.bag_share)
        return np.asarray((1 - share) * paths[0] + share * paths[1], dtype=np.float32)

    def targets(self, texts: Sequence[tuple[str, ...]]) -> Targets:
        """What a network is to learn of texts, given the labels of each."""
        return self.truth(texts) if self.several else self.places(texts)

    def places(self, texts: Sequence[tuple[str, ...]]) -> NDArray[np.int64]:
        """The number of the one label of each text, (n,)."""
        places = {name: place for place, name in enumerate(self.names)}
        return np.array([places[label] for (label,) in texts], dtype=np.int64)

    def truth(self, texts: Sequence[tuple[str, ...]]) -> NDArray[np.float32]:
        """For each label whether each text has it, 0 or 1, (n, K)."""
        places = {name: place for place, name in enumerate(self.names)}
        truth = np.zeros((len(texts), len(self.names)), dtype=np.float32)
        for row, labels in zip(truth, texts, strict=True):
            row[[places[label] for label in labels]] = 1
        return truth

    def weights(self, *, balanced: bool) -> NDArray[np.float32]:
        """What the loss of a text is multiplied with: by its label, (K,), or where texts may have several labels by
        label, where it lacks it and where it has it, (2, K).

        Balanced: all labels weigh the same in all texts together, and the mean weight of a text is 1.
        """
        counts = np.array(self.counts, dtype=np.float64)
        if not self.several:
            shares = counts.sum() / (len(counts) * np.maximum(counts, 1))
        else:
            both = np.stack([self.texts - counts, counts])
            shares = self.texts / (2 * np.maximum(both, 1))
        return np.asarray(shares if balanced else np.ones_like(shares), dtype=np.float32)

    def probabilities(self, scores: Floats) -> NDArray[np.float64]:
        """Of scores (n, K): by a softmax, or where texts may have several labels by a sigmoid each."""
        return (sigmoid if self.several else softmax)(scores, self.temperature)

    def prior(self) -> NDArray[np.float64]:
        """How likely each label is of a text of which nothing is known, (K,): as often as it was met."""
        counts = np.array(self.counts, dtype=np.float64)
        return counts / max(1, self.texts if self.several else int(counts.sum()))

    def to_json(self) -> dict[str, Any]:
        """All that `from_json` needs."""
        return {
            "labels": list(self.names), "counts": list(self.counts), "texts": self.texts,
            "temperature": self.temperature, "bag_share": self.bag_share,
        }  # fmt: skip

    @classmethod
    def from_json(cls, document: dict[str, Any], *, several: bool, where: str) -> "TextLabels":
        """The labels of a document that may be wrong.

        Raises:
            ModelFileError: keys are missing or unknown, labels are no list of different texts, or a number is not what
                it must be.
        """
        check_keys(document, ("labels", "counts", "texts", "temperature", "bag_share"), where=where)
        names = symbols_from_json(document["labels"], check=lambda name: None if name else "empty", where=where)
        counts, texts, temperature = document["counts"], document["texts"], document["temperature"]
        if not names or not isinstance(counts, list) or len(counts) != len(names):
            raise ModelFileError("there are not as many counts as labels, or none", where=where)
        if not all(type(count) is int and 0 <= count < MOST_SEEN for count in (*counts, texts)):
            raise ModelFileError("a count is not a whole number, or too large", where=where)
        if type(temperature) is not float or not COLDEST * 0.99 <= temperature <= HOTTEST * 1.01:
            raise ModelFileError("the temperature is not a number in its range", where=where)
        share = document["bag_share"]
        if type(share) is not float or not 0 <= share <= 1:
            raise ModelFileError("the share of the bag is not a number from 0 to 1", where=where)
        return cls(tuple(names), tuple(counts), texts, several, temperature, share)


def all_labels(texts: Iterable[tuple[str, ...]]) -> set[str]:
    """Every label of some texts."""
    return set(chain.from_iterable(texts))
