"""Whatever ends a command is one line and an exit code."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

import elman
from elman import __version__
from elman.cli.main import main
from elman.errors import ElmanError, InputError, ModelFileError, OptionError, TrainingError

FAKE = textwrap.dedent("""
    import sys, time, elman
    from elman.cli.main import main
    class Model:
        kind = "language-model"
        def stream(self, prompt, config):
            BODY
    elman.load = lambda path, engine: Model()
    sys.exit(main(["generate", "m", *sys.argv[1:]]))
""")


def start(body: str, *words: str, **options: Any) -> subprocess.Popen[bytes]:
    """`elman generate` in a process of its own, with a model that writes what the body yields."""
    command = [sys.executable, "-c", FAKE.replace("BODY", body), *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


@pytest.fixture
def loading(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let `elman.load` raise."""

    def fail_with(error: BaseException) -> None:
        def load(path: str, engine: str = "auto") -> None:
            raise error

        monkeypatch.setitem(elman.__dict__, "load", load)

    return fail_with


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ([], "the following arguments are required: COMMAND; see elman --help"),
        (["--versoin"], "--versoin: there is no such option; did you mean --version?"),
        (["evalaute", "m"], "evalaute: there is no such command; did you mean evaluate?"),
        (["show"], "the following arguments are required: DIR; see elman show --help"),
        (["show", "m", "n"], "n: this argument has no place here; see elman show --help"),
        (["show", "m", "--jsn"], "--jsn: there is no such option; did you mean --json?"),
        (["show", "m", "--js"], "--js: there is no such option; did you mean --json?"),
        (["show", "m", "--zzzz"], "--zzzz: there is no such option; see elman show --help"),
        (["show", "m", "-x"], "-x: this argument has no place here; see elman show --help"),
        (["generate", "m", "--samples"], "--samples: expected one argument; give it as --samples=VALUE"),
        (["generate", "m", "--seed", "x"], "--seed: 'x' is not a whole number; see elman generate --help"),
        (["generate", "m", "--top-p", "x"], "--top-p: 'x' is not a number; see elman generate --help"),
        (["generate", "m", "--top-p", "2"], "--top-p: 2.0 is out of range; give a number from 0 to 1"),
        (["generate", "m", "--top-p", "nan"], "--top-p: nan is not a finite number"),
        (["generate", "m", "--threads", "0"], "--threads: 0 is out of range; give a number from 1 to 4096"),
        (["predict", "m", "f", "--json"], "--json: stdout holds the lines already; give --out"),
        (["evaluate", "m", "f"], "m: there is no such folder; give a model folder"),
        (["train", "language-model", "--train", "a", "--out", "m", "--format", "tvs"],
         "--format: 'tvs' is not a choice; did you mean tsv?"),
        (["train", "tager", "--train", "a", "--out", "m"],
         "tager: this is not a kind of model; did you mean tagger?"),
        (["train", "language-model", "--trian", "a"], "--trian: there is no such option; did you mean --train?"),
        (["train", "x", "--out", "m"], "the following arguments are required: --train; see elman train --help"),
        (
            ["train", "language-model", "--train", "a", "--out", "m", "--cell", "ltsm"],
            "--cell: 'ltsm' is not a choice; did you mean lstm?",
        ),
        (
            ["train", "language-model", "--train", "a", "--out", "m", "--epochs", "1", "--budget", "5m"],
            "both --epochs and --budget are given; give one of them",
        ),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_line_and_exit_2(
    words: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 2
    assert capsys.readouterr() == ("", line + "\n")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (ElmanError("no luck"), 1, "no luck\n"),
        (TrainingError("the loss is nan", where="step 3"), 1, "step 3: the loss is nan\n"),
        (InputError("empty", where="a.txt:1", mend="fill it"), 2, "a.txt:1: empty; fill it\n"),
        (OptionError("wrong"), 2, "wrong\n"),
        (ModelFileError("altered\nfile"), 2, "altered\\nfile\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
        (MemoryError(), 1, "there is not enough memory for this; give a smaller --hidden, --batch-size or --segment\n"),
        (OSError(28, "No space left on device"), 1, "[Errno 28] No space left on device\n"),
    ],
)
def test_what_ends_a_command_is_told_by_line_and_code(
    loading: Callable[[BaseException], None],
    capfd: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    line: str,
) -> None:
    loading(error)
    stdout = os.dup(1)  # which a broken pipe has pointed to nowhere
    try:
        assert main(["show", "m"]) == code
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
    assert capfd.readouterr().err == line


def test_a_fault_of_ours_is_not_hidden(loading: Callable[[BaseException], None]) -> None:
    loading(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(["show", "m"])


def test_help_and_version_are_answered_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr() == (f"elman {__version__}\n", "")
    assert main(["--help"]) == 0
    assert "train a model on text files" in capsys.readouterr().out


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_work_quietly(number: signal.Signals, code: int) -> None:
    with start("yield 0, 'a'; time.sleep(60)") as child:
        assert child.stdout is not None
        assert child.stdout.read(1) == b"a"
        child.send_signal(number)
        out, err = child.communicate()
    assert (child.returncode, out, err) == (code, b"", b"")


def test_what_is_caught_as_an_interruption_is_caught_for_sigterm_too() -> None:
    body = "try: print('a', flush=True); time.sleep(60)\n        except KeyboardInterrupt: yield 0, 'saved'; raise"
    with start(body) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.terminate()
        out, err = child.communicate()
    assert (child.returncode, out, err) == (143, b"saved", b"")


def test_a_reader_that_goes_ends_it_with_141_and_no_word() -> None:
    with start("while True: yield 0, 'text ' * 1000") as child:
        assert child.stdout is not None
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == b""
    assert child.returncode == 141


@pytest.mark.parametrize(("closed", "code"), [("1>&-", 141), ("2>&-", 0), ("1>&- 2>&-", 141)])
def test_a_closed_stdout_is_one_that_nobody_reads(closed: str, code: int) -> None:
    command = f'"$0" -c "$1" {closed}'
    done = subprocess.run(["sh", "-c", command, sys.executable, FAKE.replace("BODY", "yield 0, 'a'")], check=False)
    assert done.returncode == code


@pytest.mark.parametrize(("words", "shown"), [([], b"\\uae00\n"), (["--json"], b'{"samples": ["\\uae00"]}\n')])
def test_a_locale_without_the_characters_gets_escapes(words: list[str], shown: bytes) -> None:
    poor = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    with start(r"yield 0, '\uae00'", *words, env=poor) as child:
        out, err = child.communicate()
    assert (child.returncode, out, err) == (0, shown, b"")
