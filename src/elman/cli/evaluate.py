"""`elman evaluate DIR FILE...`: the score of a model on files. Knows options; the work is the model's `evaluate`."""

from argparse import Namespace
from collections import ChainMap

import elman
from elman.cli import output
from elman.cli.options import Parser, add_engine, add_files, add_json, add_kinds, add_threads, chosen_for, given_beside
from elman.cli.threads import use_threads


def add_options(parser: Parser) -> None:
    """The model, the files, and how they are read."""
    parser.usage = "%(prog)s DIR FILE... [options]"
    parser.add_argument("model", metavar="DIR", help="a model folder")
    parser.add_argument("files", nargs="+", metavar="FILE", help="files to score it on")
    add_threads(parser)
    add_engine(parser)
    add_json(parser, "the report")
    add_files(parser, ("target", "ensemble"))
    add_kinds(parser, "reading", "evaluation", "decoding")


def run(given: Namespace) -> None:
    """Score and report."""
    reading, *wanted = chosen_for(given, "reading", "evaluation", "decoding")
    wanted.append(given_beside(given, "target", "ensemble"))
    use_threads(given.threads)
    report = elman.load(given.model, engine=given.engine).evaluate(
        given.files, reading=reading, **dict(ChainMap(*wanted))
    )
    output.report(report, as_json=given.json)
