"""Plans and rates against hand-computed values, and the pace against an imagined clock."""

import math

import pytest

from elman.training.schedule import Pace, Plan, PlanPoint, learning_rate


def test_progress_is_linear_between_the_points_of_a_plan() -> None:
    plan = Plan([PlanPoint(0, 0.0, 100), PlanPoint(40, 0.4, 80)])
    assert [plan.progress(step) for step in (0, 20, 40, 60, 80, 99)] == [0.0, 0.2, 0.4, 0.7, 1.0, 1.0]


def test_a_new_point_does_not_move_the_progress_at_its_step() -> None:
    plan = Plan([PlanPoint(0, 0.0, 10)])
    for step, total in ((3, 50), (20, 30), (25, 26)):
        before = plan.progress(step)
        plan.points.append(PlanPoint(step, before, total))
        assert plan.progress(step) == before
    assert plan.progress(26) == 1.0


def test_a_plan_survives_json() -> None:
    plan = Plan([PlanPoint(0, 0.0, 7), PlanPoint(3, 1 / 3, 9)])
    assert Plan.from_json(plan.to_json()) == plan


@pytest.mark.parametrize(
    ("progress", "share"), [(0.0, 0.001), (0.05, 0.5), (0.1, 1.0), (0.55, 0.5), (1.0, 0.001), (0.325, (2 + 2**0.5) / 4)]
)
def test_the_rate_rises_and_follows_a_cosine_down(progress: float, share: float) -> None:
    assert math.isclose(learning_rate(progress, highest=2.0, warmup=0.1), 2.0 * share, rel_tol=1e-9)


def test_the_pace_ends_a_run_inside_its_budget() -> None:
    # 0.5 s a step; 40 s spent after 50 steps; 3 evaluations of 2 s and 4 s at the end are to come: 50 s are left.
    pace = Pace(budget=100.0, reserve=4.0, evaluation_seconds=2.0)
    pace.measure(50, 25.0)
    assert pace.total(50, spent=40.0, evaluations_left=3) == 150


def test_the_pace_follows_a_machine_that_slows_down() -> None:
    pace = Pace(budget=100.0, reserve=0.0)
    pace.measure(10, 10.0)
    pace.measure(20, 40.0)  # one second a step, then three: smoothed, two
    assert pace.step_seconds == 2.0


def test_a_spent_budget_leaves_one_step() -> None:
    pace = Pace(budget=1.0, reserve=0.0, step_seconds=1.0)
    assert pace.total(7, spent=5.0, evaluations_left=0) == 8


def test_the_pace_notices_that_a_plan_does_not_hold() -> None:
    pace = Pace(budget=100.0, reserve=0.0)
    pace.measure(10, 10.0)  # one second a step; three seconds too long, or too short, are tolerated
    assert not pace.is_off(20, 22.9)
    assert pace.is_off(20, 23.1)
    assert not pace.is_off(20, 17.1)
    assert pace.is_off(20, 16.9)
