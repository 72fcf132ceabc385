"""The front of labelled texts: the same texts and labels in every format, faults with their place, labels written."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as parquet_file

from elman.data.config import LabelledReadConfig
from elman.data.texts import LabelledText, format_of, header_alone, label_writer, read_labelled
from elman.errors import ElmanError, InputError, OptionError

CONFIG = LabelledReadConfig()
MULTI = LabelledReadConfig(multi_label=True)
NO_HEADER = LabelledReadConfig(header=False, text_column="1", label_column="0")
CONTENTS = {
    "a.csv": "text,label\none two,x\nthree,y\n",
    "b.tsv": "label\ttext\nx\tone two\ny\tthree\n",
    "c.jsonl": '{"text": "one two", "label": "x"}\n{"text": "three", "label": "y"}\n',
    "d.ft": "__label__x one two\n__label__y three\n",
    "f/x/1.txt": "one two",
    "f/y/2.txt": "three\n",
}


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    """A file of every format that has labels."""
    for name, content in CONTENTS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
        if "/" not in name:
            (tmp_path / f"{name}.GZ").write_bytes(gzip.compress(content.encode()))
    table = pyarrow.table({"text": ["one two", "three"], "label": ["x", "y"]})
    parquet_file.write_table(table, tmp_path / "e.parquet")
    return sorted(tmp_path.iterdir())


def pairs(path: Path, content: str | bytes, config: LabelledReadConfig = CONFIG) -> list[tuple[str, tuple[str, ...]]]:
    """The texts and labels of a file with the given content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(one.text, one.labels) for one in read_labelled([path], config, labelled=True)]


def written(paths: Sequence[Path], config: LabelledReadConfig, **added: Any) -> str:
    """The files with the same values added to every text."""
    with label_writer(paths, config, added=list(added)) as lay:
        return "".join(lay(one, list(added.values())) for one in read_labelled(paths, config, labelled=False))


def test_every_format_gives_the_same_texts_and_labels(paths: list[Path]) -> None:
    assert len(paths) == 10
    for path in paths:
        found = list(read_labelled([path], CONFIG, labelled=True))
        assert [(one.text, one.labels) for one in found] == [("one two", ("x",)), ("three", ("y",))], path
        assert all(one.path.startswith(str(path)) for one in found)
        assert [one.text for one in read_labelled([path], CONFIG, labelled=False)] == ["one two", "three"]
        assert {one.labels for one in read_labelled([path], CONFIG, labelled=False)} == {()}


def test_a_text_keeps_its_place_and_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid,review,class\r\n1,"a, ""b""\r\nc", good \r\n\r\n2,,2\r\n')
    assert list(read_labelled([path], CONFIG, labelled=True)) == [
        LabelledText('a, "b"\nc', ("good",), str(path), 2, row={"id": "1", "review": 'a, "b"\nc', "class": " good "}),
        LabelledText("", ("2",), str(path), 5, row={"id": "2", "review": "", "class": "2"}),
    ]


def test_a_quote_in_tsv_swallows_nothing(tmp_path: Path) -> None:
    content = 'ham\t"hello\r\nspam\tbuy"\r\nham\t\r\n'
    assert pairs(tmp_path / "a.tsv", content, NO_HEADER) == [('"hello', ("ham",)), ('buy"', ("spam",)), ("", ("ham",))]


def test_of_two_columns_without_names_that_beside_the_text_holds_the_labels(tmp_path: Path) -> None:
    config = LabelledReadConfig(header=False, text_column="1")
    assert pairs(tmp_path / "a.tsv", "ham\thello\n", config) == [("hello", ("ham",))]


def test_options_of_reading_are_heeded(tmp_path: Path) -> None:
    config = LabelledReadConfig(format="csv", encoding="cp949", text_column="b", label_column="c", delimiter=";")
    content = "b;c;text;label\n하나;x;two;y\n".encode("cp949")
    assert pairs(tmp_path / "a.what", content, config) == [("하나", ("x",))]


@pytest.mark.parametrize(
    ("value", "label"),
    [("1", "1"), ("1.5", "1.5"), ("true", "true"), ("false", "false"), ('" Très bien. "', "Très bien."), ("-0", "0")],
)
def test_labels_of_json_may_be_numbers_and_words_and_sentences(tmp_path: Path, value: str, label: str) -> None:
    assert pairs(tmp_path / "a.jsonl", f'{{"text": "x", "label": {value}}}\n') == [("x", (label,))]


@pytest.mark.parametrize(
    ("values", "labels"),
    [([1, 0], ["1", "0"]), ([True, False], ["true", "false"]), (["a b", " c"], ["a b", "c"]),
     ([0.5, 1.0], ["0.5", "1.0"])],
)  # fmt: skip
def test_labels_of_parquet_may_be_numbers_and_words(tmp_path: Path, values: list[Any], labels: list[str]) -> None:
    parquet_file.write_table(pyarrow.table({"text": ["x", "y"], "n": values}), tmp_path / "a.parquet")
    found = read_labelled([tmp_path / "a.parquet"], CONFIG, labelled=True)
    assert [one.labels for one in found] == [(label,) for label in labels]


def test_a_text_may_have_several_labels_or_none(tmp_path: Path) -> None:
    expected = [("x", ("a", "b c")), ("y", ("a",)), ("z", ())]
    assert pairs(tmp_path / "a.csv", "text,label\nx,a| b c|a\ny,a\nz,\n", MULTI) == expected
    assert pairs(tmp_path / "a.tsv", "text\tlabel\nx\ta|b c\ny\ta\nz\t \n", MULTI) == expected
    content = '{"text": "x", "labels": ["a", "b c"]}\n{"text": "y", "labels": "a"}\n{"text": "z", "labels": '
    for none in ("[]", "null", '""'):
        assert pairs(tmp_path / "a.jsonl", content + none + "}\n", MULTI) == expected
    content = "__label__a __label__b-c x\ny __label__a\n\nz\n"
    assert pairs(tmp_path / "a.ft", content, MULTI) == [("x", ("a", "b-c")), ("y", ("a",)), ("z", ())]
    table = pyarrow.table({"text": ["x", "y", "z"], "label": [["a", "b c"], ["a"], None]})
    parquet_file.write_table(table, tmp_path / "a.parquet")
    found = read_labelled([tmp_path / "a.parquet"], MULTI, labelled=True)
    assert [(one.text, one.labels) for one in found] == expected


def test_one_label_may_have_a_separator_in_it(tmp_path: Path) -> None:
    assert pairs(tmp_path / "a.csv", "text,label\nx,a|b\n") == [("x", ("a|b",))]


def test_every_line_is_a_text_where_no_labels_are_read(tmp_path: Path) -> None:
    for name, content in (("a.txt", "one\n\n two"), ("a.ft", "__label__x one\n\n__label__y  two")):
        (tmp_path / name).write_text(content, encoding="utf-8")
        found = list(read_labelled([tmp_path / name], CONFIG, labelled=False))
        assert [(one.text.strip(), one.line) for one in found] == [("one", 1), ("", 2), ("two", 3)]


def test_files_are_read_as_far_as_they_are_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,label\nx,y\n,\n", encoding="utf-8")
    first = next(read_labelled([tmp_path / "a.csv", tmp_path / "missing.csv"], CONFIG, labelled=True))
    assert first.labels == ("y",)


GOOD_JSON = '{"text": "x", "label": "y"}\n'
GOOD_FT = "__label__y x\n"
WRONG: dict[str, list[tuple[str, str]]] = {
    "csv": [
        ("", ": this file is empty"),
        ("text,label\n", ": there is no text in this file; give texts with labels"),
        ("text,label\nx,y\nx,\n", ":3: this text has no label; write one, or leave the text out; with --multi"),
        ("text,label\nx,y\n\nx, \n", ":4: this text has no label"),
        ("text,label\nx\n", ":2: 1 cells where the first row has 2"),
        ("text,label\nx,y,z\n", ":2: 3 cells where the first row has 2"),
        ('text,label\n"x,y\n', ":2: a quote that opens in this row is not closed"),
        ('text,label\n"x"x,y\n', ":2: a quoted cell goes on behind its quote"),
        ("a,b\nx,y\n", ":1: it is not known which column holds the text; give --text-column; columns are a, b"),
        ("text,a,b\nx,y,z\n", ": it is not known which column holds the labels; give --label-column; columns are text"),
        ("text,class,target\nx,y,z\n", ": it is not known which column holds the labels"),
        ("text\nx\n", ": it is not known which column holds the labels"),
        ("text,label,label\nx,y,z\n", ":1: two columns are called 'label'; name them apart, or --no-header"),
        ("text,label\nx,y\nx\x00,y\n", ":3: there is a NUL"),
    ],
    "tsv": [
        ("", ": this file is empty"),
        ("text\tlabel\n\n", ": there is no text in this file"),
        ("text\tlabel\n\t\n", ":2: this text has no label"),
        ("text\tlabel\nx\ty\tz\n", ":2: 3 cells where the first row has 2; rows are separated at '\\t'"),
        ("text\tlabel\nx y\n", ":2: 1 cells where the first row has 2"),
        ("text,label\nx,y\n", ": it is not known which column holds the labels"),
        ("0\tsome words\n", ":1: it is not known which column holds the text; give --text-column; columns are 0, some"),
        ("text\ttext\nx\ty\n", ":1: two columns are called 'text'"),
        ("review\tmessage\tlabel\na\tb\tc\n", ":1: it is not known which column holds the text"),
    ],
    "jsonl": [
        ("", ": this file is empty"),
        ("\n \n", ": there is no text in this file"),
        (GOOD_JSON + '{"text": "x"}\n', ":2: there is no column 'label'; known are text"),
        (GOOD_JSON + '{"text": "x", "lable": "y"}\n', ":2: there is no column 'label'; did you mean lable?"),
        (GOOD_JSON + '{"label": "y"}\n', ":2: there is no column 'text'"),
        (GOOD_JSON + '{"text": "x", "label": null}\n', ":2: this text has no label"),
        (GOOD_JSON + '{"text": "x", "label": " "}\n', ":2: this text has no label"),
        (GOOD_JSON + '{"text": "x", "label": ["y"]}\n', ":2: 'label' holds a list of labels; give --multi-label, or"),
        (GOOD_JSON + '{"text": "x", "label": {}}\n', ":2: 'label' is an object, where a label is wanted; write a text"),
        (GOOD_JSON + '{"text": "x", "label": 1e400}\n', ":2: 'label' is not a finite number, where a label is wanted"),
        (GOOD_JSON + '{"text": "x", "label": "\\ud800"}\n', ":2: 'label' has a NUL or half of a surrogate pair in it"),
        (GOOD_JSON + '{"text": 1, "label": "y"}\n', ":2: 'text' is not a text but a number"),
        (GOOD_JSON + "x\ty\n", ":2:1: this is not JSON"),
        ('{"text": "x", "a": 1, "b": 2}\n', ":1: it is not known which column holds the labels; give --label-column"),
    ],
    "ft": [
        ("", ": this file is empty"),
        ("\n\n", ": there is no text in this file"),
        (GOOD_FT + "one\n", ":2: this text has no label; write __label__ and its name before the text; with --multi"),
        (GOOD_FT + "x__label__y x\n", ":2: this text has no label"),
        (GOOD_FT + "__label__a __label__b x\n", ":2: this text has 2 labels; leave one, or give --multi-label"),
        (GOOD_FT + "__label__a x __label__b\n", ":2: this text has 2 labels"),
        (GOOD_FT + "__label__ a x\n", ":2: one of the labels is empty; give it a name, or leave it out"),
        (GOOD_FT + "__label__\n", ":2: one of the labels is empty"),
        (GOOD_FT + "\n__label__y \x00\n", ":3: there is a NUL: this is a binary file"),
        ("text\tlabel\nx\ty\n", ":1: this text has no label"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("suffix", "content", "message"), [(suffix, *case) for suffix, cases in WRONG.items() for case in cases]
)
def test_a_wrong_file_is_told_with_its_place(tmp_path: Path, suffix: str, content: str, message: str) -> None:
    path = tmp_path / f"a.{suffix}"
    with pytest.raises(InputError) as caught:
        pairs(path, content)
    assert str(caught.value).startswith(str(path) + message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "text,label\nx,a||b\n", ":2: one of the labels is empty"),
        ("a.jsonl", '{"text": "x", "label": ["a", ""]}\n', ":1: one of the labels is empty"),
        ("a.jsonl", '{"text": "x", "label": ["a", ["b"]]}\n', ":1: an item of 'label' is a list, where a label is"),
        ("a.jsonl", '{"text": "x", "label": [null]}\n', ":1: an item of 'label' is null, where a label is wanted"),
        ("a.jsonl", '{"text": "x", "label": ["a\\u0000"]}\n', ":1: an item of 'label' has a NUL or half of"),
        ("a.ft", "__label__ x\n", ":1: one of the labels is empty"),
    ],
)
def test_several_labels_that_are_wrong(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        pairs(tmp_path / name, content, MULTI)
    assert str(caught.value).startswith(str(tmp_path / name) + message)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"text": ["x", "y"], "label": ["a", None]}, ": row 2: this text has no label"),
        ({"text": ["x", "y"], "label": [1.0, None]}, ": row 2: this text has no label"),
        ({"text": ["x", "y"], "label": [1.0, float("nan")]}, ": row 2: 'label' is not a finite number"),
        ({"text": ["x", "y"], "label": ["a", " "]}, ": row 2: this text has no label"),
        ({"text": ["x", None], "label": ["a", "b"]}, ": row 2: 'text' is null"),
        ({"text": ["x"], "label": [["a"]]}, ": row 1: 'label' holds a list of labels; give --multi-label"),
        ({"text": ["x"], "label": [b"a"]}, ": row 1: 'label' is of type bytes, where a label is wanted"),
        ({"text": ["x"], "label": [{"a": 1}]}, ": row 1: 'label' is an object"),
        ({"text": ["x"]}, ": it is not known which column holds the labels; give --label-column; columns are text"),
        ({"text": [1], "label": ["a"]}, ": the column 'text' holds int64, not text"),
        ({"text": pyarrow.array([], pyarrow.string())}, ": there is no text in this file"),
    ],
)
def test_a_wrong_parquet_file_is_told_with_its_row(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    path = tmp_path / "a.parquet"
    parquet_file.write_table(pyarrow.table(columns), path)
    with pytest.raises(InputError) as caught:
        list(read_labelled([path], CONFIG, labelled=True))
    assert str(caught.value).startswith(str(path) + message)


def refusal(path: Path | str, config: LabelledReadConfig = CONFIG) -> str:
    with pytest.raises(ElmanError) as caught:
        list(read_labelled([path], config, labelled=True))
    return str(caught.value).removeprefix(str(path))


def test_paths_that_are_not_what_they_should_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("x\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("text,n\nx,y\n", encoding="utf-8")
    named = LabelledReadConfig
    assert refusal(tmp_path / "a.txt").startswith(": plain text has no labels; give a table, JSON lines, ")
    assert (
        refusal("-") == ": plain text has no labels; give a table, JSON lines, __label__ lines (--format ft) or folders"
    )
    assert refusal(tmp_path / "a.x") == ": the suffix is none of .txt, .jsonl, .csv, .tsv, .parquet, .ft; give --format"
    assert refusal(tmp_path / "a.parquet.gz").startswith(": the suffix is none of")
    assert refusal(tmp_path / "b.csv") == ": there is no such file"
    assert refusal(tmp_path, named(format="csv")) == ": this is a folder; name the files in it"
    assert refusal(tmp_path).startswith(": there is no sub-folder with .txt files in this folder")
    assert refusal(tmp_path / "a.csv", named(format="folder")).startswith(": this is not a folder; name a folder, or")
    assert refusal(tmp_path / "a.csv", named(label_column="m")) == ": there is no column 'm'; known are text, n"
    assert refusal(tmp_path / "a.csv", named(label_column="text")).startswith(": the column 'text' holds the text")
    assert refusal(tmp_path / "a.csv", named(header=False)).startswith(
        ":1: it is not known which column holds the text"
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"__label__a x")))
    assert [one.labels for one in read_labelled(["-"], named(format="ft"), labelled=True)] == [("a",)]


def test_a_folder_name_that_is_no_text_is_no_label(tmp_path: Path) -> None:
    folder = tmp_path / "\udcff"
    folder.mkdir()
    (folder / "1.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="the name of the folder has a NUL or half of a surrogate pair in it"):
        list(read_labelled([tmp_path], CONFIG, labelled=True))


def test_labels_are_added_in_the_format_of_the_file(paths: list[Path], tmp_path: Path) -> None:
    lines = {path.name: written([path], CONFIG, label="z", probability=0.5).splitlines()[:2] for path in paths}
    assert lines["a.csv"] == ["text,label,predicted_label,probability", "one two,x,z,0.5"]
    assert lines["b.tsv.GZ"] == ["label\ttext\tpredicted_label\tprobability", "x\tone two\tz\t0.5"]
    assert json.loads(lines["c.jsonl"][0]) == {
        "text": "one two", "label": "x", "predicted_label": "z", "probability": 0.5,
    }  # fmt: skip
    assert lines["d.ft"][0] == '{"text": "one two", "label": "z", "probability": 0.5}'
    assert lines["e.parquet"][0] == lines["c.jsonl"][0]
    assert json.loads(lines["f"][1]) == {"path": str(tmp_path / "f/y/2.txt"), "label": "z", "probability": 0.5}


def test_labels_alone_stand_in_front_in_lines_of_fasttext(tmp_path: Path) -> None:
    path = tmp_path / "a.ft"
    path.write_text("__label__x one two\n\nthree __label__y", encoding="utf-8")
    assert written([path], CONFIG, label="z") == "__label__z one two\n__label__z \n__label__z three\n"
    assert written([path], MULTI, labels=["a", "b"]).startswith("__label__a __label__b one two\n")
    assert written([path], MULTI, labels=[]) == "one two\n\nthree\n"
    with pytest.raises(InputError, match=":1: the label 'z z' cannot stand in a line of fastText"):
        written([path], CONFIG, label="z z")


def test_plain_text_is_written_as_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("one\n\n", encoding="utf-8")
    assert written([path], CONFIG, label="z").splitlines() == [
        '{"text": "one", "label": "z"}', '{"text": "", "label": "z"}',
    ]  # fmt: skip


def test_several_labels_stand_in_one_cell_of_a_table_and_in_a_list_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text\nx\n", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    added: dict[str, Any] = {"labels": ["a", "b"], "probabilities": [0.9, 0.8]}
    assert written([tmp_path / "a.tsv"], MULTI, **added) == "text\tlabels\tprobabilities\nx\ta|b\t[0.9, 0.8]\n"
    assert json.loads(written([tmp_path / "a.jsonl"], MULTI, **added)) == {"text": "x", **added}
    with pytest.raises(InputError, match=r"a.tsv:2: the label 'a\|b' cannot stand in a cell with others; give the"):
        written([tmp_path / "a.tsv"], MULTI, labels=["a|b"])


def test_labels_that_would_break_a_table_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text("text\nx\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a.tsv:2: .* cannot stand in a cell without quotes"):
        written([tmp_path / "a.tsv"], CONFIG, label="a\tb")


CELLS = st.text(st.sampled_from('ab"",;|\n 한'), max_size=6)
NAMES = st.text(st.sampled_from('ab ,"한1'), min_size=1, max_size=4).map(str.strip).filter(bool)


@settings(max_examples=25)
@given(rows=st.lists(st.tuples(CELLS, NAMES), min_size=1, max_size=5))
def test_labels_written_into_csv_are_read_again(rows: list[tuple[str, str]], tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\r\n", quoting=csv.QUOTE_ALL).writerows(
            [["text", "n"], *[(t, "1") for t, _ in rows]]
        )
    with label_writer([path], CONFIG, added=["label"]) as lay:
        texts = read_labelled([path], CONFIG, labelled=False)
        lines = [lay(text, [label]) for text, (_, label) in zip(texts, rows, strict=True)]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    found = read_labelled([path], CONFIG, labelled=True)
    assert [(one.text, one.labels) for one in found] == [(text, (label,)) for text, label in rows]


def test_several_files_are_written_under_one_header(tmp_path: Path) -> None:
    files = [tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"]
    for path, columns in zip(files, ("text,n", "text,n", "text,m"), strict=True):
        path.write_text(f"{columns}\nx,1\n", encoding="utf-8")
    assert written(files[:2], CONFIG, label="z") == "text,n,label\nx,1,z\nx,1,z\n"
    with pytest.raises(InputError, match=r"c\.csv: other columns than in the file before"):
        written(files, CONFIG, label="z")
    (tmp_path / "d.ft").write_text("x\n", encoding="utf-8")
    with (
        pytest.raises(OptionError, match="the files are of several formats: csv, ft; give them apart"),
        label_writer([files[0], tmp_path / "d.ft"], CONFIG, added=["label"]),
    ):
        pass


def test_the_header_of_a_table_without_rows_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("text\tlabel\n", encoding="utf-8")
    assert header_alone([path], CONFIG, added=["label", "p"]) == "text\tlabel\tpredicted_label\tp\n"
    assert header_alone([path], NO_HEADER, added=["label"]) == ""
    assert header_alone([tmp_path / "a.jsonl"], CONFIG, added=["label"]) == ""
    assert header_alone(["-"], LabelledReadConfig(format="csv"), added=["label"]) == ""


def test_a_suffix_or_the_option_tells_the_format(tmp_path: Path) -> None:
    assert format_of("x.FT.gz", CONFIG) == "ft"
    assert format_of(tmp_path, CONFIG) == format_of(tmp_path, LabelledReadConfig(format="folder")) == "folder"
    assert format_of("x.csv", LabelledReadConfig(format="tsv")) == "tsv"


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.ft", "a.jsonl"])
def test_a_text_of_a_megabyte_is_read_whole(tmp_path: Path, name: str) -> None:
    body = 'ab | __label_ "c" ' * 56_000
    content = {
        "a.csv": 'text,label\n"' + body.replace('"', '""') + 'z",y\n', "a.tsv": f"text\tlabel\n{body}z\ty\n",
        "a.ft": f"__label__y {body}z\n", "a.jsonl": json.dumps({"text": body + "z", "label": "y"}) + "\n",
    }[name]  # fmt: skip
    assert pairs(tmp_path / name, content) == [(body + "z", ("y",))]
