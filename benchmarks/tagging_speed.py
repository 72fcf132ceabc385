"""Speed of the tagger on English: training to the accuracy of UDPipe 1, bulk tagging, one sentence at a time.

    python benchmarks/tagging_speed.py DATA [--part training]... [--model DIR] [--udpipe FILE] [--threads N]
                                       [--rounds N] [--udpipe-options "iterations=20"]

DATA is a folder that holds `ud-english-ewt`. Needs the package `ufal.udpipe`, which only this script uses. UDPipe 1 is
trained on the same words, tagger alone and without dev part, or taken from FILE if that is there; else it is kept in
FILE, its seconds in FILE.json beside it. By default its tagger learns lemmas, XPOS and features with UPOS; that of
`"iterations=20;use_lemma=0;provide_lemma=0;use_xpostag=0;provide_xpostag=0;use_feats=0;provide_feats=0"` learns UPOS
alone. Of training, `ratio` is our seconds over theirs; theirs are seconds of the processor, which waiting for it does
not lengthen (FILE.json names the machine). In bulk, the text stands ready in memory on every side and features are made
within the time; ratios are our tokens a second over theirs. One by one, the ratio is our milliseconds over theirs.
"""

import argparse
import gzip
import json
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

PARTS = ("training", "bulk", "single")
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("--part", choices=PARTS, action="append", help="what to time; repeatable (default: all)")
parser.add_argument("--model", type=Path, help="a trained folder (default: trained for 60 s)")
parser.add_argument("--udpipe", type=Path, help="where the model of UDPipe is, or is kept")
parser.add_argument("--udpipe-options", default="iterations=20")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--budgets", type=int, nargs="+", default=[15, 30, 60, 120, 240], help="seconds to try in turn")
parser.add_argument("--seed", type=int, default=1)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import ufal.udpipe as udpipe  # noqa: E402

import elman  # noqa: E402 the thread count is set before the engine loads
import plain_tagger  # noqa: E402
import standard  # noqa: E402
from rounds import interleaved, median_ratio  # noqa: E402

FILES = {part: arguments.data / "ud-english-ewt" / f"en_ewt-ud-{part}.conllu.gz" for part in ("train", "dev", "test")}
SINGLE = 300
"""Sentences that are tagged one at a time."""


@dataclass(frozen=True)
class Cost:
    """What training UDPipe took: options of its tagger, the machine, seconds by the clock and of the processor."""

    options: str
    machine: str
    seconds: float
    processor_seconds: float


def read_udpipe(part: str) -> "udpipe.Sentences":
    """A part as UDPipe holds it."""
    reader, fault = udpipe.InputFormat.newConlluInputFormat(), udpipe.ProcessingError()
    reader.setText(gzip.decompress(FILES[part].read_bytes()).decode("utf-8"))
    sentences, sentence = udpipe.Sentences(), udpipe.Sentence()
    while reader.nextSentence(sentence, fault):
        sentences.append(sentence)
        sentence = udpipe.Sentence()
    if fault.occurred():
        raise SystemExit(f"{FILES[part]}: {fault.message}")
    return sentences


def train_udpipe(machine: str) -> tuple[bytes, Cost]:
    """The model of UDPipe's tagger on the training part, and what it took."""
    none, fault, sentences = udpipe.Trainer.NONE, udpipe.ProcessingError(), read_udpipe("train")
    begun, spent = time.perf_counter(), time.process_time()
    model: bytes = udpipe.Trainer.train(
        "morphodita_parsito", sentences, udpipe.Sentences(), none, arguments.udpipe_options, none, fault
    )
    cost = Cost(arguments.udpipe_options, machine, time.perf_counter() - begun, time.process_time() - spent)
    if fault.occurred():
        raise SystemExit(f"UDPipe: {fault.message}")
    return model, cost


def load_udpipe(file: Path, machine: str) -> tuple["udpipe.Model", Cost]:
    """The model in the file, trained first if it is not there, and what training took."""
    beside = file.with_name(f"{file.name}.json")
    if not file.exists():
        model, cost = train_udpipe(machine)
        file.write_bytes(model)
        beside.write_text(json.dumps(asdict(cost)), encoding="utf-8")
    cost = Cost(**json.loads(beside.read_text(encoding="utf-8")))
    if cost.options != arguments.udpipe_options:
        raise SystemExit(f"{file}: trained with {cost.options!r}, not with {arguments.udpipe_options!r}")
    return udpipe.Model.load(str(file)), cost


def tag_udpipe(model: "udpipe.Model", sentences: "Sequence[udpipe.Sentence]") -> None:
    """Tag sentences in their place."""
    for sentence in sentences:
        if not model.tag(sentence, udpipe.Model.DEFAULT):
            raise SystemExit("UDPipe could not tag a sentence")


def judge_udpipe(model: "udpipe.Model", part: str) -> float:
    """Accuracy of UPOS on the words of a part."""
    sentences = list(read_udpipe(part))
    golds = [[word.upostag for word in list(sentence.words)[1:]] for sentence in sentences]  # the first is the root
    tag_udpipe(model, sentences)
    return plain_tagger.accuracy(golds, [[word.upostag for word in list(sentence.words)[1:]] for sentence in sentences])


def train_ours(seconds: int) -> elman.Tagger:
    """Elman's tagger of UPOS in so many seconds."""
    return elman.Tagger.train(
        FILES["train"], dev=FILES["dev"], label_columns=["upos"], budget=f"{seconds}s", seed=arguments.seed
    )


def judge_ours(model: elman.Tagger, part: str) -> float:
    """Accuracy of UPOS on a part."""
    return float(model.evaluate(FILES[part])["metrics"]["upos"]["accuracy"])


def time_training(model: "udpipe.Model", cost: Cost) -> dict[str, Any]:
    """Seconds of the shortest budget that reaches on dev what UDPipe reaches, over the seconds of UDPipe."""
    theirs = asdict(cost) | {part: judge_udpipe(model, part) for part in ("dev", "test")}
    tries: list[dict[str, float]] = []
    for seconds in arguments.budgets:
        begun = time.perf_counter()
        ours = train_ours(seconds)
        spent = time.perf_counter() - begun
        tries.append({"budget": seconds, "seconds": spent} | {part: judge_ours(ours, part) for part in ("dev", "test")})
        print(json.dumps({"elman": tries[-1]}), flush=True)
        if tries[-1]["dev"] >= theirs["dev"]:
            break
    reached = tries[-1]["dev"] >= theirs["dev"]
    ratio = tries[-1]["seconds"] / cost.processor_seconds if reached else None
    return {"work": "training", "udpipe": theirs, "elman": tries, "ratio": ratio}


def time_bulk(ours: elman.Tagger, plain: plain_tagger.PlainTagger, model: "udpipe.Model") -> dict[str, Any]:
    """Tokens a second over the test part."""
    words = [sentence.words for sentence in plain_tagger.read(FILES["test"])]
    sentences = list(read_udpipe("test"))
    times = interleaved({
        "elman": lambda: ours.predict(words),
        "udpipe": lambda: tag_udpipe(model, sentences),
        "plain torch": lambda: plain.predict(words),
    }, rounds=arguments.rounds)  # fmt: skip
    tokens = sum(map(len, words))
    return {
        "work": "bulk",
        "tokens_per_second": {name: tokens / statistics.median(values) for name, values in times.items()},
        "ratio_udpipe": median_ratio(times["udpipe"], times["elman"]),
        "ratio_plain_torch": median_ratio(times["plain torch"], times["elman"]),
        "test": {"elman": judge_ours(ours, "test"), "udpipe": judge_udpipe(model, "test")},
    }


def time_single(ours: elman.Tagger, plain: plain_tagger.PlainTagger) -> dict[str, Any]:
    """Milliseconds a sentence over the first of the test part, each alone."""
    words = [sentence.words for sentence in plain_tagger.read(FILES["test"])[:SINGLE]]
    times = interleaved({
        "elman": lambda: [ours.predict([sentence]) for sentence in words],
        "plain torch": lambda: [plain.predict([sentence]) for sentence in words],
    }, rounds=arguments.rounds)  # fmt: skip
    return {
        "work": "single",
        "milliseconds": {name: 1000 * statistics.median(values) / SINGLE for name, values in times.items()},
        "ratio": median_ratio(times["elman"], times["plain torch"]),
    }


def main() -> None:
    """Time each part and print its figures."""
    parts = arguments.part or list(PARTS)
    machine = standard.measure(1.0).line()
    print(machine, flush=True)
    with tempfile.TemporaryDirectory() as aside:
        if parts != ["single"]:
            model, cost = load_udpipe(arguments.udpipe or Path(aside) / "ewt.udpipe", machine)
        if "training" in parts:
            print(json.dumps(time_training(model, cost)), flush=True)
    if parts == ["training"]:
        return
    ours = elman.load(arguments.model) if arguments.model else train_ours(60)
    plain = plain_tagger.train(plain_tagger.read(FILES["train"]), seconds=5, seed=arguments.seed)
    if "bulk" in parts:
        print(json.dumps(time_bulk(ours, plain, model)), flush=True)
    if "single" in parts:
        print(json.dumps(time_single(ours, plain)), flush=True)


if __name__ == "__main__":
    main()
