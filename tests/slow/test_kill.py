"""Training that is killed, stopped twice, or finds the disk full: nothing is lost, and it goes on to the same bits."""

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from killing import Victim, arguments, content, kill

KINDS = ("language-model", "tagger", "classifier", "seq2seq")
KILLS = 5
Counted = Callable[[str, int], None]


@pytest.mark.promises(
    "A run killed at any moment leaves a whole checkpoint or none, and goes on to the bits of a run never killed"
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_goes_on(kind: str, tmp_path: Path, counted: Counted) -> None:
    victim = Victim(tmp_path, arguments(kind, tmp_path))
    begun = time.monotonic()
    whole = victim.finish(out=tmp_path / "whole")
    kill(victim, random.Random(kind), count=KILLS, longest=time.monotonic() - begun)
    assert (content(victim.out) if victim.is_done else victim.finish()) == whole
    counted("kills survived", KILLS)


@pytest.mark.promises("A second signal stops a run at once; what the last checkpoint has is not lost")
@pytest.mark.parametrize("kind", KINDS)
def test_a_second_signal_stops_at_once(kind: str, tmp_path: Path, counted: Counted) -> None:
    victim = Victim(tmp_path, arguments(kind, tmp_path))
    whole = victim.finish(out=tmp_path / "whole")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with victim.start() as child:
            assert victim.trains(child)
            child.send_signal(number)
            child.send_signal(number)
            begun = time.monotonic()
            child.communicate()
        assert child.returncode == code
        assert time.monotonic() - begun < 5
        assert victim.check()
    assert victim.finish() == whole
    counted("second signals", 2)


@pytest.mark.promises("A disk that is full while training is one line and exit code 1, and the last checkpoint stays")
@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_loses_nothing(kind: str, tmp_path: Path, counted: Counted) -> None:
    victim = Victim(tmp_path, arguments(kind, tmp_path))
    whole = victim.finish(out=tmp_path / "whole")
    with victim.start() as child:
        assert victim.trains(child)
        child.send_signal(signal.SIGTERM)
        child.communicate()
    assert child.returncode == 143
    place = victim.training / "checkpoint"
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    largest = max(map(len, before.values()))
    for limit in (largest // 2, largest - 1):
        with victim.start(limit=limit) as child:
            _, told = child.communicate()
        assert child.returncode == 1
        assert "cannot be written" in told.splitlines()[-1] and "Traceback" not in told
        assert {path.name: path.read_bytes() for path in place.iterdir()} == before
        assert sorted(path.name for path in victim.training.iterdir()) == ["checkpoint"]
        assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert victim.finish() == whole
    counted("full disks", 2)
