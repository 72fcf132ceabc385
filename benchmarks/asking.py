"""What benchmarks of accuracy are asked with, and how they tell a result.

Used by the benchmarks of taggers, classifiers and seq2seq models.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def option(text: str) -> tuple[str, Any]:
    """Name and value of NAME=VALUE, the value JSON or else a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value


def numbers(text: str) -> list[int]:
    """The numbers between the commas."""
    return [int(part) for part in text.split(",")]


def show(result: Mapping[str, Any], out: Path | None) -> None:
    """Print a result as a line of JSON, and add it to a file where that was asked for."""
    line = json.dumps(result)
    print(line, flush=True)
    if out is not None:
        with out.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
