"""The loop on a network of one weight, whose every step can be followed by hand."""

import math
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from elman.errors import TrainingError
from elman.training.config import TrainConfig
from elman.training.loop import Outcome, Trainer
from elman.training.schedule import Plan
from elman.training.task import Event, Limits, Task

State = tuple[Tensor, ...]


class Line(nn.Module):
    """y = w x, to be fitted to y = 3 x."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1, 1))


class Numbers:
    """Ten batches an epoch: the numbers 1 to 10."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []

    def steps(self, epoch: int) -> int:
        return 10

    def told(self, epoch: int, step: int) -> str:
        return f"text {epoch}.{step}"

    def batch(self, epoch: int, step: int) -> float:
        self.asked.append((epoch, step))
        return 1.0 + step


def run(
    config: TrainConfig,
    *,
    evaluate: bool = True,
    budget: float | None = None,
    plan: Plan | None = None,
    watch: Callable[[Event], None] | None = None,
    break_at: tuple[int, float] | None = None,
    first_evaluation: float = 0.0,
    most_epochs: int | None = None,
) -> tuple[Line, Numbers, Outcome]:
    network, source = Line(), Numbers()
    judged: list[float] = []

    def score() -> float:
        if not judged:
            time.sleep(first_evaluation)
        judged.append(abs(float(network.w.detach()) - 3))
        return judged[-1]

    def loss(x: float, state: State | None, generator: torch.Generator) -> tuple[Tensor, int, State]:
        if budget is not None:
            time.sleep(0.002)
        carried = torch.zeros(1) if state is None else state[0] + 1
        nats = ((network.w * x - 3 * x) ** 2).sum() * 2
        if break_at is not None and len(source.asked) == break_at[0]:
            nats = nats * break_at[1]
        return nats, 2, (carried,)

    task = Task(network, source, loss, score if evaluate else None)
    limits = Limits(config.epochs, budget, time.monotonic(), most_epochs=most_epochs)
    return network, source, Trainer(task, config, limits=limits, plan=plan, watch=watch).train()


def test_epochs_go_through_every_batch_in_order() -> None:
    _, source, outcome = run(TrainConfig(epochs=2))
    assert source.asked == [(epoch, step) for epoch in range(2) for step in range(10)]
    assert (outcome.run.step, outcome.run.epoch, outcome.run.place, outcome.run.tokens) == (20, 2, 0, 40)
    assert outcome.stopped is None


def test_the_carried_state_is_that_of_the_step_before() -> None:
    _, _, outcome = run(TrainConfig(epochs=2))
    assert outcome.run.carried is not None
    assert outcome.run.carried[0].item() == 19  # set to 0 by the first of 20 steps, raised by the others


def test_training_fits_the_line() -> None:
    network, _, outcome = run(TrainConfig(epochs=20, lr=0.1))
    assert abs(network.w.item() - 3) < 0.05
    assert outcome.run.best is not None and outcome.run.best < 0.05


def test_the_same_seed_gives_the_same_bits() -> None:
    first, second = run(TrainConfig(epochs=3, lr=0.1))[0], run(TrainConfig(epochs=3, lr=0.1))[0]
    assert torch.equal(first.w, second.w)


def test_evaluations_are_spread_over_the_run_and_one_ends_it() -> None:
    _, _, outcome = run(TrainConfig(epochs=4, evaluations=4))
    assert [record["step"] for record in outcome.run.history] == [10, 20, 30, 40]
    assert all(set(record["dev"]) == {"weights", "averaged"} for record in outcome.run.history)


def test_the_better_of_weights_and_average_is_kept() -> None:
    network, _, outcome = run(TrainConfig(epochs=4, lr=1.0, averaging=0.5, evaluations=1))
    scores = outcome.run.history[-1]["dev"]
    assert scores["weights"] != scores["averaged"]
    assert math.isclose(abs(network.w.item() - 3), min(scores.values()), rel_tol=1e-6)


def test_without_dev_text_the_last_weights_stay() -> None:
    _, _, outcome = run(TrainConfig(epochs=1), evaluate=False)
    assert outcome.run.best is None
    assert [record["dev"] for record in outcome.run.history] == [{}] * 8


def test_patience_ends_a_run_that_gets_no_better() -> None:
    # At a rate of 0 nothing improves: the first evaluation sets the best, the two after it exhaust a patience of 2.
    _, _, outcome = run(TrainConfig(epochs=10, lr=0.0, evaluations=10, patience=2))
    assert outcome.run.step == 30


@pytest.mark.usefixtures("own_time")
def test_a_budget_is_kept_and_its_plan_recorded() -> None:
    begun = time.monotonic()
    _, _, outcome = run(TrainConfig(budget="2s"), budget=2.0)
    spent = time.monotonic() - begun
    assert 1.6 < spent < 2.1
    assert len(outcome.run.plan.points) > 5
    assert outcome.run.plan.points[-1].total == outcome.run.step


@pytest.mark.usefixtures("own_time")
def test_a_recorded_plan_is_followed_to_the_bit() -> None:
    first, _, outcome = run(TrainConfig(budget="1s", lr=0.05), budget=1.0)
    second, _, again = run(TrainConfig(budget="1s", lr=0.05), plan=Plan(list(outcome.run.plan.points)))
    assert torch.equal(first.w, second.w)
    assert again.run.plan == outcome.run.plan


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_at_once_and_names_the_place(value: float) -> None:
    network, _, outcome = run(TrainConfig(epochs=4, evaluations=8), break_at=(14, value))
    assert isinstance(outcome.stopped, TrainingError)
    assert "step 13" in str(outcome.stopped) and "(epoch 1, batch 3: text 1.3)" in str(outcome.stopped)
    assert math.isfinite(network.w.item())
    assert outcome.run.best is not None


def test_watchers_see_progress_and_scores() -> None:
    events: list[Any] = []
    _, _, outcome = run(TrainConfig(epochs=2, evaluations=2), watch=events.append)
    scored = [event for event in events if event.scores is not None]
    assert [event.step for event in scored] == [10, 20]
    assert scored[-1].fraction == 1.0
    assert [event.scores for event in scored] == [record["dev"] for record in outcome.run.history]


def test_a_failure_without_dev_text_keeps_the_last_weights_noted() -> None:
    network, _, outcome = run(TrainConfig(epochs=4, evaluations=8), evaluate=False, break_at=(33, math.nan))
    assert isinstance(outcome.stopped, TrainingError) and outcome.is_good
    assert math.isfinite(network.w.item())


def test_the_epoch_that_is_told_is_that_of_the_last_batch() -> None:
    events: list[Event] = []
    run(TrainConfig(epochs=2, evaluations=4), watch=events.append)
    assert [event.epoch for event in events if event.scores is not None] == [0, 0, 1, 1]


@pytest.mark.usefixtures("own_time")
def test_a_slow_first_evaluation_does_not_end_the_run() -> None:
    begun = time.monotonic()
    _, _, outcome = run(TrainConfig(budget="2s"), budget=2.0, first_evaluation=0.7)
    assert 1.7 < time.monotonic() - begun < 2.2
    assert outcome.run.training_seconds > 0.8
    assert len(outcome.run.history) == TrainConfig().evaluations


@pytest.mark.usefixtures("own_time")
def test_a_budget_that_pays_for_more_ends_with_the_epochs_that_may_be() -> None:
    begun = time.monotonic()
    _, source, outcome = run(TrainConfig(budget="5s"), budget=5.0, most_epochs=3)
    assert source.asked == [(epoch, step) for epoch in range(3) for step in range(10)]
    assert time.monotonic() - begun < 4
    assert outcome.run.plan.progress(30) == 1.0 and outcome.run.plan.total == 30
    rates = [line["learning_rate"] for line in outcome.run.history]
    assert rates[-1] < 0.1 * max(rates), "the schedule is wound down"
    _, source, _ = run(TrainConfig(budget="1s"), budget=1.0, most_epochs=10_000)
    assert 10 < len(source.asked) < 1000
