"""`elman evaluate DIR FILE...`: the score of a model on files. Knows options; the work is the model's `evaluate`."""

from argparse import Namespace

import elman
from elman.cli import output
from elman.cli.options import Parser, add_config, add_json, add_threads, chosen
from elman.cli.threads import use_threads
from elman.data.config import ReadConfig


def add_options(parser: Parser) -> None:
    """The model, the files, and how they are read."""
    parser.usage = "%(prog)s DIR FILE... [options]"
    parser.add_argument("model", metavar="DIR", help="a model folder")
    parser.add_argument("files", nargs="+", metavar="FILE", help="files to score it on")
    parser.add_argument(
        "--dynamic", action="store_true", help="also let it learn from what it has scored (a figure of its own)"
    )
    add_threads(parser)
    add_json(parser, "the report")
    add_config(parser, ReadConfig, without=["continuous"])  # as in training


def run(given: Namespace) -> None:
    """Score and report."""
    reading = chosen(given, ReadConfig)
    use_threads(given.threads)
    report = elman.load(given.model).evaluate(given.files, dynamic=given.dynamic, reading=reading)
    output.report(report, as_json=given.json)
