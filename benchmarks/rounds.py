"""Rounds that take turns: what each of several ways to do the same work takes, so that a busy machine is busy for all.

Used by the benchmarks of speed.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def interleaved(
    runs: Mapping[str, Callable[[], object]], *, rounds: int, processor_time: bool = False
) -> dict[str, list[float]]:
    """Seconds of each, by the clock or of the processor, round by round; the first round is not counted."""
    clock = time.process_time if processor_time else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in runs}
    for count in range(rounds + 1):
        for name, run in runs.items():
            begun = clock()
            run()
            if count:
                times[name].append(clock() - begun)
    return times


def ratios(times: Mapping[str, list[float]], above: str) -> dict[str, float]:
    """Of every other one, the median over the rounds of the seconds of `above` over its own."""
    return {name: median_ratio(times[above], values) for name, values in times.items() if name != above}


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of one time over the other."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
