"""Parquet: tables that pyarrow writes, and files that are not what they should be."""

import sys
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet as writer

from elman.data.examples import Example
from elman.data.formats import parquet
from elman.errors import InputError, OptionError

TEXTS = ["one", "두 줄\n", ""]


@pytest.fixture
def path(tmp_path: Path) -> str:
    table = pyarrow.table({"id": [1, 2, 3], "text": TEXTS, "other": ["x", None, "y"]})
    writer.write_table(table, tmp_path / "a.parquet")
    return str(tmp_path / "a.parquet")


def test_every_row_is_an_example(path: str) -> None:
    assert list(parquet.read(path, None)) == [
        Example("one", path, 1, row={"id": 1, "text": "one", "other": "x"}),
        Example("두 줄\n", path, 2, row={"id": 2, "text": "두 줄\n", "other": None}),
        Example("", path, 3, row={"id": 3, "text": "", "other": "y"}),
    ]


def test_texts_alone_are_read_in_lists(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(parquet.read_texts(path, "text")) == [TEXTS]
    monkeypatch.setattr(parquet, "ROWS", 2)
    assert list(parquet.read_texts(path, "text")) == [TEXTS[:2], TEXTS[2:]]


@pytest.mark.parametrize(
    "kind", [pyarrow.string(), pyarrow.large_string(), pyarrow.dictionary(pyarrow.int8(), pyarrow.string())]
)
def test_every_type_of_text_is_read(tmp_path: Path, kind: pyarrow.DataType) -> None:
    array = pyarrow.array(["a", "b", "a"]).cast(kind)
    writer.write_table(pyarrow.table({"text": array}), tmp_path / "a.parquet")
    assert list(parquet.read_texts(str(tmp_path / "a.parquet"), None)) == [["a", "b", "a"]]


def refusal(path: str, column: str | None = None) -> str:
    found = set()
    for read in (parquet.read, parquet.read_texts):
        with pytest.raises(InputError) as caught:
            list(read(path, column))
        found.add(str(caught.value))
    shortest = min(found, key=len)
    assert all(text.startswith(shortest[: len(path) + 20]) for text in found), "both ways of reading say the same"
    return shortest


def test_columns_and_values_that_are_wrong(path: str) -> None:
    assert refusal(path, "texd") == f"{path}: there is no column 'texd'; did you mean text?"
    assert refusal(path, "id") == f"{path}: the column 'id' holds int64, not text"
    assert refusal(path, "other") == f"{path}: row 2: 'other' is null, not a text"


def test_files_that_are_not_parquet(tmp_path: Path, path: str) -> None:
    wrong = tmp_path / "wrong.parquet"
    whole = Path(path).read_bytes()
    for content in (b"", b"text", whole[:-10], whole[:20] + b"\x00" * 200 + whole[220:]):
        wrong.write_bytes(content)
        assert refusal(str(wrong)).startswith(f"{wrong}: this is not a parquet file that can be read (")
    assert refusal(str(tmp_path / "none.parquet")) == f"{tmp_path / 'none.parquet'}: there is no such file"
    assert refusal(str(tmp_path)).startswith(f"{tmp_path}: ")
    assert refusal("-") == "-: parquet cannot be read from standard input; name a file"


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    wrong = pyarrow.array([b"a\xff"]).view(pyarrow.string())
    writer.write_table(pyarrow.table({"text": wrong}), tmp_path / "a.parquet")
    assert "'utf-8' codec can't decode" in refusal(str(tmp_path / "a.parquet"))


def test_without_pyarrow_the_extra_is_named(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(OptionError) as caught:
        list(parquet.read(path, None))
    assert str(caught.value) == f"{path}: pyarrow is needed to read parquet; pip install 'elman[parquet]'"
