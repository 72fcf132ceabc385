"""What stands beside a model folder while it is trained: `DIR.training`, with a lock and the last checkpoint.

Knows that folder, and what has to fit for a run to go on; knows no network. Used by `models.fitting` and
`models.plans`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman import __version__
from elman.errors import ElmanError, ModelFileError, OptionError
from elman.files.atomic import check_target, discard, is_left_behind, settle
from elman.files.lock import locked
from elman.files.replace import writing_errors
from elman.models import folder
from elman.models.places import CHECKPOINT, LOCK, training_place

if TYPE_CHECKING:
    from elman.training.checkpoint import Checkpoint

FREE = ("checkpoint_seconds",)
"""Options that may be others than those of the run that is gone on with: no bit depends on them."""
TASK, EARLIER = "training", "before"
"""The parts of a run, by the names that checkpoints have for them."""
BEGIN_ANEW = "give --overwrite to begin anew"


def versions() -> dict[str, str]:
    """Of what has to be the same for the same bits."""
    return {"elman": __version__, **{name: version(name) for name in ("torch", "numpy", "tokenizers")}}


class Beside:
    """The folder of a run, held by its lock.

    Attributes:
        checkpoint: the place of its checkpoint. found: the one that the run goes on from.
    """

    def __init__(self, place: Path, found: "Checkpoint | None") -> None:
        self.place, self.checkpoint, self.found = place, place / CHECKPOINT, found

    @property
    def has_checkpoint(self) -> bool:
        """Whether there is something to go on from."""
        return self.checkpoint.exists()

    def begin(self) -> None:
        """Leave what an earlier run had reached, if this one does not go on from it."""
        if self.found is None:
            discard(self.checkpoint)

    def finish(self) -> None:
        """The model is saved: nothing is needed any more."""
        discard(self.checkpoint)


@contextmanager
def beside(out: Path | None, *, resume: bool, overwrite: bool) -> Iterator[Beside | None]:
    """Hold the folder beside a model folder; None where the model is not to be saved.

    Raises:
        OptionError: the place of the model, or that beside it, cannot be used; another process trains here; there is a
            checkpoint and no wish to go on, or the other way round. ModelFileError: the checkpoint is not whole.
    """
    if out is None:
        if resume:
            raise OptionError("there is no folder to go on in", where="--resume", mend="name it with --out")
        yield None
        return
    check_target(out, overwrite=overwrite or resume)
    place = training_place(out)
    _check_ours(place)
    made = [above for above in place.parents if not above.exists()]
    with writing_errors(place):
        place.mkdir(parents=True, exist_ok=True)
    try:
        with locked(place / LOCK):
            settle(place / CHECKPOINT)
            yield Beside(place, _found(out, place, resume=resume, overwrite=overwrite))
    finally:
        with suppress(OSError):  # those that are not empty stay
            for empty in (place, *made):
                empty.rmdir()


def _check_ours(place: Path) -> None:
    """Refuse a folder that elman has not written."""
    mend = "give another --out"
    if place.is_symlink() or (place.exists() and not place.is_dir()):
        raise OptionError("checkpoints cannot be kept here: this is no folder", where=str(place), mend=mend)
    if not place.exists():
        return
    try:
        names = [entry.name for entry in place.iterdir()]
    except OSError as error:
        raise OptionError(str(error.strerror or error), where=str(place), mend=mend) from error
    if any(name not in (LOCK, CHECKPOINT) and not is_left_behind(name, of=CHECKPOINT) for name in names):
        raise OptionError("this folder has other content than checkpoints", where=str(place), mend=mend)


def _found(out: Path, place: Path, *, resume: bool, overwrite: bool) -> "Checkpoint | None":
    """The checkpoint that a run is to go on from."""
    is_there = (place / CHECKPOINT).exists()
    if not resume:
        if is_there and not overwrite:
            raise OptionError(
                "a run that did not end has left a checkpoint", where=str(place),
                mend=f"give --resume to go on, or {BEGIN_ANEW.removeprefix('give ')}",
            )  # fmt: skip
        return None
    if not is_there:
        has_model = (out / "config.json").exists()
        mend = f"there is a model in {out}" if has_model else "leave --resume out to begin"
        raise OptionError("there is no checkpoint to go on from", where=str(place), mend=mend)
    from elman.training.checkpoint import read  # which loads torch

    try:
        return read(place / CHECKPOINT)
    except ModelFileError as error:
        mend = error.mend if error.mend and "--overwrite" in error.mend else f"leave --resume out, and {BEGIN_ANEW}"
        raise ModelFileError(error.what, where=error.where, mend=mend) from error


def checked_values(record: Mapping[str, Any], asked: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """The options of a run that is gone on with, and of those that are asked for the ones that may differ.

    Raises:
        OptionError: another option was asked for than the run has, or than was asked for when it began.
    """
    values, before = dict(record["options"]), record["asked"]
    for name, value in asked.items():
        wanted = before.get(name, values.get(name))
        plain = list(value) if isinstance(value, tuple) else value
        if name in FREE:
            values[name] = value
        elif plain != wanted:
            raise OptionError(
                f"the run in {where} has {name} {wanted}, not {plain}", where=f"--{name.replace('_', '-')}",
                mend=f"leave it out, or leave out --resume and {BEGIN_ANEW}",
            )  # fmt: skip
    return values


def check_versions(record: Mapping[str, Any], *, where: str) -> None:
    """Refuse to go on with other software than the run began with.

    Raises:
        OptionError: a version is another one.
    """
    here = versions()
    for name, wanted in record["versions"].items():
        if here.get(name) != wanted:
            raise OptionError(
                f"the run in {where} was begun with {name} {wanted}, this is {here.get(name)}", where="--resume",
                mend=f"install that one, or leave out --resume and {BEGIN_ANEW}",
            )  # fmt: skip


def finished(out: Path, found: "Checkpoint") -> Any:
    """The model in a folder, if it is what the run of a checkpoint came to: it died after saving. Else None."""
    try:
        model = folder.load(out)
    except ElmanError:
        return None
    training = model.record.training
    points = found.state["plan"] if found.phase == TASK else None
    same = all(training.get(name) == found.record[name] for name in ("options", "data", "start", "evaluation_tokens"))
    return model if same and points is not None and training["plan"][: len(points)] == points else None
