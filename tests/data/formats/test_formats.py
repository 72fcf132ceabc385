"""The table of formats, the three ways of reading, and predictions in the files' own format."""

import gzip
import io
import json
import sys
from itertools import chain, pairwise
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from elman.data import formats
from elman.data.config import ReadConfig
from elman.data.examples import Example
from elman.data.formats import format_of, header_alone, read, read_blocks, read_texts, writer
from elman.errors import InputError, OptionError

TEXTS = ["one", "", " ", "두 번째", "last one"]


def written(folder: Path) -> list[Path]:
    """The same texts in every format."""
    plain = "".join(f"{text}\n" for text in TEXTS)
    rows = "".join(f"{n},{text}\n" for n, text in enumerate(TEXTS))
    contents = {
        "a.txt": plain.encode(),
        "b.txt.gz": gzip.compress(plain.encode()),
        "c.jsonl": "".join(json.dumps({"text": text}) + "\n" for text in TEXTS).encode(),
        "d.csv": ("n,text\n" + rows).encode(),
        "e.tsv.gz": gzip.compress(("n\ttext\n" + rows.replace(",", "\t")).encode()),
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    parquet.write_table(pyarrow.table({"text": TEXTS}), folder / "f.parquet")
    return [*(folder / name for name in contents), folder / "f.parquet"]


def test_every_format_gives_the_same_lines(tmp_path: Path) -> None:
    kept = [text for text in TEXTS if text.strip()]
    for path in written(tmp_path):
        assert [example.text for example in read([path], ReadConfig())] == kept
        assert list(chain.from_iterable(read_texts([path], ReadConfig()))) == kept


def test_rows_with_a_blank_text_can_be_kept_and_blank_lines_are_not(tmp_path: Path) -> None:
    for path in written(tmp_path):
        wanted = [text for text in TEXTS if text.strip() or ".txt" not in path.name]
        assert [example.text for example in read([path], ReadConfig(), keep_blank=True)] == wanted
    (tmp_path / "g.csv").write_text("n,text\n1,a\n\n  \n2,\n", encoding="utf-8")
    assert [example.line for example in read([tmp_path / "g.csv"], ReadConfig(), keep_blank=True)] == [2, 5]


def test_every_format_gives_the_same_running_text(tmp_path: Path) -> None:
    config = ReadConfig(continuous=True)
    whole = "".join(f"{text}\n" for text in TEXTS)
    for path in written(tmp_path):
        assert "".join(example.text + example.end for example in read([path], config)) == whole
        assert "".join(read_blocks([path], config)) == whole


def test_files_follow_one_another(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\nb", encoding="utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "c"}', encoding="utf-8")
    paths = [tmp_path / "a.txt", tmp_path / "b.jsonl"]
    assert list(chain.from_iterable(read_texts(paths, ReadConfig()))) == ["a", "b", "c"]
    assert "".join(read_blocks(paths, ReadConfig(continuous=True))) == "a\nbc\n"
    found = [(example.path, example.line) for example in read(paths, ReadConfig())]
    assert found == [(str(paths[0]), 1), (str(paths[0]), 2), (str(paths[1]), 1)]


def test_a_missing_last_line_end_is_not_invented(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\r\n\r\nb")
    config = ReadConfig(continuous=True)
    assert "".join(read_blocks([tmp_path / "a.txt"], config)) == "a\n\nb"
    assert "".join(e.text + e.end for e in read([tmp_path / "a.txt"], config)) == "a\n\nb"


def test_standard_input_is_plain_text_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for config, expected in ((ReadConfig(), '{"text": "a"}'), (ReadConfig(format="jsonl"), "a")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "a"}\n')))
        assert [example.text for example in read(["-"], config)] == [expected]


def test_formats_go_by_suffix_unless_given() -> None:
    names = ["a.txt", "A.TXT", "b.txt.gz", "c.jsonl", "d.csv.gz", "e.tsv", "f.parquet", "-", "g.txt.jsonl"]
    kinds = ["text", "text", "text", "jsonl", "csv", "tsv", "parquet", "text", "jsonl"]
    assert [format_of(name, ReadConfig()) for name in names] == kinds
    assert format_of("a.log", ReadConfig(format="text")) == "text"


@pytest.mark.parametrize("name", ["a.log", "a", "a.gz", "a.parquet.gz", "txt"])
def test_an_unknown_suffix_is_refused(name: str) -> None:
    with pytest.raises(InputError) as caught:
        format_of(name, ReadConfig())
    assert str(caught.value) == f"{name}: the suffix is none of .txt, .jsonl, .csv, .tsv, .parquet; give --format"


@pytest.mark.parametrize("name", ["a", "b.txt", "c.parquet"])
def test_a_folder_is_called_a_folder_whatever_its_suffix(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    for config in (ReadConfig(), ReadConfig(format="jsonl"), ReadConfig(format="parquet")):
        with pytest.raises(InputError, match=f"{name}: this is a folder; name the files in it"):
            list(read([tmp_path / name], config))


def test_options_of_tables_are_followed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("1;'가'\n2;\"b;c\"\n".encode("cp949"))
    config = ReadConfig(delimiter=";", header=False, text_column="1", encoding="cp949")
    assert [example.text for example in read([path], config)] == ["'가'", "b;c"]
    path.write_bytes(b"id\tbody\n1\tx\n")
    assert list(read_texts([path], ReadConfig(delimiter="\\t", text_column="body"))) == [["x"]]


@given(
    text=st.text(st.sampled_from("ab \t\n한"), min_size=1, max_size=80),
    block=st.integers(1, 20),
    chunk=st.integers(1, 9),
)
def test_blocks_of_running_text_are_cut_between_words(text: str, block: int, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(formats, "BLOCK", block)
        patch.setattr(formats, "LONGEST_BLOCK", 1000)
        patch.setattr("elman.data.sources.CHUNK", chunk)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        blocks = list(read_blocks(["-"], ReadConfig(continuous=True)))
    assert "".join(blocks) == text
    for one, other in pairwise(blocks):
        assert one.endswith("\n") or (not one[-1].isspace() and other[0] in " \t")


def test_a_block_without_blanks_is_cut_at_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "BLOCK", 10)
    monkeypatch.setattr(formats, "LONGEST_BLOCK", 100)
    monkeypatch.setattr("elman.data.sources.CHUNK", 10)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x" * 1000)))
    assert [len(block) for block in read_blocks(["-"], ReadConfig(continuous=True))] == [100] * 10


ADDED = ("p", "symbols")
VALUES = (-1.5, ["a", "é"])


def laid(paths: list[Path], config: ReadConfig) -> str:
    with writer(paths, config, added=ADDED) as lay:
        return "".join(lay(example, VALUES) for example in read(paths, config))


def test_text_and_parquet_come_back_as_json_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("한\n\nb", encoding="utf-8")
    lines = laid([tmp_path / "a.txt"], ReadConfig()).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"text": "한", "p": -1.5, "symbols": ["a", "é"]}, {"text": "b", "p": -1.5, "symbols": ["a", "é"]},
    ]  # fmt: skip
    parquet.write_table(pyarrow.table({"text": ["x"], "n": [1]}), tmp_path / "a.parquet")
    assert laid([tmp_path / "a.parquet"], ReadConfig()) == '{"text": "x", "n": 1, "p": -1.5, "symbols": ["a", "é"]}\n'


def test_objects_and_rows_come_back_with_what_is_added(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x", "n": [1, {"a": null}]}\n', encoding="utf-8")
    assert laid([tmp_path / "a.jsonl"], ReadConfig()) == (
        '{"text": "x", "n": [1, {"a": null}], "p": -1.5, "symbols": ["a", "é"]}\n'
    )
    (tmp_path / "a.csv").write_text('n,text\n1,"x, ""y"""\n2,z\n', encoding="utf-8")
    assert laid([tmp_path / "a.csv"], ReadConfig()) == (
        'n,text,p,symbols\n1,"x, ""y""",-1.5,"[""a"", ""é""]"\n2,z,-1.5,"[""a"", ""é""]"\n'
    )
    (tmp_path / "a.tsv").write_text('1\t"x\n', encoding="utf-8")
    without = ReadConfig(header=False, text_column="1")
    assert laid([tmp_path / "a.tsv"], without) == '1\t"x\t-1.5\t["a", "é"]\n'


def test_the_header_is_written_once_for_all_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text(f"text\n{name}\n", encoding="utf-8")
    found = laid([tmp_path / "a.csv", tmp_path / "b.csv"], ReadConfig())
    assert [line.split(",")[0] for line in found.splitlines()] == ["text", "a.csv", "b.csv"]


def test_the_header_of_a_table_without_rows_can_still_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in {"a.csv": '\n"n,m",text\n', "b.csv": "\n \n", "c.jsonl": "\n", "d.txt": "\n"}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", None)
    found = [
        header_alone([tmp_path / name], ReadConfig(), added=ADDED) for name in ("a.csv", "b.csv", "c.jsonl", "d.txt")
    ]
    assert found == ['"n,m",text,p,symbols\n', "", "", ""]
    assert header_alone([tmp_path / "a.csv"], ReadConfig(header=False), added=ADDED) == ""
    assert header_alone(["-"], ReadConfig(format="csv"), added=ADDED) == ""


def test_files_that_do_not_fit_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nx\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("text,n\nx,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"b\.csv: other columns than in the file before; give the files apart"):
        laid([tmp_path / "a.csv", tmp_path / "b.csv"], ReadConfig())
    with pytest.raises(OptionError, match="the files are of several formats: csv, text; give them apart"):
        laid([tmp_path / "a.csv", tmp_path / "c.txt"], ReadConfig())


def test_a_column_that_has_the_name_of_an_added_one_is_refused() -> None:
    with (
        writer(["a.jsonl"], ReadConfig(), added=ADDED) as lay,
        pytest.raises(InputError, match=r"^a\.jsonl:3: there is a 'p' already; rename it$"),
    ):
        lay(Example("x", "a.jsonl", 3, row={"text": "x", "p": 1}), VALUES)
