"""Accuracy of taggers in a given time, beside a plain torch BiLSTM in the same run.

    python benchmarks/tagger.py DATA WORK... [--seeds 1,2,3] [--threads N] [--part dev] [--peer] [--out FILE.jsonl]
                                [--exported] [--keep FOLDER] [--option NAME=VALUE]...

DATA is a folder that holds `ud-english-ewt`, `ud-korean-kaist`, `wnut17` and `klue-ner-dev`; WORK is one or several of
the names in `WORKS`. Minutes are standard minutes (see `standard.py`). Each seed prints one JSON line with its figures,
each work one with mean and standard deviation of its headline: accuracy of UPOS, strict F1 of entities. An option is
one of `Tagger.train`, its value JSON or else a word: `--option 'label_columns=["upos","xpos","feats"]'` (UPOS first).
"""

import argparse
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asking
import forms

PARTS = ("dev", "test")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("works", nargs="+")
parser.add_argument("--seeds", type=asking.numbers, default=[1])
parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
parser.add_argument("--part", choices=PARTS, help="judge on this part alone (default: on both)")
parser.add_argument("--peer", action="store_true", help="train the plain BiLSTM too")
parser.add_argument("--out", type=Path)
parser.add_argument("--option", type=asking.option, action="append", default=[])
forms.add_options(parser)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import elman  # noqa: E402 the thread count is set before the engine loads
import plain_tagger  # noqa: E402
import standard  # noqa: E402

JUDGED = PARTS if arguments.part is None else (arguments.part,)


@dataclass(frozen=True)
class Work:
    """A data set: its folder, its files (train, dev, test), standard minutes; a treebank or entities; the columns of a
    treebank that are learnt, of which the first is judged."""

    folder: str
    files: tuple[str, str, str]
    minutes: float
    entities: bool = False
    columns: tuple[str, ...] = ("upos",)

    def path(self, part: str) -> Path:
        """Where a part lies."""
        return Path(arguments.data) / self.folder / self.files[("train", "dev", "test").index(part)]

    def options(self) -> dict[str, Any]:
        """Options of elman: the label columns of a treebank (of entities it is the last one), then those given."""
        return ({} if self.entities else {"label_columns": list(self.columns)}) | dict(arguments.option)

    def headline(self, metrics: dict[str, Any]) -> float:
        """Accuracy of UPOS, or strict F1 of entities, among the metrics of elman."""
        return float(metrics["label"]["f1"] if self.entities else metrics["upos"]["accuracy"])


def treebank(name: str) -> tuple[str, str, str]:
    """Names of the files of a treebank of Universal Dependencies."""
    train, dev, test = (f"{name}-ud-{part}.conllu.gz" for part in ("train", "dev", "test"))
    return train, dev, test


WNUT = ("wnut17train.conll.gz", "emerging.dev.conll.gz", "emerging.test.annotated.conll.gz")
KLUE = (
    "klue-ner-v1.1_dev.train.conll.gz",
    "klue-ner-v1.1_dev.dev.conll.gz",
    "klue-ner-v1.1_dev.test.conll.gz",
)
WORKS = {
    "ewt-5m": Work("ud-english-ewt", treebank("en_ewt"), 5),
    "ewt-15m": Work("ud-english-ewt", treebank("en_ewt"), 15),
    "kaist-5m": Work("ud-korean-kaist", treebank("ko_kaist"), 5, columns=("upos", "xpos")),
    "kaist-15m": Work("ud-korean-kaist", treebank("ko_kaist"), 15, columns=("upos", "xpos")),
    "wnut17-5m": Work("wnut17", WNUT, 5, entities=True),
    "klue-5m": Work("klue-ner-dev", KLUE, 5, entities=True),
}


def megabytes(model: elman.Tagger) -> float:
    """Size of the folder of a model."""
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside) / "model"
        model.save(folder)
        return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def run_ours(name: str, machine: standard.Standard, *, seed: int) -> dict[str, Any]:
    """Train elman in the budget; judge it."""
    work = WORKS[name]
    begun = time.perf_counter()
    model = elman.Tagger.train(
        work.path("train"),
        dev=work.path("dev"),
        budget=f"{machine.budget(work.minutes):.0f}s",
        seed=seed,
        **work.options(),
    )
    figures: dict[str, Any] = {"seconds": time.perf_counter() - begun, "report": model.report}
    figures["options"] = model.record.training["options"]
    figures["megabytes"] = megabytes(model)
    figures |= judge_ours(model, work)
    forms.keep(model, arguments.keep, f"{name}-{seed}")
    return figures | forms.judged(
        model, lambda other: judge_ours(other, work), wanted=arguments.exported, files=[work.path("dev")]
    )


def judge_ours(model: elman.Tagger, work: Work) -> dict[str, Any]:
    """The figures of every part."""
    figures: dict[str, Any] = {}
    for part in JUDGED:
        figures[part] = model.evaluate(work.path(part))["metrics"]
        figures[f"{part}_headline"] = work.headline(figures[part])
    return figures


def run_peer(work: Work, machine: standard.Standard, *, seed: int) -> dict[str, float]:
    """Train the plain BiLSTM as long; judge it likewise."""
    sentences = plain_tagger.read(work.path("train"))
    tagger = plain_tagger.train(sentences, seconds=machine.budget(work.minutes), seed=seed)
    score = plain_tagger.strict_f1 if work.entities else plain_tagger.accuracy
    figures = {}
    for part in JUDGED:
        judged = plain_tagger.read(work.path(part))
        found = tagger.predict([sentence.words for sentence in judged])
        figures[f"{part}_headline"] = score([sentence.labels for sentence in judged], found)
    return figures


def summary(name: str, results: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation of the headline over the seeds, for each who ran."""
    found: dict[str, Any] = {"work": name, "seeds": arguments.seeds}
    for who in ("elman", "plain torch"):
        for part in JUDGED:
            values = [result[who][f"{part}_headline"] for result in results if who in result]
            if values:
                spread = statistics.stdev(values) if len(values) > 1 else None
                found.setdefault(who, {})[part] = {"mean": statistics.mean(values), "deviation": spread}
    return found


def main() -> None:
    """Run each work with each seed and print its figures."""
    if unknown := [name for name in arguments.works if name not in WORKS]:
        parser.error(f"no work {unknown[0]!r}; there are {', '.join(WORKS)}")
    machine = standard.measure()
    print(machine.line(), flush=True)
    for name in arguments.works:
        results = []
        for seed in arguments.seeds:
            result: dict[str, Any] = {"work": name, "seed": seed, "machine": machine.line()}
            result["elman"] = run_ours(name, machine, seed=seed)
            if arguments.peer:
                result["plain torch"] = run_peer(WORKS[name], machine, seed=seed)
            asking.show(result, arguments.out)
            results.append(result)
        asking.show(summary(name, results), arguments.out)


if __name__ == "__main__":
    main()
