"""Folders that are whole or not there: filled beside the wanted place, synced, renamed into it.

Knows paths and processes, and what makes a folder one of elman's; knows no model. Used by `models`.
"""

import ctypes
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from elman.errors import ModelFileError, OptionError
from elman.files.documents import read_json
from elman.files.manifest import NAME, listed
from elman.files.replace import aside_name, sync, writing_errors
from elman.files.sites import is_site

REQUIRED = ({"config.json", "weights.safetensors"}, {"config.json", "export.json"})
"""What the manifest of every elman folder lists: of one with weights, or of one that was exported."""
WRITTEN = {"config.json", "weights.safetensors", NAME, "tokenizer.json", "training.json", "history.jsonl", "README.md"}
"""What elman writes into a folder, beside further files that the manifest lists: a folder with more is not replaced."""
_STALE = re.compile(r"\.(tmp|old)-(\d+)-[0-9a-f]+")
"""What follows the name of the wanted place in the name of a folder beside it."""


def check_target(path: str | PathLike[str], *, overwrite: bool = False) -> None:
    """Refuse a place for a folder that could not be written at the end, before hours are spent.

    Raises:
        OptionError: a file, a link, a mount point or a folder with other content stands there; a model does, and
            `overwrite` is false; or the folder above cannot be written.
    """
    place = Path(path)
    if os.path.lexists(place):
        _check_existing(place, overwrite=overwrite)
    above = _nearest_above(place)
    if not above.is_dir():
        raise OptionError(f"{above} is not a folder", where=str(path), mend="give another place")
    if not os.access(above, os.W_OK | os.X_OK):
        raise OptionError(f"{above} cannot be written", where=str(path), mend="give another place")


@contextmanager
def new_folder(path: str | PathLike[str], *, overwrite: bool = False) -> Iterator[Path]:
    """An empty folder beside the wanted place, to be filled; it takes that place when the block ends well.

    Folders above it are made. With `overwrite` an elman folder that is there is replaced; until then it stays whole.

    Raises:
        OptionError: as `check_target`. ElmanError: the folder cannot be written (a full disk, say).
    """
    check_target(path, overwrite=overwrite)
    place = Path(os.path.abspath(path))
    with writing_errors(path), _scratch(place) as aside:
        yield aside
        _sync_all(aside)
        check_target(path, overwrite=overwrite)  # others may have written there meanwhile
        _put(aside, place)


@contextmanager
def renewed_folder(path: Path) -> Iterator[Path]:
    """As `new_folder`, for a place that nobody but the caller writes to: whatever stands there is replaced.

    Raises:
        OptionError, ElmanError: the folder cannot be written.
    """
    with writing_errors(path), _scratch(path) as aside:
        yield aside
        _sync_all(aside)
        _put(aside, path)


def discard(folder: Path) -> None:
    """Remove a folder if it is there; at no time is a part of it in its place."""
    if folder.exists():
        with writing_errors(folder):
            aside = aside_name(folder)
            folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def settle(place: Path) -> None:
    """Have what a process has left that died while it replaced a folder brought back, or removed."""
    if place.parent.is_dir():
        _sweep(place)


@contextmanager
def work_folder(out: str | PathLike[str] | None) -> Iterator[Path]:
    """A folder for what is needed while working, gone at the end: beside `out`, or where the system keeps such."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="elman-") as folder:
            yield Path(folder)
    else:
        with writing_errors(out), _scratch(Path(os.path.abspath(out))) as aside:
            yield aside


def is_elman_folder(path: str | PathLike[str]) -> bool:
    """Has elman written this folder, and nobody put anything else into it?

    Either it is a site, or `config.json` names a kind of model and a format version, the manifest is one and lists what
    one of `REQUIRED` names, and there is no entry but the files that are `WRITTEN` or listed.
    """
    place = Path(path)
    return is_site(place) or _is_model_folder(place)


def _is_model_folder(place: Path) -> bool:
    try:
        config, names = read_json(place / "config.json"), set(listed(place / NAME))
    except ModelFileError:
        return False
    return (
        isinstance(config, dict)
        and isinstance(config.get("kind"), str)
        and type(config.get("format_version")) is int
        and any(names >= required for required in REQUIRED)
        and {entry.name for entry in place.iterdir()} <= WRITTEN | names
        and all(entry.is_file() and not entry.is_symlink() for entry in place.iterdir())
    )


def is_left_behind(name: str, *, of: str) -> bool:
    """Is this the name of what a process makes beside a place of the name `of`, and has left if it died?"""
    return name.startswith(f".{of}.") and _STALE.fullmatch(name[len(of) + 1 :]) is not None


def _check_existing(place: Path, *, overwrite: bool) -> None:
    mend = "give another place"
    if place.is_symlink():
        raise OptionError("this is a symbolic link", where=str(place), mend=mend)
    if not place.is_dir():
        raise OptionError("this is a file", where=str(place), mend=mend)
    if os.path.ismount(place):
        raise OptionError("this is a mount point", where=str(place), mend="give a folder inside it")
    try:
        is_empty = not any(place.iterdir())
    except OSError as error:
        raise OptionError(str(error.strerror or error), where=str(place), mend=mend) from error
    if is_empty:
        return
    if not is_elman_folder(place):
        raise OptionError("this folder has other content", where=str(place), mend=mend)
    if not overwrite:
        raise OptionError(
            "there is a model in this folder", where=str(place), mend="give another place, or --overwrite"
        )


def _nearest_above(place: Path) -> Path:
    """The nearest folder above that exists; those between can be made."""
    above = Path(os.path.abspath(place)).parent
    while not os.path.lexists(above):
        above = above.parent
    return above


@contextmanager
def _scratch(place: Path) -> Iterator[Path]:
    """An empty folder beside a place, removed at the end if it is still there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    _sweep(place)
    folder = aside_name(place)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(place: Path) -> None:
    """Remove what dead processes have left beside a place, and bring back what one of them had set aside."""
    for left in list(place.parent.iterdir()):
        if not left.name.startswith(f".{place.name}."):
            continue
        found = _STALE.fullmatch(left.name[len(place.name) + 1 :])
        if found is None or _is_alive(int(found[2])):
            continue
        if found[1] == "old" and not os.path.lexists(place):
            left.rename(place)
        else:
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _put(aside: Path, place: Path) -> None:
    """Let a folder take a place, and keep the names on the disk before going on."""
    if not place.exists() or not any(place.iterdir()):
        aside.rename(place)
    elif not _exchange(aside, place):
        _replace_in_two_steps(place, aside)
    sync(place.parent)


def _sync_all(folder: Path) -> None:
    for above, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync(Path(above) / name)
        sync(Path(above))


def _exchange(one: Path, other: Path) -> bool:
    """Let two names change places in one step, where the system can (renameat2 of Linux)."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    here, exchange = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    done: int = rename(here, os.fsencode(one), here, os.fsencode(other), ctypes.c_uint(exchange))
    return done == 0


def _replace_in_two_steps(place: Path, aside: Path) -> None:
    """Replace a folder where names cannot be exchanged; after a crash in between, `_sweep` brings the old one back."""
    old = aside_name(place, "old")
    place.rename(old)
    try:
        aside.rename(place)
    except OSError:
        old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
