"""`elman`: finds the command, runs it, and turns whatever ends it into one line and an exit code.

Knows the names of the commands and the errors; each command is a file of its own. The entry point of the package.
"""

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any

from elman import __version__
from elman.cli import output
from elman.cli.options import Parser, check_words
from elman.errors import ElmanError, OptionError, nearest, one_line

COMMANDS = {
    "train": "train a model on text files",
    "evaluate": "score a model on files",
    "predict": "fill in the labels or targets of files; a language model tells how likely each line and symbol is",
    "check": "read files as training would, and tell what they hold and what is wrong with them",
    "generate": "let a model write: a language model goes on, a seq2seq model answers",
    "export": "write a model as a folder that runs without torch",
    "bench": "time a model on this machine, by engine, number format, batch and threads",
    "show": "tell what a model is: kind, shape, data, scores",
    "demo": "the main job, start to end, on text that every Python has",
}


class Terminated(KeyboardInterrupt):
    """SIGTERM: an interruption that ends with another exit code."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 failed, 2 wrong request, 130 and 143 stopped, 141 unread."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with _termination(), output.log_to_stderr():
            output.settle_streams()
            code = _run(words)
            output.flush()
    except BrokenPipeError:
        _forget_stdout()
        return 141
    except ElmanError as error:
        output.fault(str(error))
        return error.exit_code
    except Terminated:
        return 143
    except KeyboardInterrupt:
        return 130
    except MemoryError:
        output.fault("there is not enough memory for this; give a smaller --hidden, --batch-size or --segment")
        return 1
    except RuntimeError as error:  # torch's allocators have no error of their own on a CPU
        if "memory" not in str(error):
            raise
        output.fault("there is not enough memory for this; give a smaller --hidden, --batch-size or --segment")
        return 1
    except OSError as error:  # a full or failing disk; what a user named is checked where it is opened
        output.fault(one_line(f"{error.filename}: {error.strerror}" if error.filename else str(error)))
        return 1
    return code


def _run(words: list[str]) -> int:
    try:
        given, command = _parse(words)
    except SystemExit as done:  # argparse has printed a help page or the version
        return int(done.code or 0)
    command.run(given)
    return 0


def _parse(words: list[str]) -> tuple[Namespace, Any]:
    """What was given, and the module of the command."""
    name = next((word for word in words if not word.startswith("-")), None)
    if name is not None and name not in COMMANDS:
        raise OptionError("there is no such command", where=name, mend=nearest(name, COMMANDS))
    parser = Parser(prog="elman", description="Recurrent neural networks of text.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"elman {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    own, module = parser, None
    for word, summary in COMMANDS.items():
        found = commands.add_parser(word, help=summary, description=summary.capitalize() + ".", allow_abbrev=False)
        if word == name:
            own, module = found, import_module(f"elman.cli.{name}")
            own.words = words
            module.add_options(own)
    check_words(own, words[words.index(name) + 1 :] if name is not None else words)
    given, left = parser.parse_known_args(words)
    if hasattr(given, "files") and all(word == "-" or not word.startswith("-") for word in left):
        given.files, left = [*given.files, *left], []  # those that stand behind an option
    if left:
        raise OptionError("this argument has no place here", where=left[0], mend=f"see {own.prog} --help")
    return given, module


@contextmanager
def _termination() -> Iterator[None]:
    """Let SIGTERM end the work as Ctrl-C does, so that what was reached is saved."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _forget_stdout() -> None:
    """Point stdout to nowhere, so that the interpreter's last flush does not fail once more."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
