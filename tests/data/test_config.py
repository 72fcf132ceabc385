"""What may separate columns."""

import pytest

from elman.data.config import LabelledReadConfig, ReadConfig
from elman.errors import OptionError


@pytest.mark.parametrize("delimiter", [";", "|", "\t", "\\t", " ", "한"])
def test_any_one_character_may_separate_columns(delimiter: str) -> None:
    assert ReadConfig(delimiter=delimiter).delimiter == LabelledReadConfig(delimiter=delimiter).delimiter == delimiter


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "\n", "\r", "\\n"])
def test_what_cannot_separate_columns_is_refused(delimiter: str) -> None:
    for config in (ReadConfig, LabelledReadConfig):
        with pytest.raises(OptionError, match=r"^--delimiter: .* cannot separate columns; give one character"):
            config(delimiter=delimiter)


def test_formats_of_labelled_texts_are_those_of_texts_and_two_more() -> None:
    for name in ("csv", "tsv", "jsonl", "parquet", "ft", "folder", "text"):
        assert LabelledReadConfig(format=name).format == name
    with pytest.raises(OptionError, match="--format: 'conllu' is not a choice"):
        LabelledReadConfig(format="conllu")
