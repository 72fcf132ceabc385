"""Checkpoints: the whole state of a run as a value, written whole or not at all, and put back to the bit.

Knows a trainer, its optimizer and safetensors with JSON beside them; knows neither what is learnt nor from what. The
record of what a run needs besides is handed in and out as it is. Called by `training.loop` and `models`.
"""

import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from elman.errors import ModelFileError, TrainingError
from elman.files.atomic import renewed_folder
from elman.files.documents import read_json, write_json
from elman.files.manifest import check_manifest, write_manifest
from elman.files.tensors import load_tensors, read_shapes, save_tensors
from elman.training.schedule import Plan

if TYPE_CHECKING:
    from elman.training.loop import Trainer

VERSION = 1
RECORD, STATE, TENSORS = "record.json", "state.json", "state.safetensors"
LARGEST = 1 << 28
"""Bytes of a document that are read."""
LARGEST_TENSORS = 1 << 37
"""Likewise of the tensors: room for four billion weights, each with what `BYTES` counts."""
FIRST = 10.0
"""Seconds after which the first checkpoint is due, if others are not so sooner."""
COST = 0.02
"""The largest share of the time that checkpoints take: those that cost much become rarer."""
SPEED = 2e8
"""Bytes a second that writing is taken to manage before it has been measured."""
BYTES = 20
"""Of a checkpoint for each weight: itself, two moments, an average and the best so far."""
PLAIN = (
    "step", "epoch", "place", "evaluations", "judged", "waited", "tokens", "training_seconds", "replanned", "best",
    "gradient_norm", "usual_norm", "warned", "history",
)  # fmt: skip
"""The fields of a run that JSON holds as they are."""
PACE = ("step_seconds", "evaluation_seconds")


@dataclass(frozen=True)
class Checkpoint:
    """A run as it was.

    Args:
        place: its folder, where the tensors are. phase: the name of the part of the run. seconds: used of its time, all
            parts counted. record: what was handed in. state: what JSON holds of the trainer.
    """

    place: Path
    phase: str
    seconds: float
    record: Mapping[str, Any]
    state: Mapping[str, Any]

    def tensors(self) -> dict[str, Tensor]:
        """What JSON does not hold, by name."""
        path = self.place / TENSORS
        return {name: torch.from_numpy(array) for name, array in load_tensors(path, read_shapes(path)).items()}


def state_of(trainer: "Trainer") -> tuple[dict[str, Any], dict[str, Tensor]]:
    """All that a trainer is, beside what it was made from: as JSON values, and as tensors by name.

    The tensors are those of the trainer, not copies.
    """
    run, optimizer = trainer.run, trainer.optimizer
    state: dict[str, Any] = {name: getattr(run, name) for name in PLAIN}
    state |= {
        "plan": run.plan.to_json(), "recent": list(run.recent), "is_carried": run.carried is not None,
        "is_best": run.best_weights is not None, "pace": {name: getattr(trainer.pace, name) for name in PACE},
        "measured": list(trainer.pace.measured), "rate": optimizer.last, "steps": optimizer.steps,
    }  # fmt: skip
    tensors = {name: tensor.detach().cpu() for name, tensor in _tensors(trainer)}
    tensors["generator"] = trainer.generator.get_state()
    return state, tensors


def restore(trainer: "Trainer", checkpoint: Checkpoint) -> None:
    """Bring a trainer, just made, to the state that a checkpoint has of one made alike.

    Raises:
        ModelFileError: the checkpoint is of a trainer of another shape.
    """
    state, tensors, run = checkpoint.state, checkpoint.tensors(), trainer.run
    try:
        for name in PLAIN:
            setattr(run, name, state[name])
        run.plan = Plan.from_json(state["plan"])
        run.recent = (state["recent"][0], state["recent"][1])
        for name in PACE:
            setattr(trainer.pace, name, state["pace"][name])
        trainer.pace.measured = (state["measured"][0], state["measured"][1])
        trainer.optimizer.last, trainer.optimizer.steps = state["rate"], state["steps"]
        device = trainer.generator.device
        count = sum(name.startswith("carried.") for name in tensors)
        if state["is_carried"]:
            run.carried = tuple(tensors[f"carried.{n}"].to(device) for n in range(count))
        if state["is_best"]:
            run.best_weights = [torch.empty_like(p) for p in trainer.task.network.parameters()]
        trainer.optimizer.prepare(int(name.split(".")[1]) for name in tensors if name.startswith("adam."))
        _put(trainer, tensors)
        trainer.generator.set_state(tensors["generator"])
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ModelFileError(f"this is not the state of a run: {error}", where=STATE) from error


def _tensors(trainer: "Trainer") -> Iterator[tuple[str, Tensor]]:
    """The tensors of a trainer by name, but for its generator."""
    for name, p in trainer.task.network.named_parameters():
        yield f"weights.{name}", p
    yield from trainer.optimizer.tensors()
    lists = {
        "averaged": trainer.average.weights if trainer.average is not None else (),
        "best": trainer.run.best_weights or (), "carried": trainer.run.carried or (),
    }  # fmt: skip
    for name, some in lists.items():
        for n, tensor in enumerate(some):
            yield f"{name}.{n}", tensor


@torch.no_grad()
def _put(trainer: "Trainer", tensors: Mapping[str, Tensor]) -> None:
    """Write tensors into those of a trainer, which are as many and of the same shapes."""
    own = dict(_tensors(trainer))
    for name in [*own, *tensors]:
        if name not in tensors or (name not in own and name != "generator"):
            raise ValueError(f"the tensor {name} is on one side alone")
    for name, tensor in own.items():
        found = tensors[name]
        if (found.dtype, found.shape) != (tensor.dtype, tensor.shape):
            raise ValueError(f"the tensor {name} is {found.dtype} {tuple(found.shape)}, wanted {tuple(tensor.shape)}")
        tensor.copy_(found)


def write(checkpoint: Checkpoint, tensors: Mapping[str, Tensor]) -> None:
    """Write a checkpoint to its place; the one that is there stays whole until then.

    Raises:
        ElmanError: it cannot be written (a full disk, say).
    """
    with renewed_folder(checkpoint.place) as aside:
        write_json(aside / RECORD, dict(checkpoint.record))
        document = {"version": VERSION, "phase": checkpoint.phase, "seconds": checkpoint.seconds}
        write_json(aside / STATE, {**document, "state": dict(checkpoint.state)})
        save_tensors(aside / TENSORS, {name: tensor.numpy() for name, tensor in tensors.items()})
        write_manifest(aside, (RECORD, STATE, TENSORS))


def read(place: Path) -> Checkpoint:
    """The checkpoint in a folder.

    Raises:
        ModelFileError: it is not whole, altered, or of another version.
    """
    check_manifest(place, (RECORD, STATE), limit=LARGEST)
    check_manifest(place, (TENSORS,), limit=LARGEST_TENSORS)
    record, document = read_json(place / RECORD, LARGEST), read_json(place / STATE, LARGEST)
    wanted = {"version": int, "phase": str, "seconds": float, "state": dict}
    if not isinstance(document, dict) or not isinstance(record, dict):
        raise ModelFileError("this is not the state of a run", where=str(place / STATE))
    if document.get("version") != VERSION:
        raise ModelFileError(
            f"checkpoints of version {document.get('version')!r} are not read, only {VERSION}", where=str(place),
            mend="go on with the elman that wrote it, or give --overwrite to begin anew",
        )  # fmt: skip
    if not all(isinstance(document.get(name), kind) for name, kind in wanted.items()):
        raise ModelFileError("this is not the state of a run", where=str(place / STATE))
    return Checkpoint(place, document["phase"], document["seconds"], record, document["state"])


class Keeper:
    """Writes checkpoints of the trainers of a run as time passes, and brings the one that is gone on with to its state.

    Args:
        place: their folder. record: what is handed out again with them. every: seconds between two, 0 for none but
            where the run is stopped. found: the checkpoint that the run goes on from.
    """

    def __init__(
        self, place: Path, record: Mapping[str, Any], *, every: float, found: Checkpoint | None = None
    ) -> None:
        self.place, self.record, self.every, self.found = place, dict(record), every, found
        self.phase, self.cost = "", 0.0
        self._due = time.monotonic() + min(FIRST, every) if every else math.inf

    def enter(self, phase: str, **record: Any) -> None:
        """Begin a part of the run, and tell further things with its checkpoints."""
        self.phase, self.record = phase, {**self.record, **record}

    def begin(self, trainer: "Trainer") -> None:
        """Take charge of a trainer that has just been made."""
        if self.found is not None and self.found.phase == self.phase:
            restore(trainer, self.found)
        weights = sum(p.numel() for p in trainer.task.network.parameters())
        self.cost = self.cost or weights * BYTES / SPEED
        trainer.pace.reserve += self.cost  # that of the last one
        trainer.pace.upkeep = self._share()

    def keep(self, trainer: "Trainer", *, now: bool = False) -> None:
        """Write a checkpoint if it is time, or now.

        Raises:
            TrainingError: a value is not finite; the last checkpoint stays. ElmanError: it cannot be written; likewise.
        """
        begun = time.monotonic()
        if begun < self._due and not now:
            return
        state, tensors = state_of(trainer)
        for name, tensor in tensors.items():
            if tensor.is_floating_point() and tensor.numel() and not _is_finite(tensor):
                raise TrainingError(
                    f"a value of {name} is not finite after {trainer.where()}", mend="give a lower --lr or --clip"
                )
        seconds = begun - trainer.limits.started
        write(Checkpoint(self.place, self.phase, seconds, self.record, state), tensors)
        self.cost = time.monotonic() - begun
        trainer.pace.upkeep = self._share()
        if self.every:
            self._due = time.monotonic() + max(self.every, self.cost / COST)

    def _share(self) -> float:
        """The share of the time that is likely to go into checkpoints."""
        return self.cost / max(self.every, self.cost / COST, 1e-9) if self.every else 0.0


def _is_finite(tensor: Tensor) -> bool:
    low, high = tensor.aminmax()
    return math.isfinite(low.item()) and math.isfinite(high.item())
