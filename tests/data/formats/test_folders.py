"""Folders of text files: which are read, in which order, and what is wrong with the others."""

import gzip
import json
from pathlib import Path

import pytest

from elman.data.config import LabelledReadConfig
from elman.data.examples import Example
from elman.data.formats import folders
from elman.errors import InputError


def fill(folder: Path, *names: str) -> str:
    """Files below a folder, each with its name as its text."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return str(folder)


def read(folder: str, *, labelled: bool = True) -> list[tuple[str, str]]:
    return [(example.text, label) for example, label in folders.read(folder, LabelledReadConfig(), labelled=labelled)]


def test_files_come_sorted_by_label_and_name(tmp_path: Path) -> None:
    folder = fill(tmp_path, "pos/b.txt", "pos/a.txt", "neg/10.txt", "neg/2.TXT", "B/x.txt")
    assert read(folder) == [
        ("B/x.txt", "B"), ("neg/10.txt", "neg"), ("neg/2.TXT", "neg"), ("pos/a.txt", "pos"), ("pos/b.txt", "pos"),
    ]  # fmt: skip


def test_hidden_other_and_deeper_files_are_passed_over(tmp_path: Path) -> None:
    folder = fill(
        tmp_path, "a/1.txt", "a/.2.txt", "a/3.md", "a/4.txt.zip", "a/deep/5.txt", ".b/6.txt", "7.txt", "c/8.feat",
    )  # fmt: skip
    (tmp_path / "a" / "dir.txt").mkdir()
    assert read(folder) == [("a/1.txt", "a")]


def test_a_file_is_a_text_whatever_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / "1.txt").write_bytes(b"\xef\xbb\xbfone\r\n\r\ntwo\r\n")
    (folder / "2.txt").write_bytes(b"")
    (folder / "3.txt.gz").write_bytes(gzip.compress("셋\n\n".encode()))
    assert list(folders.read(str(tmp_path), LabelledReadConfig(), labelled=True)) == [
        (Example("one\n\ntwo", str(folder / "1.txt"), 1, end="\n"), "a b"),
        (Example("", str(folder / "2.txt"), 1, end=""), "a b"),
        (Example("셋\n", str(folder / "3.txt.gz"), 1, end="\n"), "a b"),
    ]


def test_the_encoding_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.txt").write_bytes("한글".encode("cp949"))
    assert [
        example.text for example, _ in folders.read(str(tmp_path), LabelledReadConfig(encoding="cp949"), labelled=True)
    ] == ["한글"]


def test_without_labels_files_may_stand_in_the_folder_itself(tmp_path: Path) -> None:
    assert read(fill(tmp_path / "flat", "2.txt", "1.txt"), labelled=False) == [("1.txt", ""), ("2.txt", "")]
    assert read(fill(tmp_path / "deep", "a/1.txt", "urls.txt"), labelled=False) == [("a/1.txt", "a")]


def test_what_is_added_stands_beside_the_path() -> None:
    line = folders.write(Example("long text", "d/a/1.txt", 1), {"label": "é", "probability": 0.5})
    assert line == '{"path": "d/a/1.txt", "label": "é", "probability": 0.5}\n'
    assert json.loads(folders.write(Example("", "d/\udcff.txt", 1), {}))["path"] == "d/\udcff.txt"


NO_FOLDER = ": there is no sub-folder with .txt files in this folder; name the folder whose sub-folders are called"


@pytest.mark.parametrize(
    ("names", "content", "labelled", "message"),
    [
        ([], b"", True, NO_FOLDER),
        (["1.txt", "2.txt"], b"x", True, NO_FOLDER),
        (["a/1.csv"], b"x", True, NO_FOLDER),
        (["a/b/1.txt"], b"x", True, NO_FOLDER),
        ([".a/1.txt"], b"x", True, NO_FOLDER),
        ([], b"", False, ": there are no .txt files in this folder; name a folder with texts"),
        (["a/1.csv"], b"x", False, ": there are no .txt files in this folder"),
        (["a/1.txt"], b"x\n\xff", True, "/a/1.txt:2: not valid utf-8 at byte 2; give --encoding, or --errors replace"),
        (["a/1.txt"], b"x\n\ny\x00", True, "/a/1.txt:3: there is a NUL: this is a binary file"),
        (["a/1.txt.gz"], b"x", True, "/a/1.txt.gz: this is not a whole gzip file"),
        (["a/1.txt"], b"x" * 101, True, "/a/1.txt: this text has more than 100 characters; divide it"),
    ],
)
def test_a_wrong_folder_is_told_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: list[str], content: bytes, labelled: bool, message: str
) -> None:
    monkeypatch.setattr(folders, "LONGEST_TEXT", 100)
    for name in fill(tmp_path, *names) and names:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(str(tmp_path), labelled=labelled)
    assert str(caught.value).startswith(str(tmp_path) + message)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: No such file or directory"):
        read(str(tmp_path / "nowhere"))
