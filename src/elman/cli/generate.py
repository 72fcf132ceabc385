"""`elman generate DIR`: text as it is written. Knows options; the work is the model's `stream`."""

from argparse import Namespace

import elman
from elman.cli import output
from elman.cli.options import Parser, add_config, add_engine, add_json, add_threads, chosen
from elman.cli.threads import use_threads
from elman.decoding.config import SamplingConfig
from elman.errors import OptionError
from elman.models.kinds import KINDS
from elman.settings import build

TEMPERATURE = "divides the logits; 0, what a seq2seq model has unless told otherwise, takes the likeliest symbol"


def add_options(parser: Parser) -> None:
    """The model, the prompt, and how symbols are drawn."""
    parser.usage = "%(prog)s DIR [--prompt TEXT] [options]"
    parser.add_argument("model", metavar="DIR", help="a model folder")
    parser.add_argument(
        "--prompt", default="", metavar="TEXT", help="what to go on from, or to answer; it is not repeated"
    )
    add_threads(parser)
    add_engine(parser)
    add_json(parser, "the samples")
    add_config(parser, SamplingConfig, helps={"temperature": TEMPERATURE})


def run(given: Namespace) -> None:
    """Write one sample as it comes, or several one after the other."""
    wanted = chosen(given, SamplingConfig)
    use_threads(given.threads)
    model = elman.load(given.model, engine=given.engine)
    if not hasattr(model, "stream"):
        raise OptionError(f"a {model.kind} does not write text", where=given.model, mend="see elman predict")
    config = build(SamplingConfig, {**KINDS[model.kind].sampling, **wanted})
    pieces = model.stream(given.prompt, config)
    if config.samples == 1 and not given.json:
        for _, text in pieces:
            output.piece(text)
        output.result("")
        return
    samples = [""] * config.samples
    for k, text in pieces:
        samples[k] += text
    if given.json:
        output.document({"samples": samples})
        return
    for k, text in enumerate(samples, 1):
        output.result(f"--- {k}\n{text}")
