"""Peak anonymous memory of predicting on much text against little: what is read is let go, so it should not grow.

    python benchmarks/predict_memory.py FOLDER MODEL SAMPLE [--small 20] [--large 200] [-- OPTION...]

Repeats SAMPLE (any file that MODEL reads, `.gz` too) up to so many megabytes in FOLDER, runs `elman predict` on each,
and watches RssAnon of the process while it runs, which does all by itself. Options behind `--` are those of `elman
predict`. The files are deleted after. MODEL is a folder of any kind.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

from memory import peak_anonymous

SENTENCES = (".conllu", ".conll", ".bio", ".iob", ".iob2")
"""Formats in which a blank line ends a sentence, and so has to stand between two copies."""


def write_repeated(path: Path, sample: bytes, *, megabytes: int) -> None:
    """The sample again and again, at least so many megabytes of it."""
    block = sample.rstrip(b"\r\n") + (b"\n\n" if path.suffix in SENTENCES else b"\n")
    with path.open("wb") as file:
        for _ in range(-(-megabytes * 1_000_000 // len(block))):
            file.write(block)


def main() -> None:
    """Predict on little and on much text, and compare the peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("sample", type=Path)
    parser.add_argument("options", nargs="*", help="of elman predict")
    parser.add_argument("--small", type=int, default=20)
    parser.add_argument("--large", type=int, default=200)
    arguments = parser.parse_args()
    sample, name = arguments.sample.read_bytes(), arguments.sample
    if name.suffix == ".gz":
        sample, name = gzip.decompress(sample), name.with_suffix("")
    peaks = {}
    for megabytes in (arguments.small, arguments.large):
        text, out = arguments.folder / f"{megabytes}{name.suffix}", arguments.folder / f"{megabytes}.out"
        write_repeated(text, sample, megabytes=megabytes)
        command = [sys.executable, "-m", "elman", "predict", str(arguments.model), str(text), "--out", str(out)]
        command += ["--workers", "1", *arguments.options]
        try:
            peaks[megabytes], seconds = peak_anonymous(command)
        finally:
            text.unlink()
            out.unlink(missing_ok=True)
        print(
            json.dumps({"megabytes": megabytes, "peak_anonymous_mb": peaks[megabytes], "seconds": seconds}), flush=True
        )
    print(json.dumps({"ratio": peaks[arguments.large] / peaks[arguments.small]}))


if __name__ == "__main__":
    main()
