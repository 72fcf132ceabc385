"""`elman check FILE...`: what files hold, read as training would. Knows options; the work is in `models.checking`."""

from argparse import Namespace

from elman.cli import output
from elman.cli.options import Parser, add_config, add_files, add_json, chosen_of, given_names
from elman.errors import InputError, OptionError, nearest
from elman.models.kinds import KINDS


def add_options(parser: Parser) -> None:
    """The files, the kind, and how they are read."""
    parser.usage = "%(prog)s FILE... [--kind KIND] [options]"
    parser.add_argument("files", nargs="+", metavar="FILE", help="files as for training: the first to train on, the "
                        "others are compared with it")  # fmt: skip
    parser.add_argument("--kind", metavar="KIND", help=f"what would be trained: {', '.join(KINDS)} (default: what the "
                        "format tells)")  # fmt: skip
    add_files(parser, ("target",))
    add_json(parser, "the report")
    for kind in KINDS.values():
        add_config(parser, kind.reading)


def run(given: Namespace) -> None:
    """Read and report; what training would refuse ends with an error, once all of it has been told."""
    from elman.models.checking import kinds, report, telling  # which load numpy

    if given.kind is not None and given.kind not in KINDS:
        raise OptionError("this is not a kind of model", where=given.kind, mend=nearest(given.kind, KINDS))
    targets = given.target or []
    named = given_names(given, "reading")
    kind = KINDS[given.kind or kinds.kind_of_files(given.files, named, targets)]
    if targets and "target" not in kind.beside:
        raise OptionError(f"a {kind.name} has no such option", where="--target", mend="leave it out")
    (reading,) = chosen_of(given, kind, "reading")
    found = report.check(given.files, kind.name, targets=targets, reading=reading)
    if given.json:
        output.document(found)
    else:
        output.result("\n".join(telling.lines(found)))
    faults = found["faults"]
    if faults:
        output.flush()
        raise InputError(faults[0] if len(faults) == 1 else f"{len(faults)} faults, the first: {faults[0]}")
