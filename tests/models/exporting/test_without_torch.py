"""Exported folders in a fresh interpreter in which torch cannot be imported: the answers are those of torch."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import remade
from starting import COMPILED
from tiny import columns, pair_table, reversed_words, reviews, sentences, table, tagged, write

BLOCKED = """
import json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "onnx"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from elman.cli.main import main

codes = []
for words in json.loads(sys.argv[1]):
    codes.append(main(words))
    print("---")
assert not {"torch", "onnx"} & set(sys.modules)
print(*codes)
"""


def run(*commands: list[Any]) -> tuple[list[str], list[int], str]:
    """What commands print and how they end, one after the other, where neither torch nor onnx is installed; and what is
    on stderr."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED, words], capture_output=True, text=True, check=False, env=COMPILED
    )
    assert done.returncode == 0, done.stderr
    *printed, codes = done.stdout.split("---\n")
    return printed, [int(code) for code in codes.split()], done.stderr


FILES: dict[str, Callable[[Path], Path]] = {
    "tagger": lambda folder: columns(folder / "new.bio", tagged(8)),
    "classifier": lambda folder: table(folder / "new.tsv", reviews(8)),
    "language-model": lambda folder: write(folder / "new.txt", sentences(8)),
    "seq2seq": lambda folder: pair_table(folder / "new.tsv", reversed_words(8)),
}
"""A file for each kind."""


@pytest.mark.parametrize("kind", FILES)
def test_an_exported_folder_is_shown_judged_and_asked(kind: str, tmp_path: Path) -> None:
    model, path = remade.load(kind), FILES[kind](tmp_path)
    model.export(tmp_path / "exported")
    place = tmp_path / "exported"
    commands = [["show", place], ["evaluate", place, path], ["predict", place, path]]
    if hasattr(model, "stream"):
        commands.append(["generate", place, "--prompt", "a"])
    (shown, _, predicted, *_), codes, told = run(*commands)
    assert codes == [0] * len(commands) and told == ""
    assert "ONNX" in shown and predicted.count("\n") >= 8
    if kind == "tagger":
        wanted: list[str] = []
        model.predict_to([path], wanted.append)
        assert predicted == "".join(wanted)


def test_the_first_label_comes_within_a_second(tmp_path: Path) -> None:
    path = FILES["tagger"](tmp_path)
    remade.load("tagger").export(tmp_path / "m")
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(["predict", tmp_path / "m", path])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) < 1.0  # of the processor: on an idle machine those of the clock


def test_what_needs_torch_says_so_in_one_line(tmp_path: Path) -> None:
    path, place = FILES["tagger"](tmp_path), remade.FOLDERS / "tagger"
    commands: list[list[Any]] = [
        ["predict", place, path],
        ["export", place, "--to", "onnx", "--out", tmp_path / "x"],
        ["train", "tagger", "--train", path, "--out", tmp_path / "n"],
        ["demo", "tagger"],
    ]
    printed, codes, told = run(*commands)
    assert codes == [2] * 4 and printed == [""] * 4
    assert all("elman[train]" in line for line in told.splitlines()) and told.count("\n") == 4
