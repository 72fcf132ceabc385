"""The forms that a trained model is shipped in, judged as the model itself was, and models that are kept.

Used by the benchmarks of accuracy: `--exported` has ONNX Runtime answer, in fp32 and in int8, and `--keep` leaves the
trained folders where they can be looked at.
"""

import argparse
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def add_options(parser: argparse.ArgumentParser) -> None:
    """What this file does, as options of a benchmark."""
    parser.add_argument("--exported", action="store_true", help="judge the exported model too, in fp32 and in int8")
    parser.add_argument("--keep", type=Path, help="leave the trained models in this folder")


def keep(model: Any, folder: Path | None, name: str) -> None:
    """Leave a model in the folder, if there is one, in the place of one of that name."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        model.save(folder / name, overwrite=True)


def judged(
    model: Any, judge: Callable[[Any], dict[str, Any]], *, wanted: bool, files: Sequence[Path] = ()
) -> dict[str, Any]:
    """What each exported form is worth; of one that is refused, why.

    Args:
        files: on whose rows the exported model is compared with the trained one.
    """
    import elman  # only here: the thread count is set before the engine loads
    from elman.errors import ElmanError

    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as aside:
        for name, int8 in (("fp32", False), ("int8", True)) if wanted else ():
            try:
                model.export(Path(aside) / name, int8=int8, files=files)
                found[name] = judge(elman.load(Path(aside) / name))
            except ElmanError as error:
                found[name] = {"refused": str(error)}
    return found
