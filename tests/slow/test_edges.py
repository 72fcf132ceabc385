"""Files at the edges, for every kind and every command: a right answer, or one line and exit code 2."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from any_bytes import FIXTURES
from elman.cli.main import main
from tiny import CLASSIFIER, SEQ2SEQ, SIZE, TAGGER

GOOD = {
    "language-model": ("a.txt", "the cat sees it.\n" * 3),
    "tagger": ("a.bio", "Ada\tNOUN\tB-PER\nran\tVERB\tO\n\n" * 3),
    "classifier": ("a.tsv", "label\ttext\ngood\tfine\nbad\tdull\ngood\tfunny\n"),
    "seq2seq": ("a.tsv", "source\ttarget\nabc\tcba\nab\tba\nabcd\tdcba\n"),
}  # fmt: skip
ONE = {
    "language-model": "a\n", "tagger": "Ada\tNOUN\tB-PER\n\n", "classifier": "label\ttext\ngood\tfine\n",
    "seq2seq": "source\ttarget\na\ta\n",
}  # fmt: skip
OPTIONS = {
    "language-model": SIZE, "tagger": {**TAGGER, "label_column": "2"}, "classifier": CLASSIFIER, "seq2seq": SEQ2SEQ,
}  # fmt: skip
STRANGE = "\ufeffa\u2028b\u0085c\u202ed e\u0301\u0323 👩\u200d👩\u200d👧\ufefff"


REFUSED = {
    "empty", "a mark alone", "packed nothing", "nothing packed", "packed, cut", "not packed", "a NUL", "not UTF-8",
    "carriage returns",
}  # fmt: skip
READ = {"no end", "line ends of two", "a mark", "packed"}


def contents(kind: str) -> dict[str, tuple[str, bytes]]:
    """Files at the edge: what each is, its name and its bytes."""
    name, text = GOOD[kind]
    one, bare = ONE[kind], text.encode()
    strange = text.replace("cat", STRANGE).replace("Ada", STRANGE.replace(" ", "")).replace("fine", STRANGE)
    return {
        "empty": (name, b""), "a mark alone": (name, "\ufeff".encode()), "a line end": (name, b"\n"),
        "blank lines": (name, b"\n \n\t\n\r\n"), "one": (name, one.encode()),
        "no end": (name, text.rstrip("\n").encode()), "line ends of two": (name, text.replace("\n", "\r\n").encode()),
        "carriage returns": (name, text.replace("\n", "\r").encode()), "a mark": (name, b"\xef\xbb\xbf" + bare),
        "packed": (name + ".gz", gzip.compress(bare)), "packed nothing": (name + ".gz", gzip.compress(b"")),
        "nothing packed": (name + ".gz", b""), "packed, cut": (name + ".gz", gzip.compress(bare)[:-9]),
        "not packed": (name + ".gz", bare), "strange": (name, strange.replace("abc", STRANGE).encode()),
        "a NUL": (name, bare + b"\x00"), "not UTF-8": (name, bare + b"\xff"),
        "one line": (name, bare.split(b"\n")[0]),
    }  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.promises("Empty, blank, single, cut-off and strange files: a right answer, or one line and exit code 2")
@pytest.mark.parametrize("kind", list(GOOD))
def test_files_at_the_edges(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], counted: Callable[[str, int], None]
) -> None:
    model, count = FIXTURES / kind, 0
    options = [f"--{name.replace('_', '-')}={value}" for name, value in OPTIONS[kind].items()]
    for what, (name, data) in contents(kind).items():
        path = tmp_path / name
        path.write_bytes(data)
        commands = {
            "train": ["train", kind, "--train", str(path), "--out", str(tmp_path / "m"), "--overwrite", "--epochs=1",
                      *options],
            "evaluate": ["evaluate", str(model), str(path)], "predict": ["predict", str(model), str(path)],
            "check": ["check", str(path), "--kind", kind],
        }  # fmt: skip
        for command, words in commands.items():
            code = main(words)
            shown = capsys.readouterr()
            assert code in (0, 2), (what, command, shown)
            faults = [line for line in shown.err.splitlines() if line.startswith(str(tmp_path))]
            assert code == 0 or (shown.err.splitlines()[-1:] and shown.err.splitlines()[-1] in faults), (
                what, command, shown
            )  # fmt: skip
            assert code == 2 or what not in REFUSED, (what, command, shown)
            assert code == 0 or what not in READ, (what, command, shown)
            count += 1
    counted("files and commands", count)
