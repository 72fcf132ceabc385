"""`elman bench`: a model timed in every engine and number format that it has here, one text at a time and side by side.

Knows engines, clocks and what is to be read; knows no kind of model. Called by the command.
"""

import logging
import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from elman.errors import ElmanError
from elman.models import folder
from elman.models.benching.peak import VARIABLES, peak
from elman.models.benching.work import Work, work_of
from elman.models.engines.choosing import has

log = logging.getLogger("elman")
BATCHES = (1, 64)
"""Texts side by side."""
ROUNDS = 3
"""Rounds at least, of which the median counts."""


def bench(path: Path, files: Sequence[Any], *, threads: Sequence[int], seconds: float, reading: Mapping[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """Time the model of a folder.

    Args:
        files: what is read; none: texts are made of what the model knows. threads: each is tried. seconds: for each
            measurement, about.
    Returns:
        `kind`, `engine` and `precision` that `auto` takes for this folder, `unit`, what is counted, `peak`, floating
        operations a second of a product by threads, and `rows`: `engine`, `precision`, `batch`, `threads`,
        `tokens_per_second`, `milliseconds` a text and `share_of_peak`, None where it cannot be told.
    Raises:
        ModelFileError: the folder cannot be read. InputError: a file cannot, or holds nothing.
    """
    with ExitStack() as held:
        places = [path, *_exported(path, held)]
        rows, peaks, kind, unit = [], {}, "", ""
        for count in threads:
            peaks[str(count)] = peak(count)
            for place in places:
                model = _loaded(place, count)
                work = work_of(model, files, reading)
                kind, unit = model.kind, work.unit
                for batch, (rate, milliseconds) in _timed(work, seconds):
                    share = (
                        None if work.multiplications is None else 2 * work.multiplications * rate / peaks[str(count)]
                    )
                    rows.append({
                        **_engine(model), "batch": batch, "threads": count, "tokens_per_second": rate,
                        "milliseconds": milliseconds, "share_of_peak": share,
                    })  # fmt: skip
        chosen = _engine(_loaded(path, threads[0]))
    return {"kind": kind, **chosen, "unit": unit, "peak": peaks, "rows": rows}


def _exported(path: Path, held: ExitStack) -> Iterator[Path]:
    """Folders with the same model as graphs, in both number formats, where it can be exported here."""
    if folder.open_folder(path).is_exported:
        return
    if not (has("onnx") and has("onnxruntime")):
        log.warning("without onnx and onnxruntime torch alone is timed; pip install 'elman[export]' brings them")
        return
    model, aside = folder.load(path, "torch"), Path(held.enter_context(TemporaryDirectory()))
    for name, int8 in (("fp32", False), ("int8", True)):
        try:
            model.export(aside / name, int8=int8)
        except ElmanError as error:
            log.warning("%s is not timed: %s", name, error)
        else:
            yield aside / name


def _loaded(path: Path, threads: int) -> Any:
    """The model of a folder, its engine with so many threads."""
    os.environ.update(dict.fromkeys(VARIABLES, str(threads)))
    model = folder.load(path, "auto")
    if model.exported is None:
        from elman.models.engines.torch_threads import use_threads

        use_threads(threads)
    return model


def _engine(model: Any) -> dict[str, str]:
    if model.exported is None:
        return {"engine": "torch", "precision": "fp32"}
    return {"engine": "onnx", "precision": "int8" if model.exported.about["int8"] else "fp32"}


def _timed(work: Work, seconds: float) -> Iterator[tuple[int, tuple[float, float]]]:
    """For each batch tokens a second and milliseconds a text, the median of rounds; before it every text is read once,
    as far as the time goes, so that nothing is made ready within."""
    filled = [k for k in np.random.default_rng(0).permutation(len(work.sizes)).tolist() if work.sizes[k]]
    for batch in BATCHES:
        groups = [filled[begin : begin + batch] for begin in range(0, len(filled), batch)]
        groups = _read(work, groups, seconds)[0]
        found: list[float] = []
        end = time.perf_counter() + seconds
        while len(found) < ROUNDS or time.perf_counter() < end:
            found.append(_read(work, groups, float("inf"))[1])
        spent, read = statistics.median(found), [k for group in groups for k in group]
        yield batch, (work.tokens(read) / spent, 1000 * spent / len(read))


def _read(work: Work, groups: list[list[int]], seconds: float) -> tuple[list[list[int]], float]:
    """Read groups of texts until so many seconds are over: those that were read, and what it took."""
    begun = time.perf_counter()
    for number, group in enumerate(groups, 1):
        work.read(group)
        if time.perf_counter() - begun > seconds / ROUNDS:
            return groups[:number], time.perf_counter() - begun
    return groups, time.perf_counter() - begun
