"""Peak anonymous memory of training on much text against little: the ids live in a file, so it should not grow.

    python benchmarks/memory.py FOLDER [--small 200] [--large 2000] [--budget 60s]

Writes two files of so many megabytes of English-like text into FOLDER, trains on each with the command line, and
watches RssAnon of the process while it runs. The files are deleted after.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

WORDS = (
    "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which "
    "one you were all her she there would their we him been has when who will no more if out so said what up its"
)


def write_text(path: Path, megabytes: int) -> None:
    """Random sentences of common words."""
    chooser, words = random.Random(1), WORDS.split()
    block = "".join(
        " ".join(chooser.choices(words, k=chooser.randint(4, 20))).capitalize() + ".\n" for _ in range(20_000)
    )
    with path.open("w", encoding="utf-8") as file:
        for _ in range(megabytes * 1_000_000 // len(block) + 1):
            file.write(block)


def peak_anonymous(command: list[str]) -> tuple[float, float]:
    """Largest RssAnon in megabytes while the command runs, and its seconds."""
    begun, peak = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
        except OSError:
            break
        peak = max(peak, next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0))
        time.sleep(0.02)
    if process.wait() != 0:
        raise SystemExit(f"the command failed: {' '.join(command)}")
    return peak / 1024, time.monotonic() - begun


def main() -> None:
    """Train on little and on much text, and compare the peaks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--large", type=int, default=2000)
    parser.add_argument("--budget", default="60s")
    parser.add_argument("--options", nargs=argparse.REMAINDER, default=["--continuous"])
    arguments = parser.parse_args()
    peaks = {}
    for megabytes in (arguments.small, arguments.large):
        text, out = arguments.folder / f"{megabytes}.txt", arguments.folder / f"model-{megabytes}"
        write_text(text, megabytes)
        command = [sys.executable, "-m", "elman", "train", "language-model", "--train", str(text), "--out", str(out)]
        peaks[megabytes], seconds = peak_anonymous(
            [*command, "--overwrite", "--budget", arguments.budget, "--hidden", "256", *arguments.options]
        )
        text.unlink()
        print(
            json.dumps({"megabytes": megabytes, "peak_anonymous_mb": peaks[megabytes], "seconds": seconds}), flush=True
        )
    print(json.dumps({"ratio": peaks[arguments.large] / peaks[arguments.small]}))


if __name__ == "__main__":
    main()
