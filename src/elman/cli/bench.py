"""`elman bench DIR [FILE]`: what this machine makes of a model. Knows options; the work is `models.benching`'s."""

from argparse import Namespace
from pathlib import Path

from elman.cli import output
from elman.cli.options import Parser, add_json, add_kinds, add_threads, chosen_for
from elman.cli.threads import use_threads
from elman.errors import OptionError
from elman.models.threads import cores


def add_options(parser: Parser) -> None:
    """The model, what it is timed on, and for how long."""
    parser.usage = "%(prog)s DIR [FILE...] [options]"
    parser.add_argument("model", metavar="DIR", help="a model folder; of one with weights the exported forms are timed "
                        "too, in fp32 and in int8, where they can be made here")  # fmt: skip
    parser.add_argument("files", nargs="*", default=[], metavar="FILE", help="files whose first texts are read "
                        "(default: texts made of what the model knows)")  # fmt: skip
    parser.add_argument("--seconds", type=float, default=1.0, metavar="X", help="for each measurement (default: 1)")
    add_threads(parser)
    add_json(parser, "the figures")
    add_kinds(parser, "reading")


def run(given: Namespace) -> None:
    """Time, and tell."""
    if not 0 < given.seconds <= 3600:
        raise OptionError(
            f"{given.seconds} is out of range", where="--seconds", mend="give a number above 0 and up to 3600"
        )
    (reading,) = chosen_for(given, "reading")
    use_threads(given.threads)
    from elman.models.benching.measuring import bench  # which loads numpy

    threads = sorted({1, cores()}) if given.threads is None else [given.threads]
    report = bench(Path(given.model), given.files, threads=threads, seconds=given.seconds, reading=reading)
    output.benched(report, as_json=given.json)
