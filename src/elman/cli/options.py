"""Options of the commands, derived from the fields of the configs: names, types, choices, help.

Knows argparse and `settings`; knows no single config. Used by every command; values that were not given do not appear.
"""

import argparse
import tomllib
import typing
from argparse import SUPPRESS, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, NoReturn

from elman.errors import InputError, OptionError, nearest
from elman.models.engines.choosing import ENGINES
from elman.models.kinds import KINDS, Kind
from elman.settings import build, flag_of, names, tupled

PAIRS = {"bidirectional": ("bidirectional", "unidirectional"), "header": (None, "no-header")}
"""The two words of a yes-or-no option where they are not NAME and no-NAME."""

RIVALS = (("epochs", "budget"),)
"""Options of which one takes the other's place."""


CHOSEN = "chosen for the data and the budget"
"""What the help tells of a default that a kind settles by itself."""


class Parser(argparse.ArgumentParser):
    """argparse's parser, with faults raised as our errors.

    Attributes:
        words: the words of the command line, for options that depend on what is named in it.
    """

    words: Sequence[str] = ()

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print above a page of usage."""
        told = message.removeprefix("argument ")
        if "expected" in told and "argument" in told:
            option = told.split(":")[0].split("/")[0]
            raise OptionError(told, mend=f"give it as {option}=VALUE")
        raise OptionError(told, mend=f"see {self.prog} --help")


def add_config(
    parser: Parser, config: type, *, without: Iterable[str] = (), defaults: Mapping[str, Any] | None = None,
    helps: Mapping[str, str] | None = None, chosen: Iterable[str] = (),
) -> None:  # fmt: skip
    """Options for the fields of a config, but for some of them, under a heading taken from its docstring.

    Args:
        without: names that are left out. Those that an earlier config has brought get its further choices alone.
        defaults: what the help tells of a field instead of its own default, or of its being chosen. helps: likewise
            instead of its own help. chosen: fields that are chosen, though they have a default elsewhere.
    """
    words = {word: action for action in parser._actions for word in action.option_strings}
    known = {action.dest for action in parser._actions} | set(without)
    new = []
    for one in fields(config):
        earlier = words.get(f"--{flag_of(one)}")
        if earlier is not None and one.metadata.get("choices"):
            told = str(earlier.metavar).strip("{}").split(",")
            earlier.metavar = _choices([*told, *(name for name in one.metadata["choices"] if name not in told)])
        elif earlier is None and one.name not in known:
            new.append(one)
    if not new:
        return
    group = parser.add_argument_group((config.__doc__ or "").split("\n")[0].rstrip("."))
    hints = typing.get_type_hints(config)
    for field in new:
        is_chosen = field.name in chosen or (field.metadata["automatic"] and field.name not in (defaults or {}))
        default = CHOSEN if is_chosen else (defaults or {}).get(field.name, field.default)
        told = (helps or {}).get(field.name, field.metadata["help"])
        _add_field(group, field, hints[field.name], told=_help(told, default))


def add_threads(parser: Parser, *, workers: bool = False) -> None:
    """`--threads N`, read by `threads.use_threads`; `--workers N` beside it."""
    parser.add_argument("--threads", type=_whole, metavar="N", help="threads of the engine (default: all cores)")
    if workers:
        parser.add_argument("--workers", type=_whole, metavar="N", help="processes that a long file is divided among, "
                            "each with its share of the threads (default: one for each thread, at most 8)")  # fmt: skip


def add_engine(parser: Parser) -> None:
    """`--engine NAME`."""
    parser.add_argument("--engine", type=_engine, default="auto", metavar=_choices(ENGINES), help="what runs the "
                        "model: torch, ONNX Runtime, or whichever the folder is for (default: auto)")  # fmt: skip


def add_json(parser: Parser, what: str) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as one JSON object, on the last line")


def chosen(given: Namespace, *configs: type) -> dict[str, Any]:
    """The values of the configs' fields that were given, on the command line or, behind it, in the file of `--config`.

    Raises:
        OptionError: a key of the file is unknown, or a value is not one that its field can have. InputError: the file
            cannot be read.
    """
    known = names(*configs)
    values = {name: getattr(given, name) for name in known if hasattr(given, name)}
    values = {name: tupled(value) for name, value in values.items()}
    path = getattr(given, "config", None)
    stored = {} if path is None else _read_stored(path, known)
    try:
        _check(stored, configs)
    except OptionError as error:
        raise OptionError(str(error), where=path) from error
    for one, other in RIVALS:
        if one in values or other in values:
            stored = {name: value for name, value in stored.items() if name not in (one, other)}
    _check({**stored, **values}, configs)
    return {**stored, **values}


SEVERAL = {"nargs": "+", "action": "extend"}
REFERENCES = {"nargs": "+", "action": "append"}
FILES: dict[str, dict[str, Any]] = {
    "vectors": {"help": "word vectors to begin with, as word2vec, fastText and GloVe write them as text"},
    "train_target": {**SEVERAL, "help": "targets of --train, a line for each line there, in as many files"},
    "dev_target": {**REFERENCES, "help": "targets of --dev, likewise; given again: a further reference of each"},
    "target": {**REFERENCES, "help": "seq2seq: targets of plain lines; given again: a further reference of each"},
    "ensemble": {"action": "append", "metavar": "DIR",
                 "help": "seq2seq: a model whose distributions are averaged with those of this one; repeatable"},
}  # fmt: skip
"""Further files and folders that some kinds can be given."""


def add_files(parser: Parser, names: Iterable[str]) -> None:
    """Options for further files, but for those that are there."""
    known = {action.dest for action in parser._actions}
    for name in names:
        if name not in known:
            parser.add_argument(f"--{name.replace('_', '-')}", **{"metavar": "FILE", **FILES[name]})


def given_files(given: Namespace, names: Iterable[str]) -> dict[str, Any]:
    """Those of further files that were given."""
    return {name: value for name in names if (value := getattr(given, name)) is not None}


def given_beside(given: Namespace, *beside: str) -> dict[str, Any]:
    """Those of further files that were given, held to the kind of the model in the folder that is named.

    Raises:
        OptionError: they are for other kinds alone. ModelFileError: there is no model.
    """
    from elman.models.folder import kind_of  # which loads numpy

    found = given_files(given, beside)
    kind = kind_of(Path(given.model)) if found else None
    for name in found:
        if kind is not None and name not in kind.beside:
            raise OptionError(f"a {kind.name} has no such option", where=f"--{name}", mend="leave it out")
    return found


def add_kinds(parser: Parser, *parts: str, helps: Mapping[str, str] | None = None) -> None:
    """Options for the named parts of every kind of model: `reading`, `output`, `evaluation`.

    Args:
        helps: as in `add_config`.
    """
    for kind in KINDS.values():
        for part in parts:
            config = getattr(kind, part)
            if config is not None:
                add_config(parser, config, without=set(kind.held) - set(kind.by_file), helps=helps)


def chosen_for(given: Namespace, *parts: str) -> list[dict[str, Any]]:
    """For each part the values that were given, held to the kind of the model in the folder that is named.

    Raises:
        OptionError: an option is one of other kinds alone, or a value is not one that its field can have.
        ModelFileError: there is no model.
    """
    from elman.models.folder import kind_of  # which loads numpy

    return chosen_of(given, kind_of(Path(given.model)), *parts)


def given_names(given: Namespace, *parts: str) -> dict[str, Any]:
    """What was given of the named parts of every kind, by the names of the fields, those of other kinds among them."""
    return {name: getattr(given, name) for name in _asked(given, parts)}


def _asked(given: Namespace, parts: Iterable[str]) -> dict[str, Field[Any]]:
    every = [config for other in KINDS.values() for part in parts if (config := getattr(other, part)) is not None]
    return {field.name: field for config in every for field in fields(config) if hasattr(given, field.name)}


def chosen_of(given: Namespace, kind: Kind, *parts: str) -> list[dict[str, Any]]:
    """For each part the values that were given, held to a kind.

    Raises:
        OptionError: an option is one of other kinds alone, or a value is not one that its field can have.
    """
    own = [getattr(kind, part) for part in parts]
    known = {flag_of(field): name for config in own if config is not None for name, field in _fields(config).items()}
    named = Namespace()
    for name, field in _asked(given, parts).items():
        if flag_of(field) not in known:
            option = next(word for word in _words(field) if word)
            raise OptionError(f"a {kind.name} has no such option", where=f"--{option}", mend="leave it out")
        setattr(named, known[flag_of(field)], getattr(given, name))
    return [{} if config is None else chosen(_single(named, config), config) for config in own]


def _single(given: Namespace, config: type) -> Namespace:
    """What was given, without the lists of an option that another kind may be given several times.

    Raises:
        OptionError: it was given several times.
    """
    hints = typing.get_type_hints(config)
    found = dict(vars(given))
    for name, field in _fields(config).items():
        value = found.get(name)
        if isinstance(value, list) and typing.get_origin(hints[name]) is not tuple:
            if len(value) > 1:
                raise OptionError("this is given twice", where=f"--{flag_of(field)}", mend="give it once")
            found[name] = value[0]
    return Namespace(**found)


def _fields(config: type) -> dict[str, Field[Any]]:
    return {field.name: field for field in fields(config)}


def check_words(parser: Parser, words: Iterable[str]) -> None:
    """Offer the nearest option for one that does not exist, before argparse complains of what is then missing.

    Raises:
        OptionError: a word looks like an option and is none.
    """
    known = [word for action in parser._actions for word in action.option_strings]
    for word in words:
        name = word.partition("=")[0]
        if word == "--":
            return
        if word.startswith("--") and name not in known and " " not in word:
            mend = nearest(name, [option for option in known if option.startswith("--")])
            raise OptionError("there is no such option", where=name, mend=_short(mend, parser.prog))


def _check(values: Mapping[str, Any], configs: Iterable[type]) -> None:
    """Build the configs, so that a fault is told before an engine is loaded."""
    for config in configs:
        own = names(config)
        build(config, {name: value for name, value in values.items() if name in own})


def _read_stored(path: str, known: list[str]) -> dict[str, Any]:
    """The options in a TOML file, by field name."""
    try:
        content = tomllib.loads(Path(path).read_bytes().decode("utf-8"))
    except OSError as error:
        what = "there is no such file" if isinstance(error, FileNotFoundError) else str(error.strerror or error)
        raise InputError(what, where=path) from error
    except UnicodeDecodeError as error:
        raise InputError(f"not valid UTF-8 at byte {error.start}", where=path) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"this is not TOML: {error}", where=path) from error
    for key in content:
        if key.replace("-", "_") not in known:
            raise OptionError(f"unknown key {key!r}", where=path, mend=nearest(key.replace("-", "_"), known))
    return {key.replace("-", "_"): tupled(value) for key, value in content.items()}


def _short(mend: str, program: str) -> str:
    return mend if mend.startswith("did you mean") else f"see {program} --help"


def _add_field(group: Any, field: Field[Any], hint: Any, *, told: str) -> None:
    name = flag_of(field)
    yes, no = _words(field)
    common: dict[str, Any] = {"dest": field.name, "default": SUPPRESS, "help": told}
    kinds = typing.get_args(hint) or (hint,)
    if bool in kinds:
        if yes:
            group.add_argument(f"--{yes}", action="store_true", **common)
            common["help"] = f"not --{yes}"
        else:
            common["help"] = f"not so: {field.metadata['help']}"
        group.add_argument(f"--{no}", action="store_false", **common)
    elif typing.get_origin(hint) is tuple:
        group.add_argument(f"--{name}", action="append", metavar="TEXT", **common)
    else:
        convert, metavar = _converter(kinds)
        choices = field.metadata.get("choices")
        metavar = _choices(choices) if choices else metavar
        group.add_argument(f"--{name}", type=convert, metavar=metavar, **common)


def _choices(values: Iterable[str]) -> str:
    return "{" + ",".join(values) + "}"


def _words(field: Field[Any]) -> tuple[str | None, str]:
    """The option of a field, and the one by which a yes-or-no field is denied."""
    name = flag_of(field)
    return PAIRS.get(field.name, (name, f"no-{name}"))


def _help(told: str, default: Any) -> str:
    text = told.replace("%", "%%")
    if default is None or default == ():
        return text
    if isinstance(default, bool):
        return f"{text} (default: {'yes' if default else 'no'})"
    return f"{text} (default: {default})"


def _converter(kinds: tuple[Any, ...]) -> tuple[Callable[[str], Any], str]:
    if int in kinds:
        return _whole, "N"
    return (_number, "X") if float in kinds else (str, "TEXT")


def _engine(text: str) -> str:
    if text not in ENGINES:
        raise argparse.ArgumentTypeError(f"{text!r} is not a choice; {nearest(text, ENGINES)}")
    return text


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from error


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
