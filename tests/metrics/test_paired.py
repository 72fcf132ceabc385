"""The paired bootstrap against all draws there are, and against what is known of clear and of equal pairs."""

import itertools

import numpy as np
import pytest

from elman.metrics import paired
from elman.metrics.paired import paired_bootstrap


def every_draw(a: list[float], b: list[float], counts: list[float]) -> np.ndarray:
    """The difference in each of the n ** n draws of n items."""
    items = list(zip(a, b, counts, strict=True))
    draws = itertools.product(items, repeat=len(items))
    return np.array([sum(x - y for x, y, _ in draw) / sum(c for _, _, c in draw) for draw in draws])


@pytest.mark.parametrize("counts", [None, [3.0, 1.0, 2.0, 2.0, 4.0]])
def test_interval_and_p_value_are_those_of_all_draws(counts: list[float] | None) -> None:
    a, b = [5.0, 2.0, 4.5, 3.0, 7.0], [4.0, 2.5, 3.0, 2.5, 6.5]
    wanted = every_draw(a, b, counts or [1.0] * 5)
    difference = sum(x - y for x, y in zip(a, b, strict=True)) / sum(counts or [1.0] * 5)
    found = paired_bootstrap(a, b, counts=counts, draws=40_000)
    assert found["difference"] == pytest.approx(difference) and found["items"] == 5
    share = np.mean(np.abs(wanted - difference) >= difference - 1e-12)
    assert found["p_value"] == pytest.approx(share, abs=0.01)
    inside = np.mean((wanted >= found["interval"][0] - 1e-12) & (wanted <= found["interval"][1] + 1e-12))
    assert 0.94 < inside < 0.98  # few values, many ties: no interval holds exactly 0.95


def test_the_interval_of_many_items_is_the_normal_one() -> None:
    d = np.random.default_rng(3).normal(0.1, 1.0, size=900)
    found = paired_bootstrap(d, np.zeros(900))
    middle, half = d.mean(), 1.96 * d.std() / 30  # mean of 900: a thirtieth of the deviation
    assert found["interval"] == pytest.approx([middle - half, middle + half], abs=0.1 * half)


def test_a_model_is_not_better_than_itself_and_better_than_one_that_is_always_worse() -> None:
    scores = np.random.default_rng(1).random(50)
    same = paired_bootstrap(scores, scores)
    assert (same["difference"], same["interval"], same["p_value"]) == (0, [0, 0], 1)
    worse = paired_bootstrap(scores, scores + 1 + 0.1 * np.arange(50), draws=999)
    assert worse["interval"][1] < 0 and worse["p_value"] == 1 / 1000


def test_the_two_sides_are_mirrored_and_the_seed_decides() -> None:
    a, b = np.random.default_rng(2).random((2, 30))
    one, other = paired_bootstrap(a, b), paired_bootstrap(b, a)
    assert one["interval"] == pytest.approx([-edge for edge in reversed(other["interval"])])
    assert one["p_value"] == other["p_value"]
    assert paired_bootstrap(a, b) == one != paired_bootstrap(a, b, seed=2)


def test_many_items_are_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, counts = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0], [0.0] * 6, [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    monkeypatch.setattr(paired, "BLOCKS", 3)
    found = paired_bootstrap(a, b, counts=counts)
    wanted = paired_bootstrap([3.0, 12.0, 48.0], [0.0] * 3, counts=[2.0, 4.0, 6.0])
    assert found == {**wanted, "items": 6}


def test_the_draws_do_not_depend_on_how_many_are_made_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = np.random.default_rng(4).random((2, 10))
    whole = paired_bootstrap(a, b, draws=100)
    monkeypatch.setattr(paired, "AT_A_TIME", 30)
    assert paired_bootstrap(a, b, draws=100) == whole


def test_one_item_has_a_difference_and_no_certainty() -> None:
    found = paired_bootstrap([3.0], [1.0], counts=[4.0])
    assert found == {"difference": 0.5, "interval": None, "p_value": None, "items": 1}


@pytest.mark.parametrize(("a", "b", "counts"), [([1.0], [1.0, 2.0], None), ([], [], None), ([1.0], [1.0], [0.0])])
def test_what_does_not_pair_is_refused(a: list[float], b: list[float], counts: list[float] | None) -> None:
    with pytest.raises(ValueError):
        paired_bootstrap(a, b, counts=counts)
