"""What a check tells of the files of each kind, against counts made by hand."""

from pathlib import Path
from typing import Any

import pytest

from elman.errors import InputError, OptionError
from elman.models.checking.kinds import kind_of_files
from elman.models.checking.report import check
from elman.models.checking.telling import lines
from elman.models.kinds import KINDS


def put(folder: Path, **files: str) -> list[str]:
    """Files of a folder; `__` in a name stands for the dot."""
    paths = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(text.encode())
        paths.append(str(path))
    return paths


def test_lines_are_counted_and_compared(tmp_path: Path) -> None:
    one, two = put(tmp_path, a__txt="ab c\n\nde\nab c\n", b__txt="f\r\nde\n \n")
    found = check([one, two], "language-model", reading={})
    first, second = found["files"]
    assert (found["kind"], found["unit"], found["faults"]) == ("language-model", "lines", [])
    assert (first["sequences"], first["empty"], first["repeated"], first["shared"]) == (4, 1, 1, {})
    assert first["lengths"]["characters"] == {"total": 10, "median": 2, "percentile_95": 4, "longest": 4, "line": 1}
    assert first["lengths"]["words"]["total"] == 5
    assert (second["sequences"], second["empty"], second["shared"]) == (3, 1, {one: 1})
    assert found["warnings"] == [
        f"{one}:2: 1 of 4 lines are empty, the first here", f"{two}:3: 1 of 3 lines are empty, the first here",
        f"{one}:4: 1 of 4 lines stood in the file before, the first as line 1",
        f"{two}:2: 1 of 3 lines stand in {one} too, the first as line 3 there",
    ]  # fmt: skip


def test_the_same_text_in_another_order_is_told(tmp_path: Path) -> None:
    one, two = put(tmp_path, a__txt="a\nb\nc\n", b__txt="c\na\n\nb\n")
    told = check([one, two], "language-model", reading={})["warnings"][-1]
    assert told == (f"{two}:1: 3 of 4 lines stand in {one} too, all that have text: a score on them tells nothing of "
                    "new text, the first as line 3 there")  # fmt: skip


SPANS = "Ada\tB-PER\nran\tO\n\nin\tO\nNew\tB-LOC\nYork\tI-LOC\n\n"
WRONG = "Bo\tI-PER\nsat\tO\n\nAda\tB-ORG\nran\tO\n\n"


def test_sentences_have_schemes_and_ill_formed_labels(tmp_path: Path) -> None:
    one, two = put(tmp_path, a__bio=SPANS, b__bio=WRONG)
    found = check([one, two], "tagger", reading={})
    first, second = found["files"]
    assert first["labels"] == {"label": {"O": 2, "B-PER": 1, "B-LOC": 1, "I-LOC": 1}}
    assert first["schemes"] == {"label": "IOB2"} and first["ill_formed"] == {}
    assert first["lengths"]["tokens"] == {"total": 5, "median": 2, "percentile_95": 3, "longest": 3, "line": 4}
    assert second["ill_formed"] == {"label": {"labels": 1, "sequences": 1, "lines": [1]}}
    assert second["unknown_labels"] == {"label": {"I-PER": 1, "B-ORG": 1}}
    assert second["repeated_otherwise"] == first["repeated_otherwise"] == 1
    assert found["warnings"] == [
        f"{two}: 1 labels of column label, in 1 sentences, are not as the scheme IOB2 writes them: lines 1",
        f"{two}:1: 2 labels of column label are not in {one} (I-PER, B-ORG); 2 times they count as errors, the first "
        "here",
        f"{one}:1: 1 sentences stand elsewhere with other labels, the first here",
        f"{two}:4: 1 sentences stand elsewhere with other labels, the first here",
        f"{two}:4: 1 of 2 sentences stand in {one} too, the first as line 1 there",
    ]


def test_ids_that_come_twice_are_told(tmp_path: Path) -> None:
    row = "1\tx\t_\tX\t_\t_\t0\t_\t_\t_\n"
    (path,) = put(tmp_path, a__conllu=f"# sent_id = s1\n{row}\n# sent_id = s1\n{row.replace('x', 'y')}\n")
    assert check([path], "tagger", reading={})["warnings"] == [f"{path}:4: 1 ids stood before, the first in line 1"]
    (path,) = put(tmp_path, a__jsonl='{"id": 7, "text": "a", "label": "x"}\n{"id": 7, "text": "b", "label": "y"}\n')
    assert check([path], "classifier", reading={})["files"][0]["repeated_ids"] == 1


def test_texts_have_labels_and_may_be_empty(tmp_path: Path) -> None:
    one, two = put(tmp_path, a__tsv="label\ttext\nx\ta b!\ny\tc\nx\t \n", b__tsv="text\tlabel\nC\tz\nd\tz\nc\tx\n")
    found = check([one, two], "classifier", reading={})
    first, second = found["files"]
    assert first["labels"] == {"label": {"x": 2, "y": 1}} and first["empty"] == 1
    assert first["lengths"]["words"]["total"] == 4 and first["lengths"]["characters"]["total"] == 6
    assert second["unknown_labels"] == {"label": {"z": 2}}
    assert (
        f"{two}:2: 1 labels of column label are not in {one} (z); 2 times they count as errors, the first here"
        in (found["warnings"])
    )
    assert f"{two}:4: 1 texts stand elsewhere with other labels, the first here" in found["warnings"]


def test_texts_of_folders_are_counted(tmp_path: Path) -> None:
    for place, text in {"x/1.txt": "a", "x/2.txt": "", "y/1.txt": "a"}.items():
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_text(text, encoding="utf-8")
    assert check([str(tmp_path)], "classifier", reading={})["warnings"] == [
        f"{tmp_path}: text 2: 1 of 3 texts are empty, the first here",
        f"{tmp_path}: text 3: 1 of 3 texts stood in the file before, the first as line 1",
        f"{tmp_path}: text 1: 2 texts stand elsewhere with other labels, the first here",
    ]


def test_pairs_stand_in_one_file_or_in_two(tmp_path: Path) -> None:
    table, source, target = put(
        tmp_path, a__tsv="source\ttarget\na b\tx\na b\ty z\n", s__txt="a b\n\n", t__txt="x\ny\n"
    )
    found = check([table], "seq2seq", reading={})["files"][0]
    assert {name: sizes["total"] for name, sizes in found["lengths"].items()} == {
        "source words": 4, "source characters": 6, "target words": 3, "target characters": 4,
    }  # fmt: skip
    assert (found["repeated"], found["format"]) == (1, "tsv")
    found = check([source], "seq2seq", targets=[[target]], reading={})["files"][0]
    assert (found["sequences"], found["empty"], found["format"]) == (2, 1, "text")


FAULTS: list[tuple[str, str, str, str]] = [
    ("language-model", "a.txt", "\n \n", "there are no lines with text in this file; give a file with some"),
    ("language-model", "a.txt", "", "this file is empty; give a file with text"),
    ("classifier", "a.tsv", "label\ttext\nx\ta\n",
     "there is no more than one label, x; give texts of two labels or more"),
    ("classifier", "a.ft", "\n", "there is no text in this file; give texts with labels"),
    ("tagger", "a.bio", "\n", "there is no sentence in this file"),
    ("seq2seq", "a.tsv", "source\ttarget\n", "there is no pair in this file; give sources with targets"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name", "text", "message"), FAULTS)
def test_what_training_refuses_is_a_fault(tmp_path: Path, kind: str, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    if kind == "tagger":  # of column files even the columns cannot be told
        with pytest.raises(InputError, match=message):
            check([str(path)], kind, reading={})
    else:
        assert check([str(path)], kind, reading={})["faults"] == [f"{path}: {message}"]


def test_every_file_is_read_though_one_has_a_fault(tmp_path: Path) -> None:
    one, two, three = put(tmp_path, a__jsonl='{"text": "a"}\n[]\n', b__txt="b\n", c__txt="c\ufffd\n")
    Path(three).write_bytes(b"c\n\xff\n")
    found = check([one, two, three], "language-model", reading={})
    assert [entry["sequences"] for entry in found["files"]] == [1, 1, 0]
    assert [fault.split(": ")[0] for fault in found["faults"]] == [f"{one}:2", f"{three}:2"]


def test_the_first_twenty_labels_are_told(tmp_path: Path) -> None:
    (path,) = put(tmp_path, a__ft="".join(f"__label__{n:02} a{n}\n" * (1 + (n == 3)) for n in range(25)))
    told = list(lines(check([path], "classifier", reading={})))
    assert "    03                  2  7.7 %" in told
    assert "    …                   5 more, from 1 down to 1" in told


KINDS_OF: list[tuple[list[str], dict[str, Any], str]] = [
    (["a.conllu"], {}, "tagger"), (["a.bio", "b.iob2.gz"], {}, "tagger"), (["a.ft"], {}, "classifier"),
    (["a.txt"], {}, "language-model"), (["a.tsv"], {"label_columns": ["x"]}, "classifier"),
    (["a.jsonl"], {"source_column": "x"}, "seq2seq"), (["a.jsonl"], {"token_column": "x"}, "tagger"),
    (["a.csv"], {"continuous": True}, "language-model"), (["a"], {"format": "conll"}, "tagger"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "given", "kind"), KINDS_OF)
def test_the_kind_is_concluded_where_it_can_be(files: list[str], given: dict[str, Any], kind: str) -> None:
    assert kind_of_files(files, given, []) == kind
    assert kind_of_files(["a.txt"], {}, [["b.txt"]]) == "seq2seq"


def test_a_folder_is_one_of_labelled_texts(tmp_path: Path) -> None:
    assert kind_of_files([tmp_path], {}, []) == "classifier"


@pytest.mark.parametrize("files", [["a.csv"], ["a.jsonl"], ["a.txt", "a.bio"]])
def test_else_it_is_asked_for(files: list[str]) -> None:
    with pytest.raises(OptionError, match="give"):
        kind_of_files(files, {}, [])
    with pytest.raises(InputError, match="the suffix is none of"):
        kind_of_files(["a.pdf"], {}, [])


def test_every_kind_can_be_checked() -> None:
    from elman.models.checking.items import FILES

    assert list(FILES) == list(KINDS)
