"""What files hold and what is wrong with them: the report of `elman check`.

Knows items and tallies; knows no format and no network. Called by `elman check`; `telling` makes lines of it.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from elman.data.repeats import Repeats, Repetitions
from elman.data.sources import path_of, refuse_single_reading
from elman.errors import ElmanError, InputError
from elman.models.checking.items import FILES, Files
from elman.models.checking.tally import FileTally
from elman.models.checking.warnings import Warnings
from elman.models.kinds import KINDS
from elman.settings import build
from elman.text.labels import Scheme

COMPANIONS = {"tagger": "labels", "classifier": "labels"}
"""What should be the same where a sequence is. A text may have several targets."""


def check(
    files: Sequence[Any], kind: str, *, targets: Sequence[Sequence[Any]] = (), reading: Mapping[str, Any]
) -> dict[str, Any]:
    """Read files as training would, the first to train on, the others beside it, and tell what they hold.

    Args:
        targets: for each reference as many files, where pairs stand in two files. reading: fields of the kind's config.
    Returns:
        `kind`, `seconds`, `unit` (what a sequence is), `files` (what each holds), `faults` (what training would refuse,
        of each file the first) and `warnings`.
    Raises:
        InputError, OptionError: a fault that is known before a file is read: no such column, files that do not go
            together, standard input.
    """
    started = time.monotonic()
    refuse_single_reading([*files, *(path for some in targets for path in some)])
    found = FILES[kind](files, build(KINDS[kind].reading, reading), targets)
    names = [path_of(path) for path in files]
    schemes = _schemes(found)
    faults: list[str] = []
    with Repeats() as repeats, Repeats() as ids:
        tallies = [FileTally(number, schemes, repeats=repeats, ids=ids) for number in range(len(files))]
        for number, tally in enumerate(tallies):
            try:
                for item in found.read(number):
                    tally.add(item)
                tally.check(names[number], first=number == 0, few=found.few, unit=found.unit)
            except ElmanError as error:
                faults.append(str(error))
        repeated, same_ids = repeats.found(len(files)), ids.found(len(files))
    warnings = Warnings(names, found, tallies)
    return {
        "kind": kind, "unit": found.unit,
        "files": [
            {"file": name, "format": form, **tally.report(tallies[0] if number else None),
             **_repeated(number, names, repeated, same_ids)}
            for number, (name, form, tally) in enumerate(zip(names, found.formats, tallies, strict=True))
        ],
        "faults": faults,
        "warnings": [
            *warnings.of_files(), *warnings.of_repetitions(repeated, same_ids, companion=COMPANIONS.get(kind)),
        ],
        "seconds": time.monotonic() - started,
    }  # fmt: skip


def _schemes(files: Files) -> dict[str, Scheme | None]:
    """The schemes of the first file; those of a file that cannot be read are told of when it is read again."""
    try:
        return files.schemes()
    except InputError:
        return {}


def _repeated(number: int, names: Sequence[str], repeated: Repetitions, ids: Repetitions) -> dict[str, Any]:
    """What repeats in a file, and between it and those before it."""
    return {
        "repeated": repeated.inside[number].count, "repeated_otherwise": repeated.other[number].count,
        "repeated_ids": ids.inside[number].count,
        "shared": {names[one]: found.count for (one, two), found in repeated.shared.items() if two == number},
    }  # fmt: skip
