"""Locks: one holder at a time, and those of the dead are taken over."""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from elman.errors import OptionError
from elman.files import lock
from elman.files.lock import locked

HOLD = textwrap.dedent("""
    import sys, time
    from pathlib import Path
    from elman.files.lock import locked
    with locked(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
""")


def holder(path: Path) -> "subprocess.Popen[str]":
    """A process that has the lock."""
    child = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    return child


def taken(path: Path) -> bool:
    try:
        with locked(path):
            assert json.loads(path.read_text())["process"] == os.getpid()
        assert not path.exists()
        return True
    except OptionError:
        return False


def test_a_second_process_is_refused_until_the_first_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as child:
        with pytest.raises(OptionError) as caught, locked(path):
            pass
        told = f"{tmp_path}: process {child.pid} on {socket.gethostname()} is training here"
        assert str(caught.value) == f"{told}; wait for its end, or give another place"
        assert json.loads(path.read_text())["process"] == child.pid
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert path.exists() and taken(path)


def test_a_lock_is_refused_inside_one_process_too(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"):
        assert not taken(tmp_path / "lock")
    assert taken(tmp_path / "lock")


def written(path: Path, **values: Any) -> Path:
    own = {"process": os.getppid(), "host": socket.gethostname(), "began": lock._began(os.getppid())}
    path.write_text(json.dumps({**own, **values}))
    return path


def test_without_locks_of_the_system_the_process_that_is_named_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(descriptor: int, operation: int) -> None:
        raise OSError(37, os.strerror(37))

    monkeypatch.setattr(fcntl, "flock", none)
    path = tmp_path / "lock"
    boot = str(lock._began(os.getpid())).partition(":")[0]
    assert not taken(written(path))
    assert taken(written(path, began=f"{boot}:1")), "the number has come again"
    assert taken(written(path, process=(1 << 22) + 1)), "dead"
    assert not taken(written(path, host="elsewhere"))
    for content in ("", "{", "[]", '{"process": "x"}', '{"process": -1}', '{"process": true}', "\x00" * 9):
        path.write_text(content)
        assert taken(path)


def test_what_a_dead_process_of_this_system_has_left_is_taken_over_whatever_it_says(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert taken(written(path)), "the system knows that nobody holds it"
    assert taken(written(path, host="another container"))
    assert not taken(written(path, host="elsewhere", began="other-boot:7"))
    with pytest.raises(OptionError, match="if it is dead, remove"), locked(path):
        pass
    assert taken(written(path, began="other-boot:7", process=(1 << 22) + 1))


def test_a_lock_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "other")
    with pytest.raises(OptionError, match="cannot be written"), locked(tmp_path / "lock"):
        pass
    with pytest.raises(OptionError, match="cannot be written"), locked(tmp_path / "none" / "lock"):
        pass
    assert not (tmp_path / "other").exists()
