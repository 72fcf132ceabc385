"""Long texts that several processes answer: the same lines in the same order, and every fault told."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import elman
from any_bytes import FIXTURES
from elman.errors import ElmanError, InputError, OptionError
from elman.models import threads as environment
from elman.models import windows, workers
from elman.models.kinds import KINDS
from elman.models.workers import answered
from tiny import sentences, write

LINES = 45
WINDOWS = (
    "elman.models.windows.WINDOW", "elman.models.tagging.decoding.WINDOW",
    "elman.models.language_modelling.judging.WINDOW", "elman.models.translating.predicting.SHARE",
)  # fmt: skip


def upper(models: Sequence[Any], texts: list[str]) -> list[str]:
    return [text.upper() for text in texts]


def refused(models: Sequence[Any], texts: list[str]) -> list[str]:
    raise InputError("is wrong", where="a.txt:3", mend="mend it")


def pid(models: Sequence[Any], texts: list[str]) -> tuple[int, str]:
    return os.getpid(), os.environ["OMP_NUM_THREADS"]


def death(models: Sequence[Any], texts: list[str]) -> list[str]:
    os._exit(9)


def asked(window: list[str]) -> list[str]:
    return window


@pytest.mark.parametrize("kind", list(KINDS))
def test_several_processes_write_what_one_writes(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WINDOWS:
        monkeypatch.setattr(name, 8)
    path = write(tmp_path / "a.txt", sentences(LINES))
    model = elman.load(FIXTURES / f"exported-{kind}")
    written: dict[int, list[str]] = {1: [], 2: []}
    reports = [model.predict_to([path], lines.append, workers=count) for count, lines in written.items()]
    assert written[1] == written[2]
    assert len(written[1]) == LINES
    assert reports[0]["tokens"] == reports[1]["tokens"]


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that open no model."""
    monkeypatch.setattr(workers, "_saved", lambda models, aside: [])


@pytest.mark.usefixtures("crew")
def test_others_help_when_the_text_is_long_and_share_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    texts = [[str(n)] for n in range(9)]
    found = list(answered(texts, pid, models=[], asked=asked, workers=2, alone=3))
    assert [window for window, _ in found] == texts
    own = (os.getpid(), "4")
    assert [answer == own for _, answer in found] == [True] * 3 + [False] * 6
    assert len({answer[0] for _, answer in found[3:]}) == 2
    assert {answer[1] for _, answer in found[3:]} == {"2"}
    assert os.environ["OMP_NUM_THREADS"] == "4"


def test_a_short_text_begins_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_Crew", None)
    assert list(answered([["a"], ["b"]], upper, models=[], asked=asked, workers=2, alone=2)) == [
        (["a"], ["A"]), (["b"], ["B"]),
    ]  # fmt: skip
    assert len(list(answered([["a"]] * 9, upper, models=[], asked=asked, workers=1))) == 9


@pytest.mark.usefixtures("crew")
def test_what_stands_before_a_fault_is_answered_first() -> None:
    def texts() -> Iterator[list[str]]:
        yield from (["a"], ["b"], ["c"], ["d"])
        raise InputError("broken", where="a.txt:5")

    found = []
    with pytest.raises(InputError, match=r"^a\.txt:5: broken$"):
        for window, answer in answered(texts(), upper, models=[], asked=asked, workers=3, alone=1):
            found.append((window, answer))
    assert found == [(["a"], ["A"]), (["b"], ["B"]), (["c"], ["C"]), (["d"], ["D"])]


@pytest.mark.usefixtures("crew")
def test_a_fault_of_another_process_is_told_as_one_of_this() -> None:
    with pytest.raises(InputError) as caught:
        list(answered([["a"]], refused, models=[], asked=asked, workers=2, alone=0))
    assert (str(caught.value), caught.value.exit_code) == ("a.txt:3: is wrong; mend it", 2)


@pytest.mark.usefixtures("crew")
def test_a_process_that_ends_is_told() -> None:
    with pytest.raises(ElmanError, match="a worker process has ended before its work was done; is there memory"):
        list(answered([["a"]] * 3, death, models=[], asked=asked, workers=2, alone=0))


@pytest.mark.parametrize("count", [0, -1, 257, 1.5, True, "2"])
def test_a_number_of_workers_that_makes_no_sense_is_refused(count: Any) -> None:
    with pytest.raises(OptionError, match=r"^workers: .*give a number from 1 to 256$"):
        list(answered([["a"]], upper, models=[], asked=asked, workers=count))


def test_the_environment_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    with environment.children_have(3):
        assert {os.environ[name] for name in environment.VARIABLES} == {"3"}
    assert os.environ["OMP_NUM_THREADS"] == "7"
    assert "MKL_NUM_THREADS" not in os.environ


def test_windows_may_be_smaller() -> None:
    assert list(windows.windows(["a", "b", "c"], most=2)) == [["a", "b"], ["c"]]
