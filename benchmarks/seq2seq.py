"""Figures of seq2seq models in a given time; their speed beside a plain torch encoder-decoder in the same run.

    python benchmarks/seq2seq.py DATA WORK... [--seed N] [--threads N] [--part dev] [--minutes M] [--beam N]
                                 [--exported] [--keep FOLDER] [--option NAME=VALUE]... [--out FILE.jsonl]
    python benchmarks/seq2seq.py DATA --speed training --speed beam [--model DIR] [--threads N] [--rounds N]

DATA is a folder that holds `multi30k-en-de`, `cmudict`, `scitldr-a` and `tatoeba-en-ko`; WORK is one or several of the
names in `WORKS`. Minutes are standard minutes (see `standard.py`). Each work prints one JSON line with all figures of
`Seq2Seq.evaluate` and sacreBLEU's signatures; with `--part dev` nothing is judged on test. An option is one of
`Seq2Seq.train`, or of the beam search, its value JSON or else a word.

Of cmudict a word is a row: training learns its first pronunciation, and any counts as right; `symbol_error_rate` is of
phonemes, `word_error_rate` of words. Of scitldr ROUGE is by the best reference; beside it that of the first sentence of
the source (`rouge1_lead1`, …) and that of one drawn from it, the mean of `DRAWS` draws. Of tatoeba `alike` are the
pairs whose source differs from one of train in a word at most, and `learnt` some pairs of train itself.

Speed, on one thread unless told otherwise, is of sentences of multi30k and a net of `WIDTH` on both sides, from 8,000
byte pairs. In training both learn from the same batches, of 32 sentences of like length; ours with everything that the
loop does, once with the cell, attention and softmax of the plain one, once with those that elman chooses, and once with
those and the batches that elman makes, of `BATCH_TOKENS` symbols and sorted by both lengths; `ratio` is our target
symbols a second over theirs. Of the beam search, with 5 hypotheses, `ratio` is our sentences a second over
theirs; both nets were trained for as long (elman's is that in DIR, if one is named).
"""

import argparse
import gzip
import json
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import asking
import forms

PARTS, SPEEDS = ("dev", "test"), ("training", "beam")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("works", nargs="*")
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--threads", type=int, help="default: all processors, or one with --speed")
parser.add_argument("--part", choices=PARTS, help="judge on this part alone (default: on both)")
parser.add_argument("--minutes", type=float, help="standard minutes in place of those of the work")
parser.add_argument("--beam", type=int, default=5)
parser.add_argument("--option", type=asking.option, action="append", default=[])
parser.add_argument("--speed", choices=SPEEDS, action="append", default=[], help="what to time; repeatable")
parser.add_argument("--model", type=Path, help="a trained folder for `beam` (default: trained for --minutes, or two)")
parser.add_argument("--sentences", type=int, default=200, help="how many `beam` translates")
parser.add_argument("--precision", default="fp32", help="of elman, for `training`")
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--out", type=Path)
forms.add_options(parser)
arguments = parser.parse_args()
THREADS = arguments.threads or (1 if arguments.speed else len(os.sched_getaffinity(0)))
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(THREADS)
os.environ.setdefault("GOMP_SPINCOUNT", "10000")

import torch  # noqa: E402 the thread count is set before the engine loads

import elman  # noqa: E402
import plain_seq2seq as plain  # noqa: E402
import standard  # noqa: E402
from elman.data.config import PairBatchConfig  # noqa: E402
from elman.data.pair_batches import PairBatch, PairBatches, PairCorpus, build_pairs  # noqa: E402
from elman.data.pairs import Pair  # noqa: E402
from elman.decoding.config import BeamConfig  # noqa: E402
from elman.metrics.summary import ROUGES, rouge  # noqa: E402
from elman.metrics.translation import score  # noqa: E402
from elman.models.engines.torch_seq2seq import build_seq2seq, seq2seq_loss  # noqa: E402
from elman.models.translating.reading import MORE, TIMES  # noqa: E402
from elman.models.translating.sizing import LARGE_VOCABULARY  # noqa: E402
from elman.nn.config import DecoderConfig, PairEmbeddingConfig, Seq2SeqShape, StackConfig  # noqa: E402
from elman.settings import names  # noqa: E402
from elman.text.config import PairTextConfig  # noqa: E402
from elman.text.pairs import train_tokenizers  # noqa: E402
from elman.text.vocabulary import END, START  # noqa: E402
from elman.training.config import TrainConfig  # noqa: E402
from elman.training.loop import Trainer  # noqa: E402
from elman.training.task import Limits, Task  # noqa: E402
from rounds import interleaved, ratios  # noqa: E402

JUDGED = PARTS if arguments.part is None else (arguments.part,)
SEARCH = {name: value for name, value in arguments.option if name in names(BeamConfig)} | {"beam": arguments.beam}
DRAWS, LEARNT, COMPARED = 20, 300, 256
WIDTH, SYMBOLS, BATCHES, BATCH_TOKENS = 256, 8000, 10, 1200
"""Of the nets that are timed: vectors and states, byte pairs; batches of a round of training, and the size of ours."""


@dataclass(frozen=True)
class Row:
    """A source, or its sentences, and its targets."""

    source: str | list[str]
    targets: list[str]

    @property
    def text(self) -> str:
        """The source as one text."""
        return self.source if isinstance(self.source, str) else " ".join(self.source)


Rows = list[Row]


def read_lines(folder: str, file: str) -> list[str]:
    """The lines of a file."""
    return gzip.decompress((arguments.data / folder / file).read_bytes()).decode("utf-8").removesuffix("\n").split("\n")


def multi30k(part: str) -> Rows:
    """English to German, line by line."""
    name = {"train": "train", "dev": "val", "test": "test_2016_flickr"}[part]
    sources, targets = (read_lines("multi30k-en-de", f"{name}.{language}.gz") for language in ("en", "de"))
    return [Row(source, [target]) for source, target in zip(sources, targets, strict=True)]


def cmudict(part: str) -> Rows:
    """Words to phonemes, all pronunciations of a word in one row."""
    found: dict[str, list[str]] = {}
    for line in read_lines("cmudict", f"cmudict.{part}.txt.gz"):
        word, _, phonemes = line.split(" ", 2)
        found.setdefault(word, []).append(phonemes)
    return [Row(word, pronunciations) for word, pronunciations in found.items()]


def scitldr(part: str) -> Rows:
    """Abstracts, as lists of sentences, to summaries."""
    rows = map(json.loads, read_lines("scitldr-a", f"{part}.jsonl.gz"))
    return [Row(row["source"], row["target"]) for row in rows]


def tatoeba(part: str) -> Rows:
    """English to Korean."""
    cells = (line.split("\t") for line in read_lines("tatoeba-en-ko", f"kor.{part}.tsv.gz"))
    return [Row(english, [korean]) for english, korean, _ in cells]


@dataclass(frozen=True)
class Work:
    """A data set, standard minutes, options of elman; several nets side by side, where only they differ.

    Args:
        beside: what is measured beside the figures of `evaluate`, of a model and the rows of a part.
    """

    read: Callable[[str], Rows]
    minutes: float
    options: Mapping[str, Any] = field(default_factory=dict)
    nets: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"elman": {}})
    beside: Callable[[elman.Seq2Seq, Rows], dict[str, Any]] = lambda model, rows: {}


def drawn_sentences(model: elman.Seq2Seq, rows: Rows) -> dict[str, Any]:
    """ROUGE of a sentence drawn from each source."""
    chooser = random.Random(0)
    figures = [rouge(chooser.choice(row.source), row.targets) for _ in range(DRAWS) for row in rows]
    return {"drawn_sentence": {name: statistics.mean(one[name] for one in figures) for name in ROUGES}}


def known_phrases(model: elman.Seq2Seq, rows: Rows) -> dict[str, Any]:
    """Exact matches of what is like the training part, and of some of that part."""
    train = tatoeba("train")
    forms = {form for row in train for form in one_word_open(row.text)}
    alike = [row for row in rows if forms & one_word_open(row.text)]
    found = {}
    for name, some in (("alike", alike), ("learnt", train[:: max(1, len(train) // LEARNT)])):
        texts = model.predict([row.text for row in some], **SEARCH)
        right = sum(text in row.targets for text, row in zip(texts, some, strict=True))
        found[name] = {"pairs": len(some), "exact_match": right / max(1, len(some))}
    return found


def one_word_open(text: str) -> set[tuple[str, ...]]:
    """The words of a text with one of them left open, each in turn, and with a place for one more between them: two
    texts have a form in common if a word was put in the place of another, put in, or left out, but for the only one."""
    words = tuple(word.strip(".,!?\"'").casefold() for word in text.split())
    replaced = {(*words[:k], "*", *words[k + 1 :]) for k in range(len(words))}
    return (replaced | {(*words[:k], "*", *words[k:]) for k in range(len(words) + 1)}) - {("*",)}


WORKS = {
    "multi30k-15m": Work(multi30k, 15),
    "multi30k-5m": Work(multi30k, 5),
    "multi30k-5m-none": Work(multi30k, 5, nets={"none": {"attention": "none"}, "mlp": {"attention": "mlp"}}),
    "cmudict-15m": Work(cmudict, 15, {"tokenizer": "word", "source_tokenizer": "char"}),
    "scitldr-15m": Work(scitldr, 15, {"copy": True}, beside=drawn_sentences),
    "tatoeba-5m": Work(tatoeba, 5, beside=known_phrases),
}


def write_rows(path: Path, rows: Rows) -> Path:
    """The rows as JSON lines."""
    lines = (json.dumps({"source": row.source, "target": row.targets}, ensure_ascii=False) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    return path


def train_ours(files: Mapping[str, Path], seconds: float, options: Mapping[str, Any]) -> elman.Seq2Seq:
    """Elman in so many seconds."""
    given = {name: value for name, value in arguments.option if name not in names(BeamConfig)}
    values = {**options, **given}
    return elman.Seq2Seq.train(
        files["train"], dev=files["dev"], budget=f"{seconds:.0f}s", seed=arguments.seed, **values
    )


def run_work(name: str, machine: standard.Standard) -> dict[str, Any]:
    """Train each net of a work in the budget; judge it."""
    work = WORKS[name]
    rows = {part: work.read(part) for part in ("train", *{"dev", *JUDGED})}
    seconds = machine.budget(arguments.minutes or work.minutes)
    result: dict[str, Any] = {"work": name, "seed": arguments.seed, "budget": seconds, "machine": machine.line()}
    with tempfile.TemporaryDirectory() as aside:
        files = {part: write_rows(Path(aside) / f"{part}.jsonl", some) for part, some in rows.items()}
        for net, options in work.nets.items():
            begun = time.perf_counter()
            model = train_ours(files, seconds, {**work.options, **options})
            figures: dict[str, Any] = {"seconds": time.perf_counter() - begun, "report": model.report}
            figures["options"] = model.record.training["options"]
            forms.keep(model, arguments.keep, f"{name}-{net}-{arguments.seed}")

            def judged(model: elman.Seq2Seq) -> dict[str, Any]:
                found: dict[str, Any] = {}
                for part in JUDGED:
                    of_part = model.evaluate(files[part], **SEARCH)
                    found[part] = of_part["metrics"] | work.beside(model, rows[part])
                    found["details"] = of_part["details"]
                return found

            real = [write_rows(Path(aside) / "compared.jsonl", rows["dev"][:COMPARED])]
            shipped = forms.judged(model, judged, wanted=arguments.exported, files=real)
            result[net] = figures | judged(model) | shipped
    return result


def our_trainer(shape: Seq2SeqShape, batches: Sequence[PairBatch]) -> Callable[[], None]:
    """A function that goes through the batches once, with the training loop of elman."""
    network = build_seq2seq(shape, precision=arguments.precision, seed=arguments.seed)

    class InTurn:
        def steps(self, epoch: int) -> int:
            return len(batches)

        def batch(self, epoch: int, step: int) -> PairBatch:
            return batches[step]

    limits = Limits(epochs=1_000, budget=None, started=time.monotonic())
    task = Task(network, InTurn(), seq2seq_loss(network), lambda: 0.0)
    trainer = Trainer(task, TrainConfig(epochs=1_000), limits=limits)

    def run() -> None:
        for _ in batches:
            trainer.step()

    return run


def plain_batch(batch: PairBatch) -> plain.Batch:
    """The same batch without the steps that are padding in all rows."""
    S, T = int(batch.source_lengths.max()), int(batch.target_lengths.max())  # noqa: N806
    source, target, gold = (
        torch.from_numpy(ids[:, :steps].copy())
        for ids, steps in ((batch.source, S), (batch.target, T), (batch.gold, T))
    )
    return plain.Batch(source, torch.from_numpy(batch.source_lengths), target, gold)


def numbered(rows: Iterable[Row]) -> tuple[PairCorpus, int]:
    """The corpus of some rows, and how many byte pairs their joint vocabulary has."""
    pairs = [Pair(row.text, tuple(row.targets), (), "", line) for line, row in enumerate(rows, 1)]
    tokenizers = train_tokenizers(pairs, PairTextConfig(vocabulary_size=SYMBOLS))
    corpus = build_pairs(pairs, *tokenizers, longest_source=400, longest_target=200, copy=False)
    return corpus, tokenizers[0].size


def time_training() -> dict[str, Any]:
    """Target symbols a second in training."""
    corpus, symbols = numbered(multi30k("train"))
    lengths = (corpus.target_starts[1:] - corpus.target_starts[:-1]).tolist()
    chosen = plain.batches(lengths, random.Random(arguments.seed))[:BATCHES]
    batches = [corpus.batch(torch.tensor(rows).numpy()) for rows in chosen]
    torch.manual_seed(arguments.seed)
    model = plain.PlainSeq2Seq(symbols, symbols, embedding=WIDTH, hidden=WIDTH)
    step, theirs = plain.trainer(model), [plain_batch(batch) for batch in batches]

    def shape(stack: StackConfig, decoder: DecoderConfig, *, adaptive: bool) -> Seq2SeqShape:
        embedding = PairEmbeddingConfig(embedding=WIDTH, adaptive=adaptive)
        return Seq2SeqShape(symbols, symbols, True, embedding, stack, decoder)

    own = StackConfig(hidden=WIDTH, bidirectional=True)
    same = shape(replace(own, cell="gru"), DecoderConfig(attention="mlp", input_feeding=True), adaptive=False)
    wanted = shape(own, DecoderConfig(), adaptive=symbols >= LARGE_VOCABULARY)
    source = PairBatches(corpus, PairBatchConfig(batch_tokens=BATCH_TOKENS), seed=arguments.seed)
    whole = [source.batch(1, step) for step in range(BATCHES)]
    times = interleaved({
        "plain torch": lambda: [step(batch) for batch in theirs],
        "elman, the same net": our_trainer(same, batches),
        "elman": our_trainer(wanted, batches),
        "elman, batches of its own": our_trainer(wanted, whole),
    }, rounds=arguments.rounds)  # fmt: skip
    for name, seconds in times.items():  # of a symbol from here on
        read = sum(int(batch.target_lengths.sum()) for batch in (whole if "of its own" in name else batches))
        seconds[:] = [value / read for value in seconds]
    rates = {name: 1 / statistics.median(seconds) for name, seconds in times.items()}
    return {
        "speed": "training",
        "precision": arguments.precision,
        "symbols_per_second": rates,
        "ratio": ratios(times, "plain torch"),
    }


def trained_nets(machine: standard.Standard) -> tuple[elman.Seq2Seq, plain.PlainSeq2Seq]:
    """Elman, and the plain net of the same sizes and vocabulary; both from the same sentences, for as long."""
    seconds = machine.budget(arguments.minutes or 2)
    rows = {part: multi30k(part) for part in ("train", "dev")}
    if arguments.model is not None:
        ours = elman.load(arguments.model)
    else:
        same = {"embedding": WIDTH, "hidden": WIDTH, "cell": "gru", "attention": "mlp", "input_feeding": True}
        with tempfile.TemporaryDirectory() as aside:
            files = {part: write_rows(Path(aside) / f"{part}.jsonl", some) for part, some in rows.items()}
            ours = train_ours(files, seconds, {"vocabulary_size": SYMBOLS, **same})
    pairs = [
        ([*ours.source.encode(row.text).tolist(), END], [*ours.target.encode(row.targets[0]).tolist(), END])
        for row in rows["train"]
    ]
    torch.manual_seed(arguments.seed)
    sizes = {"embedding": ours.config.embedding.embedding, "hidden": ours.config.stack.hidden}
    theirs = plain.PlainSeq2Seq(ours.source.size, ours.target.size, **sizes)
    return ours, plain.train(theirs, pairs, seconds=seconds, start=START, seed=arguments.seed)


def time_beam(machine: standard.Standard) -> dict[str, Any]:
    """Sentences a second with a beam search: ours side by side, ours one by one, theirs one by one."""
    ours, model = trained_nets(machine)
    rows = multi30k("test")[: arguments.sentences]
    texts = [row.text for row in rows]
    search = partial(plain.beam_search, model, beam=arguments.beam, start=START, end=END)

    def theirs() -> list[list[int]]:
        found = []
        for text in texts:
            source = [*ours.source.encode(text).tolist(), END]
            found.append(search(source, longest=SEARCH.get("maximum_length", TIMES * len(source) + MORE)))
        return found

    times = interleaved({
        "plain torch": theirs,
        "elman": lambda: ours.predict(texts, **SEARCH),
        "elman, one by one": lambda: [ours.predict([text], **SEARCH) for text in texts],
    }, rounds=arguments.rounds)  # fmt: skip
    written = {"elman": ours.predict(texts, **SEARCH), "plain torch": [ours.target.decode(ids) for ids in theirs()]}
    golds = [row.targets for row in rows]
    return {
        "speed": "beam", "beam": arguments.beam, "sentences": len(texts), "parameters": {
            "elman": ours.engine.parameters(), "plain torch": sum(p.numel() for p in model.parameters()),
        },
        "sentences_per_second": {name: len(texts) / statistics.median(values) for name, values in times.items()},
        "ratio": ratios(times, "plain torch"),
        "bleu_lowercase": {name: score("bleu_lowercase", found, golds) for name, found in written.items()},
        "characters": {name: statistics.mean(map(len, found)) for name, found in written.items()},
    }  # fmt: skip


def main() -> None:
    """Run each work, or time what was asked for, and print the figures."""
    if unknown := [name for name in arguments.works if name not in WORKS]:
        parser.error(f"no work {unknown[0]!r}; there are {', '.join(WORKS)}")
    if not arguments.works and not arguments.speed:
        parser.error(f"name a work: {', '.join(WORKS)}")
    machine = standard.measure()
    print(machine.line(), flush=True)
    for name in arguments.works:
        asking.show(run_work(name, machine), arguments.out)
    if "training" in arguments.speed:
        asking.show({"machine": machine.line(), **time_training()}, arguments.out)
    if "beam" in arguments.speed:
        asking.show({"machine": machine.line(), **time_beam(machine)}, arguments.out)


if __name__ == "__main__":
    main()
