"""Which demo belongs to which kind of model.

Knows their names, and loads none but the one that is run. Called by `elman demo`.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from elman.errors import OptionError, nearest
from elman.models.engines.choosing import need
from elman.models.progress import Progress

DEMOS = {
    "language-model": "elman.models.demos.language_model", "tagger": "elman.models.demos.tagger",
    "classifier": "elman.models.demos.classifier", "seq2seq": "elman.models.demos.seq2seq",
}  # fmt: skip
"""The module with the demo of each kind."""


def run(
    kind: str,
    *,
    out: Path | None,
    overwrite: bool,
    progress: Callable[[Progress], None] | None,
    write: Callable[[str], None],
) -> dict[str, Any]:
    """Run the demo of a kind; every line for the reader goes to `write`. Returns what was measured.

    Raises:
        OptionError: the kind has no demo, or torch is not installed.
    """
    if kind not in DEMOS:
        raise OptionError(f"{kind!r} is no kind of model with a demo", where="KIND", mend=nearest(kind, DEMOS))
    need("torch", where="elman demo")
    demo = import_module(DEMOS[kind])
    report: dict[str, Any] = demo.run(out, overwrite=overwrite, progress=progress, write=write)
    return report
