"""Settings of the whole suite: how long a drawn example takes depends on the machine, and is no fault; how many are
drawn is what fits into a run of all tests, and more where a test says so. Ctrl-C is heeded, even where the suite was
started in the background by a shell that had it ignored, as all programs that it starts would."""

import signal
import time
from importlib import import_module

import pytest
from hypothesis import settings

settings.register_profile("elman", deadline=None, max_examples=30)
settings.load_profile("elman")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that passes while this process works or sleeps, and no other: what else runs on the machine takes none.

    Sleeping takes no time of anybody's. What training loads late has been loaded before.
    """
    import_module("elman.models.fitting")
    slept, worked = [0.0], time.process_time

    def sleep(seconds: float) -> None:
        slept[0] += seconds

    def now() -> float:
        return worked() + slept[0]

    for name, function in (("sleep", sleep), ("monotonic", now), ("perf_counter", now)):
        monkeypatch.setattr(time, name, function)
