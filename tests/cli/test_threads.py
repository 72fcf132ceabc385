"""Threads are decided before an engine is loaded."""

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from elman.cli.threads import threads_of, use_threads
from elman.errors import ModelFileError, OptionError
from elman.models.threads import VARIABLES


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of threads, as it was before when the test is over."""
    for name in (*VARIABLES, "GOMP_SPINCOUNT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_a_number_that_is_given_holds_for_all_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    use_threads(3)
    assert {name: os.environ[name] for name in VARIABLES} == dict.fromkeys(VARIABLES, "3")


def test_the_default_is_all_cores_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5})
    use_threads(None)
    assert os.environ["OMP_NUM_THREADS"] == "3"


def test_the_environment_holds_where_no_number_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("GOMP_SPINCOUNT", "0")
    use_threads(None)
    assert (os.environ["OMP_NUM_THREADS"], os.environ["GOMP_SPINCOUNT"]) == ("1", "0")
    assert "MKL_NUM_THREADS" not in os.environ


def test_waiting_threads_spin_shortly() -> None:
    use_threads(2)
    assert os.environ["GOMP_SPINCOUNT"] == "10000"


@pytest.mark.parametrize("count", [0, -1, 5000])
def test_a_number_that_makes_no_sense_is_refused(count: int) -> None:
    with pytest.raises(OptionError, match=r"--threads: .* is out of range"):
        use_threads(count)


def given(out: Path, **options: Any) -> Namespace:
    return Namespace(**{"out": str(out), "threads": None, "replay": None, "resume": False, **options})


def test_the_threads_of_a_recorded_run(tmp_path: Path) -> None:
    for record, wanted in (({"machine": {"threads": 3}}, 3), ({"machine": {"threads": "3"}}, None), ([], None)):
        (tmp_path / "training.json").write_text(json.dumps(record))
        assert threads_of(given(tmp_path / "m", replay=str(tmp_path))) == wanted
    assert threads_of(given(tmp_path / "m", replay=str(tmp_path), threads=2)) == 2
    with pytest.raises(ModelFileError, match="there is no such file"):
        threads_of(given(tmp_path / "m", replay=str(tmp_path / "missing")))


def test_the_threads_of_a_run_that_is_gone_on_with(tmp_path: Path) -> None:
    assert threads_of(given(tmp_path / "m", resume=True)) is None
    checkpoint = tmp_path / "m.training" / "checkpoint"
    checkpoint.mkdir(parents=True)
    (checkpoint / "record.json").write_text(json.dumps({"machine": {"threads": 5}}))
    assert threads_of(given(tmp_path / "m", resume=True)) == 5
    assert threads_of(given(tmp_path / "m")) is None
