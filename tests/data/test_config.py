"""What may separate columns."""

import pytest

from elman.data.config import ReadConfig
from elman.errors import OptionError


@pytest.mark.parametrize("delimiter", [";", "|", "\t", "\\t", " ", "한"])
def test_any_one_character_may_separate_columns(delimiter: str) -> None:
    assert ReadConfig(delimiter=delimiter).delimiter == delimiter


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "\r", "\\n"])
def test_what_cannot_separate_columns_is_refused(delimiter: str) -> None:
    with pytest.raises(OptionError, match=r"^--delimiter: .* cannot separate columns; give one character"):
        ReadConfig(delimiter=delimiter)
