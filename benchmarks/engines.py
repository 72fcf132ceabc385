"""The ONNX engine against plain torch and the torch engine: ratios in one run, medians of interleaved rounds.

    python benchmarks/engines.py DATA [--part NAME]... [--tagger DIR] [--seq2seq DIR]
                                      [--threads N] [--rounds N] [--seconds N] [--processor-time]

DATA is a folder that holds `ud-english-ewt` and `multi30k-en-de`. Models that are not named are trained for so
many seconds each, which suffices to time them, and exported, in fp32 and in int8. The parts:

    sentence   milliseconds a sentence of EWT, one at a time, in every round sentences that were not read before, over
               those of the same shape in plain torch: nn.Embedding, nn.EmbeddingBag, nn.LSTM, nn.Linear, on the
               features that elman makes
    bulk       tokens a second over EWT's test part, over those of the torch engine
    step       the next symbol, one layer of 512, 10,000 words, batch 1: seconds of the tutorial loop (nn.LSTM with T=1,
               nn.Linear) over ours, with the softmax that elman chooses for so many words, and with a full one; the
               words are drawn anew in every round, the frequent ones more often, as in a text
    lstm       one layer of 256 forwards over 32 x 64 steps: seconds of nn.LSTM over those of the int8 graph
    beam       sentences a second of multi30k's test part with a beam of 5, over those of the torch engine
    start      seconds from a cold start to the labels of one sentence, by the clock and of the processor; memory
    size       megabytes of all that has to be installed for the ONNX engine

`ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2` makes torch take a large processor for a small one.
"""

import argparse
import gzip
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

PARTS = ("sentence", "bulk", "step", "lstm", "beam", "start", "size")
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("--part", choices=PARTS, action="append", help="what to measure; repeatable (default: all)")
parser.add_argument("--tagger", type=Path)
parser.add_argument("--seq2seq", type=Path)
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--processor-time", action="store_true", help="seconds of the processor, for a busy machine")
parser.add_argument("--seconds", type=int, default=60, help="to train each model that is not named")
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import numpy as np  # noqa: E402 the thread count is set before the engines load
import onnxruntime  # noqa: E402
import torch  # noqa: E402
from packaging.requirements import Requirement  # noqa: E402
from torch import nn  # noqa: E402

import elman  # noqa: E402
import plain_tagger  # noqa: E402
import plain_torch  # noqa: E402
import rounds  # noqa: E402
import standard  # noqa: E402
from elman.data.config import ReadConfig  # noqa: E402
from elman.data.tokens import distinct  # noqa: E402
from elman.errors import ElmanError  # noqa: E402
from elman.export.onnx_graph import Graph  # noqa: E402
from elman.export.onnx_language_model import nats_graph, softmax_graph, states_graph  # noqa: E402
from elman.export.onnx_stack import joined, stack  # noqa: E402
from elman.export.onnx_step import readings_graph, step_graph  # noqa: E402
from elman.models.config import LanguageModelConfig  # noqa: E402
from elman.models.engines.onnx_language_model import OnnxLanguageModel  # noqa: E402
from elman.models.engines.torch_language_model import build_network  # noqa: E402
from elman.models.folder import Exported  # noqa: E402
from elman.models.networks.weights import weight_arrays  # noqa: E402
from elman.nn.config import EmbeddingConfig, SoftmaxConfig, StackConfig  # noqa: E402
from elman.text.config import TextConfig  # noqa: E402
from elman.text.features import WordFeatures  # noqa: E402
from elman.text.vocabulary import START  # noqa: E402
from memory import peak_anonymous  # noqa: E402

EWT = arguments.data / "ud-english-ewt"
PAIRS = arguments.data / "multi30k-en-de"
SINGLE, SENTENCES, STEPS = 200, 100, 60
"""Sentences that are tagged one by one, that are translated, and symbols that are written."""
WORDS = 10_000


def interleaved(runs: Mapping[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Seconds of each, round by round."""
    return rounds.interleaved(runs, rounds=arguments.rounds, processor_time=arguments.processor_time)


def exported(model: Any, folder: Path, name: str) -> dict[str, Any]:
    """The model as the ONNX engine runs it, in both number formats; one that is refused is told of and left out."""
    found = {}
    for kind, int8 in (("fp32", False), ("int8", True)):
        place = folder / f"{name}-{kind}"
        try:
            if not place.exists():
                model.export(place, int8=int8)
            found[kind] = elman.load(place)
        except ElmanError as error:
            print(error, file=sys.stderr)
    return found


def tagger() -> elman.Tagger:
    """The tagger that is timed."""
    if arguments.tagger:
        return elman.load(arguments.tagger)
    return elman.Tagger.train(
        EWT / "en_ewt-ud-train.conllu.gz", dev=EWT / "en_ewt-ud-dev.conllu.gz", label_columns=["upos"],
        budget=f"{arguments.seconds}s",
    )  # fmt: skip


class PlainTagger(nn.Module):
    """What `model` is, in torch's own layers; the weights are drawn."""

    def __init__(self, model: elman.Tagger) -> None:
        super().__init__()
        config = model.config
        read, stack = config.embedding, config.stack
        self.features: WordFeatures = model.features
        self.words = nn.Embedding(config.words_known, read.word_width)
        self.bags = nn.EmbeddingBag(config.features_known, read.feature_width, mode="mean")
        self.lstm = nn.LSTM(read.word_width + read.feature_width, stack.hidden, stack.layers, batch_first=True,
                            bidirectional=stack.bidirectional)  # fmt: skip
        self.output = nn.Linear(stack.hidden * (2 if stack.bidirectional else 1), len(model.labels[0].internal))

    @torch.no_grad()
    def predict(self, sentence: list[str]) -> list[int]:
        """The numbers of the labels of one sentence."""
        types, places, _ = distinct([sentence])
        rows = self.features.rows(types)
        bags = self.bags(torch.from_numpy(rows.features), torch.from_numpy(rows.feature_starts[:-1]))
        x = torch.cat([self.words(torch.from_numpy(rows.words)), bags], dim=1)[torch.from_numpy(places).long()]
        return self.output(self.lstm(x[None])[0])[0].argmax(dim=1).tolist()


def time_sentences(model: elman.Tagger, engines: Mapping[str, Any]) -> dict[str, Any]:
    """One sentence at a time, in every round others."""
    words = [sentence.words for sentence in plain_tagger.read(EWT / "en_ewt-ud-test.conllu.gz")]
    parts = [words[begin : begin + SINGLE] for begin in range(0, len(words) - SINGLE, SINGLE)]
    plain = PlainTagger(model).eval()

    def each(predict: Callable[[list[str]], object]) -> Callable[[], object]:
        turns = cycle(parts)
        return lambda: [predict(one) for one in next(turns)]

    runs = {"plain": each(plain.predict)}
    for name, engine in {**engines, "torch": model}.items():
        runs[name] = each(lambda one, engine=engine: engine.predict([one]))
    times = interleaved(runs)
    return {
        "milliseconds": {name: 1000 * statistics.median(values) / SINGLE for name, values in times.items()},
        "ratio": {name: 1 / value for name, value in rounds.ratios(times, "plain").items()},
    }


def time_bulk(model: elman.Tagger, engines: Mapping[str, Any]) -> dict[str, Any]:
    """The whole test part."""
    words = [sentence.words for sentence in plain_tagger.read(EWT / "en_ewt-ud-test.conllu.gz")]
    times = interleaved({name: lambda engine=engine: engine.predict(words)
                         for name, engine in {"torch": model, **engines}.items()})  # fmt: skip
    tokens = sum(map(len, words))
    rates = {name: tokens / statistics.median(values) for name, values in times.items()}
    return {"tokens_per_second": rates, "ratio": rounds.ratios(times, "torch")}


def step_engine(folder: Path, *, adaptive: bool, int8: bool) -> OnnxLanguageModel:
    """The graphs of a language model whose weights are drawn."""
    config = LanguageModelConfig(
        symbols=WORDS, reading=ReadConfig(continuous=True), text=TextConfig(tokenizer="word"),
        embedding=EmbeddingConfig(embedding=512), stack=StackConfig(hidden=512),
        softmax=SoftmaxConfig(tied=adaptive, adaptive=adaptive),
    )  # fmt: skip
    weights, read, know = weight_arrays(build_network(config, seed=1)), config.embedding, (START,)
    graphs = {
        "states.onnx": states_graph(config.stack, weights, embedding=read, int8=int8),
        "softmax.onnx": softmax_graph(weights, hidden=512, symbols=WORDS, impossible=know, int8=int8),
        "readings.onnx": readings_graph(weights, int8=int8),
        "step.onnx": step_graph(config.stack, weights, embedding=read, symbols=WORDS, impossible=know, int8=int8),
    }
    if adaptive:
        graphs["nats.onnx"] = nats_graph(weights, hidden=512, impossible=know, int8=int8)
    place = folder / f"steps-{adaptive}-{int8}"
    place.mkdir()
    for graph, content in graphs.items():
        (place / graph).write_bytes(content)
    return OnnxLanguageModel(config, Exported({"parameters": 0}, {}, tuple(graphs), place))


def time_steps(folder: Path) -> dict[str, Any]:
    """The next symbol, batch 1."""
    plain = plain_torch.TutorialModel(WORDS, 512).eval()
    engines = {
        f"{softmax} {number}": step_engine(folder, adaptive=softmax == "adaptive", int8=number == "int8")
        for softmax in ("adaptive", "full") for number in ("fp32", "int8")
    }  # fmt: skip
    often = 1.0 / np.arange(1, WORDS - 2)

    def drawn() -> Iterator[list[int]]:
        generator = np.random.default_rng(1)
        while True:
            yield generator.choice(np.arange(3, WORDS), size=STEPS, p=often / often.sum()).tolist()

    @torch.no_grad()
    def tutorial(symbols: list[int]) -> None:
        state = None
        for symbol in symbols:
            logits, state = plain(torch.tensor([[symbol]]), state)
            torch.softmax(logits, dim=-1).argmax(dim=-1)

    def ours(engine: OnnxLanguageModel, symbols: list[int]) -> None:
        state = engine.start(1)
        for symbol in symbols:
            logs, state = engine.step(state, np.array([symbol]))
            logs.argmax(axis=1)

    symbols = {name: drawn() for name in ("tutorial", *engines)}
    runs: dict[str, Callable[[], object]] = {"tutorial": lambda: tutorial(next(symbols["tutorial"]))}
    for name, engine in engines.items():
        runs[name] = lambda name=name, engine=engine: ours(engine, next(symbols[name]))
    times = interleaved(runs)
    spent = {name: 1000 * statistics.median(values) / STEPS for name, values in times.items()}
    return {"milliseconds": spent, "ratio": rounds.ratios(times, "tutorial")}


def time_lstm() -> dict[str, Any]:
    """One layer forwards."""
    rows, steps, hidden = 32, 64, 256
    network, x = nn.LSTM(hidden, hidden, batch_first=True), torch.randn(rows, steps, hidden)
    part = {name: p.detach().numpy() for name, p in network.named_parameters()}
    weights = {"layers.0.0.W": part["weight_ih_l0"], "layers.0.0.U": part["weight_hh_l0"],
               "layers.0.0.b": part["bias_ih_l0"] + part["bias_hh_l0"]}  # fmt: skip
    sessions = {}
    for name, int8 in (("fp32", False), ("int8", True)):
        graph = Graph("lstm", int8=int8)
        given = graph.input("x", "float32", ["T", "B", hidden])
        read = stack(graph, given, StackConfig(hidden=hidden), weights=weights, lengths=None)
        graph.output("y", joined(graph, read), dtype="float32", shape=["T", "B", hidden])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = arguments.threads
        sessions[name] = onnxruntime.InferenceSession(graph.to_bytes(), options, providers=["CPUExecutionProvider"])
    turned = np.ascontiguousarray(x.numpy().transpose(1, 0, 2))

    @torch.no_grad()
    def plain() -> None:
        network(x)

    runs: dict[str, Callable[[], object]] = {"nn.LSTM": plain}
    runs.update({name: lambda run=run: run.run(None, {"x": turned}) for name, run in sessions.items()})
    times = interleaved(runs)
    rates = {name: rows * steps / statistics.median(values) for name, values in times.items()}
    return {"tokens_per_second": rates, "ratio": rounds.ratios(times, "nn.LSTM")}


def time_beam(folder: Path) -> dict[str, Any]:
    """A beam of five."""
    files = {name: PAIRS / f"{name}.gz" for name in ("train.en", "train.de", "val.en", "val.de", "test_2016_flickr.en")}
    if arguments.seq2seq:
        model = elman.load(arguments.seq2seq)
    else:
        model = elman.Seq2Seq.train(
            files["train.en"], train_target=files["train.de"], dev=files["val.en"], dev_target=files["val.de"],
            budget=f"{arguments.seconds}s",
        )  # fmt: skip
    asked = gzip.decompress(files["test_2016_flickr.en"].read_bytes()).decode("utf-8").splitlines()[:SENTENCES]
    engines = {"torch": model, **exported(model, folder, "seq2seq")}
    times = interleaved({name: lambda engine=engine: engine.predict(asked, beam=5) for name, engine in engines.items()})
    rates = {name: len(asked) / statistics.median(values) for name, values in times.items()}
    return {"sentences_per_second": rates, "ratio": rounds.ratios(times, "torch")}


def time_start(model: elman.Tagger, folder: Path) -> dict[str, Any]:
    """From a cold start to the labels of one sentence, the least of some tries, and the most memory that it took."""
    (folder / "one.txt").write_text("Time flies like an arrow .\n", encoding="utf-8")
    model.save(folder / "tagger-torch")
    found = {}
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as installed
    for name in ("torch", "fp32", "int8"):
        words = [sys.executable, "-m", "elman", "predict", str(folder / f"tagger-{name}"), str(folder / "one.txt")]
        tries = []
        for _ in range(arguments.rounds):
            begun = time.perf_counter()
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, env=compiled)
            _, status, used = os.wait4(process.pid, 0)
            if status:
                raise SystemExit(f"{' '.join(words)} failed")
            tries.append((time.perf_counter() - begun, used.ru_utime + used.ru_stime))
        clock, processor = (min(values) for values in zip(*tries, strict=True))
        found[name] = {"seconds": clock, "processor_seconds": processor, "anonymous_mb": peak_anonymous(words)[0]}
    return found


def installed_size() -> dict[str, Any]:
    """What `pip install elman[onnx]` brings, by package, as its files stand here."""
    names, waiting = set(), ["elman", "onnxruntime"]
    while waiting:
        name = waiting.pop().lower()
        if name in names:
            continue
        names.add(name)
        for line in importlib.metadata.requires(name) or []:
            one = Requirement(line)
            if one.marker is None or one.marker.evaluate({"extra": ""}):
                waiting.append(one.name)
    sizes = {}
    for name in sorted(names - {"torch"}):
        places = [Path(str(file.locate())) for file in importlib.metadata.files(name) or []]
        sizes[name] = sum(place.stat().st_size for place in places if place.is_file()) / 1e6
    return {"megabytes": sum(sizes.values()), "packages": sizes}


def main() -> None:
    """Measure each part and print its figures."""
    parts = arguments.part or list(PARTS)
    print(standard.measure(1.0).line(), flush=True)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        if {"sentence", "bulk", "start"} & set(parts):
            model = tagger()
            engines = exported(model, folder, "tagger")
        found: dict[str, Callable[[], dict[str, Any]]] = {
            "sentence": lambda: time_sentences(model, engines), "bulk": lambda: time_bulk(model, engines),
            "step": lambda: time_steps(folder), "lstm": time_lstm,
            "beam": lambda: time_beam(folder), "start": lambda: time_start(model, folder), "size": installed_size,
        }  # fmt: skip
        for part in parts:
            print(json.dumps({"work": part, **found[part]()}), flush=True)


if __name__ == "__main__":
    main()
