"""`elman predict DIR [FILE...]`: the file's own format comes back, predictions filled in.

Knows options and where the lines go; the work is the model's `predict_to`.
"""

from argparse import Namespace
from collections import ChainMap

import elman
from elman.cli import output
from elman.cli.options import Parser, add_engine, add_files, add_json, add_kinds, add_threads, chosen_for, given_beside
from elman.cli.threads import use_threads
from elman.errors import OptionError
from elman.files.replace import text_aside_of
from elman.models.threads import threads
from elman.settings import one_path

ENCODING = "encoding of the files that are read; UTF-8 may begin with a byte order mark. What is written is UTF-8"

WORKERS = 8
"""As many processes as are begun without being asked for: each has the model in memory."""


def add_options(parser: Parser) -> None:
    """The model, the files, how they are read, and where the answer goes."""
    parser.usage = "%(prog)s DIR [FILE... | -] [--out FILE] [options]"
    parser.add_argument("model", metavar="DIR", help="a model folder")
    parser.add_argument(
        "files", nargs="*", default=[], metavar="FILE", help="files to read; none, or -, for standard input"
    )
    parser.add_argument("--out", metavar="FILE", help="where to write, as UTF-8, packed where it ends in .gz, whole or "
                        "not at all (default: standard output)")  # fmt: skip
    add_threads(parser, workers=True)
    add_engine(parser)
    add_json(parser, "the counts (needs --out)")
    add_files(parser, ("ensemble",))
    add_kinds(parser, "reading", "output", "decoding", helps={"encoding": ENCODING})


def run(given: Namespace) -> None:
    """Read, predict and write line by line."""
    if given.json and given.out is None:
        raise OptionError("stdout holds the lines already", where="--json", mend="give --out")
    reading, *parts = chosen_for(given, "reading", "output", "decoding")
    wanted = dict(ChainMap(*parts, given_beside(given, "ensemble")))
    use_threads(given.threads)
    wanted["workers"] = min(threads(), WORKERS) if given.workers is None else given.workers
    model, files = elman.load(given.model, engine=given.engine), given.files or ["-"]
    if given.out is None:
        model.predict_to(files, output.lines, reading=reading, **wanted)
        return
    with text_aside_of(one_path(given.out, where="--out")) as file:
        report = model.predict_to(files, file.write, reading=reading, **wanted)
    if given.json:
        output.document(report)
