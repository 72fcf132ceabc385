"""When an exported model is refused, and what is told of it."""

import numpy as np
import pytest

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
