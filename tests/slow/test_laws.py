"""Laws of every kind of model, over every cell with one and two layers, in one direction and both, with every head."""

from collections.abc import Callable
from pathlib import Path

import pytest

from laws import PRODUCT, Case, hold, name_of


@pytest.mark.promises(
    "In fp32 an answer depends on its text alone: not on padding, company, order, windows, cuts, streaming, saving "
    "or the run"
)
@pytest.mark.parametrize("case", [case for case in PRODUCT if case[0] != "seq2seq"], ids=name_of)
def test_all_laws_hold(case: Case, tmp_path: Path, counted: Callable[[str, int], None]) -> None:
    counted("laws × configurations", hold(case, tmp_path))
