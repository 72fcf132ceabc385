"""Taggers from the command line: train, evaluate, predict, show, and what a wrong file or option is told."""

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest

import elman
from elman.cli.main import main
from tiny import columns, conllu, tagged

OPTIONS = "--epochs 1 --hidden 8 --layers 1 --word-width 6 --feature-width 6 --hash-bits 8 --batch-size 4 --threads 1"
SMALL = OPTIONS.split()


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep to ourselves what the commands write to the environment."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files and a tagger `m` of spans."""
    folder = tmp_path_factory.mktemp("tagger")
    columns(folder / "train.bio", tagged(40))
    columns(folder / "dev.bio", tagged(8, seed=2))
    words = [
        "--train",
        str(folder / "train.bio"),
        "--dev",
        str(folder / "dev.bio"),
        "--out",
        str(folder / "m"),
        "--lr",
        "0.05",
    ]
    assert main(["train", "tagger", *words, *SMALL, "--epochs", "6"]) == 0
    return folder


def test_training_reports_and_shows_what_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = conllu(tmp_path / "t.conllu", tagged(40))
    words = ["--train", str(path), "--out", str(tmp_path / "m"), "--label-column", "upos", "--label-column", "xpos"]
    assert main(["train", "tagger", *words, *SMALL, "--json"]) == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out.splitlines()[-1])
    assert report["kind"] == "tagger"
    keys = {"kind", "seconds", "tokens", "tokens_per_second", "parameters", "epochs", "steps", "metrics"}
    assert set(report) == keys
    assert {name: set(figures) for name, figures in report["metrics"].items()} == {
        "upos": {"accuracy", "accuracy_unseen"}, "xpos": {"accuracy", "accuracy_unseen"},
    }  # fmt: skip
    assert "column upos: 5 labels" in shown.err and "every twentieth sentence" in shown.err
    assert "saved to" in shown.err
    assert main(["show", str(tmp_path / "m")]) == 0
    card = capsys.readouterr().out
    assert "1 layer of 8 lstm units read both ways" in card and "column xpos" in card and "t.conllu" in card
    assert main(["show", str(tmp_path / "m"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["config"]["reading"]["label_columns"] == ["upos", "xpos"]


def test_evaluate_gives_the_figures_of_the_library(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(place / "m"), str(place / "dev.bio"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    wanted = elman.load(place / "m").evaluate(place / "dev.bio")
    assert report["metrics"] == wanted["metrics"] and report["tokens"] == wanted["tokens"]
    assert set(report["metrics"]["label"]) == {
        "accuracy", "accuracy_unseen", "precision", "recall", "f1", "f1_conlleval",
    }  # fmt: skip
    assert main(["evaluate", str(place / "m"), str(place / "dev.bio")]) == 0
    assert f"label f1{' ' * 24}{wanted['metrics']['label']['f1']:.4f}" in capsys.readouterr().out.splitlines()


def test_predict_gives_the_files_own_format_back(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", str(place / "m"), str(place / "dev.bio")]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.split("\n")]
    labels = elman.load(place / "m").predict([[token for token, _, _ in row] for row in tagged(8, seed=2)])
    wanted = []
    for row, found in zip(tagged(8, seed=2), labels, strict=True):
        wanted += [*([token, kind, label] for (token, kind, _), label in zip(row, found, strict=True)), [""]]
    assert rows == [*wanted, [""]]


def test_files_with_other_columns_are_judged_and_filled_in(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tagged(8, seed=2)
    path = place / "turned.conll"
    text = "\n".join("".join(f"{label} {kind} {token}\n" for token, kind, label in row) for row in rows)
    path.write_text(text, encoding="utf-8")
    columns = ["--token-column", "2", "--label-column", "0"]
    assert main(["evaluate", str(place / "m"), str(path), *columns, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["metrics"]
    assert found == elman.load(place / "m").evaluate(place / "dev.bio")["metrics"]
    assert main(["predict", str(place / "m"), str(path), *columns]) == 0
    labels = elman.load(place / "m").predict([[token for token, _, _ in row] for row in rows])
    lines = [line.split(" ") for line in capsys.readouterr().out.splitlines() if line]
    assert [line[0] for line in lines] == [label for row in labels for label in row]
    assert [line[2] for line in lines] == [token for row in rows for token, _, _ in row]


def test_files_may_stand_behind_options(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(place / "dev.bio")
    for command in ("predict", "evaluate"):
        shown = []
        for words in ([path, path, "--threads", "1"], ["--threads", "1", path, path], [path, "--threads", "1", path]):
            assert main([command, str(place / "m"), *words]) == 0
            shown.append(capsys.readouterr().out)
        assert shown[0] == shown[1] == shown[2] != ""


def test_a_column_that_a_file_has_not_is_not_added_for_a_number(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(place / "dev.bio")
    for number, told in (("3", "there is no column '3'; known are token, 1, label"), ("0", "column '0' is in use")):
        assert main(["predict", str(place / "m"), path, "--label-column", number]) == 2
        assert capsys.readouterr().err.startswith(f"{path}:1: {told}")


def test_predict_writes_probabilities_spans_and_sequences(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = place / "a.txt"
    text.write_text("Ada Kim sees New York\n", encoding="utf-8")
    model = elman.load(place / "m")
    (one,) = model.tag([["Ada", "Kim", "sees", "New", "York"]])
    assert main(["predict", str(place / "m"), str(text), "--probabilities"]) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines() if line]
    assert [row[:2] for row in rows] == [list(pair) for pair in zip(one.tokens, one.labels["label"], strict=True)]
    assert [float(row[2]) for row in rows] == pytest.approx(one.probabilities["label"], abs=1e-6)
    assert main(["predict", str(place / "m"), str(text), "--spans"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert [(span["tokens"], span["label"]) for span in line["spans"]] == [
        ([span.start, span.end], span.type) for span in one.spans["label"]
    ]
    assert main(["predict", str(place / "m"), str(text), "--top", "2"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert [found["labels"] for found in line["top"]] == [labels for labels, _ in model.top(one.tokens, 2)]


def test_predict_writes_a_file_and_counts(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "o.bio"
    assert main(["predict", str(place / "m"), str(place / "dev.bio"), "--out", str(out), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["kind"], report["sentences"]) == ("tagger", 8)
    assert report["tokens"] == sum(len(row) for row in tagged(8, seed=2))
    assert out.read_text(encoding="utf-8").count("\n\n") == 8
    assert main(["evaluate", str(place / "m"), str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["label"]["accuracy"] == 1.0


def test_another_encoding_is_read_and_utf_8_is_written(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (place / "dev.bio").read_text(encoding="utf-8")
    (tmp_path / "k.bio").write_bytes(text.encode("cp949"))
    assert main(["predict", str(place / "m"), str(place / "dev.bio")]) == 0
    wanted = capsys.readouterr().out
    assert "서울을" in wanted
    words = [str(tmp_path / "k.bio"), "--encoding", "cp949"]
    assert main(["predict", str(place / "m"), *words]) == 0
    assert capsys.readouterr().out == wanted
    assert main(["predict", str(place / "m"), *words, "--out", str(tmp_path / "o.bio")]) == 0
    assert (tmp_path / "o.bio").read_bytes() == wanted.encode()


def test_a_file_that_ends_in_gz_is_packed(place: Path, tmp_path: Path) -> None:
    for name in ("o.bio", "o.bio.gz"):
        assert main(["predict", str(place / "m"), str(place / "dev.bio"), "--out", str(tmp_path / name)]) == 0
    assert gzip.decompress((tmp_path / "o.bio.gz").read_bytes()) == (tmp_path / "o.bio").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["o.bio", "o.bio.gz"]


@pytest.mark.parametrize(
    ("words", "text", "shown"),
    [
        ([], "Ada sees\n", "Ada\t{}\nsees\t{}\n\n"),
        (["-", "--format", "conll"], "Ada X\nsees Y\n", "Ada {}\nsees {}\n"),
        (
            ["-", "--format", "jsonl"],
            '{"tokens": ["Ada", "sees"]}\n',
            '{{"tokens": ["Ada", "sees"], "label": ["{}", "{}"]}}\n',
        ),
    ],
)
def test_standard_input_is_read_in_the_format_that_is_named(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    text: str,
    shown: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert main(["predict", str(place / "m"), *words]) == 0
    (labels,) = elman.load(place / "m").predict([["Ada", "sees"]])
    assert capsys.readouterr().out == shown.format(*labels)


def test_training_goes_on_from_a_folder_and_is_repeated(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--train", str(place / "train.bio"), "--dev", "none"]
    on = [*files, "--from", str(place / "m"), "--threads", "1"]
    assert main(["train", "tagger", *on, "--out", str(tmp_path / "a"), "--epochs", "1"]) == 0
    assert main(["train", "tagger", *on, "--out", str(tmp_path / "b"), "--replay", str(tmp_path / "a")]) == 0
    first, again = ((tmp_path / name / "weights.safetensors").read_bytes() for name in "ab")
    assert first == again != (place / "m" / "weights.safetensors").read_bytes()
    assert main(["train", "tagger", *on, "--out", str(tmp_path / "c"), "--epochs", "1", "--hidden", "9"]) == 2
    assert "--hidden: the folder that is started from has hidden 8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["train", "tagger", "--text-column", "word"],
         "--text-column: there is no such option; did you mean --token-column?"),
        (["train", "tagger", "--label-colum", "x"],
         "--label-colum: there is no such option; did you mean --label-column?"),
        (["train", "language-model", "--hash-bits"],
         "--hash-bits: there is no such option; did you mean --ngram-bits?"),
        (["train", "tagger", "--train", "a", "--out", "m", "--label-column", "1", "--label-column", "1"],
         "--label-column: '1' is given twice; name every column once"),
        (["train", "tagger", "--train", "a", "--out", "m", "--char-ngrams", "1"],
         "--char-ngrams: n-grams inside a word begin at 2; give 0, or 2 to 8"),
        (["predict"], "the following arguments are required: DIR; see elman predict --help"),
        (["predict", "DIR", "f", "--text-column", "x"],
         "--text-column: a tagger has no such option; leave it out"),
        (["predict", "DIR", "f", "--no-header"], "--no-header: a tagger has no such option; leave it out"),
        (["predict", "DIR", "f", "--format", "csv"],
         "--format: 'csv' is not a choice; known are conllu, conll, jsonl, text"),
        (["predict", "DIR", "f", "--top", "0"], "--top: 0 is out of range; give a number from 1 to 10000"),
        (["predict", "DIR", "f", "--top", "2", "--spans"], "--top and --spans are both given; give one of them"),
        (["predict", "DIR", "f", "--spans", "--probabilities"],
         "--spans and --probabilities are both given; leave out --probabilities: every span has its own"),
        (["predict", "DIR", "f.bio", "--spans", "--label-column", "1"],
         "--label-column: with --spans no column is filled in; leave it out"),
        (["predict", "DIR", "f.bio", "--top", "2", "--label-column", "1"],
         "--label-column: with --top no column is filled in; leave it out"),
        (["predict", "DIR", "f.bio", "--out="], "--out: '' is not a path; give one as text"),
        (["predict", "DIR", "f.txt", "--label-column", "1"],
         "--label-column: plain text has no columns; leave it out, or give --format"),
        (["predict", "DIR", "--token-column", "1"],
         "--token-column: plain text has no columns; leave it out, or give --format"),
        (["train", "tagger", "--train", "a.bio", "--dev", "none", "b.bio", "--out", "m"],
         "--dev: none stands among files; give it alone; a file of that name is ./none"),
        (["evaluate", "DIR", "f", "--dynamic"], "--dynamic: a tagger has no such option; leave it out"),
        (["evaluate", "DIR", "f", "--probabilities"],
         "--probabilities: there is no such option; see elman evaluate --help"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_line_and_exit_2(
    place: Path, capsys: pytest.CaptureFixture[str], words: list[str], line: str
) -> None:
    assert main([str(place / "m") if word == "DIR" else word for word in words]) == 2
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize("names", ["a.bio b.conllu", "b.conllu a.bio"])
@pytest.mark.parametrize("option", ["--train", "--dev"])
def test_columns_of_several_formats_are_not_mixed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], names: str, option: str
) -> None:
    columns(tmp_path / "a.bio", tagged(8))
    conllu(tmp_path / "b.conllu", tagged(8))
    first, second = (str(tmp_path / name) for name in names.split())
    words = ["--train", first, second] if option == "--train" else ["--train", first, "--dev", second]
    assert main(["train", "tagger", *words, "--out", str(tmp_path / "m"), *SMALL]) == 2
    told = capsys.readouterr().err
    assert told.startswith("--label-column: files of several formats, and the labels are") and told.count("\n") == 1


def test_a_column_that_was_a_number_is_named_for_conllu(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = tmp_path / "w.conll"
    rows = ("".join(f"{n} {token} _ {kind} _\n" for n, (token, kind, _) in enumerate(row)) for row in tagged(12))
    wide.write_text("\n".join(rows), encoding="utf-8")
    words = ["--train", str(wide), "--dev", "none", "--token-column", "1", "--label-column", "3"]
    assert main(["train", "tagger", *words, "--out", str(tmp_path / "m"), *SMALL]) == 0
    path = str(conllu(tmp_path / "b.conllu", tagged(8)))
    capsys.readouterr()
    for command in ("evaluate", "predict"):
        assert main([command, str(tmp_path / "m"), path]) == 2
        line = f"{path}: the labels were learnt from column 3, which is another in CoNLL-U; name theirs with"
        assert capsys.readouterr() == ("", f"{line} --label-column\n")
        assert main([command, str(tmp_path / "m"), path, "--label-column", "upos"]) == 0
        capsys.readouterr()


def test_generating_is_not_for_taggers(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", str(place / "m"), "--prompt", "a"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


ROW = "1\tthe\t_\tDET\t_\t_\t0\t_\t_\t_\n"
WRONG = {
    "missing.conllu": (None, "there is no such file"),
    "empty.conll": (b"", "empty"),
    "bytes.conll": (b"good\tX\nb\xffd\tX\n", "bytes.conll:2: not valid utf-8 at byte"),
    "folder.bio": ("folder", "folder"),
    "text.doc": (b"the\tX\n", "--format"),
    "broken.conll.gz": (gzip.compress(b"the\tX\n\n" * 1000)[:40], ""),
    "nine.conllu": (
        ROW.encode() + b"2\tcat\t_\tNOUN\t_\t_\t1\t_\t_\n",
        "nine.conllu:2: 9 columns where CoNLL-U has 10",
    ),
    "count.conllu": (ROW.encode() + ROW.encode(), "count.conllu:2:1: the id '1' where 2 should follow"),
    "ragged.bio": (b"the\tD\ncat\n", "ragged.bio:2: 1 column where the first row has 2"),
    "broken.jsonl": (b'{"tokens": ["a"], "labels": ["X"]}\n{"tokens": \n', "broken.jsonl:2:12: this is not JSON"),
    "key.jsonl": (b'{"token": ["a"], "labels": ["X"]}\n', "did you mean token?"),
    "number.jsonl": (b'{"tokens": ["a", 3], "labels": ["X", "Y"]}\n', "item 1 of 'tokens' is not a text"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("command", ["train", "dev", "evaluate", "predict"])
def test_a_wrong_file_is_one_line_and_exit_2(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, command: str
) -> None:
    content, part = WRONG[name]
    path = tmp_path / name
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    files = {"train": ["--train", str(path)], "dev": ["--train", str(place / "train.bio"), "--dev", str(path)]}
    if command in files:
        words = ["train", "tagger", *files[command], "--out", str(tmp_path / "m"), *SMALL]
    else:
        words = [command, str(place / "m"), str(path)]
    assert main(words) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if name in line]
    assert len(lines) == 1
    assert not (tmp_path / "m").exists()
    assert not [left for left in os.listdir(tmp_path) if ".tmp-" in left]
    if command in ("train", "predict"):  # elsewhere the column of labels may be missed first
        assert part in lines[0]
