"""`elman show DIR`: the model card. Knows options; the card is the model's."""

from argparse import Namespace

import elman
from elman.cli import output
from elman.cli.options import Parser, add_json


def add_options(parser: Parser) -> None:
    """The model."""
    parser.add_argument("model", metavar="DIR", help="a model folder")
    add_json(parser, "the card")


def run(given: Namespace) -> None:
    """Print the card."""
    model = elman.load(given.model)
    if given.json:
        output.document(model.description())
    else:
        output.result(model.show())
