"""Signals that end a run wait until its state is whole: after the step, or at once where nothing is being changed.

Knows signals; knows no run. Used by `training.loop`.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

NUMBERS: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)


class Asked(BaseException):
    """A signal has come, and the state of the run is whole."""


class Interruption:
    """What signals ask of a run. A first one is told by `Asked`, from `check` or `prompt`; `act` then lets it do what
    it did before: raise an exception, or end the process. A second one does so at once, wherever the run is.

    Attributes:
        is_forced: whether a second one has come: nothing more is to be written.
    """

    def __init__(self) -> None:
        self.is_forced = False
        self._asked: int | None = None
        self._is_prompt = False
        self._before: dict[int, Any] = {}

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let signals wait inside the block, where they can be caught: in the main thread, unless they are ignored."""
        if threading.current_thread() is threading.main_thread():
            for number in NUMBERS:
                before = signal.getsignal(number)
                if before not in (signal.SIG_IGN, None):
                    self._before[number] = before
                    signal.signal(number, self._note)
        try:
            yield
            if self._asked is not None:
                self.act()
        finally:
            for number, before in self._before.items():
                signal.signal(number, before)
            self._before.clear()

    def check(self) -> None:
        """Tell of a signal that has come; the state of the run is whole.

        Raises:
            Asked: one has come.
        """
        if self._asked is not None:
            raise Asked

    @contextmanager
    def prompt(self) -> Iterator[None]:
        """Tell of a signal at once inside the block, which changes nothing that cannot be done again."""
        self._is_prompt = True
        try:
            self.check()
            yield
        finally:
            self._is_prompt = False

    def act(self) -> None:
        """Let the signal that has come do what it did before the block. If it did nothing, it is forgotten."""
        number = self._asked
        if number is None:
            return
        ours = signal.getsignal(number)
        signal.signal(number, self._before[number])
        try:
            signal.raise_signal(number)
        finally:
            signal.signal(number, ours)
        self._asked, self.is_forced = None, False

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.is_forced = self._asked is not None
        self._asked = number
        if self.is_forced:
            self.act()
        elif self._is_prompt:
            self.check()
