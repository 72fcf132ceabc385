"""A lock that one process at a time holds: a file that names it. What a dead process has left is taken over.

Knows files and processes; knows nothing of what is locked. Used by `models.resuming`.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from elman.errors import ModelFileError, OptionError
from elman.files.documents import parse_json
from elman.files.replace import writing_errors

LARGEST = 1 << 16
"""Bytes of a lock that are read."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of that name for the block; its folder is there. The file goes when the block ends.

    The system's lock on the open file ends with the process that holds it, and is believed for processes of the same
    system. Where a file system has no such locks, the process that the file names decides: its number, and when it
    began, since numbers come again. What another machine may hold, whose locks may not be seen here, is left alone.

    Raises:
        OptionError: another process holds it, or it cannot be written.
    """
    with writing_errors(path):
        descriptor, is_ours = _opened(path)
    try:
        holder = _holder(descriptor)
        if _is_held(holder, is_ours=is_ours):
            raise _refusal(path, holder)
        with writing_errors(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(_own()).encode("ascii"), 0)
        try:
            yield
        finally:
            with suppress(OSError):
                path.unlink()
    finally:
        os.close(descriptor)


def _opened(path: Path) -> tuple[int, bool]:
    """The file of the lock, open, still the one of that name; and whether the system has locked it for us.

    Raises:
        OptionError: another process has locked it.
    """
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise _refusal(path, holder) from error
        except OSError:  # a file system without such locks: what the file says decides
            return descriptor, False
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(descriptor), path.stat(follow_symlinks=False)):
                return descriptor, True
        os.close(descriptor)  # whoever held it has removed it meanwhile


def _refusal(path: Path, holder: dict[str, Any]) -> OptionError:
    who = "another process"
    if "process" in holder and "host" in holder:
        who = f"process {holder['process']} on {holder['host']}"
    mend = "wait for its end, or give another place"
    if holder.get("host") not in (None, socket.gethostname()):
        mend += f"; if it is dead, remove {path}"
    return OptionError(f"{who} is training here", where=str(path.parent), mend=mend)


def _own() -> dict[str, Any]:
    return {"process": os.getpid(), "host": socket.gethostname(), "began": _began(os.getpid())}


def _holder(descriptor: int) -> dict[str, Any]:
    """Who has written the lock; nobody where it is empty or no lock."""
    try:
        found = parse_json(os.pread(descriptor, LARGEST, 0), where="lock")
    except ModelFileError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_held(holder: dict[str, Any], *, is_ours: bool) -> bool:
    """Is the process that a lock names alive? One of another machine may be."""
    process, began = holder.get("process"), str(holder.get("began"))
    if type(process) is not int or not 0 < process < 1 << 31:
        return False
    own = str(_began(os.getpid()))
    if is_ours and began.partition(":")[0] == own.partition(":")[0]:
        return False  # of the same system, which would not have locked it for us
    if holder.get("host") != socket.gethostname():
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return began == str(_began(process))


def _began(process: int) -> str | None:
    """When a process began, as the system counts it, with the start of the system before; None where it does not tell.

    The name of a process may hold blanks and brackets: what is counted stands behind the last bracket.
    """
    try:
        ticks = (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        )
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, IndexError):
        return None
    return f"{boot}:{ticks}"
