"""Calibration errors against a hand count, temperatures against scipy's search, softmax and sigmoid against scipy's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit, log_softmax
from scipy.special import softmax as scipys_softmax

from elman.metrics.calibration import (
    COLDEST,
    HOTTEST,
    CalibrationTally,
    expected_calibration_error,
    fit_sigmoid_temperature,
    fit_temperature,
    sigmoid,
    softmax,
)


def test_the_error_is_that_of_a_hand_count() -> None:
    # Two bins. Up to 0.5: 0.3 wrong and 0.5 right, 1 right where 0.8 are claimed. Above: 1.7 claimed, 1 right.
    confidences, right = np.array([0.3, 0.5, 0.7, 1.0]), np.array([False, True, False, True])
    assert expected_calibration_error(confidences, right, bins=2) == pytest.approx((0.2 + 0.7) / 4)
    # Fifteen bins: each prediction has its own, so that every gap counts.
    assert expected_calibration_error(confidences, right) == pytest.approx((0.3 + 0.5 + 0.7 + 0.0) / 4)


def test_a_confidence_of_zero_is_in_the_first_bin() -> None:
    assert expected_calibration_error(np.array([0.0, 0.5]), np.array([True, False]), bins=2) == pytest.approx(0.5 / 2)


def test_sums_in_parts_are_those_of_the_whole() -> None:
    draw = np.random.default_rng(1)
    confidences, right = draw.random(100), draw.random(100) < 0.5
    tally = CalibrationTally()
    for part in (slice(0, 7), slice(7, 7), slice(7, 100)):
        tally.add(confidences[part], right[part])
    assert tally.error() == pytest.approx(expected_calibration_error(confidences, right))


def test_without_predictions_there_is_no_error() -> None:
    assert CalibrationTally().error() is None
    assert expected_calibration_error(np.zeros(0), np.zeros(0, dtype=bool)) is None


@pytest.mark.parametrize("temperature", [0.05, 1.0, 20.0])
def test_softmax_and_sigmoid_are_scipys_of_the_divided_logits(temperature: float) -> None:
    logits = np.random.default_rng(2).normal(0, 300, (5, 4)).astype(np.float32)
    divided = logits.astype(np.float64) / temperature
    np.testing.assert_allclose(softmax(logits, temperature), scipys_softmax(divided, axis=1), atol=1e-14)
    np.testing.assert_allclose(sigmoid(logits, temperature), expit(divided), rtol=1e-12, atol=1e-300)


def scipys(nats: object) -> float:
    found = minimize_scalar(nats, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-10})
    return float(np.exp(found.x))


def logits_and_labels(seed: int, *, spread: float, noise: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 1, (200, 3))
    return spread * logits, (logits + draw.gumbel(0, noise, logits.shape)).argmax(axis=1)


@given(seed=st.integers(0, 99), spread=st.floats(0.1, 10), noise=st.floats(0.3, 3))
@settings(max_examples=25, deadline=None)
def test_the_temperature_is_the_one_that_scipy_finds(seed: int, spread: float, noise: float) -> None:
    logits, labels = logits_and_labels(seed, spread=spread, noise=noise)
    theirs = scipys(lambda t: -log_softmax(logits / np.exp(t), axis=1)[np.arange(len(labels)), labels].sum())
    assert fit_temperature(logits, labels) == pytest.approx(theirs, rel=1e-4)
    truth = labels[:, None] == np.arange(3)
    theirs = scipys(lambda t: -log_expit(np.where(truth, logits, -logits) / np.exp(t)).sum())
    assert fit_sigmoid_temperature(logits, truth) == pytest.approx(theirs, rel=1e-4)


def test_a_model_that_boasts_is_cooled_to_what_is_true() -> None:
    logits, labels = logits_and_labels(3, spread=7.0, noise=1.0)
    temperature = fit_temperature(logits, labels)
    assert temperature == pytest.approx(7.0, rel=0.2)
    before, after = (softmax(logits, t) for t in (1.0, temperature))
    errors = [expected_calibration_error(p.max(axis=1), p.argmax(axis=1) == labels) for p in (before, after)]
    assert errors[0] is not None
    assert errors[1] is not None
    assert errors[1] < errors[0] / 2


def test_a_temperature_keeps_its_bounds_and_needs_texts() -> None:
    logits = np.array([[0.03, 0.0], [0.0, 0.01]])
    assert fit_temperature(logits, np.array([0, 1])) == pytest.approx(COLDEST, rel=1e-6)
    assert fit_temperature(logits, np.array([1, 0])) == pytest.approx(HOTTEST, rel=1e-6)
    assert fit_temperature(np.zeros((2, 2)), np.array([0, 1])) == pytest.approx(1.0)
    assert fit_temperature(np.zeros((0, 2)), np.zeros(0, dtype=np.int64)) == pytest.approx(1.0)
    assert fit_sigmoid_temperature(np.zeros((0, 2)), np.zeros((0, 2), dtype=bool)) == pytest.approx(1.0)


def test_logits_beyond_every_exponential_do_no_harm() -> None:
    logits = np.array([[900.0, -900.0], [-900.0, 900.0], [900.0, -900.0]])
    labels = np.array([0, 1, 1])
    assert fit_temperature(logits, labels) == pytest.approx(HOTTEST, rel=1e-6)
    assert fit_sigmoid_temperature(logits, labels[:, None] == np.arange(2)) == pytest.approx(HOTTEST, rel=1e-6)
