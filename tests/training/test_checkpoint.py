"""Checkpoints of a network that has everything a checkpoint could forget, on batches that are pure functions."""

import json
import math
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from elman.errors import ElmanError, ModelFileError, TrainingError
from elman.files.manifest import write_manifest
from elman.training.checkpoint import RECORD, STATE, TENSORS, Keeper, read
from elman.training.config import TrainConfig
from elman.training.loop import Outcome, Trainer
from elman.training.schedule import Plan
from elman.training.task import Event, Limits, Task

State = tuple[Tensor, ...]
NAMES = (RECORD, STATE, TENSORS)


class Small(nn.Module):
    """A matrix and a bias, which are dense, and a table."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.W = nn.Parameter(torch.randn(3, 3, generator=generator))
        self.b = nn.Parameter(torch.zeros(3))
        self.table = nn.Parameter(torch.randn(8, 3, generator=generator))


class Rows:
    """Five batches an epoch: which rows of the table are read."""

    def steps(self, epoch: int) -> int:
        return 5

    def told(self, epoch: int, step: int) -> str:
        return f"text {epoch}.{step}"

    def batch(self, epoch: int, step: int) -> Tensor:
        return torch.tensor([step, (epoch + 2 * step) % 8])


Hook = Callable[[Trainer], None]


def trainer(
    config: TrainConfig,
    *,
    keeper: Keeper | None = None,
    plan: Plan | None = None,
    budget: float | None = None,
    watch: Callable[[Event], None] | None = None,
    broken: Callable[[int], float] = lambda step: 1.0,
) -> Trainer:
    network, made = Small(), []

    def loss(rows: Tensor, state: State | None, generator: torch.Generator) -> tuple[Tensor, int, State]:
        if budget is not None:
            time.sleep(0.002)
        h = torch.zeros(3) if state is None else state[0]
        x = nn.functional.embedding(rows, network.table, sparse=True).sum(dim=0)
        kept = torch.rand(3, generator=generator) > 0.3
        h = torch.tanh(network.W @ (x * kept) + network.b + 0.5 * h)
        return (h - 0.3).square().sum() * broken(made[0].run.step), 2, (h.detach(), rows)

    def evaluate() -> float:
        return float(network.W.detach().square().sum() + network.b.detach().sum().abs())

    task = Task(network, Rows(), loss, evaluate, tables=(network.table,))
    limits = Limits(config.epochs, budget, time.monotonic())
    found = Trainer(task, config, limits=limits, plan=plan, watch=watch, keeper=keeper)
    made.append(found)
    return found


def keeper(place: Path, *, every: float = 60.0, goes_on: bool = False) -> Keeper:
    made = Keeper(place, {"told": 1}, every=every, found=read(place) if goes_on else None)
    made.enter("part")
    return made


def all_of(found: Trainer) -> dict[str, Any]:
    """Everything that a run came to, but for its seconds."""
    run = found.run
    history = [{name: value for name, value in line.items() if name != "seconds"} for line in run.history]
    tensors = {name: tensor.tolist() for name, tensor in found.optimizer.tensors()}
    weights = {name: p.detach().tolist() for name, p in found.task.network.named_parameters()}
    assert run.best_weights is not None and run.carried is not None
    return {
        **tensors, **weights, "history": history, "plan": run.plan, "recent": run.recent, "tokens": run.tokens,
        "best": run.best, "best weights": [p.tolist() for p in run.best_weights], "waited": run.waited,
        "carried": [part.tolist() for part in run.carried], "generator": found.generator.get_state().tolist(),
        "average": None if found.average is None else [p.tolist() for p in found.average.weights],
        "place": (run.step, run.epoch, run.place), "norms": (run.gradient_norm, run.usual_norm),
    }  # fmt: skip


def interrupted(found: Trainer, before: int) -> None:
    """Go on, and be interrupted before the step of that number."""
    step = found.step

    def stop() -> None:
        if found.run.step == before:
            raise KeyboardInterrupt
        step()

    found.step = stop  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        found.train()


CONFIG = TrainConfig(epochs=4, evaluations=4, lr=0.05, averaging=0.3)


@pytest.mark.parametrize("before", range(20))
def test_a_run_can_go_on_from_every_step(tmp_path: Path, before: int) -> None:
    whole = trainer(CONFIG)
    whole.train()
    interrupted(trainer(CONFIG, keeper=keeper(tmp_path / "c")), before)
    second = trainer(CONFIG, keeper=keeper(tmp_path / "c", goes_on=True))
    assert second.run.step == before
    second.train()
    assert all_of(second) == all_of(whole)


@pytest.mark.parametrize("options", [
    {"averaging": 0.0}, {"clip": 0.0}, {"clip": 0.01, "weight_decay": 1.0}, {"evaluations": 30},
    {"patience": 1, "lr": 0.0}, {"warmup": 0.5, "table_rate": 9.0},
])  # fmt: skip
def test_it_can_so_with_other_options_stopped_twice(tmp_path: Path, options: dict[str, Any]) -> None:
    config = TrainConfig(**{"epochs": 4, "evaluations": 4, "lr": 0.05, "averaging": 0.3, **options})
    whole = trainer(config)
    whole.train()
    interrupted(trainer(config, keeper=keeper(tmp_path / "c")), 3)
    interrupted(trainer(config, keeper=keeper(tmp_path / "c", goes_on=True)), 9)
    second = trainer(config, keeper=keeper(tmp_path / "c", goes_on=True))
    second.train()
    assert all_of(second) == all_of(whole)


def test_a_run_can_go_on_from_its_end(tmp_path: Path) -> None:
    whole = trainer(CONFIG, keeper=keeper(tmp_path / "c"))
    whole.train()
    assert read(tmp_path / "c").state["step"] == 20
    second = trainer(CONFIG, keeper=keeper(tmp_path / "c", goes_on=True))
    second.train()
    assert all_of(second) == all_of(whole)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_watcher_may_interrupt_while_it_is_told_of_an_evaluation(tmp_path: Path, number: int) -> None:
    told: list[Event] = []

    def interrupt(event: Event) -> None:
        if event.scores is not None:
            told.append(event)
            if len(told) == number:
                raise KeyboardInterrupt

    whole = trainer(CONFIG)
    whole.train()
    with pytest.raises(KeyboardInterrupt):
        trainer(CONFIG, keeper=keeper(tmp_path / "c"), watch=interrupt).train()
    assert len(read(tmp_path / "c").state["history"]) == number
    second = trainer(CONFIG, keeper=keeper(tmp_path / "c", goes_on=True))
    second.train()
    assert all_of(second) == all_of(whole)


def signalled(found: Trainer, number: int, *, at: int, times: int = 1) -> None:
    """Have signals come in the middle of a step."""
    loss = found.task.loss

    def sent(*given: Any) -> Any:
        done = loss(*given)
        if found.run.step == at:
            for _ in range(times):
                signal.raise_signal(number)
        return done

    object.__setattr__(found.task, "loss", sent)


class Ended(KeyboardInterrupt):
    """What a handler of the caller raises."""


def test_a_signal_waits_for_the_end_of_the_step_and_acts_as_it_would_have(tmp_path: Path) -> None:
    def end(number: int, frame: Any) -> None:
        raise Ended

    whole = trainer(CONFIG)
    whole.train()
    before = signal.signal(signal.SIGTERM, end)
    try:
        for number, kind, at in ((signal.SIGTERM, Ended, 6), (signal.SIGINT, KeyboardInterrupt, 12)):
            found = trainer(CONFIG, keeper=keeper(tmp_path / "c", goes_on=at > 6))
            signalled(found, number, at=at)
            with pytest.raises(kind):
                found.train()
            assert found.run.step == at + 1 == read(tmp_path / "c").state["step"]
            assert signal.getsignal(signal.SIGTERM) is end
    finally:
        signal.signal(signal.SIGTERM, before)
    second = trainer(CONFIG, keeper=keeper(tmp_path / "c", goes_on=True))
    second.train()
    assert all_of(second) == all_of(whole)


def test_a_second_signal_stops_at_once_and_writes_nothing(tmp_path: Path) -> None:
    found = trainer(CONFIG, keeper=keeper(tmp_path / "c"))
    signalled(found, signal.SIGINT, at=6, times=2)
    with pytest.raises(KeyboardInterrupt):
        found.train()
    assert found.run.step == 6
    assert list(tmp_path.iterdir()) == []


def test_a_handler_that_only_takes_note_lets_the_run_go_on(tmp_path: Path) -> None:
    noted: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: noted.append(number))
    try:
        found = trainer(CONFIG, keeper=keeper(tmp_path / "c"))
        signalled(found, signal.SIGTERM, at=6)
        found.train()
    finally:
        signal.signal(signal.SIGTERM, before)
    whole = trainer(CONFIG)
    whole.train()
    assert noted == [signal.SIGTERM] and all_of(found) == all_of(whole)


@pytest.mark.parametrize("averaged", [False, True])
def test_an_evaluation_is_left_at_once_and_made_again(tmp_path: Path, averaged: bool) -> None:
    whole = trainer(CONFIG)
    whole.train()
    found = trainer(CONFIG, keeper=keeper(tmp_path / "c"))
    asked: list[int] = []
    own = found.task.evaluate
    assert own is not None

    def evaluate() -> float:
        asked.append(found.run.step)
        if len(asked) == 3 + averaged:
            signal.raise_signal(signal.SIGINT)
            raise AssertionError("not reached")
        return own()

    object.__setattr__(found.task, "evaluate", evaluate)
    with pytest.raises(KeyboardInterrupt):
        found.train()
    assert found.run.step == 10 and len(read(tmp_path / "c").state["history"]) == 1
    second = trainer(CONFIG, keeper=keeper(tmp_path / "c", goes_on=True))
    second.train()
    assert all_of(second) == all_of(whole)


@pytest.mark.usefixtures("own_time")
def test_the_time_that_was_used_counts_and_the_plan_can_be_followed(tmp_path: Path) -> None:
    config = TrainConfig(budget="2s", lr=0.05)
    first = trainer(config, keeper=keeper(tmp_path / "c"), budget=2.0)
    begun = time.monotonic()
    interrupted(first, 30)
    used = time.monotonic() - begun
    found = read(tmp_path / "c")
    assert 0 < found.seconds <= used
    second = trainer(config, keeper=keeper(tmp_path / "c", goes_on=True), budget=2.0)
    object.__setattr__(second.limits, "started", time.monotonic() - found.seconds)
    second.train()
    assert found.seconds < second.run.history[-1]["seconds"] < 3.5
    followed = trainer(config, plan=Plan(list(second.run.plan.points)))
    followed.train()
    assert all_of(followed) == all_of(second)


@pytest.mark.usefixtures("own_time")
def test_checkpoints_come_as_time_passes_and_cost_little(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[float] = []
    monkeypatch.setattr(
        "elman.training.checkpoint.write", lambda checkpoint, tensors: written.append(checkpoint.seconds)
    )
    for every, least, most in ((0.1, 3, 6), (0.0, 0, 0), (60.0, 1, 1)):
        written.clear()
        config = TrainConfig(epochs=40, evaluations=1, checkpoint_seconds=every)
        found = trainer(config, keeper=keeper(tmp_path / "c", every=every), budget=0.5)
        found.train()
        assert least <= len(written) <= most
    costly = keeper(tmp_path / "c", every=0.01)
    monkeypatch.setattr("elman.training.checkpoint.write", lambda checkpoint, tensors: time.sleep(0.02))
    found = trainer(TrainConfig(epochs=1), keeper=costly)
    costly.keep(found, now=True)
    assert costly._due - time.monotonic() > 0.9  # 0.02 s at most every 1 s
    assert found.pace.upkeep == pytest.approx(0.02, rel=0.2)


def test_a_value_that_is_not_finite_is_not_kept(tmp_path: Path) -> None:
    found = trainer(CONFIG, keeper=keeper(tmp_path / "c"))
    assert found.keeper is not None
    found.keeper.keep(found, now=True)
    with torch.no_grad():
        found.task.network.get_parameter("W")[0, 0] = math.inf
    with pytest.raises(TrainingError, match=r"weights\.W is not finite after step 0"):
        found.keeper.keep(found, now=True)
    assert read(tmp_path / "c").state["step"] == 0


def test_a_failure_leaves_the_last_checkpoint(tmp_path: Path) -> None:
    found = trainer(
        CONFIG, keeper=keeper(tmp_path / "c", every=1e-9), broken=lambda step: math.nan if step == 7 else 1.0
    )
    outcome: Outcome = found.train()
    assert "step 7 (epoch 1, batch 2: text 1.2)" in str(outcome.stopped)
    assert read(tmp_path / "c").state["step"] <= 7


def test_a_full_disk_leaves_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = trainer(CONFIG, keeper=keeper(tmp_path / "c"))
    assert found.keeper is not None
    found.keeper.keep(found, now=True)

    def full(path: Path, tensors: Any) -> None:
        raise OSError(28, os.strerror(28), str(path))

    monkeypatch.setattr("elman.training.checkpoint.save_tensors", full)
    with pytest.raises(ElmanError, match="cannot be written: No space left on device"):
        found.train()
    assert read(tmp_path / "c").state["step"] == 0
    assert os.listdir(tmp_path) == ["c"]


def test_what_is_no_checkpoint_of_this_run_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "c"
    interrupted(trainer(CONFIG, keeper=keeper(place)), 3)

    def refused(change: Callable[[dict[str, Any]], Any]) -> str:
        text = (place / STATE).read_text()
        document = json.loads(text)
        change(document)
        (place / STATE).write_text(json.dumps(document))
        write_manifest(place, NAMES)
        with pytest.raises(ModelFileError) as caught:
            trainer(CONFIG, keeper=keeper(place, goes_on=True))
        (place / STATE).write_text(text)
        write_manifest(place, NAMES)
        return str(caught.value)

    assert "version 99" in refused(lambda document: document.update(version=99))
    assert "not the state of a run" in refused(lambda document: document.update(seconds="long"))
    assert "not the state of a run" in refused(lambda document: document["state"].pop("tokens"))
    assert "not the state of a run" in refused(lambda document: document["state"].update(plan=3))
    with pytest.raises(ModelFileError, match=r"averaged\.0 is on one side alone"):
        trainer(TrainConfig(epochs=4, averaging=0.0), keeper=keeper(place, goes_on=True))
    content = (place / TENSORS).read_bytes()
    (place / TENSORS).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(ModelFileError, match="not what it was"):
        keeper(place, goes_on=True)


def test_an_explosion_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    found = trainer(TrainConfig(epochs=40, lr=1e-4), broken=lambda step: 1e6 if 100 < step < 110 else 1.0)
    found.train()
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1 and "step 101 (epoch 20, batch 1: text 20.1)" in told[0]


def test_a_gradient_of_a_table_that_is_not_finite_stops_the_run() -> None:
    found = trainer(CONFIG)
    clip = found.optimizer.clip

    def broken() -> float:
        table = found.task.tables[0]
        assert table.grad is not None
        if found.run.step == 3:
            table.grad._values()[0, 0] = math.nan
        return clip()

    found.optimizer.clip = broken  # type: ignore[method-assign]
    outcome = found.train()
    assert "the gradient is not finite at step 3 (epoch 0, batch 3: text 0.3)" in str(outcome.stopped)
    assert torch.isfinite(found.task.tables[0]).all()


def test_a_score_that_is_not_finite_stops_the_run() -> None:
    found = trainer(CONFIG)
    evaluate = found.task.evaluate
    assert evaluate is not None
    object.__setattr__(found.task, "evaluate", lambda: math.nan if found.run.step == 10 else evaluate())
    outcome = found.train()
    assert "the score on the dev text is nan at step 10" in str(outcome.stopped)
    assert outcome.is_good and found.run.history[-1]["step"] == 5
