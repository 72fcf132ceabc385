"""Whether probabilities mean what they say: the calibration error, and the temperature that mends it.

Knows numbers as numpy arrays only, no label's name and no model. Used by `metrics.classification`, and by the
classifier in `models`, which fits the temperature on the dev texts.

A temperature divides the logits: above 1 it makes a model less sure of itself, below 1 surer; which label is first
never changes. All is counted in float64.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]

COLDEST, HOTTEST = 0.05, 20.0
"""The range of a fitted temperature. A model that is right on every dev text would otherwise have none: the colder, the
better."""


class CalibrationTally:
    """Sums over predictions, in bins of equal width over the confidence; a bin holds its upper edge, the first also 0.

    Args:
        bins: how many.
    """

    def __init__(self, bins: int = 15) -> None:
        self._bins = bins
        self._counts, self._confidence, self._right = np.zeros(bins), np.zeros(bins), np.zeros(bins)

    def add(self, confidences: Floats, right: NDArray[np.bool_]) -> None:
        """Count predictions: the probability given to each, 0 to 1, and whether it was right; both (n,)."""
        p = np.asarray(confidences, dtype=np.float64)
        places = np.clip(np.ceil(p * self._bins).astype(np.int64) - 1, 0, self._bins - 1)
        self._counts += np.bincount(places, minlength=self._bins)
        self._confidence += np.bincount(places, weights=p, minlength=self._bins)
        self._right += np.bincount(places, weights=right, minlength=self._bins)

    def error(self) -> float | None:
        """The expected calibration error, 0 to 1: sum over bins of |predictions right - sum of confidences| ÷ all
        predictions. None without predictions.

        Source: Guo et al. 2017, equation 3 (15 bins, as there).
        """
        total = self._counts.sum()
        return float(np.abs(self._right - self._confidence).sum() / total) if total else None


def expected_calibration_error(confidences: Floats, right: NDArray[np.bool_], *, bins: int = 15) -> float | None:
    """The error of `CalibrationTally` over these predictions, confidences and right (n,); None without any."""
    tally = CalibrationTally(bins)
    tally.add(confidences, right)
    return tally.error()


def softmax(logits: Floats, temperature: float = 1.0) -> NDArray[np.float64]:
    """exp(logits / temperature), divided by its sum over the last axis; the shape of the logits."""
    shifted = _below_the_top(logits) / temperature
    weights = np.exp(shifted, out=shifted)
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def sigmoid(logits: Floats, temperature: float = 1.0) -> NDArray[np.float64]:
    """1 / (1 + exp(-logits / temperature)), each for itself; the shape of the logits."""
    return np.asarray(np.exp(-np.logaddexp(0.0, np.asarray(logits, dtype=np.float64) / -temperature)))


def fit_temperature(logits: Floats, labels: NDArray[np.int64]) -> float:
    """The temperature by which softmax gives the labels the fewest nats, between 0.05 and 20; 1 without texts.

    Args:
        logits: (n, K). labels: (n,), the place of the gold label.
    """
    z = _below_the_top(logits)  # (n, K)
    chosen = np.take_along_axis(z, labels[:, None], axis=1).sum()

    def slope(beta: float) -> float:
        weights = np.exp(beta * z)  # (n, K)
        return float(((weights * z).sum(axis=1) / weights.sum(axis=1)).sum() - chosen)

    return _temperature(slope)


def fit_sigmoid_temperature(logits: Floats, truth: NDArray[np.bool_]) -> float:
    """The temperature by which independent sigmoids give the truth the fewest nats, as `fit_temperature` for softmax.

    Args:
        logits: (n, K). truth: (n, K), which labels a text has.
    """
    z = np.asarray(logits, dtype=np.float64)
    chosen = z[truth].sum()
    return _temperature(lambda beta: float((sigmoid(beta * z) * z).sum() - chosen))


def _temperature(slope: Callable[[float], float]) -> float:
    """1 / beta where the slope of the nats, as a function of beta, is 0, to 7 digits; the bound where it is 0 nowhere.

    The nats are convex in beta, so that the slope only rises and halving the range (of ln beta) cannot miss.
    """
    low, high = 1 / HOTTEST, 1 / COLDEST
    while high > low * (1 + 1e-7):
        beta = math.sqrt(low * high)
        rise = slope(beta)
        if rise == 0:
            return 1 / beta
        low, high = (low, beta) if rise > 0 else (beta, high)
    return 1 / math.sqrt(low * high)


def _below_the_top(logits: Floats) -> NDArray[np.float64]:
    """The logits less the greatest of the last axis, so that no exponential overflows."""
    z = np.asarray(logits, dtype=np.float64)
    return np.asarray(z - z.max(axis=-1, keepdims=True))
