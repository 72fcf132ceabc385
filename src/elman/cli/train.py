"""`elman train KIND`: from files to a model folder. Knows options; the work is `train` of the kind."""

from argparse import Namespace

import elman
from elman.cli import output
from elman.cli.options import Parser, add_config, add_files, add_json, add_threads, chosen, given_files
from elman.cli.threads import threads_of, use_threads
from elman.errors import OptionError, nearest
from elman.models.kinds import KINDS

LISTS = {"unlabelled": "texts that are learnt, with those of --train, before the labels"}


def add_options(parser: Parser) -> None:
    """All options of training: those of the kind that is named, else of all kinds."""
    parser.usage = "%(prog)s KIND --train FILE... [--dev FILE...] --out DIR [options]"
    parser.add_argument("kind", metavar="KIND", help=f"what to train: {', '.join(KINDS)}")
    parser.add_argument("--train", nargs="+", action="extend", required=True, metavar="FILE", help="files to train on")
    parser.add_argument(
        "--dev", nargs="+", action="extend", metavar="FILE", help="files to choose on, or none (default: a twentieth)"
    )
    parser.add_argument("--out", required=True, metavar="DIR", help="the model folder to write")
    parser.add_argument("--overwrite", action="store_true", help="replace an elman folder that is there")
    parser.add_argument("--from", dest="start", metavar="DIR", help="start from a trained folder; its shape holds")
    parser.add_argument("--replay", metavar="DIR", help="train once more as DIR was trained, to the same bits")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint of a run that did not end")
    parser.add_argument("--config", metavar="FILE.toml", help="options by name; those given here win")
    add_threads(parser)
    add_json(parser, "the report")
    named = [KINDS[word] for word in parser.words if word in KINDS][:1]
    for kind in named or KINDS.values():
        add_files(parser, kind.files)
        for name in kind.lists:
            parser.add_argument(f"--{name}", nargs="+", action="extend", metavar="FILE", help=LISTS[name])
        for config in kind.configs.values():
            add_config(parser, config, defaults=kind.defaults, chosen=kind.chosen)


def run(given: Namespace) -> None:
    """Train and report."""
    if given.kind not in KINDS:
        raise OptionError("this is not a kind of model", where=given.kind, mend=nearest(given.kind, KINDS))
    kind = KINDS[given.kind]
    options = chosen(given, *kind.configs.values())
    use_threads(threads_of(given))
    files = given_files(given, (*kind.files, *kind.lists))
    dev = "none" if given.dev == ["none"] else given.dev
    with output.progress() as tell:
        model = getattr(elman, kind.front).train(
            given.train, dev=dev, out=given.out, overwrite=given.overwrite, from_=given.start, replay=given.replay,
            resume=given.resume, progress=tell, **files, **options,
        )  # fmt: skip
    output.report(model.report, as_json=given.json)
