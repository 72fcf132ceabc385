"""`elman export DIR --to {onnx,web} --out DIR2`: a folder that runs without torch, in ONNX Runtime or in a browser.

Knows options; the work is the model's.
"""

from argparse import Namespace

import elman
from elman.cli import output
from elman.cli.options import Parser, add_files, add_json, add_kinds, add_threads, chosen_for, given_beside
from elman.cli.threads import use_threads
from elman.errors import OptionError, nearest

FORMATS = ("onnx", "web")


def add_options(parser: Parser) -> None:
    """The model, the files that it is judged on, and where it goes."""
    parser.usage = "%(prog)s DIR [FILE...] --to {onnx,web} --out DIR2 [options]"
    parser.add_argument("model", metavar="DIR", help="a model folder")
    parser.add_argument(
        "files", nargs="*", default=[], metavar="FILE", help="files to compare and to judge both models on"
    )
    parser.add_argument(
        "--to", required=True, metavar="{onnx,web}",
        help="what it is to run in: ONNX Runtime, or a browser, offline, as a page for any static server",
    )  # fmt: skip
    parser.add_argument("--out", required=True, metavar="DIR2", help="the folder to write")
    parser.add_argument("--int8", action="store_true", help="weights of eight bits where that is faster")
    parser.add_argument(
        "--runtime", metavar="DIR3", help="--to web: the npm package onnxruntime-web, unpacked (else npm brings it)"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an elman folder that is there")
    add_threads(parser)
    add_json(parser, "what was written")
    add_files(parser, ("target",))
    add_kinds(parser, "reading")


def run(given: Namespace) -> None:
    """Write, compare, and tell."""
    if given.to not in FORMATS:
        raise OptionError(f"{given.to!r} is not a choice", where="--to", mend=nearest(given.to, FORMATS))
    (reading,) = chosen_for(given, "reading")
    beside = given_beside(given, "target")
    use_threads(given.threads)
    model = elman.load(given.model, engine="torch")
    report = model.export(given.out, to=given.to, int8=given.int8, runtime=given.runtime, overwrite=given.overwrite,
                          files=given.files, reading=reading, **beside)  # fmt: skip
    output.exported(report, as_json=given.json)
