"""Pairs of texts: the same pairs in every format, faults with their place, predictions written."""

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

from elman.data.config import PairBatchConfig, PairReadConfig
from elman.data.pairs import Pair, format_of, header_alone, pair_writer, read_pairs
from elman.errors import ElmanError, InputError, OptionError

CONFIG = PairReadConfig()
NO_HEADER = PairReadConfig(header=False)
CONTENTS = {
    "a.csv": "source,target\none two,eins zwei\n,drei\n",
    "b.tsv": "tgt\tid\tsrc\neins zwei\t1\tone two\ndrei\t2\t\n",
    "c.jsonl": '{"source": "one two", "target": "eins zwei"}\n{"source": "", "target": ["drei"]}\n',
}
PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\0\ufeff"), max_size=8)
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0\ufeff"), max_size=8)


def read(path: Path, content: str | bytes, config: PairReadConfig = CONFIG) -> list[tuple[str, tuple[str, ...]]]:
    """The pairs of a file with the given content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [(pair.source, pair.targets) for pair in read_pairs([path], config, targeted=True)]


def fault(*paths: Path, config: PairReadConfig = CONFIG, targeted: bool = True, targets: Any = ()) -> str:
    """The message of the error that reading gives."""
    with pytest.raises(ElmanError) as caught:
        list(read_pairs(paths, config, targets=targets, targeted=targeted))
    return str(caught.value)


def written(paths: Sequence[Path], config: PairReadConfig = CONFIG, **added: Any) -> str:
    """The files with the same values added to every pair."""
    with pair_writer(paths, config, added=list(added)) as lay:
        return "".join(lay(pair, list(added.values())) for pair in read_pairs(paths, config, targeted=False))


def test_every_format_gives_the_same_pairs(tmp_path: Path) -> None:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / f"{name}.GZ").write_bytes(gzip.compress(content.encode()))
    table = pyarrow.table({"source": ["one two", ""], "target": [["eins zwei"], ["drei"]]})
    parquet_file.write_table(table, tmp_path / "d.parquet")
    paths = sorted(tmp_path.iterdir())
    assert len(paths) == 7
    for path in paths:
        found = list(read_pairs([path], CONFIG, targeted=True))
        assert [(pair.source, pair.targets) for pair in found] == [("one two", ("eins zwei",)), ("", ("drei",))], path
        found = list(read_pairs([path], CONFIG, targeted=False))
        assert [(pair.source, pair.targets) for pair in found] == [("one two", ()), ("", ())]


def test_lines_of_several_files_stand_side_by_side(tmp_path: Path) -> None:
    contents = {
        "a.de": b"\xef\xbb\xbfeins\r\n\r\ndrei\x85", "b.de": gzip.compress(b" vier \n"), "a.en": b"one\ntwo\n\n",
        "b.en": b"four", "c.en": b"1\n2\n3", "d.en": b"4\n",
    }  # fmt: skip
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "b.de").rename(tmp_path / "b.gz")
    a, b, en, four, c, d = (tmp_path / name for name in ("a.de", "b.gz", "a.en", "b.en", "c.en", "d.en"))
    a.write_bytes(a.read_bytes().replace(b"\x85", "\x85".encode()))
    assert list(read_pairs([a, b], CONFIG, targets=[[en, four], [c, d]], targeted=True)) == [
        Pair("eins", ("one", "1"), (), str(a), 1),
        Pair("", ("two", "2"), (), str(a), 2),
        Pair("drei\x85", ("", "3"), (), str(a), 3, end=""),
        Pair(" vier ", ("four", "4"), (), str(b), 1),
    ]


@pytest.mark.parametrize(
    ("sources", "targets", "message"),
    [
        ("a\nb\n", ["x\n"], "2 lines, but 1 in {0}; give every source its target on the same line"),
        ("a\n", ["x\ny\nz"], "1 lines, but 3 in {0}; "),
        ("a\n\n", ["x\n"], "2 lines, but 1 in {0}; "),
        ("a\nb\n", ["x\ny\n", "x\ny\nz\n"], "2 lines, but 3 in {1}; "),
        ("a\nb\nc\n", ["x\n", "x\ny\nz\n"], "3 lines, but 1 in {0}; "),
    ],
)
def test_unequal_numbers_of_lines_are_told_with_both(
    tmp_path: Path, sources: str, targets: list[str], message: str
) -> None:
    (tmp_path / "a.txt").write_text(sources, encoding="utf-8")
    files = [tmp_path / f"{n}.txt" for n in range(len(targets))]
    for path, content in zip(files, targets, strict=True):
        path.write_text(content, encoding="utf-8")
    told = fault(tmp_path / "a.txt", targets=[[path] for path in files])
    assert told.startswith(f"{tmp_path / 'a.txt'}: " + message.format(*files))


def test_files_side_by_side_must_be_as_many_and_plain(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a\n", encoding="utf-8")
    assert fault(path, path, targets=[[path]]) == (
        "2 files of sources, but 1 of their targets; give as many, in the same order"
    )
    assert fault(Path("-"), targets=[["-"]]).startswith("-: standard input can be read only once")
    for config, option in [
        (PairReadConfig(format="csv"), "--format"), (NO_HEADER, "--no-header"),
        (PairReadConfig(delimiter=";"), "--delimiter"),
    ]:  # fmt: skip
        assert fault(path, config=config, targets=[[path]]).startswith(f"{option}: ")
    (tmp_path / "bad.txt").write_bytes(b"a\xff\n")
    assert fault(path, targets=[[tmp_path / "bad.txt"]]) == (
        f"{tmp_path / 'bad.txt'}:1: not valid utf-8 at byte 1; give --encoding, or --errors replace"
    )
    (tmp_path / "empty.txt").touch()
    assert "this file is empty" in fault(path, targets=[[tmp_path / "empty.txt"]])
    assert "there is no such file" in fault(path, targets=[[tmp_path / "none.txt"]])


def test_files_side_by_side_may_have_another_encoding(tmp_path: Path) -> None:
    for name, content in (("a.ko", "하나\n둘\n"), ("a.en", "one\ntwo\n")):
        (tmp_path / name).write_bytes(content.encode("cp949"))
    config = PairReadConfig(encoding="cp949", source_column="held from training")
    found = read_pairs([tmp_path / "a.ko"], config, targets=[[tmp_path / "a.en"]], targeted=True)
    assert [(pair.source, pair.targets) for pair in found] == [("하나", ("one",)), ("둘", ("two",))]


def test_plain_sources_are_read_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("a\n\nb", encoding="utf-8")
    expected = [Pair("a", (), (), str(path), 1), Pair("", (), (), str(path), 2), Pair("b", (), (), str(path), 3, "")]
    assert list(read_pairs([path], CONFIG, targeted=False)) == expected
    mend = "name the file of its targets with --target, or give a table or JSON lines"
    assert fault(path) == f"{path}: plain text has no targets; {mend}"
    assert fault(path, config=NO_HEADER, targeted=False).startswith("--no-header: plain text has no columns")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("é\n".encode())))
    assert [pair.source for pair in read_pairs(["-"], CONFIG, targeted=False)] == ["é"]


def test_standard_input_may_be_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    for config, content in (
        (PairReadConfig(format="csv"), CONTENTS["a.csv"]),
        (PairReadConfig(format="jsonl"), CONTENTS["c.jsonl"]),
    ):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
        assert [pair.targets for pair in read_pairs(["-"], config, targeted=True)] == [("eins zwei",), ("drei",)]


def test_a_pair_keeps_its_place_and_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid,en,de\r\n1,"a, ""b""\r\nc",x\r\n\r\n2,,\r\n')
    config = PairReadConfig(source_column="en", target_column="de")
    assert list(read_pairs([path], config, targeted=True)) == [
        Pair('a, "b"\nc', ("x",), (), str(path), 2, row={"id": "1", "en": 'a, "b"\nc', "de": "x"}),
        Pair("", ("",), (), str(path), 5, row={"id": "2", "en": "", "de": ""}),
    ]


@pytest.mark.parametrize(
    ("header", "given", "expected"),
    [
        ("target,x,source", (None, None), "2 0"), ("tgt,x,src", (None, None), "2 0"), ("a,b", (None, None), "0 1"),
        ("target,a", (None, None), "1 0"), ("a,src", (None, None), "1 0"), ("a,b", ("b", None), "1 0"),
        ("a,b", (None, "a"), "1 0"), ("a,b,c", ("c", "b"), "2 1"), ("a,target,c", ("c", None), "2 1"),
        ("source,b,c", (None, "c"), "0 2"), ("source,target", ("target", None), "1 0"),
        ("src,source,target,x", (None, None), "1 2"),
    ],
)  # fmt: skip
def test_columns_are_found(tmp_path: Path, header: str, given: tuple[str | None, str | None], expected: str) -> None:
    config = PairReadConfig(source_column=given[0], target_column=given[1])
    numbers = ",".join(str(n) for n in range(header.count(",") + 1))
    ((source, targets),) = read(tmp_path / "a.csv", f"{header}\n{numbers}\n", config)
    assert f"{source} {targets[0]}" == expected
    row = dict(zip(header.split(","), numbers.split(","), strict=True))
    assert read(tmp_path / "a.jsonl", json.dumps(row), config) == [(source, targets)]


def test_columns_without_names_have_numbers(tmp_path: Path) -> None:
    assert read(tmp_path / "a.tsv", "a\tx\nb\ty\n", NO_HEADER) == [("a", ("x",)), ("b", ("y",))]
    config = PairReadConfig(header=False, source_column="2", target_column="0")
    assert read(tmp_path / "a.tsv", 'x\t"\ta\n', config) == [("a", ("x",))]


def test_sources_alone_may_be_the_only_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\na b\n", encoding="utf-8")
    assert [pair.source for pair in read_pairs([tmp_path / "a.csv"], CONFIG, targeted=False)] == ["a b"]
    (tmp_path / "a.jsonl").write_text('{"source": "a", "x": 1, "target": 3}\n', encoding="utf-8")
    assert [pair.source for pair in read_pairs([tmp_path / "a.jsonl"], CONFIG, targeted=False)] == ["a"]
    config = PairReadConfig(target_column="gone")
    assert [pair.source for pair in read_pairs([tmp_path / "a.jsonl"], config, targeted=False)] == ["a"]


def test_lists_are_sentences_and_references(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    rows = [
        {"source": ["One .", "Two ."], "target": ["x", "y"]},
        {"source": [], "target": "z"},
        {"source": "a", "target": ""},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = list(read_pairs([path], CONFIG, targeted=True))
    assert [(pair.source, pair.targets, pair.sentences) for pair in found] == [
        ("One . Two .", ("x", "y"), ("One .", "Two .")), ("", ("z",), ()), ("a", ("",), ()),
    ]  # fmt: skip
    assert [pair.row for pair in found] == rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("source,b,c\n1,2,3\n", ": it is not known which column holds the target; give --target-column; col"),
        ("a,b,target\n1,2,3\n", ": it is not known which column holds the source; give --source-column; col"),
        ("a\n1\n", ": it is not known which column holds the source; give --source-column; columns are a"),
        ("a,b,a\n1,2,3\n", ":1: two columns are called 'a'; name them apart, or --no-header"),
        ("a,b\n1,2\n3\n", ":3: 1 cells where the first row has 2; rows are separated at ','; --delimiter changes it"),
        ('a,b\n1,"2\n', ":2: a quote that opens in this row is not closed"),
        ("a,b\n", ": there is no pair in this file; give sources with targets"),
        ("", ": this file is empty; give a file with text"),
        ("a,b\n1,\0\n", ":2: there is a NUL: this is a binary file"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_told_with_its_place(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content.encode())
    assert fault(path).startswith(f"{path}{message}")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", ':2: this is JSON, but not an object; write {"source": "…", "target": "…"} on every line'),
        ("{", ":2:2: this is not JSON"),
        ('{"source": "a"}', ":2: there is no column 'target'; known are source"),
        ('{"source": null, "target": ""}', ":2: 'source' is null, where a text is wanted; write it in quotes"),
        ('{"source": "a", "target": 5}', ":2: 'target' is of type int, where a text is wanted"),
        ('{"source": ["a", 5], "target": ""}', ":2: an item of 'source' is of type int, where a text is wanted"),
        ('{"source": "a", "target": []}', ":2: 'target' is a list without a text; write a target"),
        ('{"source": "\\ud800", "target": ""}', ":2: 'source' has a NUL or half of a surrogate pair in it"),
        ('{"source": "", "target": ["", "\\u0000"]}', ":2: 'target' has a NUL or half of a surrogate pair in it"),
    ],
)
def test_a_wrong_object_is_told_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"source": "a", "target": "x"}\n' + line + "\n", encoding="utf-8")
    assert fault(path).startswith(f"{path}{message}")


def test_the_first_object_tells_its_columns_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\n{"a": "1", "b": "2", "c": "3"}\n', encoding="utf-8")
    assert fault(path).startswith(f"{path}:2: it is not known which column holds the source; give --source-column; ")
    config = PairReadConfig(source_column="aaa", target_column="c")
    assert fault(path, config=config) == f"{path}:2: there is no column 'aaa'; known are a, b, c"


def test_formats_go_by_suffix(tmp_path: Path) -> None:
    assert [format_of(name, CONFIG) for name in ("a.TXT.gz", "a.csv", "b.tsv", "c.jsonl", "-")] == [
        "text", "csv", "tsv", "jsonl", "text",
    ]  # fmt: skip
    assert format_of("a.de", PairReadConfig(format="text")) == "text"
    with pytest.raises(InputError, match="give --format"):
        format_of("a.de", CONFIG)
    with pytest.raises(InputError, match="this is a folder"):
        format_of(tmp_path, CONFIG)


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5), is_list=st.booleans())
def test_what_was_written_as_json_or_csv_is_read_back(
    rows: list[tuple[str, str]], is_list: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("pairs")
    objects = [{"source": source, "target": [target] if is_list else target} for source, target in rows]
    content = "".join(json.dumps(row, ensure_ascii=is_list) + "\n" for row in objects)
    assert read(folder / "a.jsonl", content) == [(source, (target,)) for source, target in rows]
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("source", "target"), *rows])
    assert read(folder / "a.csv", table.getvalue()) == [(source, (target,)) for source, target in rows]


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(PLAIN, PLAIN, PLAIN), min_size=1, max_size=5), end=st.sampled_from(["\n", "\r\n"]))
def test_lines_stay_in_step(
    rows: list[tuple[str, str, str]], end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("lines")
    for name, lines in zip("abc", zip(*rows, strict=True), strict=True):
        (folder / name).write_bytes("".join(line + end for line in lines).encode())
    found = read_pairs([folder / "a"], CONFIG, targets=[[folder / "b"], [folder / "c"]], targeted=True)
    assert [(pair.source, *pair.targets) for pair in found] == rows


def test_predictions_of_plain_text_are_lines(tmp_path: Path) -> None:
    paths = [tmp_path / "a.txt", tmp_path / "b.txt"]
    paths[0].write_text("a\n\nb", encoding="utf-8")
    paths[1].write_text("c\n", encoding="utf-8")
    assert written(paths, prediction="x\ty") == "x\ty\n" * 4
    assert written(paths[1:], prediction="x\r\ny\nz\u2028q\n") == "x y z q \n"
    assert written(paths[1:], prediction="x\ny", score=0.5) == '{"source": "c", "prediction": "x\\ny", "score": 0.5}\n'


def test_predictions_are_columns_of_tables(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('source,target\n"a,b",x\nc,y\n', encoding="utf-8")
    assert written([path], prediction='p "q"\nr') == (
        'source,target,prediction\n"a,b",x,"p ""q""\nr"\nc,y,"p ""q""\nr"\n'
    )
    path = tmp_path / "a.tsv"
    path.write_text("source\tprediction\na\tx\n", encoding="utf-8")
    assert written([path], prediction="p\tq\nr") == "source\tprediction\tpredicted_prediction\na\tx\tp q r\n"
    path.write_text("a;x\n", encoding="utf-8")
    assert written([path], PairReadConfig(header=False, delimiter=";"), prediction="p;q", n=2) == "a;x;p q;2\n"


def test_predictions_are_keys_of_objects(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"source": ["a", "b"], "id": 1}\n{"source": "é", "id": null}\n', encoding="utf-8")
    assert written([path], prediction="x\ny", score=-1.5) == (
        '{"source": ["a", "b"], "id": 1, "prediction": "x\\ny", "score": -1.5}\n'
        '{"source": "é", "id": null, "prediction": "x\\ny", "score": -1.5}\n'
    )


def test_values_of_parquet_may_be_lists(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"de": [["Eins .", "Zwei ."], []], "n": [1, 2], "en": [["x", "y"], ["z"]]}
    parquet_file.write_table(pyarrow.table(columns), path)
    config = PairReadConfig(source_column="de", target_column="en")
    found = list(read_pairs([path], config, targeted=True))
    assert [(pair.source, pair.targets, pair.sentences, pair.line) for pair in found] == [
        ("Eins . Zwei .", ("x", "y"), ("Eins .", "Zwei ."), 1), ("", ("z",), (), 2),
    ]  # fmt: skip
    assert written([path], config, prediction="p\nq").splitlines()[1] == (
        '{"de": [], "n": 2, "en": ["z"], "prediction": "p\\nq"}'
    )


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a": ["1"], "b": ["2"], "c": ["3"]}, ": it is not known which column holds the source; give --source-column"),
        ({"source": ["a", None], "target": ["x", "y"]}, ": row 2: 'source' is null, where a text is wanted"),
        ({"source": ["a"], "target": [5]}, ": row 1: 'target' is of type int, where a text is wanted"),
        ({"source": ["a\0"], "target": ["x"]}, ": row 1: 'source' has a NUL"),
        ({"source": [], "target": []}, ": there is no pair in this file"),
    ],
)
def test_a_wrong_row_of_parquet_is_told_with_its_number(
    tmp_path: Path, columns: dict[str, list[Any]], message: str
) -> None:
    path = tmp_path / "a.parquet"
    parquet_file.write_table(pyarrow.table(columns), path)
    assert fault(path).startswith(f"{path}{message}")


def test_what_is_no_parquet_and_columns_of_one_name_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("source,target\n", encoding="utf-8")
    assert fault(path).startswith(f"{path}: this is not a parquet file that can be read")
    assert "there is no such file" in fault(tmp_path / "b.parquet")
    parquet_file.write_table(pyarrow.Table.from_arrays([pyarrow.array(["a"])] * 2, names=["a", "a"]), path)
    assert fault(path) == f"{path}: there are 2 columns 'a'; name them apart"


def test_files_of_several_formats_are_not_written_together(tmp_path: Path) -> None:
    paths = []
    for name, content in CONTENTS.items():
        paths.append(tmp_path / name)
        paths[-1].write_text(content, encoding="utf-8")
    with pytest.raises(OptionError, match="the files are of several formats: csv, jsonl, tsv; give them apart"):
        written(paths, prediction="x")


def test_tables_without_rows_keep_their_header(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("source,prediction\n", encoding="utf-8")
    assert written([path], prediction="x") == ""
    assert header_alone([path], CONFIG, added=["prediction"]) == "source,prediction,predicted_prediction\n"
    assert header_alone([path], NO_HEADER, added=["prediction"]) == ""
    assert header_alone(["-"], CONFIG, added=["prediction"]) == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "conll"}, "--format: 'conll' is not a choice"),
        ({"delimiter": ";;"}, "--delimiter: ';;' cannot separate columns"),
        ({"source_column": "a", "target_column": "a"}, "--target-column: 'a' holds the source already; name another"),
    ],
)
def test_options_of_reading_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        PairReadConfig(**options)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("name", ["batch_tokens", "longest_source", "longest_target"])
def test_sizes_of_batches_are_at_least_one(name: str) -> None:
    with pytest.raises(OptionError, match="0 is out of range"):
        PairBatchConfig(**{name: 0})
