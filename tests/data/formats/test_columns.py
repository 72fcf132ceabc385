"""Which column holds the text, and which the labels."""

import pytest

from elman.data.formats.columns import label_column, text_column
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


@pytest.mark.parametrize("name", ["sentence", "document", "review", "content", "message", "utterance"])
def test_without_a_name_a_usual_one_is_taken_where_it_is_the_only_one(name: str) -> None:
    assert text_column(None, ["id", name], where="x") == name
    assert text_column(None, [name, "text"], where="x") == "text"
    with pytest.raises(InputError, match="which column holds the text; give --text-column; columns are id, "):
        text_column(None, ["id", "review" if name == "message" else "message", name], where="x")


@pytest.mark.parametrize(
    ("columns", "label"),
    [
        (["text", "a", "label", "class"], "label"), (["text", "a", "labels"], "labels"),
        (["id", "category", "text"], "category"), (["text", "class", "n"], "class"),
        (["target", "text", "n"], "target"), (["sentiment", "n", "text"], "sentiment"),
        (["anything", "text"], "anything"), (["text", "0"], "0"),
    ],
)  # fmt: skip
def test_without_a_name_the_usual_or_the_other_column_holds_the_labels(columns: list[str], label: str) -> None:
    assert label_column(None, columns, text="text", where="x") == label


def test_the_column_with_the_text_is_never_that_with_the_labels() -> None:
    assert label_column(None, ["label", "category", "n"], text="label", where="x") == "category"


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        (None, ["text"], "x: it is not known which column holds the labels; give --label-column; columns are text"),
        (None, ["a", "b", "text"], "x: it is not known which column holds the labels; give --label-column; columns"),
        (None, ["class", "target", "text"], "x: it is not known which column holds the labels; give --label-column"),
        ("lable", ["text", "label"], "x: there is no column 'lable'; did you mean label?"),
        ("text", ["text", "label"], "x: the column 'text' holds the text already; give --label-column another"),
        ("a", ["text", "a", "a"], "x: there are 2 columns 'a'; name them apart"),
    ],
)
def test_a_column_of_labels_that_is_not_plain_is_refused(name: str | None, columns: list[str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        label_column(name, columns, text="text", where="x")
    assert str(caught.value).startswith(message)
