"""When an exported model is refused, and what is told of it."""

import numpy as np
import pytest
from scipy.stats import entropy

from elman.errors import ElmanError
from elman.models.exporting.checking import Comparison


def compared(*, apart: float = 0.0, equal: int = 1000) -> Comparison:
    found = Comparison()
    found.add(np.array([1.0, 2.0], dtype=np.float32), np.array([1.0, 2.0 + 2 * apart], dtype=np.float32))
    found.answer([1] * 1000, [1] * equal + [2] * (1000 - equal))
    return found


def test_scores_in_fp32_may_be_a_little_apart() -> None:
    compared(apart=9e-6).hold(int8=False, where="m", is_real=True)
    with pytest.raises(ElmanError, match=r"the exported model is 2\.0e-05 away from the trained one"):
        compared(apart=2e-5).hold(int8=False, where="m", is_real=True)


def test_answers_in_int8_are_nearly_all_the_same() -> None:
    compared(apart=0.1, equal=995).hold(int8=True, where="m", is_real=True)
    with pytest.raises(ElmanError, match=r"only 99\.40% of 1,000 answers .* export without --int8$"):
        compared(equal=994).hold(int8=True, where="m", is_real=True)
    with pytest.raises(ElmanError, match=r"export without --int8, or name files on whose rows to compare$"):
        compared(equal=994).hold(int8=True, where="m", is_real=False)
    with pytest.raises(ElmanError, match="answers are those of the trained model"):
        compared(apart=float("nan")).hold(int8=True, where="m", is_real=True)


def foretold(*, symbols: int = 50, apart: float = 0.0) -> tuple[Comparison, float]:
    """Distributions of logits that are so far apart, and the mean divergence by scipy."""
    generator, found, wanted = np.random.default_rng(0), Comparison(foretells=True), []
    for _ in range(20):
        logits = generator.normal(size=(2, symbols))
        logits[1] = logits[0] + apart * logits[1]
        logs = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).astype(np.float32)
        found.foretell(*logs)
        wanted.append(entropy(*np.exp(logs.astype(np.float64))))
    return found, float(np.mean(wanted))


def test_a_distribution_may_lose_some_nats_in_int8() -> None:
    near, nats = foretold(apart=0.1)
    assert near.to_json()["nats_lost"] == pytest.approx(nats, rel=1e-4)
    assert 0.001 < nats < 0.01 and near.to_json()["equal"] < 0.995
    near.hold(int8=True, where="m", is_real=True)
    far, nats = foretold(apart=0.3)
    assert nats > 0.01
    with pytest.raises(ElmanError, match=rf"in int8 {nats:.2g} nats are lost a symbol, allowed are 0\.01: nothing "
                                         r"was written; export without --int8$"):  # fmt: skip
        far.hold(int8=True, where="m", is_real=True)
    far.hold(int8=False, where="m", is_real=True)  # of fp32 the scores tell


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_distribution_that_is_none_is_refused_in_int8(value: float) -> None:
    found, _ = foretold()
    assert found.to_json()["nats_lost"] == 0.0
    found.foretell(np.log(np.array([0.5, 0.5], dtype=np.float32)), np.array([value, 0.0], dtype=np.float32))
    with pytest.raises(ElmanError, match="nats are lost"):
        found.hold(int8=True, where="m", is_real=True)


def test_a_model_that_foretells_is_refused_in_int8_where_nothing_was_compared() -> None:
    found = Comparison(foretells=True)
    assert found.to_json()["nats_lost"] == 0.0
    with pytest.raises(ElmanError, match="of 0 answers"):
        found.hold(int8=True, where="m", is_real=True)
