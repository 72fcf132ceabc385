"""A fuzzer of all readers: the first byte chooses the reader, the others are its file. A program for `atheris`.

Arguments: a folder for the files, then options of libFuzzer. Ends with another code than 0 where anything but examples
or one proper error comes of an input, which is then kept.
"""

import logging
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parent))
with atheris.instrument_imports(include=["elman.data"]):
    from any_bytes import READERS, outcome

FOLDER = Path(sys.argv.pop(1))
CASES = list(READERS.values())


def one(data: bytes) -> None:
    """Try an input."""
    if data:
        name, read = CASES[data[0] % len(CASES)]
        outcome(name, read, data[1:], FOLDER / str(data[0] % len(CASES)))


if __name__ == "__main__":
    logging.getLogger("elman").setLevel(logging.ERROR)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
