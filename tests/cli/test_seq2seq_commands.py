"""The commands on real files and real seq2seq models: what comes out, and what a wrong request is told."""

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.cli.main import main
from elman.models.kinds import KINDS
from tiny import SEQ2SEQ, pair_table, reversed_words, write

SMALL = [word for name, value in SEQ2SEQ.items() for word in (f"--{name.replace('_', '-')}", str(value))]
SMALL += ["--lr", "0.02", "--threads", "1"]
TRAIN, DEV = reversed_words(200), reversed_words(12, seed=9)


@pytest.fixture(autouse=True)
def threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep to ourselves what the commands write to the environment."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with files, a model `m` with two references of its dev text, `n` of another seed and `o` of bytes."""
    folder = tmp_path_factory.mktemp("seq2seq")
    for name, rows in (("t", TRAIN), ("d", DEV)):
        pair_table(folder / f"{name}.tsv", rows)
        write(folder / f"{name}.src", [source for source, _ in rows])
        write(folder / f"{name}.tgt", [target for _, target in rows])
    write(folder / "d.txt", [source for source, _ in DEV])
    write(folder / "d.other", [target[:-1] for _, target in DEV])
    (folder / "empty.tsv").touch()
    write(folder / "wide.tsv", ["source\ta\tb", "x\ty\tz"])
    files = ["--train", str(folder / "t.src"), "--train-target", str(folder / "t.tgt")]
    dev = ["--dev", str(folder / "d.src"), "--dev-target", str(folder / "d.tgt"), "--dev-target"]
    words = ["train", "seq2seq", *files, *SMALL]
    assert main([*words, *dev, str(folder / "d.other"), "--out", str(folder / "m"), "--epochs", "5"]) == 0
    for name, options in (("n", ["--seed", "2"]), ("o", ["--tokenizer", "byte"])):
        assert main([*words, "--dev", "none", "--out", str(folder / name), "--epochs", "1", *options]) == 0
    return folder


def told(words: list[Any], capsys: pytest.CaptureFixture[str]) -> str:
    """What a command that succeeds writes to stdout."""
    capsys.readouterr()
    assert main([str(word) for word in words]) == 0
    return capsys.readouterr().out


def report_of(words: list[Any], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The report of a command that succeeds."""
    found: dict[str, Any] = json.loads(told([*words, "--json"], capsys).splitlines()[-1])
    return found


def test_training_reports_and_shows_what_it_does(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "seq2seq", "--train", str(place / "t.tsv"), "--out", str(tmp_path / "m"), *SMALL]
    separate = ["--source-tokenizer", "word", "--source-column", "source", "--epochs", "1", "--json"]
    assert main([*words, *separate]) == 0
    shown = capsys.readouterr()
    report = json.loads(shown.out.splitlines()[-1])
    keys = {"kind", "seconds", "tokens", "tokens_per_second", "parameters", "epochs", "steps", "metrics"}
    assert report["kind"] == "seq2seq" and set(report) == keys
    assert {"loss", "bleu", "chrf", "ter", "rougeL", "exact_match", "symbol_error_rate"} < set(report["metrics"])
    assert "training text: 190 pairs" in shown.err and "every twentieth pair" in shown.err
    assert "saved to" in shown.err and "--maximum-length" not in shown.err
    card = told(["show", tmp_path / "m"], capsys)
    assert " words (" in card and ") to characters (8)\n" in card and "t.tsv" in card
    assert "1 layer of 24 lstm units read both ways" in card and "attention general" in card
    config = json.loads(told(["show", tmp_path / "m", "--json"], capsys))["config"]
    assert config["text"]["source_tokenizer"] == "word" and config["target_symbols"] == 8


def test_json_lines_with_several_targets_are_trained_and_judged_on(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.jsonl"
    rows = [json.dumps({"src": source, "tgt": [target, "no"]}) for source, target in TRAIN[:40]]
    write(path, rows)
    words = ["train", "seq2seq", "--train", path, "--dev", path, "--out", tmp_path / "m", "--epochs", "1", *SMALL]
    assert report_of(words, capsys)["kind"] == "seq2seq"
    report = report_of(["evaluate", place / "m", path], capsys)
    assert report["details"]["signatures"]["bleu"].startswith("nrefs:2|")


def test_references_are_those_of_training_and_of_judging(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = told(["show", place / "m"], capsys)
    assert "dev target files" in card and "dev target 2 files" in card
    words = ["evaluate", place / "m", place / "d.src", "--beam", "1"]
    report = report_of([*words, "--target", place / "d.tgt", "--target", place / "d.other"], capsys)
    metrics = {name: value for name, value in elman.load(place / "m").report["metrics"].items() if name != "loss"}
    assert report["metrics"] == metrics
    answers = told(["predict", place / "m", place / "d.txt", "--beam", "1"], capsys).splitlines()
    halves = [["?"] * 6 + answers[6:], answers[:6] + ["?"] * 6]
    one, other = (write(tmp_path / f"{k}.txt", half) for k, half in enumerate(halves))
    assert report_of([*words, "--target", one], capsys)["metrics"]["exact_match"] == 0.5
    assert report_of([*words, "--target", one, "--target", other], capsys)["metrics"]["exact_match"] == 1.0


def test_figures_and_how_they_were_made_are_told_line_by_line(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", place / "m", place / "d.tsv", "--maximum-length", "2"]
    lines, report = told(words, capsys).splitlines(), report_of(words, capsys)
    assert f"chrf{' ' * 28}{report['metrics']['chrf']:.4f}" in lines
    assert any(line.startswith("signatures bleu ") and "nrefs:1|case:mixed" in line for line in lines)
    assert f"cut_off{' ' * 25}{report['details']['cut_off']}" in lines and report["details"]["cut_off"] > 0


def test_a_model_is_scored_against_another_and_together_with_it(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", place / "m", place / "d.tsv", "--beam", "2"]
    report = report_of([*words, "--against", place / "n"], capsys)
    assert report["against"]["metrics"] == report_of(["evaluate", place / "n", *words[2:]], capsys)["metrics"]
    assert "against p_value" in told([*words, "--against", place / "n"], capsys)
    together = report_of([*words, "--ensemble", place / "n"], capsys)["metrics"]
    wanted = elman.load(place / "m").evaluate(place / "d.tsv", beam=2, ensemble=[place / "n"])["metrics"]
    assert together == wanted != report["metrics"]


def test_standard_input_is_answered_line_by_line(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["abc", "", "edcb"]
    lines = io.TextIOWrapper(io.BytesIO("".join(f"{text}\n" for text in texts).encode()), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", lines)
    assert told(["predict", place / "m", "--beam", "3"], capsys).split("\n") == [
        *elman.load(place / "m").predict(texts, beam=3), "",
    ]  # fmt: skip


def test_a_file_is_written_in_its_own_format_and_counted(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.tsv"
    report = report_of(["predict", place / "m", place / "d.tsv", "--out", out, "--ensemble", place / "n"], capsys)
    assert (report["kind"], report["texts"]) == ("seq2seq", 12)
    written: list[str] = []
    elman.load(place / "m").predict_to([place / "d.tsv"], written.append, ensemble=[place / "n"])
    assert out.read_text(encoding="utf-8") == "".join(written)
    assert out.read_text(encoding="utf-8").splitlines()[0] == "source\ttarget\tprediction"


def test_several_answers_come_with_what_they_looked_at(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["predict", place / "m", place / "d.src", "--format", "text", "--n-best", "2", "--beam", "3"]
    rows = [json.loads(line) for line in told([*words, "--alignments"], capsys).splitlines()]
    found = elman.load(place / "m").translate([source for source, _ in DEV], beam=3, n_best=2)
    for row, some in zip(rows, found, strict=True):
        assert [one["prediction"] for one in row["predictions"]] == [one.text for one in some]
        assert [len(one["alignment"]) for one in row["predictions"]] == [len(one.symbols) for one in some]
    plain = [json.loads(line) for line in told(words, capsys).splitlines()]
    assert all("alignment" not in one for row in plain for one in row["predictions"])


def test_text_is_generated_piece_by_piece(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = elman.load(place / "m")
    assert told(["generate", place / "m", "--prompt", "abcd"], capsys) == model.generate("abcd") + "\n"
    pieces: list[str] = []
    monkeypatch.setattr("elman.cli.output.piece", pieces.append)
    told(["generate", place / "m", "--prompt", "abcd"], capsys)
    assert pieces == list(model.generate("abcd", stream=True)) and len(pieces) == len("".join(pieces))
    words = ["--samples", "2", "--temperature", "1", "--seed", "3"]
    report = report_of(["generate", place / "m", "--prompt", "abcd", *words], capsys)
    assert report["samples"] == model.generate("abcd", samples=2, temperature=1.0, seed=3)


def test_training_is_repeated_with_the_same_files(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["train", "seq2seq", "--train", place / "t.src", "--dev", "none", "--replay", place / "n", "--threads", "1"]
    told([*words, "--train-target", place / "t.tgt", "--out", tmp_path / "n"], capsys)
    first, again = ((folder / "n" / "weights.safetensors").read_bytes() for folder in (place, tmp_path))
    assert first == again
    words = [*words, "--train-target", place / "t.src", "--out", tmp_path / "x"]
    assert main([str(word) for word in words]) == 2
    assert capsys.readouterr().err.startswith("--train-target: these are not the files of the run in")


PARALLEL = "train seq2seq --out O --train t.src --train-target"
WRONG = {
    "train seq2seq --out O --train t.src": "t.src: the suffix is none of .txt, .jsonl, .csv, .tsv, .parquet; "
    "give --format, or the file of its targets with --train-target",
    "train seq2seq --out O --train d.txt": "d.txt: plain text has no targets; name the file of its targets with "
    "--train-target, or give a table or JSON lines",
    f"{PARALLEL} t.tgt --dev d.txt": "d.txt: plain text has no targets; name the file of its targets with "
    "--dev-target, or give a table or JSON lines",
    f"{PARALLEL} t.tgt --dev-target d.tgt": "--dev-target: there are no sources to these targets; name them with --dev",
    f"{PARALLEL} t.tgt --dev none --dev-target d.tgt": "--dev-target: there are no sources to these targets; "
    "name them with --dev",
    f"{PARALLEL} d.tgt": "t.src: 200 lines, but 12 in d.tgt; give every source its target on the same line",
    f"{PARALLEL} t.tgt --dev d.src --dev-target d.tgt d.other": "1 files of sources, but 2 of their targets",
    f"{PARALLEL} t.tgt --format tsv": "--format: files of targets make both sides plain text; leave it out",
    f"{PARALLEL} t.tgt --no-header": "--no-header: plain text has no columns",
    f"{PARALLEL} nowhere": "nowhere: there is no such file",
    "train seq2seq --out O --train empty.tsv": "empty.tsv",
    "train seq2seq --out O --train wide.tsv": "wide.tsv: it is not known which column holds the target; "
    "give --target-column; columns are source, a, b",
    "train seq2seq --out O --train t.tsv --target-column tagret": "t.tsv: there is no column 'tagret'; did you mean",
    "train seq2seq --out O --train t.tsv --source-column target --target-column target": "--target-column: 'target' "
    "holds the source already",
    "train seq2seq --out O --train t.tsv --copy --attention none": "--copy: without attention the decoder looks at "
    "no place",
    "train seq2seq --out O --train t.tsv --table-rate 2": "--table-rate: a seq2seq model has no tables; leave it out",
    "train seq2seq --out O --train t.tsv --segment 9": "--segment: there is no such option",
    "train tagger --out O --train t.tsv --train-target t.tgt": "--train-target: there is no such option",
    "evaluate m d.src": "d.src: the suffix is none of .txt, .jsonl, .csv, .tsv, .parquet; give --format, or the file "
    "of its targets with --target",
    "evaluate m d.src --target t.tgt": "d.src: 12 lines, but 200 in t.tgt",
    "evaluate m d.tsv --target d.tgt": "d.tsv: 13 lines, but 12 in d.tgt",
    "evaluate m d.tsv --target d.tgt --format tsv": "--format: files of targets make both sides plain text",
    "evaluate m d.tsv --n-best 2": "--n-best: the best text alone is judged",
    "evaluate m d.tsv --against nowhere": "nowhere: there is no such folder",
    "evaluate m d.tsv --dynamic": "--dynamic: a seq2seq has no such option",
    "evaluate m empty.tsv": "empty.tsv",
    "predict m d.tsv --ensemble o": "--ensemble: this model has another vocabulary, or copies otherwise",
    "predict m d.tsv --ensemble nowhere": "nowhere: there is no such folder",
    "predict m d.tsv --alignments --ensemble n": "--alignments: there is no attention, or that of several models",
    "predict m d.tsv --coverage-penalty 1 --ensemble n": "--coverage-penalty: there is no attention, or that of",
    "predict m d.tsv --n-best 9 --beam 4": "--n-best: 9 texts from 4 hypotheses",
    "predict m d.tsv --source-column soruce": "d.tsv: there is no column 'soruce'; did you mean source?",
    "predict m d.tsv --source-column 1": "d.tsv: there is no column '1'; numbers name columns only in tables "
    "without a header (--no-header); known are source, target",
    "predict m wide.tsv d.src": "d.src: the suffix is none of",
    "predict m d.tsv d.txt": "the files are of several formats: text, tsv",
    "generate m --beam 3": "--beam: there is no such option",
}


@pytest.mark.parametrize("request_", WRONG)
def test_a_wrong_request_is_one_line_and_exit_2(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, request_: str
) -> None:
    monkeypatch.chdir(place)
    before = sorted(os.listdir())
    epochs = ["--epochs", "1"] if request_.startswith("train") else []
    out = ["--out", "O"] if request_.startswith("predict") else []
    assert main([*request_.split(), *epochs, *out]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.count("\n") == 1
    assert WRONG[request_] in shown.err
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize("kind", ["tagger", "classifier", "language-model"])
@pytest.mark.parametrize("option", [["--ensemble", "n"], ["--beam", "3"], ["--alignments"]])
def test_options_of_seq2seq_are_not_for_other_kinds(
    kind: str, option: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("elman.models.folder.kind_of", lambda path: KINDS[kind])
    assert main(["predict", "m", "d.txt", *option]) == 2
    assert capsys.readouterr().err == f"{option[0]}: a {kind} has no such option; leave it out\n"
