"""Bulk work beside other programs, in one run on the same data: ratios, medians of rounds that take turns.

    python benchmarks/peers.py DATA [--part NAME]... [--tagger DIR] [--classifier DIR] [--udpipe FILE] [--threads N]
                                    [--rounds N] [--seconds N] [--processor-time]

DATA is a folder that holds `ud-english-ewt` and `sst2`. Models that are not named are trained for so many seconds each,
which suffices to time them, and exported, in fp32 and in int8. Text and features are made within the time on every
side; the words and sentences stand ready in memory. A model is opened anew before every round, so that it has no word
in its memory. The parts:

    tagging    tokens a second over EWT's test part, over those of UDPipe 1 (`ufal.udpipe`), which tags UPOS
               alone too, trained on the same words with one iteration, which suffices to time it, and over those of
               the tagger of spaCy, a convolutional network of its own default sizes, if `spacy` is installed: trained
               on the same words, once through
    texts      texts a second over sst2's test part, over those of fastText with n-grams of characters (`fasttext`)
"""

import argparse
import gzip
import json
import os
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = ("tagging", "texts")
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("--part", choices=PARTS, action="append", help="what to measure; repeatable (default: all)")
parser.add_argument("--tagger", type=Path)
parser.add_argument("--classifier", type=Path)
parser.add_argument("--udpipe", type=Path, help="where the model of UDPipe is, or is kept")
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--seconds", type=int, default=60, help="to train each model that is not named")
parser.add_argument("--processor-time", action="store_true", help="seconds of the processor, for a busy machine")
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import elman  # noqa: E402 the thread count is set before the engines load
import plain_classifier  # noqa: E402
import plain_tagger  # noqa: E402
import rounds  # noqa: E402
import standard  # noqa: E402

EWT = arguments.data / "ud-english-ewt"
SST2 = arguments.data / "sst2"
OTHERS = ("use_lemma", "provide_lemma", "use_xpostag", "provide_xpostag", "use_feats", "provide_feats")
OPTIONS = ";".join(["iterations=1", *(f"{name}=0" for name in OTHERS)])
"""UPOS alone, as our tagger."""
SENTENCES = 256
"""That spaCy is given at a time."""


def forms(model: Any, folder: Path, asked: Any) -> dict[str, Callable[[], object]]:
    """Has every form of the model predict what is asked."""
    found: dict[str, Callable[[], object]] = {"torch": lambda: model.predict(asked)}
    for name, int8 in (("fp32", False), ("int8", True)):
        model.export(folder / name, int8=int8)
        fresh = [elman.load(folder / name) for _ in range(arguments.rounds + 1)]
        found[name] = lambda fresh=fresh: fresh.pop().predict(asked)
    return found


def timed(runs: dict[str, Callable[[], object]], count: int, *peers: str) -> dict[str, Any]:
    """Items a second of each, and the ratios over each peer that there is."""
    times = rounds.interleaved(runs, rounds=arguments.rounds, processor_time=arguments.processor_time)
    return {
        "a_second": {name: count / statistics.median(values) for name, values in times.items()},
        "ratio": {peer: rounds.ratios(times, peer) for peer in peers if peer in times},
    }


def udpipe_tagger(file: Path) -> Callable[[], object]:
    """A tagger of UDPipe that tags EWT's test part, which it holds in memory."""
    import ufal.udpipe as udpipe

    def sentences(part: str) -> "udpipe.Sentences":
        reader, fault = udpipe.InputFormat.newConlluInputFormat(), udpipe.ProcessingError()
        reader.setText(gzip.decompress((EWT / f"en_ewt-ud-{part}.conllu.gz").read_bytes()).decode("utf-8"))
        found, one = udpipe.Sentences(), udpipe.Sentence()
        while reader.nextSentence(one, fault):
            found.append(one)
            one = udpipe.Sentence()
        if fault.occurred():
            raise SystemExit(fault.message)
        return found

    none, fault = udpipe.Trainer.NONE, udpipe.ProcessingError()
    if not file.exists():
        made: bytes = udpipe.Trainer.train("morphodita_parsito", sentences("train"), udpipe.Sentences(), none,
                                           OPTIONS, none, fault)  # fmt: skip
        if fault.occurred():
            raise SystemExit(fault.message)
        file.write_bytes(made)
    model, asked = udpipe.Model.load(str(file)), list(sentences("test"))

    def tag() -> None:
        for one in asked:
            if not model.tag(one, udpipe.Model.DEFAULT):
                raise SystemExit("UDPipe could not tag a sentence")

    return tag


def spacy_tagger(train: list[plain_tagger.Sentence], asked: list[list[str]]) -> Callable[[], object] | None:
    """A tagger of spaCy that tags the sentences; None where there is no spaCy."""
    try:
        import spacy
        from spacy.tokens import Doc
        from spacy.training import Example
    except ImportError:
        return None
    nlp = spacy.blank("en")
    nlp.add_pipe("tagger")

    def examples(some: list[plain_tagger.Sentence]) -> list[Any]:
        return [Example.from_dict(Doc(nlp.vocab, one.words), {"words": one.words, "tags": one.labels}) for one in some]

    optimizer = nlp.initialize(lambda: examples(train))
    for begin in range(0, len(train), SENTENCES):
        nlp.update(examples(train[begin : begin + SENTENCES]), sgd=optimizer)

    def tag() -> None:
        for doc in nlp.pipe((Doc(nlp.vocab, words) for words in asked), batch_size=SENTENCES):
            if len(doc) and not doc[0].tag_:
                raise SystemExit("spaCy could not tag a sentence")

    return tag


def time_tagging(folder: Path) -> dict[str, Any]:
    """EWT's test part."""
    model = elman.load(arguments.tagger) if arguments.tagger else elman.Tagger.train(
        EWT / "en_ewt-ud-train.conllu.gz", dev=EWT / "en_ewt-ud-dev.conllu.gz", label_columns=["upos"],
        budget=f"{arguments.seconds}s",
    )  # fmt: skip
    words = [sentence.words for sentence in plain_tagger.read(EWT / "en_ewt-ud-test.conllu.gz")]
    runs = {"UDPipe": udpipe_tagger(arguments.udpipe or folder / "ewt.udpipe")}
    runs.update(forms(model, folder, words))
    other = spacy_tagger(plain_tagger.read(EWT / "en_ewt-ud-train.conllu.gz"), words)
    if other is not None:
        runs["spaCy"] = other
    return timed(runs, sum(map(len, words)), "UDPipe", "spaCy")


def texts(part: str) -> tuple[list[str], list[str]]:
    """Labels and texts of sst2."""
    content = gzip.decompress((SST2 / f"stsa.binary.{part}.tsv.gz").read_bytes()).decode("utf-8")
    labels, found = zip(*(line.split("\t")[:2] for line in content.splitlines()), strict=True)
    return list(labels), list(found)


def time_texts(folder: Path) -> dict[str, Any]:
    """sst2's test part."""
    model = elman.load(arguments.classifier) if arguments.classifier else elman.Classifier.train(
        SST2 / "stsa.binary.train.tsv.gz", dev=SST2 / "stsa.binary.dev.tsv.gz", header=False, label_column="0",
        text_column="1", budget=f"{arguments.seconds}s",
    )  # fmt: skip
    labels, given = texts("train")
    peer = plain_classifier.fit_fasttext(plain_classifier.Labelled(given, labels), "bigrams and characters", seed=1,
                                         threads=arguments.threads)  # fmt: skip
    asked = texts("test")[1]
    runs: dict[str, Callable[[], object]] = {"fastText": lambda: peer.predict(asked)}
    runs.update(forms(model, folder, asked))
    return timed(runs, len(asked), "fastText")


def main() -> None:
    """Measure each part and print its figures."""
    print(standard.measure(1.0).line(), flush=True)
    work = {"tagging": time_tagging, "texts": time_texts}
    for part in arguments.part or PARTS:
        with tempfile.TemporaryDirectory() as aside:
            print(json.dumps({"work": part, **work[part](Path(aside))}), flush=True)


if __name__ == "__main__":
    main()
