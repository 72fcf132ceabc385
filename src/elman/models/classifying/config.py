"""What a classifier learns before its labels, what it writes, what it is judged by, as values.

Knows no network; read by `models` and `cli`.
"""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option

THRESHOLD = 0.5


@dataclass(frozen=True)
class TransferConfig:
    """Pretraining on texts without labels, and training on from weights that have learnt something."""

    pretraining_share: float = option(
        0.4, "share of a budget in which the texts themselves are learnt (with --unlabelled)", low=0.01, high=0.9
    )
    pretraining_epochs: int | None = option(
        None, "passes over all texts in pretraining (with --unlabelled and --epochs; as many unless given)",
        low=1, high=100_000,
    )  # fmt: skip
    layer_decay: float = option(
        1.0, "by how much the learning rate falls from a layer to the one below", low=1, high=1000, automatic=True
    )
    thaw: float = option(
        0.0, "share of the run in which the layers begin to learn one by one, the last one first", low=0, high=0.9,
        automatic=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class ClassifierOutput:
    """What is written of the labels of a classifier."""

    top: int | None = option(
        None, "JSON lines of so many of the likeliest labels of each text instead of the file's own format",
        low=1, high=10_000,
    )  # fmt: skip
    threshold: float = option(
        THRESHOLD, "where texts may have several labels: those of at least this probability are given", low=0, high=1
    )
    abstain_below: float | None = option(
        None, "the label of a text stays empty where its probability is below this", low=0, high=1
    )

    def __post_init__(self) -> None:
        check(self)
        if self.top is not None and self.abstain_below is not None:
            raise OptionError("--top and --abstain-below are both given", mend="give one of them")


@dataclass(frozen=True)
class ClassifierEvaluation:
    """What a classifier is judged by beside its score."""

    threshold: float = option(
        THRESHOLD, "where texts may have several labels: those of at least this probability are given", low=0, high=1
    )
    against: str | None = option(None, "another model: both scores, and whether the difference may be chance")

    def __post_init__(self) -> None:
        check(self)
