"""Results on stdout, all else on stderr."""

import io
import json
import logging
import sys

import pytest

from elman.cli import output
from elman.models.progress import Progress

NOW = Progress(fraction=0.25, seconds_left=3725.4, tokens_per_second=12345.6, step=70, epoch=1, loss=1.23456)
JUDGED = Progress(0.5, 59.7, 10.0, 140, 2, 1.0, scores={"weights": 1.5, "averaged": 1.25})


def test_a_document_is_one_line_with_its_characters(capsys: pytest.CaptureFixture[str]) -> None:
    output.document({"text": "글\n\u2028", "loss": float("inf"), "list": [float("nan"), 1, None, True]})
    out = capsys.readouterr().out
    assert out.endswith("\n")
    assert out.count("\n") == 1
    assert "글" in out
    assert json.loads(out) == {"text": "글\n\u2028", "loss": None, "list": [None, 1, None, True]}


def test_a_document_with_half_a_surrogate_pair_is_still_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.document({"file": "\udcff"})
    assert capsys.readouterr().out == '{"file": "\\udcff"}\n'


def test_a_report_is_its_figures_or_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    report = {"kind": "language-model", "metrics": {"loss": 1.25, "tokens": 3}, "dynamic": {"cache": {"loss": 0.5}}}
    output.report(report, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()) for line in lines] == ["loss 1.2500", "tokens 3", "cache loss 0.5000"]
    output.report(report, as_json=True)
    assert json.loads(capsys.readouterr().out) == report


def test_another_model_stands_beside_with_the_edges_of_an_interval(capsys: pytest.CaptureFixture[str]) -> None:
    against = {"metrics": {"loss": 1.5}, "difference": -0.25, "interval": [-0.5, -0.125], "items": 3}
    output.report({"metrics": {"loss": 1.25}, "against": against}, as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert lines[1:3] == ["against loss 1.5000", "against difference -0.2500"]
    assert lines[3:] == ["against interval -0.5000 to -0.1250", "against items 3"]


def test_a_figure_that_there_is_not_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    output.report({"metrics": {"upos": {"accuracy": 1.0, "accuracy_unseen": None}}}, as_json=False)
    assert capsys.readouterr().out.splitlines()[1].split() == ["upos", "accuracy_unseen", "none"]


def test_the_log_goes_to_stderr_while_the_block_lasts(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("elman")
    with output.log_to_stderr():
        log.info("inside %d", 1)
        log.debug("too much")
    log.info("outside")
    assert capsys.readouterr() == ("", "inside 1\n")


def test_in_a_pipe_progress_is_a_line_at_each_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    with output.log_to_stderr(), output.progress() as tell:
        tell(NOW)
        tell(JUDGED)
    assert capsys.readouterr() == (
        "", " 50 %  step 140  epoch 3  1:00 left  10/s  loss 1.000  dev weights 1.5000  dev averaged 1.2500\n"
    )  # fmt: skip


class Terminal(io.StringIO):
    """Keeps what is written and says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_progress_is_a_bar_with_the_last_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")
    with output.log_to_stderr(), output.progress() as tell:
        tell(JUDGED)
        logging.getLogger("elman").info("a word between [/]")
        tell(NOW)
    shown = terminal.getvalue()
    assert "a word between [/]" in shown
    last = shown.rstrip("\n\x1b[?25h").splitlines()[-1]
    for part in ("25 %", "epoch 2", "1:02:05 left", "12,346/s", "loss 1.235", "dev averaged 1.2500"):
        assert part in last


def test_a_log_that_nobody_reads_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    with output.log_to_stderr(), output.progress() as tell:
        tell(JUDGED)
        output.fault("unheard")
    monkeypatch.setattr(sys, "stderr", None)
    with output.log_to_stderr(), output.progress() as tell:
        tell(JUDGED)
        output.fault("unheard")
    assert not output.log.handlers


@pytest.mark.parametrize(
    ("terminal", "named", "encoding"), [(False, None, "utf-8"), (True, None, "cp949"), (False, "cp949", "cp949")]
)
def test_results_are_utf_8_unless_a_terminal_or_the_environment_wants_another_encoding(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, named: str | None, encoding: str
) -> None:
    held = io.BytesIO()
    stream = io.TextIOWrapper(held, encoding="cp949")
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    if named is not None:
        monkeypatch.setenv("PYTHONIOENCODING", named)
    output.settle_streams()
    output.lines("글é\n")
    output.flush()
    assert held.getvalue() == "글é\n".encode(encoding, "backslashreplace")
