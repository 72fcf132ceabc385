"""How a configuration is written: frozen dataclasses whose fields carry their help, range and choices.

Knows dataclasses and the errors; knows no configuration, no option parser and no file. Used by every `config.py`
(to declare), by `models` (to build from names and values, and to check single ones) and by `cli` (to derive options and
help texts).
"""

import dataclasses
import math
import numbers
import types
import typing
from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

from elman.errors import OptionError, nearest

Config = TypeVar("Config")


def option(
    default: Any,
    help: str,  # noqa: A002 the word that users see
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[str] | None = None,
    automatic: bool = False,
    flag: str | None = None,
) -> Any:
    """A field of a config: its one default, what it means, and the values that make sense.

    Args:
        default: the only place where the default stands. help: one line for `--help` and the documentation.
        low, high: the closed range of a number. choices: the values of a name.
        automatic: chosen for the data and the budget where the user gives none; the default is what a config made by
            hand has. flag: the option's name on the command line where it is not that of the field.
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices, "automatic": automatic, "flag": flag}
    return dataclasses.field(default=default, metadata=metadata)


def check(config: Any) -> None:
    """Hold every field of a config to its type, choices and range.

    Raises:
        OptionError: a value is not of the field's type, not among the choices, not finite, or out of the range.
    """
    hints = typing.get_type_hints(type(config))
    for field in dataclasses.fields(config):
        value, meta = getattr(config, field.name), field.metadata
        where = f"--{flag_of(field)}"
        kinds = _kinds(hints[field.name])
        if value is None and type(None) in kinds:
            continue
        if tuple in kinds:
            item = typing.get_args(hints[field.name])[0]
            if not isinstance(value, tuple) or not all(isinstance(one, item) for one in value):
                raise OptionError(f"{_plain(value)!r} is not a list of values of type {item.__name__}", where=where)
            continue
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, _widened(kinds)):
            wanted = " or ".join(kind.__name__ for kind in kinds if kind is not type(None))
            raise OptionError(f"{value!r} is not a value of type {wanted}", where=where)
        choices = meta.get("choices")
        if choices is not None and value not in choices:
            raise OptionError(f"{value!r} is not a choice", where=where, mend=nearest(str(value), choices))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            _check_range(value, meta, where)


def _check_range(value: float, meta: Mapping[str, Any], where: str) -> None:
    low, high = meta.get("low"), meta.get("high")
    if not math.isfinite(value):
        raise OptionError(f"{value} is not a finite number", where=where)
    if (low is not None and value < low) or (high is not None and value > high):
        if low is not None and high is not None:
            wanted = f"from {low} to {high}"
        else:
            wanted = f"at least {low}" if low is not None else f"at most {high}"
        raise OptionError(f"{value} is out of range", where=where, mend=f"give a number {wanted}")


def _kinds(hint: Any) -> tuple[type, ...]:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return tuple(kind for part in typing.get_args(hint) for kind in _kinds(part))
    origin = typing.get_origin(hint)
    return (origin or hint,)


def _widened(kinds: tuple[type, ...]) -> tuple[type, ...]:
    return (*kinds, int) if float in kinds else kinds


def flag_of(field: "dataclasses.Field[Any]") -> str:
    """The name of a field's option on the command line, without the dashes."""
    return str(field.metadata.get("flag") or field.name.replace("_", "-"))


def names(*configs: type) -> list[str]:
    """The names of all fields of the given config classes, in order."""
    return [field.name for config in configs for field in dataclasses.fields(config)]


def build(kind: type[Config], values: Mapping[str, Any], *, where: str | None = None) -> Config:
    """A config of the given class from names and values; what is not named keeps its default.

    Raises:
        OptionError: a name is not a field (the nearest one is offered), or a value is out of its range.
    """
    known = names(kind)
    for name in values:
        if name not in known:
            raise OptionError(f"unknown key {name!r}", where=where, mend=nearest(name, known))
    return kind(**values)


def whole(value: Any, *, where: str, low: int = 1, high: int | None = None) -> int:
    """A whole number that a user gave, from `low` on, and to `high` at most.

    Args:
        where: what the error names.
    Raises:
        OptionError: it is something else, or out of that range.
    """
    mend = f"give a number of at least {low}" if high is None else f"give a number from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise OptionError(f"{value!r} is not a whole number", where=where, mend=mend)
    found = int(value)
    if found < low or (high is not None and found > high):
        raise OptionError(f"{value} is out of range", where=where, mend=mend)
    return found


def one_path(value: Any, *, where: str) -> Path:
    """A path that a user gave.

    Args:
        where: what the error names.
    Raises:
        OptionError: it is something else, or cannot name anything.
    """
    name = fspath(value) if isinstance(value, (str, PathLike)) else None
    if not isinstance(name, str) or not name or "\x00" in name:
        raise OptionError(f"{value!r} is not a path", where=where, mend="give one as text")
    return Path(name)


def by_name(values: Any, *, where: str) -> dict[str, Any]:
    """Values of options that a user gave by name; none for None.

    Args:
        where: what the error names.
    Raises:
        OptionError: it is something else.
    """
    if values is not None and not isinstance(values, Mapping):
        raise OptionError(
            f"{values!r} does not name options", where=where, mend='give a dictionary, say {"format": "text"}'
        )
    return dict(values or {})


def to_dict(config: Any) -> dict[str, Any]:
    """The config as JSON values: tuples become lists, nested configs become dictionaries."""
    return {key: _plain(value) for key, value in dataclasses.asdict(config).items()}


def tupled(value: Any) -> Any:
    """A value of JSON as a field has it: lists become tuples."""
    return tuple(value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, dict) else value
