"""What a training run is to do, before any text is read: options checked, folders to start from or to repeat opened.

Knows options and folders; knows no corpus. Used by `models.fitting`.
"""

import hashlib
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.data.sources import refuse_single_reading
from elman.errors import ModelFileError, OptionError
from elman.files.sums import file_sums
from elman.models import folder
from elman.models.engines.choosing import need
from elman.models.kinds import Kind, flat
from elman.models.places import training_place
from elman.models.resuming import check_versions, checked_values
from elman.settings import one_path
from elman.training.schedule import Plan

if TYPE_CHECKING:
    from elman.training.checkpoint import Checkpoint

log = logging.getLogger("elman")
Path_ = str | PathLike[str]
DEFAULT_BUDGET = "5m"
OF_PARTS: Mapping[tuple[str, object], tuple[str, ...]] = {
    ("context", False): ("context_minimum", "most_contexts", "context_width", "context_dropout"),
    ("bag", False): ("bag_words", "bag_characters", "bag_minimum", "bag_bits", "bag_width", "bag_dropout"),
    ("character_hidden", 0): ("character_width",),
    ("word_width", 0): ("word_spread", "word_dropout"),
    ("feature_width", 0): ("feature_spread", "feature_dropout"),
    ("feed_forward_layers", 0): ("feed_forward",),
}
"""Which options are of a part of a network, by that which leaves it out."""


@dataclass(frozen=True)
class Request:
    """What was asked for: a kind, files, folders and options by name, as the `train` of the kind explains them.

    Args:
        files: further files by name (`vectors`, say), where some are given.
    Raises:
        OptionError: a place is no path; `none` is one of several dev files; torch is not installed.
    """

    kind: Kind
    train: list[Any]
    dev: Any
    out: Any
    overwrite: bool
    start: Any
    replay: Any
    resume: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        need("torch", where="training")
        folders = {"--out": self.out, "--from": self.start, "--replay": self.replay}
        single = [*folders.items(), *((option_of(name), path) for name, paths in self.files.items() for path in paths)]
        for option, path in single:
            if path is not None:
                one_path(path, where=option)
        if isinstance(self.dev, tuple) and "none" in self.dev:
            raise OptionError(
                "none stands among files", where="--dev", mend="give it alone; a file of that name is ./none"
            )


@dataclass(frozen=True)
class Job:
    """A run that can begin.

    Args:
        dev: files, None (set some aside) or "none". options: all configs, not yet sized. given: what the user, or the
            folder that is started from, has decided. seconds: the budget. recorded: what tells of the run that is
            repeated (its `training.json`) or gone on with, where all has been chosen. start: the model that is started
            from. asked: the options that were given when the run began.
    """

    kind: Kind
    train: list[Any]
    dev: Any
    options: Any
    given: dict[str, Any]
    seconds: float | None
    recorded: dict[str, Any] | None = None
    start: Any = None
    start_record: dict[str, str] | None = None
    files: Mapping[str, list[Any]] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def followed(self) -> Plan | None:
        """The plan of the run that is repeated."""
        points = None if self.recorded is None else self.recorded["plan"]
        return None if points is None else Plan.from_json(points)

    def sums(self) -> dict[str, Any]:
        """The sums of all files, as `training.json` has them."""
        dev = self.dev if self.dev in (None, "none") else file_sums(list(self.dev))
        further = {name: file_sums(files) for name, files in self.files.items()}
        return {"train": file_sums(self.train), "dev": dev, **further}


def plan_job(request: Request, found: "Checkpoint | None" = None) -> Job:
    """Check a request and open what it names.

    Args:
        found: the checkpoint that the run goes on from.
    Raises:
        OptionError: options are unknown, out of range or do not go together. ModelFileError: a folder cannot be used.
    """
    if not request.train:
        raise OptionError("no file to train on", where="--train", mend="name one")
    further = [file for files in request.files.values() for file in files]
    refuse_single_reading([*request.train, *([] if request.dev in (None, "none") else request.dev), *further])
    recorded = _recorded(request) if request.replay is not None else None
    if found is not None:
        recorded = _gone_on_with(request, found.record, repeated=recorded)
    values = dict(request.options) if recorded is None else recorded["options"]
    start = None
    if request.start is not None:
        start = folder.load(Path(request.start), "torch")
        known = (request.kind.name, *request.kind.starts)
        if start.kind not in known:
            raise OptionError(f"this is a {start.kind}, not a {request.kind.name}", where=str(request.start),
                              mend=f"name a {' or a '.join(known)}")  # fmt: skip
        if recorded is None:
            start.reading({name: values[name] for name in request.kind.by_file if name in values})
            values = _started_from(start, values, request.kind)
    start_record = None if request.start is None else _start_record(Path(request.start))
    wanted = None if recorded is None else recorded.get("start")
    if recorded is not None and (wanted or {}).get("sha256") != (start_record or {}).get("sha256"):
        run = request.replay if found is None else f"that is gone on with in {request.out}"
        raise OptionError(
            f"the run {'of ' if found is None else ''}{run} started from another folder", where="--from",
            mend="leave it out" if wanted is None else f"give the unaltered folder that was called {wanted['path']}",
        )  # fmt: skip
    if recorded is None and values.get("epochs") is None and values.get("budget") is None:
        values["budget"] = DEFAULT_BUDGET
    options = request.kind.build(values)
    _check_parts(request.options if recorded is None else {})
    _check_together(values if recorded is None else {}, options, dev=request.dev)
    if request.out is None and "checkpoint_seconds" in request.options:
        raise OptionError("there is no folder for checkpoints", where="--checkpoint-seconds", mend="name --out")
    budget = options.train.budget
    return Job(
        kind=request.kind, train=request.train, dev=request.dev, options=options, given=values,
        seconds=None if budget is None else seconds_of(budget), recorded=recorded, start=start,
        start_record=start_record, files=request.files,
        asked=request.options if recorded is None else recorded.get("asked", {}),
    )  # fmt: skip


def _check_parts(asked: Mapping[str, Any]) -> None:
    """Refuse options of a part of the network that is to be left out."""
    for (part, value), names in OF_PARTS.items():
        idle = [name for name in names if name in asked]
        if idle and asked.get(part) == value:
            left = f"--no-{part}" if value is False else f"--{part.replace('_', '-')} {value}"
            raise OptionError(f"it changes nothing beside {left}", where=f"--{idle[0].replace('_', '-')}",
                              mend="leave one of them out")  # fmt: skip


def _check_together(values: Mapping[str, Any], options: Any, *, dev: Any) -> None:
    """Refuse what would be ignored or would fail later.

    Raises:
        OptionError: options do not go together, or not with this machine.
    """
    from elman.training import machine  # which loads torch

    machine.choose_device(options.train.device)
    for name in ("patience", "averaging"):
        if dev == "none" and values.get(name):
            raise OptionError("nothing is judged with --dev none", where=f"--{name}", mend="leave one of them out")


def _recorded(request: Request) -> dict[str, Any]:
    """The record of the run that is to be repeated, if it can be repeated here.

    Raises:
        OptionError: options are given beside it, the data differ, or the threads do.
    """
    if request.options:
        name = next(iter(request.options)).replace("_", "-")
        raise OptionError("the options are those of the run that is repeated", where=f"--{name}",
                          mend="leave it out, or leave out --replay")  # fmt: skip
    path = Path(request.replay)
    recorded = folder.read_training(path, request.kind)
    _check_data(request, recorded["data"], where=path)
    from elman.training import machine

    here = machine.describe(machine.choose_device(recorded["machine"]["device"]), recorded["machine"]["precision"])
    other = [key for key in ("torch", "processor", "machine") if recorded["machine"].get(key) != here[key]]
    if other:
        log.warning("the bits may differ: the run in %s was made with another %s", path, ", ".join(other))
    _check_threads(recorded["machine"], where=path)
    return recorded


def _gone_on_with(request: Request, record: Mapping[str, Any], *, repeated: Mapping[str, Any] | None) -> dict[str, Any]:
    """The record of the run that is gone on with, if it is the one that is asked for and can go on here.

    Raises:
        OptionError: kind, options, data, versions or machine are others.
    """
    path = training_place(Path(request.out))
    if record["kind"] != request.kind.name:
        raise OptionError(f"the run in {path} trains a {record['kind']}, not a {request.kind.name}", where="--resume",
                          mend="give another --out")  # fmt: skip
    values = checked_values(record, request.options, where=str(path))
    if repeated is not None and (repeated["plan"], repeated["options"]) != (record["plan"], record["options"]):
        raise OptionError(f"the run in {path} does not repeat that of {request.replay}", where="--replay",
                          mend="leave it out")  # fmt: skip
    _check_data(request, record["data"], where=path)
    check_versions(record, where=str(path))
    described = record["machine"]
    from elman.training import machine

    here = machine.describe(machine.choose_device(described["device"]), described["precision"])
    for key in ("processor", "machine"):
        if described[key] != here[key]:
            raise OptionError(f"the run in {path} was begun on {key} {described[key]}, this is {here[key]}",
                              where="--resume", mend="go on where it was begun")  # fmt: skip
    _check_threads(described, where=path)
    return {**record, "options": values}


def _check_data(request: Request, data: Mapping[str, Any], *, where: Path) -> None:
    """Hold the files of a request to the sums of those of a run.

    Raises:
        OptionError: they are others.
    """
    named = {"train": request.train, "dev": request.dev, **request.files}
    for name in {**data, **named}:
        files, wanted = named.get(name), data.get(name)
        given = files if files in (None, "none") else file_sums(list(files))
        sums = given if isinstance(given, (str, type(None))) else [entry["sha256"] for entry in given]
        if sums != (wanted if isinstance(wanted, (str, type(None))) else [entry["sha256"] for entry in wanted]):
            raise OptionError(f"these are not the files of the run in {where}", where=option_of(name),
                              mend=f"give {_told(wanted)}")  # fmt: skip


def _check_threads(described: Mapping[str, Any], *, where: Path) -> None:
    from elman.training import machine

    if described["threads"] != machine.threads():
        raise OptionError(
            f"the run in {where} had {described['threads']} threads, this one {machine.threads()}",
            where="--threads", mend="use as many: the bits depend on it",
        )  # fmt: skip


def option_of(name: str) -> str:
    """The option by which files were given that a run has under a name; the second of its lists is NAME_2, …"""
    return "--" + re.sub(r"_\d+$", "", name).replace("_", "-")


def _told(wanted: Any) -> str:
    if wanted is None:
        return "none"
    return "--dev none" if wanted == "none" else ", ".join(f"{e['name']} (sha256 {e['sha256'][:12]}…)" for e in wanted)


def _started_from(start: Any, values: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    """The options with what the folder that is started from decides."""
    known = {**flat(kind.build({})), **flat(start.config)}  # a part that it has not is off
    held = {name: known[name] for name in kind.held_names(start.kind)}
    for name in held:
        if name in kind.by_file:  # where the files have their own; the model tells whether it can read them so
            continue
        if name in values and _plain(values[name]) != _plain(held[name]) and "drop" not in name:
            option = name.replace("_", "-")
            raise OptionError(f"the folder that is started from has {name} {held[name]}", where=f"--{option}",
                              mend="leave it out: shape and text settings hold")  # fmt: skip
    return {**held, **values}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _start_record(path: Path) -> dict[str, str]:
    try:
        return {
            "path": os.fsencode(path.name).decode("utf-8", "backslashreplace"),
            "sha256": hashlib.sha256((path / "manifest.json").read_bytes()).hexdigest(),
        }
    except OSError as error:
        raise ModelFileError(str(error.strerror), where=str(path)) from error


def seconds_of(budget: str) -> float:
    """A length of time as people write it: `90s`, `5m`, `1.5h`, `1h30m`; a bare number is seconds.

    Raises:
        OptionError: it is not such a length, or not longer than nothing.

    Example:
        >>> seconds_of("1h30m")
        5400.0
    """
    text = budget.strip().lower()
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        seconds = sum(float(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in parts)
    elif re.fullmatch(r"\d+(\.\d+)?", text):
        seconds = float(text)
    else:
        raise OptionError(f"{budget!r} is not a length of time", where="--budget", mend="write it as 90s, 5m or 1h")
    if not 1 <= seconds <= 10_000_000:
        raise OptionError(f"{budget!r} is out of range", where="--budget", mend="give at least one second")
    return seconds


def paths_of(paths: Any) -> list[Any]:
    """One path or several as a list.

    Raises:
        OptionError: there is none, or something else.
    """
    found = [paths] if isinstance(paths, (str, PathLike)) else list(paths) if isinstance(paths, Sequence) else []
    if not found or not all(isinstance(path, (str, PathLike)) for path in found):
        raise OptionError("no file is named", mend="give a path, or a list of paths")
    return found
