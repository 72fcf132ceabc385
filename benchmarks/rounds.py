"""Things timed against each other in one run: round by round, so that what else the machine does meets all of them."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def interleaved(runs: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each in each round; one more round goes before these and is not counted."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for count in range(rounds + 1):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            if count:
                times[name].append(time.perf_counter() - begun)
    return times


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of one time over the other."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
