"""`elman check` from the command line: what it prints, and how it ends."""

import json
from pathlib import Path

import pytest

from elman.cli.main import main
from tiny import columns, reviews, sentences, table, tagged, write


def test_what_files_hold_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, other = write(tmp_path / "a.txt", sentences(3)), write(tmp_path / "b.txt", [])
    assert main(["check", str(path)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "kind                    language-model"
    assert shown[2:4] == [f"{path}  (text)", "  lines                 3"]
    assert main(["check", str(path), str(other)]) == 2
    shown = capsys.readouterr()
    assert shown.out.splitlines()[-1] == f"{other}: this file is empty; give a file with text"
    assert shown.err == f"{other}: this file is empty; give a file with text\n"


def test_the_report_is_one_line_of_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = columns(tmp_path / "a.bio", tagged(9))
    (tmp_path / "b.bio").write_text("x\tO\n\ny\n", encoding="utf-8")
    assert main(["check", str(path), str(tmp_path / "b.bio"), "--json"]) == 2
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert found["kind"] == "tagger" and found["files"][0]["schemes"] == {"label": "IOB2"}
    assert found["faults"] == [shown.err.removesuffix("\n")]


def test_files_are_read_as_options_of_training_say(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = table(tmp_path / "a.tsv", reviews(9))
    bare = tmp_path / "b.data"
    bare.write_bytes(path.read_text(encoding="utf-8").partition("\n")[2].replace("\t", ";").encode("cp949"))
    words = "--kind classifier --format tsv --encoding cp949 --delimiter ; --no-header --text-column 1 --label-column 0"
    counts = []
    for arguments in ([str(path), "--kind", "classifier"], [str(bare), *words.split()]):
        assert main(["check", *arguments, "--json"]) == 0
        counts.append(json.loads(capsys.readouterr().out)["files"][0])
    assert counts[0]["labels"] == counts[1]["labels"] and counts[0]["sequences"] == counts[1]["sequences"] == 9
    assert main(["check", str(bare), *words.split(), "--multi-label", "--json"]) == 0


def test_bytes_that_are_replaced_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a\n\xff\n")
    assert main(["check", str(path)]) == 2
    assert "not valid utf-8 at byte 2; give --encoding, or --errors replace" in capsys.readouterr().err
    assert main(["check", str(path), "--errors", "replace"]) == 0
    told = f"{path}: 1 places are not valid utf-8 and are read as U+FFFD, the first in line 2, at byte 2\n"
    assert capsys.readouterr().err == told


def test_pairs_in_two_files_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write(tmp_path / "a.txt", ["a", "b"]), write(tmp_path / "b.txt", ["c"])
    assert main(["check", str(one), "--target", str(one)]) == 0
    capsys.readouterr()
    assert main(["check", str(one), "--target", str(two)]) == 2
    assert capsys.readouterr().err.startswith(f"{one}: 2 lines, but 1 in {two}")
    assert main(["check", str(one), str(one), "--target", str(one)]) == 2
    assert "2 files of sources, but 1 of their targets" in capsys.readouterr().err


WRONG = [
    (["--kind", "tager"], "tager: this is not a kind of model; did you mean tagger?"),
    (["--kind", "tagger", "--text-column", "x"], "--text-column: a tagger has no such option; leave it out"),
    (["--kind", "tagger", "--target", "a"], "--target: a tagger has no such option; leave it out"),
    (["--text-column", "x"], "--text-column: plain text has no columns; leave it out, or give --format"),
    (["--format", "csv"],
     "{path}: several kinds of models read csv; give --kind language-model, tagger, classifier or seq2seq"),
    (["-"], "-: standard input can be read only once; write it to a file"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "message"), WRONG)
def test_a_wrong_request_is_told(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.txt", sentences(3))
    assert main(["check", str(path), *words]) == 2
    assert capsys.readouterr() == ("", message.format(path=path) + "\n")
