"""How a network is trained, as a value. Knows no torch; read by `training` and `models`."""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "fp32", "bf16")


@dataclass(frozen=True)
class TrainConfig:
    """Length of a run, optimizer, schedule and the machine it runs on."""

    epochs: int | None = option(None, "passes over the training text", low=1, high=100_000)
    budget: str | None = option(None, "wall-clock time for everything, as 90s, 5m or 1h (5m unless --epochs is given)")
    lr: float = option(8e-3, "highest learning rate of the schedule", low=0, high=1000)
    warmup: float = option(0.05, "share of the run in which the learning rate rises", low=0, high=0.9)
    table_rate: float = option(
        3.0,
        "learning rate of tables, whose rows are met seldom, as a multiple of the others'",
        low=0,
        high=1000,
        automatic=True,
    )
    weight_decay: float = option(0.02, "AdamW's decay of the weight matrices", low=0, high=10)
    clip: float = option(1.0, "largest norm of the gradient; 0 leaves it as it is", low=0, high=1e9)
    averaging: float = option(
        0.02, "half-life of the averaged weights as a share of the run; 0 for none", low=0, high=1
    )
    evaluations: int = option(8, "evaluations on the dev text, spread over the run", low=1, high=10_000)
    patience: int | None = option(
        None,
        "stop after so many evaluations without a better score (off under a budget unless given)",
        low=1,
        high=10_000,
    )
    checkpoint_seconds: float = option(
        60.0,
        "time between two checkpoints, which --resume goes on from; 0 for none but where training is stopped",
        low=0,
        high=1e7,
    )
    seed: int = option(1, "seed of everything that is drawn", low=0, high=2**63 - 1)
    device: str = option("auto", "where to compute", choices=DEVICES)
    precision: str = option(
        "auto", "number format of the products; auto is bf16 where it is native", choices=PRECISIONS
    )

    def __post_init__(self) -> None:
        check(self)
        if self.epochs is not None and self.budget is not None:
            raise OptionError("both --epochs and --budget are given", mend="give one of them")
