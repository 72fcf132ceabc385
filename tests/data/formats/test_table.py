"""Tables: against Python's csv module on what it writes, and every way in which a row can be wrong."""

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.examples import Example
from elman.data.formats import table
from elman.data.formats.table import Table
from elman.data.sources import Source
from elman.errors import InputError

CSV = Table(",", quoted=True)
TSV = Table("\t", quoted=False)


def examples(path: Path, text: str, form: Table, column: str | None = None) -> list[Example]:
    path.write_bytes(text.encode())
    return list(table.read(Source(str(path)), column, table=form))


def test_rows_are_examples_with_the_line_where_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    found = examples(path, 'id,text\r\n1,"a, ""b""\r\nc"\r\n\r\n2,d e\r\n', CSV)
    assert found == [
        Example('a, "b"\nc', str(path), 2, row={"id": "1", "text": 'a, "b"\nc'}),
        Example("d e", str(path), 5, row={"id": "2", "text": "d e"}),
    ]


def test_quotes_inside_an_unquoted_cell_are_plain(tmp_path: Path) -> None:
    assert [e.text for e in examples(tmp_path / "a.csv", 'text,n\n5" pipe "x",1\n', CSV)] == ['5" pipe "x"']


def test_quotes_in_tsv_are_plain(tmp_path: Path) -> None:
    assert [e.text for e in examples(tmp_path / "a.tsv", 'id\ttext\n1\t"a\n2\tb"\n', TSV)] == ['"a', 'b"']


def test_columns_without_names_are_chosen_by_number(tmp_path: Path) -> None:
    form = Table("\t", quoted=False, header=False)
    found = examples(tmp_path / "a.tsv", "ham\thello\nspam\tbuy\n", form, "1")
    assert [(e.text, e.line) for e in found] == [("hello", 1), ("buy", 2)]
    assert found[0].row == {0: "ham", 1: "hello"}


def test_a_sole_column_needs_no_name(tmp_path: Path) -> None:
    assert [e.text for e in examples(tmp_path / "a.csv", "whatever\nx\ny\n", CSV)] == ["x", "y"]


def test_a_table_of_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert examples(tmp_path / "a.csv", "text,label\n", CSV) == []


def test_a_row_of_blank_cells_is_a_row_and_a_blank_line_is_none(tmp_path: Path) -> None:
    found = examples(tmp_path / "a.tsv", "\t\nid\ttext\n\t\n \n\t\t\t\n\n1\tx\n", TSV)
    assert [(e.line, e.row) for e in found] == [(3, {"id": "", "text": ""}), (7, {"id": "1", "text": "x"})]


CELLS = st.text(st.sampled_from('ab"",;\n \r한\t'), max_size=6)


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1), delimiter=st.sampled_from(",;\t"))
def test_what_the_csv_module_writes_is_read(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([["x", "text"], *rows])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(file.getvalue().encode())))
        found = list(table.read(Source("-"), None, table=Table(delimiter, quoted=True)))
    expected = [[cell.replace("\r\n", "\n") for cell in row] for row in rows]
    assert [list((example.row or {}).values()) for example in found] == expected


@given(rows=st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1))
def test_what_is_written_is_read_by_the_csv_module(rows: list[list[str]]) -> None:
    lines = [
        table.write(Example("", "a", 1, row=dict(enumerate(row))), {"p": 0.5, "list": ["a", '"']}, table=CSV)
        for row in rows
    ]
    found = list(csv.reader(io.StringIO("".join(lines), newline=""), strict=True))
    assert found == [[*row, "0.5", '["a", "\\""]'] for row in rows]


def test_tsv_is_written_without_quotes() -> None:
    line = table.write(Example("", "a", 1, row={"a": 'x "y"'}), {"symbols": ["a\t", "\n"]}, table=TSV)
    assert line == 'x "y"\t["a\\t", "\\n"]\n'


@pytest.mark.parametrize("cell", ["a\tb", "a\nb", "\r"])
def test_what_would_break_a_row_without_quotes_is_refused(cell: str) -> None:
    with pytest.raises(InputError, match=r"^a:7: .* cannot stand in a cell without quotes; give the texts as CSV or"):
        table.write(Example("", "a", 7, row={"a": "x"}), {"label": cell}, table=TSV)
    assert table.write(Example("", "a", 7, row={"a": "x"}), {"label": cell}, table=CSV).startswith("x,")


@pytest.mark.parametrize(
    ("kind", "delimiter", "form"),
    [
        ("csv", None, CSV), ("tsv", None, TSV), ("csv", ";", Table(";", quoted=True)),
        ("tsv", "|", Table("|", quoted=False)), ("csv", "\\t", Table("\t", quoted=True)),
    ],
)  # fmt: skip
def test_a_format_and_a_delimiter_tell_how_rows_are_written(kind: str, delimiter: str | None, form: Table) -> None:
    assert table.form_of(kind, delimiter, header=True) == form
    assert not table.form_of(kind, delimiter, header=False).header


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "text,b\na,b\nc\n",
            ":3: 1 cells where the first row has 2; rows are separated at ','; --delimiter changes it",
        ),
        ("text,b\na,b,c\n", ":2: 3 cells where the first row has 2; rows are"),
        ("a,b\nx,y\n", ":1: it is not known which column holds the text; give --text-column; columns are a, b"),
        ("a,text,a\n1,2,3\n", ":1: two columns are called 'a'; name them apart, or --no-header"),
        ('text,b\na,b\n\nx,"c\nd\n', ":4: a quote that opens in this row is not closed; close it; quotes are plain"),
        ('text,b\n"a"b,c\n', ":2: a quoted cell goes on behind its quote ('\"b,c'); write a quote inside quotes twice"),
        ('text\n"\n', ":2: a quote that opens in this row is not closed"),
    ],
)
def test_a_wrong_table_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.csv"
    with pytest.raises(InputError) as caught:
        examples(path, text, CSV)
    assert str(caught.value).startswith(str(path) + message)


def test_a_column_number_that_is_not_there_is_refused(tmp_path: Path) -> None:
    form = Table(",", quoted=True, header=False)
    for column in ("2", "text", "-1"):
        with pytest.raises(InputError, match=f"there is no column '{column}'; (known are 0, 1|did you mean 1)"):
            examples(tmp_path / "a.csv", "a,b\n", form, column)


def test_a_quote_that_nobody_closes_does_not_swallow_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "LONGEST_RECORD", 1000)
    read: list[int] = []

    class Counted(Source):
        def lines(self) -> Iterator[str]:
            for number, line in enumerate(super().lines()):
                read.append(number)
                yield line

    path = tmp_path / "a.csv"
    path.write_text('text\n"open\n' + "x" * 99 + "\n" + ("y" * 99 + "\n") * 1000, encoding="utf-8")
    with pytest.raises(InputError, match=":2: a quote that opens in this row is not closed"):
        list(table.read(Counted(str(path)), None, table=CSV))
    assert len(read) < 20


def test_many_lines_in_one_cell_are_read_in_linear_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    body = 'x ""y""\n' * 100_000
    found = examples(path, f'text\n"{body}"\n', CSV)
    assert found[0].text == body.replace('""', '"')
