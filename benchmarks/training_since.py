"""Training, tokens a second: this source over that of another commit, kind by kind, the same nets from the same files.

    git worktree add OLD COMMIT
    python benchmarks/training_since.py DATA OLD [--kind NAME]... [--threads N] [--rounds N] [--steps N] [--precision P]
                                        [--processor-time]

DATA is a folder that holds `ud-english-ewt`, `sst2`, `wikitext-2` and `multi30k-en-de`. In every round each source
trains each kind in a process of its own, through its command line with the options in `KINDS`; what is timed are steps
of the training loop, with all that belongs to them. The first `BEFORE` steps, in which the kernels meet most shapes of
batches for the first time, are not counted, nor are evaluations. `ratio` is the median over the rounds.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

BEFORE = 300
EWT, SST2, MULTI30K = "ud-english-ewt/en_ewt-ud", "sst2/stsa.binary", "multi30k-en-de/"
KINDS: Mapping[str, str] = {
    "tagger": f"--train {EWT}-train.conllu.gz --label-column upos --layers 2 --hidden 128 --batch-size 32",
    "classifier": f"--train {SST2}.train.tsv.gz --no-header --label-column 0 --text-column 1 --layers 1 --hidden 128 "
    "--members 1 --batch-size 32",
    "language-model": "--train wikitext-2/train.txt.gz --continuous --tokenizer word --layers 1 --hidden 256 "
    "--embedding 256 --batch-size 32",
    "seq2seq": f"--train {MULTI30K}train.en.gz --train-target {MULTI30K}train.de.gz --hidden 256 --batch-tokens 1200",
}
ADDED: Mapping[str, str] = {"tagger": "--members 1 --no-context"}
"""What makes the nets of this source those of the other one, which did not know these options."""

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("old", type=Path, help="a work tree of the other commit")
parser.add_argument("--kind", choices=list(KINDS), action="append", default=[], help="repeatable (default: all)")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--steps", type=int, default=100)
parser.add_argument("--precision", default="auto")
parser.add_argument("--processor-time", action="store_true", help="seconds of the processor, for a busy machine")

CHILD = "ELMAN_TIMED_STEPS"
"""Set where this file is run as the process that trains."""


def timed_training(steps: int, words: list[str]) -> None:
    """Train by the command line until so many steps are timed; tokens a second are then printed as JSON."""
    from elman.cli.main import main as command_line
    from elman.training.loop import Trainer

    clock = time.process_time if "--processor-time" in words else time.perf_counter
    whole_step, done, begun = Trainer.step, 0, (0.0, 0)

    def step(self: Trainer) -> None:
        nonlocal done, begun
        if done == BEFORE:
            begun = (clock(), self.run.tokens)
        whole_step(self)
        done += 1
        if done == BEFORE + steps:
            finish((self.run.tokens - begun[1]) / (clock() - begun[0]))

    def finish(rate: float) -> NoReturn:
        print(json.dumps(rate), flush=True)
        os._exit(0)

    Trainer.step = step  # type: ignore[method-assign]
    command_line([word for word in words if word != "--processor-time"])


def rate(tree: Path, kind: str, *, asked: argparse.Namespace, added: str, aside: Path) -> float:
    """Tokens a second of one process that trains with the source of a tree."""
    words = [f"{asked.data / word}" if "/" in word else word for word in f"{KINDS[kind]} {added}".split()]
    words += ["--threads", f"{asked.threads}", "--epochs", "100", "--precision", asked.precision]
    words += ["--processor-time"] * asked.processor_time
    environment = os.environ | {
        "PYTHONPATH": f"{tree.resolve() / 'src'}", CHILD: f"{asked.steps}", "OMP_NUM_THREADS": f"{asked.threads}",
        "MKL_NUM_THREADS": f"{asked.threads}", "GOMP_SPINCOUNT": "10000",
    }  # fmt: skip
    command = [sys.executable, __file__, "train", kind, "--out", f"{aside / 'model'}", "--overwrite", *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0 or not done.stdout.strip():
        sys.exit(f"{' '.join(command)} in {tree}: {done.stderr[-2000:]}")
    return float(done.stdout.splitlines()[-1])


def main() -> None:
    """Time both sources, kind by kind, and print a line for each."""
    asked = parser.parse_args()
    here = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as aside:
        for kind in asked.kind or KINDS:
            rates: dict[str, list[float]] = {"old": [], "new": []}
            for _ in range(asked.rounds):
                for name, tree, added in (("old", asked.old, ""), ("new", here, ADDED.get(kind, ""))):
                    rates[name].append(rate(tree, kind, asked=asked, added=added, aside=Path(aside)))
            figures: dict[str, Any] = {name: statistics.median(values) for name, values in rates.items()}
            ratio = statistics.median(new / old for new, old in zip(rates["new"], rates["old"], strict=True))
            print(json.dumps({"kind": kind, "tokens_per_second": figures, "ratio": ratio}), flush=True)


if __name__ == "__main__":
    if CHILD in os.environ:
        timed_training(int(os.environ[CHILD]), sys.argv[1:])
    else:
        main()
