"""Laws of every kind of model, for a sample of the configurations; `tests/slow` tries them all."""

from pathlib import Path

import pytest

from laws import LAWS, Case, name_of, sample


@pytest.mark.parametrize("case", sample(6), ids=name_of)
@pytest.mark.parametrize("law", LAWS)
def test_a_law_holds(law: str, case: Case, tmp_path: Path) -> None:
    LAWS[law](case, tmp_path)
