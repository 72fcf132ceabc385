"""How many cores and threads there are for an engine: what the environment of the process says.

Knows environment variables; loads no engine. Used by the engines, by `models.workers` and by the command line.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
"""What the engines read when they are loaded."""


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads() -> int:
    """As many threads as torch would take: what the environment says, else all cores that this process may use."""
    told = os.environ.get(VARIABLES[0], "")
    return int(told) if told.isdecimal() and int(told) > 0 else cores()


@contextmanager
def children_have(count: int) -> Iterator[None]:
    """Have the engines of processes that are begun within the block take so many threads."""
    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(dict.fromkeys(VARIABLES, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
