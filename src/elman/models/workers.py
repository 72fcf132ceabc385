"""A long text answered by several processes: a window of it each, the answers in order.

Knows models as what can be saved and opened again; knows no kind. Used by the `predict_to` of every kind.
"""

import signal
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from elman import errors
from elman.errors import ElmanError
from elman.models import folder
from elman.models.threads import children_have, threads
from elman.settings import whole

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Item = TypeVar("Item")
Work = Callable[[Sequence[Any], Any], Any]
"""The answer of models to what is asked of them: a function that stands in a module, so that another process finds
it."""
ALONE = 4
"""Windows that this process answers by itself before it begins others, which takes a second or two."""
MOST = 256


def answered(
    windows: Iterable[list[Item]], work: Work, *, models: Sequence[Any], asked: Callable[[list[Item]], Any],
    workers: int, alone: int = ALONE,
) -> Iterator[tuple[list[Item], Any]]:  # fmt: skip
    """Each window with its answer, in order.

    Where reading fails, what was read before is answered first. At most one window a worker is read ahead.

    Args:
        asked: what of a window the work is given. workers: processes, each with its share of the threads; with 1 all is
            done in this one. alone: windows that are in any case.
    Raises:
        OptionError: there cannot be so many. ElmanError: one of them has ended.
    """
    count = whole(workers, where="workers", high=MOST)
    each = iter(windows)
    for window in each if count == 1 else islice(each, alone):
        yield window, work(models, asked(window))
    first = None if count == 1 else next(each, None)
    if first is not None:
        with tempfile.TemporaryDirectory(prefix="elman-") as aside:
            crew = _Crew(_saved(models, Path(aside)), work, count)
            try:
                yield from crew.answers(chain([first], each), asked)
            finally:
                crew.dismiss()


def _saved(models: Sequence[Any], aside: Path) -> list[Path]:
    """Folders that hold what this process holds, whatever has become of those that it was read from."""
    places = [aside / str(number) for number in range(len(models))]
    for model, place in zip(models, places, strict=True):
        model.save(place)
    return places


class _Crew:
    """Processes that each answer one window at a time."""

    def __init__(self, places: list[Path], work: Work, count: int) -> None:
        import multiprocessing  # only where there are others: it takes time to load

        context = multiprocessing.get_context("spawn")
        self._processes, self._doors = [], []
        with children_have(max(1, threads() // count)):
            for _ in range(count):
                door, other = context.Pipe()
                process = context.Process(target=_serve, args=(other, places, work), daemon=True)
                process.start()
                other.close()  # so that its end is seen
                self._processes.append(process)
                self._doors.append(door)

    def answers(
        self, windows: Iterator[list[Item]], asked: Callable[[list[Item]], Any]
    ) -> Iterator[tuple[list[Item], Any]]:
        """Each window with its answer; a process is given its next window before its last answer is given out."""
        waiting: deque[tuple[Connection, list[Item]]] = deque()
        failed: list[Exception] = []

        def give(door: "Connection") -> None:
            try:
                window = None if failed else next(windows, None)
            except (ElmanError, OSError) as error:
                failed.append(error)
                return
            if window is not None:
                _send(door, asked(window))
                waiting.append((door, window))

        for door in self._doors:
            give(door)
        while waiting:
            door, window = waiting.popleft()
            answer = _received(door)
            give(door)
            yield window, answer
        if failed:
            raise failed[0]

    def dismiss(self) -> None:
        """End all of them, whatever they are at."""
        for door, process in zip(self._doors, self._processes, strict=True):
            door.close()
            process.terminate()
        for process in self._processes:
            process.join()


def _send(door: "Connection", asked: Any) -> None:
    try:
        door.send(asked)
    except OSError as error:
        raise _ended() from error


def _received(door: "Connection") -> Any:
    """What a process answers.

    Raises:
        ElmanError: the fault that it met, or that it has ended.
    """
    try:
        fault, answer = door.recv()
    except (EOFError, OSError) as error:
        raise _ended() from error
    if fault is not None:
        name, what, where, mend = fault
        raise getattr(errors, name)(what, where=where, mend=mend)
    return answer


def _ended() -> ElmanError:
    return ElmanError("a worker process has ended before its work was done", mend="is there memory for it? --workers 1")


def _serve(door: "Connection", places: list[Path], work: Work) -> None:
    """What a process does: open the models, answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that began this one ends it
    try:
        models = [folder.load(place) for place in places]
        while True:
            door.send((None, work(models, door.recv())))
    except ElmanError as error:
        door.send(((type(error).__name__, error.what, error.where, error.mend), None))
    except (EOFError, BrokenPipeError, ConnectionResetError):  # it is gone
        return
