"""Accuracy of classifiers in a given time, beside peers in the same run; their speed and their size.

    python benchmarks/classifier.py DATA WORK... [--seeds 1,2,3] [--threads N] [--part dev] [--peer fasttext]...
                                    [--peers-only] [--exported] [--keep FOLDER] [--option NAME=VALUE]...
                                    [--minutes M] [--out FILE.jsonl]
    python benchmarks/classifier.py DATA [WORK...] --speed seconds --speed texts --speed size [--model DIR]

DATA is a folder that holds `sst2`, `sms-spam`, `banking77`, `3i4k` and `nsmc-rebuilt`; WORK is one or several of the
names in `WORKS`. Minutes are standard minutes (see `standard.py`). Each seed prints one JSON line with accuracy, macro
F1 and seconds of each who ran, each work one with their means and standard deviations. Of fastText and of TF-IDF with
logistic regression the setting that is best on dev counts (`plain_classifier.py` has them, and how to install
fastText); the BiLSTM `torch` has the same time as elman. An option is one of `Classifier.train`, its value JSON or else
a word. With `--part dev` nothing is judged on test.

Sets without dev part give every tenth row of train to dev. `sms-spam` is split by a hash of the message; as messages
recur with other letter case and blanks, those of train and dev that so recur in test are left out, and those of train
that recur in dev.

Speed, on one thread unless told otherwise: of `seconds`, for each work (sst2 if none is named), `ratio` is our seconds
with the first budget that exceeds fastText's accuracy over its own training seconds; of `texts`, our texts a second on
the test part of sst2 over those of fastText with character n-grams, both from texts in memory; `size` is that of the
folder of the model of sst2 in megabytes. The last two take the model in DIR, or train one for five standard minutes.
"""

import argparse
import csv
import gzip
import io
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asking
import forms

PARTS, PEERS, SPEEDS = ("dev", "test"), ("fasttext", "tfidf", "torch"), ("seconds", "texts", "size")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("works", nargs="*")
parser.add_argument("--seeds", type=asking.numbers, default=[1])
parser.add_argument("--threads", type=int, help="default: all processors, or one with --speed")
parser.add_argument("--part", choices=PARTS, help="judge on this part alone (default: on both)")
parser.add_argument("--peer", choices=PEERS, action="append", default=[], help="train this one too; repeatable")
parser.add_argument("--peers-only", action="store_true", help="leave elman out")
parser.add_argument("--minutes", type=float, help="standard minutes in place of those of the work")
parser.add_argument("--option", type=asking.option, action="append", default=[])
parser.add_argument("--speed", choices=SPEEDS, action="append", default=[], help="what to time; repeatable")
parser.add_argument("--model", type=Path, help="a trained folder for `texts` and `size`")
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument(
    "--budgets", type=asking.numbers, default=[1, 2, 4, 8, 16, 32, 64, 128], help="seconds to try in turn"
)
parser.add_argument("--out", type=Path)
forms.add_options(parser)
arguments = parser.parse_args()
THREADS = arguments.threads or (1 if arguments.speed else len(os.sched_getaffinity(0)))
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(THREADS)
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import elman  # noqa: E402 the thread count is set before the engine loads
import plain_classifier as plain  # noqa: E402
import standard  # noqa: E402

JUDGED = PARTS if arguments.part is None else (arguments.part,)
Rows = list[tuple[str, str]]
"""Texts, each with its label."""


def lines(content: str) -> list[list[str]]:
    """The cells of lines with tabs, in which quotes are plain characters."""
    return [line.rstrip("\r").split("\t") for line in content.split("\n") if line]


def labelled_lines(content: str) -> Rows:
    """Label, tab, text."""
    return [(text, label) for label, text in lines(content)]


def reviews(content: str) -> Rows:
    """Number, tab, text, tab, label, under a header."""
    return [(text, label) for _, text, label in lines(content)[1:]]


def table(content: str) -> Rows:
    """Text, comma, label, with quotes, under a header."""
    return [(text, label) for text, label in list(csv.reader(io.StringIO(content, newline="")))[1:]]


@dataclass(frozen=True)
class Set:
    """A data set: its folder, its files (train, test, and dev if there is one), how they are read.

    Args:
        apart: leave out of train and dev what recurs in dev or test.
    """

    folder: str
    files: tuple[str, ...]
    read: Callable[[str], Rows] = labelled_lines
    apart: bool = False

    def rows(self) -> dict[str, Rows]:
        """All parts."""
        folder = arguments.data / self.folder
        parts = [self.read(gzip.decompress((folder / file).read_bytes()).decode("utf-8")) for file in self.files]
        if len(parts) == 2:
            train, test = parts
            parts = [[row for i, row in enumerate(train) if i % 10], test, train[::10]]
        found = dict(zip(("train", "test", "dev"), parts, strict=True))
        if self.apart:
            found["dev"] = without(found["dev"], found["test"])
            found["train"] = without(found["train"], found["test"] + found["dev"])
        return found


def without(rows: Rows, others: Rows) -> Rows:
    """The rows whose text is not among the others, whatever its letter case and blanks."""
    taken = {" ".join(text.casefold().split()) for text, _ in others}
    return [row for row in rows if " ".join(row[0].casefold().split()) not in taken]


def parted(name: str) -> tuple[str, ...]:
    """Names of the files of a set with three parts."""
    return tuple(f"{name}.{part}.tsv.gz" for part in ("train", "test", "dev"))


SETS = {
    "sst2": Set("sst2", parted("stsa.binary")),
    "sms-spam": Set("sms-spam", parted("SMSSpamCollection"), apart=True),
    "banking77": Set("banking77", ("train.csv.gz", "test.csv.gz"), table),
    "3i4k": Set("3i4k", ("fci_train_val.tsv.gz", "fci_test.tsv.gz")),
    "nsmc": Set("nsmc-rebuilt", ("nsmc_raw_train.tsv.gz", "nsmc_raw_test.tsv.gz"), reviews),
}
WORKS = {f"{name}-{minutes}m": (name, minutes) for name in SETS for minutes in (5, 15)}


@dataclass(frozen=True)
class Data:
    """The parts of a set in memory, and a file of JSON lines of each."""

    parts: dict[str, plain.Labelled]
    files: dict[str, Path]


@contextmanager
def opened(name: str) -> Iterator[Data]:
    """A set, whose files are there for as long as this is open."""
    rows = SETS[name].rows()
    parts = {part: plain.Labelled([x for x, _ in found], [y for _, y in found]) for part, found in rows.items()}
    with tempfile.TemporaryDirectory() as aside:
        files = {part: Path(aside) / f"{part}.jsonl" for part in rows}
        for part, found in rows.items():
            text = "".join(json.dumps({"text": x, "label": y}, ensure_ascii=False) + "\n" for x, y in found)
            files[part].write_text(text, encoding="utf-8")
        yield Data(parts, files)


def megabytes(folder: Path) -> float:
    """Size of what is in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def train_ours(data: Data, seconds: float, *, seed: int) -> elman.Classifier:
    """Elman's classifier in so many seconds."""
    options = dict(arguments.option)
    return elman.Classifier.train(
        data.files["train"], dev=data.files["dev"], budget=f"{seconds:.0f}s", seed=seed, **options
    )


def judge_ours(model: elman.Classifier, data: Data, part: str) -> dict[str, float]:
    """Accuracy and macro F1 of elman on a part."""
    metrics = model.evaluate(data.files[part])["metrics"]
    return {name: metrics[name] for name in ("accuracy", "macro_f1")}


def judge(fitted: plain.Fitted, data: Data, part: str) -> dict[str, float]:
    """Accuracy and macro F1 of a peer on a part."""
    golds, found = data.parts[part].labels, fitted.predict(data.parts[part].texts)
    return {"accuracy": plain.accuracy(golds, found), "macro_f1": plain.macro_f1(golds, found)}


def run_ours(name: str, data: Data, seconds: float, *, seed: int) -> dict[str, Any]:
    """Train elman in the budget; judge it."""
    begun = time.perf_counter()
    model = train_ours(data, seconds, seed=seed)
    figures: dict[str, Any] = {"seconds": time.perf_counter() - begun, "report": model.report}
    figures["options"] = model.record.training["options"]
    with tempfile.TemporaryDirectory() as aside:
        model.save(Path(aside) / "model")
        figures["megabytes"] = megabytes(Path(aside) / "model")
    forms.keep(model, arguments.keep, f"{name}-{seed}")

    def judged(model: elman.Classifier) -> dict[str, Any]:
        return {part: judge_ours(model, data, part) for part in JUDGED}

    return figures | judged(model) | forms.judged(model, judged, wanted=arguments.exported, files=[data.files["dev"]])


def best(settings: Sequence[str], fit: Callable[[str], plain.Fitted], data: Data) -> tuple[str, plain.Fitted]:
    """The setting that is most accurate on dev, and what came of it."""
    fitted = {setting: fit(setting) for setting in settings}
    chosen = max(settings, key=lambda setting: judge(fitted[setting], data, "dev")["accuracy"])
    return chosen, fitted[chosen]


def best_fasttext(data: Data, *, seed: int) -> tuple[str, plain.Fitted]:
    """FastText by the setting that is best on dev."""

    def fit(setting: str) -> plain.Fitted:
        return plain.fit_fasttext(data.parts["train"], setting, seed=seed, threads=THREADS)

    return best(list(plain.FASTTEXT), fit, data)


def run_peer(name: str, data: Data, seconds: float, *, seed: int) -> dict[str, Any]:
    """Train a peer, in the seconds if it takes any number of them; judge it."""
    train, setting = data.parts["train"], None
    if name == "fasttext":
        setting, fitted = best_fasttext(data, seed=seed)
    elif name == "tfidf":
        setting, fitted = best(list(plain.TFIDF), lambda setting: plain.fit_tfidf(train, setting), data)
    else:
        fitted = plain.fit_torch(train, data.parts["dev"], seconds=seconds, seed=seed)
    figures = {"setting": setting, "seconds": fitted.seconds}
    return figures | {part: judge(fitted, data, part) for part in JUDGED}


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Mean and standard deviation."""
    return {"mean": statistics.mean(values), "deviation": statistics.stdev(values) if len(values) > 1 else None}


def summary(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What each who ran reached on average over the seeds."""
    found: dict[str, Any] = {}
    for who in [name for name in ("elman", *PEERS) if name in results[0]]:
        runs = [result[who] for result in results]
        found[who] = {name: spread([run[name] for run in runs]) for name in ("seconds", "megabytes") if name in runs[0]}
        for part in JUDGED:
            found[who][part] = {name: spread([run[part][name] for run in runs]) for name in ("accuracy", "macro_f1")}
    return found


def run_work(name: str, machine: standard.Standard) -> None:
    """Run a work with each seed; the regression, which has no chance in it, once."""
    (set_name, minutes), results = WORKS[name], []
    seconds = machine.budget(arguments.minutes or minutes)
    about = {"work": name, "budget": seconds, "machine": machine.line(), "factor": machine.factor}
    with opened(set_name) as data:
        about |= {"texts": {part: len(found.texts) for part, found in data.parts.items()}}
        once = run_peer("tfidf", data, seconds, seed=0) if "tfidf" in arguments.peer else None
        for seed in arguments.seeds:
            result: dict[str, Any] = {**about, "seed": seed}
            if not arguments.peers_only:
                result["elman"] = run_ours(name, data, seconds, seed=seed)
            for peer in arguments.peer:
                result[peer] = once if peer == "tfidf" else run_peer(peer, data, seconds, seed=seed)
            asking.show(result, arguments.out)
            results.append(result)
    asking.show({**about, "seeds": arguments.seeds, **summary(results)}, arguments.out)


def time_seconds(name: str) -> dict[str, Any]:
    """Seconds of the first budget that exceeds the accuracy of fastText, on dev and on test, over fastText's."""
    with opened(name) as data:
        setting, fitted = best_fasttext(data, seed=arguments.seeds[0])
        goal = {part: judge(fitted, data, part)["accuracy"] for part in JUDGED}
        ratio: dict[str, float | None] = dict.fromkeys(JUDGED)
        tries = []
        for budget in arguments.budgets:
            begun = time.perf_counter()
            ours = train_ours(data, budget, seed=arguments.seeds[0])
            spent = time.perf_counter() - begun
            reached = {part: judge_ours(ours, data, part)["accuracy"] for part in JUDGED}
            tries.append({"budget": budget, "seconds": spent, **reached})
            print(json.dumps({"elman": tries[-1]}), flush=True)
            for part in JUDGED:
                if ratio[part] is None and reached[part] > goal[part]:
                    ratio[part] = spent / fitted.seconds
            if None not in ratio.values():
                break
    theirs = {"setting": setting, "seconds": fitted.seconds, **goal}
    return {"speed": "seconds", "set": name, "fasttext": theirs, "elman": tries, "ratio": ratio}


def time_texts(ours: elman.Classifier, data: Data) -> dict[str, Any]:
    """Texts a second over the test part; fastText's stand ready as it wants them."""
    theirs = plain.FastText(data.parts["train"], setting="bigrams and characters", seed=1, threads=THREADS)
    texts = data.parts["test"].texts
    prepared = theirs.prepare(texts)
    runs: dict[str, Callable[[], object]] = {
        "elman": lambda: ours.predict(texts), "fasttext": lambda: theirs.label(prepared)
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in runs}
    for count in range(arguments.rounds + 1):
        for name, run in runs.items():
            begun = time.perf_counter()
            run()
            if count:  # the first round is not counted
                times[name].append(time.perf_counter() - begun)
    rates = {name: len(texts) / statistics.median(values) for name, values in times.items()}
    ratio = statistics.median(b / a for a, b in zip(times["elman"], times["fasttext"], strict=True))
    return {"speed": "texts", "texts_per_second": rates, "ratio": ratio}


def run_speed(names: Sequence[str], machine: standard.Standard) -> None:
    """Time what was asked for."""
    about = {"machine": machine.line(), "factor": machine.factor}
    if "seconds" in arguments.speed:
        for name in names:
            asking.show({**about, **time_seconds(name)}, arguments.out)
    if arguments.speed == ["seconds"]:
        return
    with opened("sst2") as data, tempfile.TemporaryDirectory() as aside:
        folder = arguments.model or Path(aside) / "model"
        if arguments.model is None:
            train_ours(data, machine.budget(arguments.minutes or 5), seed=arguments.seeds[0]).save(folder)
        ours = elman.load(folder)
        if "texts" in arguments.speed:
            asking.show({**about, **time_texts(ours, data), "test": judge_ours(ours, data, "test")}, arguments.out)
        if "size" in arguments.speed:
            asking.show({**about, "speed": "size", "megabytes": megabytes(folder)}, arguments.out)


def main() -> None:
    """Run each work, or time what was asked for, and print the figures."""
    if unknown := [name for name in arguments.works if name not in WORKS]:
        parser.error(f"no work {unknown[0]!r}; there are {', '.join(WORKS)}")
    if not arguments.works and not arguments.speed:
        parser.error(f"name a work: {', '.join(WORKS)}")
    machine = standard.measure()
    print(machine.line(), flush=True)
    if arguments.speed:
        run_speed(list(dict.fromkeys(WORKS[name][0] for name in arguments.works)) or ["sst2"], machine)
        return
    for name in arguments.works:
        run_work(name, machine)


if __name__ == "__main__":
    main()
