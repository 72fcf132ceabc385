"""The names of what stands beside a model folder while it is trained.

Knows names alone, and loads nothing. Used by `models.resuming` and by `cli.threads`, which comes before any engine.
"""

import os
from pathlib import Path

LOCK, CHECKPOINT, RECORD = "lock", "checkpoint", "record.json"


def training_place(out: Path) -> Path:
    """The folder beside a model folder: `DIR.training`."""
    whole = Path(os.path.abspath(out))
    return whole.parent / f"{whole.name}.training"


def record_place(out: Path) -> Path:
    """The file of a checkpoint there that tells what has to fit for the run to go on."""
    return training_place(out) / CHECKPOINT / RECORD
