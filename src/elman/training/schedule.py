"""How far a run has come, and the learning rate there: a plan of steps that can be made again while time passes.

Knows steps, seconds and progress (0 to 1); knows no network and no data. Used by `training.loop`.
"""

import math
from dataclasses import dataclass, field
from typing import Any

REPLANNED_AT = (0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75, 0.85, 0.92, 0.96, 0.98, 0.99)
"""Shares of the budget after which a run measures its speed and plans the rest again."""
DEVIATION = 0.03
"""It does so too when the steps since then have taken longer, or less long, by this share of the budget."""
MOST_JUDGING = 0.4
"""Share of the time left that a plan keeps for evaluations, if that is enough for one."""


@dataclass(frozen=True)
class PlanPoint:
    """From `step` on, where `progress` has been reached, the run ends at step `total`."""

    step: int
    progress: float
    total: int


@dataclass
class Plan:
    """The points of a plan in order; between two of them progress is linear in the steps.

    Example:
        >>> plan = Plan([PlanPoint(0, 0.0, 100)])
        >>> plan.progress(25)
        0.25
        >>> plan.points.append(PlanPoint(50, 0.5, 150))
        >>> plan.progress(100)
        0.75
    """

    points: list[PlanPoint] = field(default_factory=list)

    def progress(self, step: int) -> float:
        """The share of the run that is done before the given step, 0 to 1."""
        point = next(p for p in reversed(self.points) if p.step <= step)
        left = point.total - point.step
        return 1.0 if left <= 0 else min(1.0, point.progress + (1 - point.progress) * (step - point.step) / left)

    @property
    def total(self) -> int:
        """The step at which the run ends, as planned last."""
        return self.points[-1].total

    def to_json(self) -> list[list[Any]]:
        """The points as lists of step, progress and total."""
        return [[point.step, point.progress, point.total] for point in self.points]

    @classmethod
    def from_json(cls, points: list[list[Any]]) -> "Plan":
        """The plan whose `to_json` is given."""
        return cls([PlanPoint(int(step), float(progress), int(total)) for step, progress, total in points])


def learning_rate(progress: float, *, highest: float, warmup: float) -> float:
    """Linear warm-up to the highest rate, then half a cosine down to a thousandth of it.

    Source: the cosine is that of Loshchilov & Hutter 2017 (SGDR), without restarts.
    """
    if progress < warmup:
        return highest * max(progress / warmup, 1e-3)
    wound = (progress - warmup) / max(1 - warmup, 1e-9)
    return highest * max(0.5 * (1 + math.cos(math.pi * wound)), 1e-3)


@dataclass
class Pace:
    """The clock of a run: what has been spent, and how fast steps go, evaluations apart.

    Args:
        budget: seconds for everything. reserve: seconds kept for what comes after the last step. upkeep: share of the
            time that checkpoints take. measured: the steps and their seconds at the last note.
    """

    budget: float
    reserve: float
    step_seconds: float = 0.0
    evaluation_seconds: float = 0.0
    upkeep: float = 0.0
    measured: tuple[int, float] = (0, 0.0)

    def measure(self, step: int, training_seconds: float) -> None:
        """Take note of the training seconds (evaluations not counted) that the steps so far took.

        The speed is that of the steps since the last note, smoothed with the one before.
        """
        steps = step - self.measured[0]
        if steps <= 0:
            return
        latest = (training_seconds - self.measured[1]) / steps
        self.step_seconds = latest if self.step_seconds == 0 else 0.5 * self.step_seconds + 0.5 * latest
        self.measured = (step, training_seconds)

    def is_off(self, step: int, training_seconds: float) -> bool:
        """Has the speed since the last note been so different that the plan does not hold?"""
        expected = (step - self.measured[0]) * self.step_seconds
        return abs(training_seconds - self.measured[1] - expected) > DEVIATION * self.budget

    def total(self, step: int, *, spent: float, evaluations_left: float) -> int:
        """The step at which to end, so that everything fits into the budget; at least the next step.

        Args:
            spent: seconds since the run began, all counted. evaluations_left: those still to come before the end.
        """
        left = (self.budget - self.reserve - spent) * (1 - self.upkeep)
        judging = evaluations_left * self.evaluation_seconds
        # The first evaluation may be slow (kernels are prepared): it is not to end a run whose later ones are not.
        judging = min(judging, max(MOST_JUDGING * left, 1.5 * self.evaluation_seconds))
        return step + max(1, int((left - judging) / max(self.step_seconds, 1e-6)))
