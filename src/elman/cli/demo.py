"""`elman demo [KIND]`: the main job, start to end. Knows options; the demo itself is in `models.demos`."""

from argparse import Namespace
from pathlib import Path

from elman.cli import output
from elman.cli.options import Parser, add_json, add_threads
from elman.cli.threads import use_threads
from elman.models.demos.running import DEMOS
from elman.models.demos.running import run as run_demo


def add_options(parser: Parser) -> None:
    """The kind and where the model is kept."""
    parser.add_argument("kind", nargs="?", default="language-model", metavar="KIND",
                        help=f"{' or '.join(DEMOS)}; default: %(default)s")  # fmt: skip
    parser.add_argument("--out", metavar="DIR", help="keep the model in this folder")
    parser.add_argument("--overwrite", action="store_true", help="replace an elman folder that is there")
    add_threads(parser)
    add_json(parser, "all figures")


def run(given: Namespace) -> None:
    """Run the demo; it tells what it does line by line."""
    use_threads(given.threads)
    out = None if given.out is None else Path(given.out)
    with output.progress() as tell:
        report = run_demo(given.kind, out=out, overwrite=given.overwrite, progress=tell, write=output.result)
    if given.json:
        output.document(report)
