"""Accuracy of language models in a given time, beside a plain torch LSTM in the same run.

    python benchmarks/language_model.py DATA WORK... [--seed N] [--threads N] [--no-peer] [--exported] [--keep FOLDER]
                                        [--out FILE.jsonl]

DATA is a folder that holds `tinyshakespeare`, `wikitext-2` and `war-and-peace`; WORK is one or several of the names in
`WORKS`. Minutes are standard minutes (see `standard.py`). Each work prints one JSON line with its figures.
"""

import argparse
import gzip
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asking
import forms

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("works", nargs="+")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
parser.add_argument("--no-peer", action="store_true", help="train elman alone")
parser.add_argument("--out", type=Path)
forms.add_options(parser)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import numpy as np  # noqa: E402 the thread count is set before the engine loads
import torch  # noqa: E402

import elman  # noqa: E402
import plain_torch  # noqa: E402
import standard  # noqa: E402


@dataclass(frozen=True)
class Work:
    """A data set, standard minutes, options of elman, and whether the plain LSTM runs beside it."""

    folder: str
    minutes: float
    options: dict[str, Any]
    peer: bool = False


CHARACTERS = {"tokenizer": "char", "continuous": True}
WORDS = {"tokenizer": "word", "continuous": True, "minimum_count": 1}
WORKS = {
    "shakespeare-5m": Work("tinyshakespeare", 5, CHARACTERS, peer=True),
    "shakespeare-15m": Work("tinyshakespeare", 15, CHARACTERS, peer=True),
    "war-and-peace-5m": Work("war-and-peace", 5, CHARACTERS),
    "wikitext-2-15m": Work("wikitext-2", 15, WORDS),
}


def unpack(folder: Path, aside: Path) -> dict[str, Path]:
    """The three parts of a data set as plain files."""
    parts = {}
    for name in ("train", "valid", "test"):
        parts[name] = aside / f"{name}.txt"
        parts[name].write_bytes(gzip.decompress((folder / f"{name}.txt.gz").read_bytes()))
    return parts


def windows_and_carried(model: elman.LanguageModel, path: Path) -> dict[str, float]:
    """Nats a character: windows of 256 from a zero state, and one stream with the state carried."""
    ids = torch.from_numpy(model.tokenizer.encode(path.read_text(encoding="utf-8")).astype(np.int64))

    def nats(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        found, _ = model.engine.nats(None, x.numpy(), targets=y.numpy())
        return torch.from_numpy(found)

    return {
        "windows": plain_torch.nats_in_windows(nats, ids),
        "carried": model.evaluate(path)["metrics"]["loss"],
    }


def run_ours(name: str, parts: dict[str, Path], machine: standard.Standard) -> dict[str, Any]:
    """Train elman in the budget; judge on valid and test."""
    work, begun = WORKS[name], time.perf_counter()
    budget = f"{machine.budget(work.minutes):.0f}s"
    model = elman.LanguageModel.train(
        parts["train"], dev=parts["valid"], budget=budget, seed=arguments.seed, **work.options
    )
    figures: dict[str, Any] = {"seconds": time.perf_counter() - begun, "report": model.report}
    figures["options"] = model.record.training["options"]
    forms.keep(model, arguments.keep, f"{name}-{arguments.seed}")

    def judged(model: elman.LanguageModel) -> dict[str, Any]:
        found = {}
        for part in ("valid", "test"):
            found[part] = model.evaluate(parts[part])["metrics"]
            if work.options["tokenizer"] == "char":
                found[part] |= windows_and_carried(model, parts[part])
        return found

    return figures | judged(model) | forms.judged(model, judged, wanted=arguments.exported, files=[parts["valid"]])


def run_peer(work: Work, parts: dict[str, Path], machine: standard.Standard) -> dict[str, Any]:
    """Train the plain LSTM as long; judge likewise."""
    text = parts["train"].read_text(encoding="utf-8")
    symbols = {symbol: i for i, symbol in enumerate(sorted(set(text)))}

    def encode(path: Path) -> torch.Tensor:
        return torch.tensor([symbols.get(symbol, 0) for symbol in path.read_text(encoding="utf-8")])

    model = plain_torch.train_characters(
        encode(parts["train"]), len(symbols), seconds=machine.budget(work.minutes), seed=arguments.seed
    )

    def nats(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(model(x)[0].flatten(0, 1), y.flatten(), reduction="none")

    figures = {}
    for name in ("valid", "test"):
        ids = encode(parts[name])
        figures[name] = {
            "windows": plain_torch.nats_in_windows(nats, ids),
            "carried": plain_torch.nats_carried(model, ids),
        }
    return figures


def main() -> None:
    """Run each work and print its figures."""
    machine = standard.measure()
    print(machine.line(), flush=True)
    for name in arguments.works:
        work = WORKS[name]
        with tempfile.TemporaryDirectory() as aside:
            parts = unpack(arguments.data / work.folder, Path(aside))
            result = {"work": name, "seed": arguments.seed, "machine": machine.line()}
            result["elman"] = run_ours(name, parts, machine)
            if work.peer and not arguments.no_peer:
                result["plain torch"] = run_peer(work, parts, machine)
        asking.show(result, arguments.out)


if __name__ == "__main__":
    main()
