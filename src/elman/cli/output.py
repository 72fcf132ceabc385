"""All that is shown: results on stdout; log, progress and faults on stderr.

Knows the terminal and nothing of what is computed; the only place that prints. Used by `main` and the commands.
"""

import json
import logging
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from elman.models.progress import Progress

if TYPE_CHECKING:
    import rich.progress

log = logging.getLogger("elman")


def result(text: str) -> None:
    """A line, or lines, of a result."""
    _print(text + "\n")


def lines(text: str) -> None:
    """Lines of a result, each with its end."""
    _print(text)


def piece(text: str) -> None:
    """A part of a result, shown at once and exactly as it is."""
    _print(text)
    flush()


def document(value: Mapping[str, Any]) -> None:
    """A result as one line of JSON; what is not finite is null."""
    text = json.dumps(_finite(value), ensure_ascii=False, allow_nan=False)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        text = json.dumps(_finite(value), allow_nan=False)
    _print(text + "\n")


def report(value: Mapping[str, Any], *, as_json: bool) -> None:
    """A report of training or evaluation: JSON, or its figures line by line."""
    if as_json:
        document(value)
        return
    for line in _figures("", {**value["metrics"], **value.get("dynamic", {})}):
        result(line)
    other = dict(value.get("against", {}))
    for line in _figures("against ", {**other.pop("metrics", {}), **other}):
        result(line)
    for name, found in value.get("details", {}).items():
        for line in _detail_lines(name, found):
            result(line)


def exported(value: Mapping[str, Any], *, as_json: bool) -> None:
    """What an export has come to: JSON, or its figures line by line."""
    if as_json:
        document(value)
        return
    found = {"bytes": value["bytes"], **{f"check {name}": figure for name, figure in value["check"].items()}}
    for line in _figures("", found):
        result(line)
    for prefix, name in (("", "metrics"), ("before ", "metrics_before")):
        for line in _figures(prefix, value.get(name, {})):
            result(line)


def fault(message: str) -> None:
    """The one line that tells what went wrong."""
    _Stderr().write(message + "\n")


@contextmanager
def log_to_stderr() -> Iterator[None]:
    """Show what the library logs, from here to the end of the block."""
    handler = logging.StreamHandler(_Stderr())
    handler.setFormatter(logging.Formatter("%(message)s"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


@contextmanager
def progress() -> Iterator[Callable[[Progress], None]]:
    """Where to tell how far training is: a bar on a terminal, else a line at each evaluation."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield _tell_line
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Display

    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f} %  {task.description}", markup=False))
    with Display(*columns, console=Console(stderr=True), refresh_per_second=4) as display:
        yield _Bar(display)


def settle_streams() -> None:
    """Let results be UTF-8 where no terminal shows them, unless the environment names another encoding of Python's
    streams; let characters that a stream cannot hold be written as escapes instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if hasattr(sys.stdout, "reconfigure") and not sys.stdout.isatty() and "PYTHONIOENCODING" not in os.environ:
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def benched(value: Mapping[str, Any], *, as_json: bool) -> None:
    """What a machine makes of a model: JSON, or a table."""
    if as_json:
        document(value)
        return
    for threads, operations in value["peak"].items():
        result(f"product of matrices, threads {threads}: {operations / 1e9:,.0f} billion operations a second")
    result(f"auto: {value['engine']} {value['precision']}; counted are {value['unit']}")
    result(f"{'engine':<8}{'numbers':<9}{'batch':>5}{'threads':>9}{'tokens/s':>12}{'ms a text':>12}{'of the peak':>13}")
    for row in value["rows"]:
        share = "" if row["share_of_peak"] is None else f"{row['share_of_peak']:.0%}"
        told = (f"{row['engine']:<8}{row['precision']:<9}{row['batch']:>5}{row['threads']:>9}"
                f"{row['tokens_per_second']:>12,.0f}{row['milliseconds']:>12.3f}{share:>13}")  # fmt: skip
        result(told.rstrip())


def flush() -> None:
    """Hand on what has been printed, so that a reader that has gone is noticed now."""
    if sys.stdout is not None:
        sys.stdout.flush()


def _print(text: str) -> None:
    """Write to standard output; where it was closed before we began, nobody reads."""
    if sys.stdout is None:
        raise BrokenPipeError
    print(text, end="")


class _Stderr:
    """Standard error as it is when something is written; that nobody reads it is no reason to stop working."""

    def write(self, text: str) -> None:
        if sys.stderr is not None:
            with suppress(OSError):
                sys.stderr.write(text)
                sys.stderr.flush()

    def flush(self) -> None:
        """Nothing is held back."""


class _Bar:
    """A bar that moves with each call, with the last scores beside it."""

    def __init__(self, display: "rich.progress.Progress") -> None:
        self.display = display
        self.task = display.add_task("reading", total=1.0)
        self.scores: dict[str, float] = {}

    def __call__(self, now: Progress) -> None:
        self.scores = now.scores or self.scores
        self.display.update(self.task, completed=now.fraction, description=_line(now, self.scores))


def _tell_line(now: Progress) -> None:
    if now.scores is not None:
        log.info("%3.0f %%  step %d  %s", 100 * now.fraction, now.step, _line(now, now.scores))


def _line(now: Progress, scores: Mapping[str, float]) -> str:
    parts = [
        f"epoch {now.epoch + 1}", f"{_clock(now.seconds_left)} left", f"{now.tokens_per_second:,.0f}/s",
        f"loss {now.loss:.3f}", *(f"dev {name} {value:.4f}" for name, value in scores.items()),
    ]  # fmt: skip
    return "  ".join(parts)


def _clock(seconds: float) -> str:
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _figures(name: str, figures: Mapping[str, Any]) -> Iterator[str]:
    for key, value in figures.items():
        if isinstance(value, Mapping):
            yield from _figures(f"{name}{key} ", value)
        elif isinstance(value, list):
            yield f"{name + key:<32}" + " to ".join(f"{edge:.4f}" for edge in value)
        else:
            told = "none" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
            yield f"{name + key:<32}{told}"


def _detail_lines(column: str, details: Any) -> Iterator[str]:
    """The types of spans and the mistakes that cost most, line by line, or what else stands behind the figures."""
    if not isinstance(details, Mapping) or all(isinstance(one, str) for one in details.values()):
        yield from _figures("", {column: details})
        return
    for name, figures in details.get("types", {}).items():
        told = "  ".join(f"{key} {figures[key]:.4f}" for key in ("precision", "recall", "f1"))
        yield f"{f'{column} {name}':<32}{told}  of {figures['support']}"
    for one in details.get("confusions", []):
        yield f"{column}: {one['gold']} taken for {one['predicted']} {one['count']:,} times"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
