"""Laws of every kind of model, for a sample of the configurations; `tests/slow` tries them all."""

from pathlib import Path

import pytest

from laws import LAWS, Case, laws_of, name_of, sample

PAIRS = [(law, case) for law in LAWS for case in sample(2) if law in laws_of(case)]


@pytest.mark.parametrize(("law", "case"), PAIRS, ids=[f"{law}-{name_of(case)}" for law, case in PAIRS])
def test_a_law_holds(law: str, case: Case, tmp_path: Path) -> None:
    LAWS[law](case, tmp_path)
