"""What a user is told while training: how far, how fast, how good. A value, passed to a callback."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where a training run is.

    Args:
        fraction: share of the run that is done, 0 to 1. loss: nats a token since the last evaluation. scores: figures
            of an evaluation that has just ended, else None.
    """

    fraction: float
    seconds_left: float
    tokens_per_second: float
    step: int
    epoch: int
    loss: float
    scores: dict[str, float] | None = None
