"""Folders that may be hostile, loaded in a process of their own, which tells what came of it, how long, and how large.

As a program it reads paths of folders, a line each, and answers each with a line of JSON.
"""

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent
FOLDERS = {path.name: path for path in sorted((TESTS / "fixtures" / "format-1").iterdir()) if path.is_dir()}
"""A tiny folder of each kind, and the same exported."""
FURTHER_BYTES = 1 << 30
"""Address space that loading may take beyond that of an idle process: whoever asks for more has no memory."""
MOST_BYTES, MOST_SECONDS = 200_000_000, 1.0
"""What a refusal may cost, above an idle process."""


@dataclass(frozen=True)
class Outcome:
    """What came of loading a folder.

    Args:
        result: "loaded", "refused" (by a ModelFileError), or the name of another exception. message: its text. seconds:
            of the processor. bytes: the greatest memory beyond that before.
    """

    result: str
    message: str
    seconds: float
    bytes: int

    def check(self) -> "Outcome":
        """Hold it to what may happen at all: loaded or refused in one line, soon, in little memory."""
        assert self.result in ("loaded", "refused"), self
        assert "\n" not in self.message and len(self.message) < 2000, self
        assert self.seconds < MOST_SECONDS and self.bytes < MOST_BYTES, self
        return self


class Loader:
    """A process that loads folders, one after the other."""

    def __init__(self) -> None:
        path = os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)])
        environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "loading"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def __call__(self, folder: Path) -> Outcome:
        """What comes of loading a folder, and of asking a model that was loaded."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(f"{folder}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the process died with {self._process.wait()}"
        return Outcome(**json.loads(line))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextmanager
def copy_of(folder: Path, place: Path) -> Iterator[Path]:
    """A copy of a folder at a place where none is, gone at the end."""
    shutil.copytree(folder, place)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def sign(folder: Path) -> None:
    """Make the manifest fit what is there, as one would who wants to be believed."""
    from elman.files.manifest import NAME, listed, write_manifest

    write_manifest(folder, listed(folder / NAME))


def read_files(folder: Path) -> list[str]:
    """The names of the files that loading reads; of a folder that was exported those that are not read as in others."""
    from elman.files.manifest import NAME, listed

    names = [NAME, *listed(folder / NAME)]
    if "export.json" not in names:
        return names
    return [name for name in names if name == "export.json" or not name.endswith(".json")]


def flipped(content: bytes, count: int, *, seed: str) -> Iterator[bytes]:
    """The content with one bit turned, each time another."""
    bits = random.Random(seed).sample(range(8 * len(content)), min(count, 8 * len(content)))
    for bit in bits:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


def cut(content: bytes, parts: int) -> Iterator[bytes]:
    """The beginning of the content, at each of so many places that lie evenly."""
    yield from (content[: len(content) * part // parts] for part in range(parts))


def _serve() -> None:
    import elman
    from answers import answers
    from elman.errors import ElmanError, ModelFileError

    for place in FOLDERS.values():  # an idle process has loaded torch, and all that loads late
        answers(elman.load(place))
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + FURTHER_BYTES, size + FURTHER_BYTES))
    for line in sys.stdin:
        before, begun, message = _memory("VmRSS", reset=True), time.process_time(), ""
        seconds = None
        try:
            model = elman.load(line.rstrip("\n"))
            seconds = time.process_time() - begun
            answers(model)
            result = "loaded"
        except ModelFileError as error:
            result, message = "refused", str(error)
        except ElmanError as error:
            result, message = ("loaded" if seconds is not None else "ElmanError"), str(error)
        except (Exception, RecursionError) as error:  # noqa: BLE001 whatever it is, it is told
            result, message = type(error).__name__, str(error)
        seconds = time.process_time() - begun if seconds is None else seconds
        told: dict[str, Any] = {"result": result, "message": message, "seconds": seconds}
        sys.stdout.write(json.dumps({**told, "bytes": _memory("VmHWM") - before}) + "\n")
        sys.stdout.flush()


def _memory(name: str, *, reset: bool = False) -> int:
    """Bytes of this process as the system counts them; the greatest (VmHWM) can be counted anew."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))


if __name__ == "__main__":
    _serve()
