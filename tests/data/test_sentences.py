"""The front of token files: suffixes, packed files, several files behind each other, and predictions written back."""

import gzip
import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from elman.data.config import TokenReadConfig
from elman.data.sentences import (
    Sentence,
    check_columns,
    check_numbers,
    format_of,
    label_columns,
    read_sentences,
    sentence_writer,
)  # fmt: skip
from elman.errors import ElmanError, InputError, OptionError

CONFIG = TokenReadConfig()
WORD = "\t_\tX\t_\t_\t_\t_\t_\t_"
CONTENTS = {
    "a.conllu": f"1\tone{WORD}\n2\ttwo{WORD}\n\n1\tthree{WORD}\n\n",
    "b.conll": "one\tX\ntwo\tX\n\nthree\tX\n",
    "c.iob": "one X\ntwo X\n\nthree X\n\n",
    "d.jsonl": '{"tokens": ["one", "two"], "labels": ["X", "X"]}\n{"tokens": ["three"], "labels": ["X"]}\n',
    "e.txt": "one two\n \nthree\n",
}


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    for name, content in CONTENTS.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        (tmp_path / f"{name}.GZ").write_bytes(gzip.compress(content.encode()))
    return sorted(tmp_path.iterdir())


def written(paths: list[Path], config: TokenReadConfig, labels: Mapping[str, str], *, labelled: bool = False) -> str:
    """The files with one label in all rows of each column."""
    lay = sentence_writer(paths, config, columns=list(labels))
    found = read_sentences(paths, config, labelled=labelled)
    return "".join(lay(one, {name: [label] * len(one.tokens) for name, label in labels.items()}, None) for one in found)


def test_every_format_gives_the_same_tokens(files: list[Path]) -> None:
    for path in files:
        found = list(read_sentences([path], CONFIG, labelled=False))
        assert [(one.tokens, one.labels, one.path) for one in found] == [
            (("one", "two"), {}, str(path)), (("three",), {}, str(path)),
        ]  # fmt: skip


def test_every_format_but_plain_text_gives_the_same_labels(files: list[Path]) -> None:
    for path in files:
        if ".txt" in path.name:
            with pytest.raises(InputError, match="plain text has no labels; give CoNLL-U, columns or JSON lines"):
                next(read_sentences([path], CONFIG, labelled=True))
            with pytest.raises(InputError, match="plain text has no labels"):
                label_columns([path], CONFIG)
            continue
        [name] = label_columns([path], CONFIG)
        assert [one.labels for one in read_sentences([path], CONFIG, labelled=True)] == [
            {name: ("X", "X")}, {name: ("X",)},
        ]  # fmt: skip


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_cut_within_its_last_line_end_reads_as_the_whole_one(name: str, tmp_path: Path) -> None:
    content, is_plain = CONTENTS[name].rstrip("\n").replace("\n", "\r\n") + "\r", name == "e.txt"
    (tmp_path / name).write_bytes(content.encode())
    found = list(read_sentences([tmp_path / name], CONFIG, labelled=not is_plain))
    assert [one.tokens for one in found] == [("one", "two"), ("three",)]
    if not is_plain:
        [column] = found[0].labels
        assert [one.labels[column] for one in found] == [("X", "X"), ("X",)]
        assert written([tmp_path / name], CONFIG, {column: "X"}) == content


def test_the_columns_are_called_as_the_format_calls_them(files: list[Path]) -> None:
    named = {path.name: label_columns([path], CONFIG) for path in files if ".txt" not in path.name}
    assert {named[name] for name in ("b.conll", "c.iob")} == {("label",)}
    assert (named["a.conllu"], named["d.jsonl"]) == (("upos",), ("labels",))


def test_labels_have_the_names_of_the_first_file(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("# global.columns = FORM NER\na O\n", encoding="utf-8")
    (tmp_path / "b.conll").write_text("b N B\n", encoding="utf-8")
    found = read_sentences([tmp_path / "a.conll", tmp_path / "b.conll"], CONFIG, labelled=True)
    assert [one.labels for one in found] == [{"NER": ("O",)}, {"NER": ("B",)}]


def test_predictions_come_back_in_the_format_of_the_file(files: list[Path]) -> None:
    for path in files:
        name = "upos" if "conllu" in path.name else "labels" if "jsonl" in path.name else "label"
        content = CONTENTS[path.name.removesuffix(".GZ")].replace("X", "Y")
        if ".txt" in path.name:
            content = "one\tY\ntwo\tY\n\nthree\tY\n\n"
        assert written([path], CONFIG, {name: "Y"}) == content


def test_plain_text_becomes_columns_with_what_is_extra_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeff a\u00a0b \t c\u2028\r\nd".encode())
    lay = sentence_writer([path], CONFIG, columns=["upos", "ner"])
    first, second = read_sentences([path], CONFIG, labelled=False)
    assert lay(first, {"ner": ["O", "B"], "upos": ["X", "Y"]}, {"p": [0.5, {"X": 1.0}]}) == (
        'a\u00a0b\tX\tO\t0.5\nc\u2028\tY\tB\t{"X":1.0}\n\n'
    )
    assert lay(second, {"ner": ["O"], "upos": ["X"]}, None) == "d\tX\tO\n\n"


def test_columns_of_the_file_take_the_place_of_those_of_the_model_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"tokens": ["a"], "pos": ["N"]}\n', encoding="utf-8")
    config = TokenReadConfig(label_columns=("pos", "ner"))
    assert written([tmp_path / "a.jsonl"], config, {"upos": "V", "label": "O"}) == (
        '{"tokens": ["a"], "pos": ["V"], "ner": ["O"]}\n'
    )


def test_files_behind_each_other_do_not_run_together(tmp_path: Path) -> None:
    a, b = tmp_path / "a.conll", tmp_path / "b.conll"
    a.write_bytes("\ufeffx\tO\n\ny\tO".encode())
    b.write_bytes("\ufeffz\tO\n\n".encode())
    assert written([a, a, b, b], CONFIG, {"label": "L"}) == ("\ufeffx\tL\n\ny\tL\n\nx\tL\n\ny\tL\n\nz\tL\n\nz\tL\n\n")
    c = tmp_path / "c.jsonl"
    c.write_text('{"tokens": ["a"]}', encoding="utf-8")
    line = '{"tokens": ["a"], "label": ["L"]}'
    assert written([c, c], CONFIG, {"label": "L"}) == f"{line}\n{line}"


def test_standard_input_is_plain_text_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for config, wanted in [(CONFIG, ("a", "O")), (TokenReadConfig(format="conll"), ("a",))]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a O\n")))
        assert [one.tokens for one in read_sentences(["-"], config, labelled=False)] == [wanted]
    with pytest.raises(InputError, match="standard input can be read only once"):
        label_columns(["-"], TokenReadConfig(format="conll"))


def test_another_encoding_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.bio").write_bytes("한 O\r\n".encode("utf-16"))
    config = TokenReadConfig(encoding="utf-16")
    [sentence] = read_sentences([tmp_path / "a.bio"], config, labelled=True)
    assert (sentence.tokens, sentence.labels) == (("한",), {"label": ("O",)})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "x", "the suffix is none of .conllu, .conll, .bio, .iob, .iob2, .jsonl, .txt; give --format"),
        ("a.txt", " \n", "there is no sentence in this file"),
        ("a.conllu", "# only\n\n", "there is no sentence in this file"),
        ("a.jsonl", '{"tokens": []}', "there is no sentence in this file"),
        ("a.conllu", "", "this file is empty; give a file with text"),
    ],
)
def test_a_file_that_is_not_one_is_told(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        list(read_sentences([tmp_path / name], CONFIG, labelled=False))
    assert str(caught.value) == f"{tmp_path / name}: {message}"


def test_a_folder_and_a_mixture_of_formats_are_refused(tmp_path: Path, files: list[Path]) -> None:
    with pytest.raises(InputError, match="this is a folder"):
        format_of(tmp_path, CONFIG)
    with pytest.raises(OptionError, match="the files are of several formats: conll, conllu, jsonl, text; give them"):
        sentence_writer(files, CONFIG, columns=["upos"])


@pytest.mark.parametrize("options", [{"format": "csv"}, {"label_columns": ("a", "a")}, {"label_columns": "upos"}])
def test_a_reading_that_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ElmanError, match=r"is not a choice|is given twice|is not a (list of values|value) of type"):
        TokenReadConfig(**options)


def test_files_are_read_as_a_stream(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(f"1\tone{WORD}\n\n" * 40_000 + "broken\n", encoding="utf-8")
    found = read_sentences([path], CONFIG, labelled=True)
    assert isinstance(next(found), Sentence)


MIXED = {
    "a.bio": "Ada NOUN B\n", "b.conllu": "1\tAda\t_\tNOUN\t_\t_\t0\t_\t_\t_\n",
    "c.jsonl": '{"tokens": ["Ada"], "labels": ["B"], "upos": ["NOUN"]}\n',
    "e.bio": "Ada x y N B\n", "d.conll": "# global.columns = FORM UPOS NER\nAda NOUN B\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("names", "columns", "told"),
    [
        ("ab", (), "the labels are label in a.bio, but upos in b.conllu"),
        ("ab", ("3",), None),
        ("eb", ("3",), "the labels are 3 in e.bio, but upos in b.conllu; give files of one format, or name columns"),
        ("be", ("-2",), "the labels are deps in b.conllu, but 3 in e.bio"),
        ("bd", (), "the labels are upos in b.conllu, but NER in d.conll"),
        ("ac", (), ""),
        ("bd", ("upos",), None),
        ("bd", ("UPOS",), ""),
        ("bc", ("upos",), ""),
        ("aa", ("1",), ""),
    ],
)
def test_files_of_several_formats_must_have_labels_of_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: str, columns: tuple[str, ...], told: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, content in MIXED.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    paths = [next(name for name in MIXED if name[0] == letter) for letter in names]
    config = TokenReadConfig(label_columns=columns)
    if told == "":
        check_columns(paths, config)
        return
    with pytest.raises(ElmanError) as caught:
        check_columns(paths, config)
    assert (told or "there is no column") in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_number_of_a_column_file_is_none_of_conllu() -> None:
    check_numbers(["a.bio", "b.conllu"], CONFIG, ["upos", "label"])
    check_numbers(["a.bio"], CONFIG, ["3"])
    with pytest.raises(
        OptionError, match=r"b\.conllu: the labels were learnt from column 3, which is another in CoNLL"
    ):
        check_numbers(["a.bio", "b.conllu"], CONFIG, ["label", "3"])
