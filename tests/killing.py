"""Real `elman train` runs that are killed, stopped or starved at moments drawn from a seed, and what they leave."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from elman.training.checkpoint import read
from tiny import (
    CLASSIFIER,
    SEQ2SEQ,
    SIZE,
    TAGGER,
    conllu,
    pair_table,
    reversed_words,
    reviews,
    sentences,
    table,
    tagged,
    write,
)  # fmt: skip

NOT_COMPARED = {"training.json", "history.jsonl", "README.md", "manifest.json"}
"""Files of a model that tell of time."""


def arguments(kind: str, folder: Path, *, size: int = 1) -> list[str]:
    """The command of a small run of a kind, on files that are written to a folder."""
    sizes = {"language-model": SIZE, "tagger": TAGGER, "classifier": CLASSIFIER, "seq2seq": SEQ2SEQ}
    options = {**sizes[kind], "evaluations": 10, "threads": 1, "checkpoint_seconds": 0.05, "averaging": 0.1}
    if kind == "language-model":
        files = ["--train", write(folder / "t.txt", sentences(400 * size)), "--continuous"]
        options |= {"epochs": 6, "ngrams": 3, "ngram_bits": 8, "input_dropout": 0.2}
    elif kind == "tagger":
        files = ["--train", conllu(folder / "t.conllu", tagged(200 * size))]
        options |= {"epochs": 8}
    elif kind == "classifier":
        more = write(folder / "more.txt", [text for _, text in reviews(200 * size, seed=3)])
        files = ["--train", table(folder / "t.tsv", reviews(200 * size)), "--unlabelled", more]
        options |= {"epochs": 8, "pretraining_epochs": 4}
    else:
        files = ["--train", pair_table(folder / "p.tsv", reversed_words(800 * size))]
        options |= {"epochs": 8, "symbol_dropout": 0.1}
    words = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    return [kind, *map(str, files), *words]


def content(folder: Path) -> dict[str, bytes]:
    """All of a model folder that does not tell of time."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in NOT_COMPARED}


@dataclass
class Victim:
    """Runs of one command in a folder: begun, ended from outside, and gone on with."""

    folder: Path
    words: list[str]
    out: Path = field(init=False)

    def __post_init__(self) -> None:
        self.out = self.folder / "m"

    @property
    def training(self) -> Path:
        """What stands beside the model."""
        return self.folder / "m.training"

    def start(self, *more: str, limit: int | None = None, out: Path | None = None) -> "subprocess.Popen[str]":
        """Begin, or go on where there is a checkpoint."""
        goes_on = out is None and (self.training / "checkpoint").exists()
        command = [sys.executable, "-m", "elman", "train", *self.words, "--out", str(out or self.out), *more]
        return subprocess.Popen(
            [*command, *(["--resume"] if goes_on else [])],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=None if limit is None else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )  # fmt: skip

    def finish(self, *more: str, out: Path | None = None) -> dict[str, bytes]:
        """Go on to the end; the model."""
        with self.start(*more, out=out) as child:
            _, told = child.communicate()
        assert child.returncode == 0, told
        assert not self.training.exists()
        return content(out or self.out)

    def began(self, child: "subprocess.Popen[str]") -> bool:
        """Wait until a run holds its lock; False where it ended before."""
        return self._wait(child, (self.training / "lock").exists)

    def writes(self, child: "subprocess.Popen[str]") -> bool:
        """Wait until a run writes a checkpoint; False where it ended before."""
        return self._wait(child, lambda: any(self._names(".checkpoint.tmp-")))

    def trains(self, child: "subprocess.Popen[str]") -> bool:
        """Wait until a run has written a checkpoint that was not there; False where it ended before."""
        place = self.training / "checkpoint"
        before = place.stat().st_ino if place.exists() else None
        return self._wait(child, lambda: place.exists() and place.stat().st_ino != before)

    def check(self) -> bool:
        """Is there a checkpoint? If so, it is whole."""
        place = self.training / "checkpoint"
        if place.exists():
            assert read(place).tensors()
        return place.exists()

    def begin_anew(self) -> None:
        """Remove a model that is done."""
        if self.is_done:
            shutil.rmtree(self.out)

    @property
    def is_done(self) -> bool:
        """Is there a model, and nothing to go on from?"""
        return self.out.exists() and not (self.training / "checkpoint").exists()

    def _names(self, begin: str) -> Iterator[str]:
        try:
            yield from (name for name in os.listdir(self.training) if name.startswith(begin))
        except FileNotFoundError:
            return

    def _wait(self, child: "subprocess.Popen[str]", happened: Callable[[], bool]) -> bool:
        while child.poll() is None:
            try:
                if happened():
                    return True
            except FileNotFoundError:
                pass
            time.sleep(0.0005)
        return False


def kill(victim: Victim, chooser: random.Random, *, count: int, longest: float) -> tuple[int, int]:
    """Kill so many runs, each going on from what the one before has left, every other one while it writes a checkpoint;
    how many had one then, and how many of the runs that went on came to an end."""
    kept = ended = killed = 0
    while killed < count:
        victim.begin_anew()
        with victim.start() as child:
            if killed % 2 == 0:
                ready, delay = victim.writes(child), chooser.random() * 0.04
            else:
                ready, delay = victim.began(child), chooser.random() * longest
            if ready:
                time.sleep(delay)
                child.send_signal(signal.SIGKILL)
            _, told = child.communicate()
        if child.returncode == -signal.SIGKILL:
            killed += 1
            kept += victim.check()
        else:
            assert child.returncode == 0, told
            ended += 1
    return kept, ended
