"""Which column holds the text."""

import pytest

from elman.data.formats.columns import text_column
from elman.errors import InputError


def test_the_named_column_is_taken() -> None:
    assert text_column("b", ["a", "b", "text"], where="x") == "b"


def test_without_a_name_the_only_column_or_the_one_called_text_is_taken() -> None:
    assert text_column(None, ["anything"], where="x") == "anything"
    assert text_column(None, ["a", "text"], where="x") == "text"


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        (None, ["a", "b"], "x: it is not known which column holds the text; give --text-column; columns are a, b"),
        ("documnt", ["id", "document"], "x: there is no column 'documnt'; did you mean document?"),
        ("zzz", ["id", "document"], "x: there is no column 'zzz'; known are id, document"),
        ("a", ["a", "b", "a"], "x: there are 2 columns 'a'; name them apart"),
        (None, [], "x: it is not known which column holds the text; give --text-column; columns are "),
    ],
)
def test_a_column_that_is_not_plain_is_refused(name: str | None, columns: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        text_column(name, columns, where="x")
    assert str(caught.value) == message
