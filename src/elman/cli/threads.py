"""How many threads the engine uses, and how they wait: decided here, before the engine is loaded.

Knows the environment variables of the engines; knows no engine. Called by the commands first of all.
"""

import os
from argparse import Namespace
from pathlib import Path

from elman.errors import OptionError
from elman.files.documents import read_json
from elman.models.places import record_place
from elman.models.threads import VARIABLES, cores

SPINS = "10000"
"""How long a waiting thread of GNU OpenMP spins. Left alone it spins for so long that one busy neighbour makes every
small product wait for a slice of the scheduler: a product of 0.5 ms then takes 16 ms, with this bound 2 ms."""
LARGEST_RECORD = 256 << 20
"""Bytes of a `training.json` that are read."""


def use_threads(count: int | None) -> None:
    """Have the engine use so many threads; None: what the environment says, else all cores that this process may use.

    Raises:
        OptionError: the number makes no sense.
    """
    if count is not None and not 1 <= count <= 4096:
        raise OptionError(f"{count} is out of range", where="--threads", mend="give a number from 1 to 4096")
    if count is None and "OMP_NUM_THREADS" not in os.environ:
        count = cores()
    if count is not None:
        os.environ.update(dict.fromkeys(VARIABLES, str(count)))
    os.environ.setdefault("GOMP_SPINCOUNT", SPINS)


def threads_of(given: Namespace) -> int | None:
    """The threads that were asked for, else those of the run that is gone on with or repeated.

    Raises:
        ModelFileError: there is no record of the run that is repeated.
    """
    if given.threads is not None:
        return int(given.threads)
    checkpoint = record_place(Path(given.out))
    if given.resume and checkpoint.exists():
        return _recorded(checkpoint)
    return None if given.replay is None else _recorded(Path(given.replay) / "training.json")


def _recorded(path: Path) -> int | None:
    """The threads that a record tells."""
    record = read_json(path, LARGEST_RECORD)
    machine = record.get("machine") if isinstance(record, dict) else None
    threads = machine.get("threads") if isinstance(machine, dict) else None
    return threads if type(threads) is int else None
