"""A fuzzer of all readers: the first byte chooses the reader, the others are its file. A program for `atheris`.

Arguments: a folder for the files, then options of libFuzzer. Ends with another code than 0 where anything but examples
or one proper error comes of an input, which is then kept.
"""

import logging
import sys
from pathlib import Path


def main() -> None:
    """Try one input after the other, as the options say."""
    import atheris  # not to be had for every Python

    sys.path.insert(0, str(Path(__file__).parent))
    with atheris.instrument_imports(include=["elman.data"]):
        from any_bytes import READERS, outcome
    folder, cases = Path(sys.argv.pop(1)), list(READERS.values())

    def one(data: bytes) -> None:
        if data:
            name, read = cases[data[0] % len(cases)]
            outcome(name, read, data[1:], folder / str(data[0] % len(cases)))

    logging.getLogger("elman").setLevel(logging.ERROR)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
