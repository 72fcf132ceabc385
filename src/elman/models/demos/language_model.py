"""The demo of language models: Python's own help texts, learnt, judged beside compressors, and written on.

Knows a text that every Python has. Called by `running`.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.decoding.config import SamplingConfig
from elman.metrics.compression import compression_bits
from elman.models.language_model import LanguageModel
from elman.models.progress import Progress

BUDGET = "75s"
SHORTEST_PARAGRAPH = 40
"""Characters from which on a paragraph counts as the same text when it stands in two parts."""


@dataclass(frozen=True)
class DemoText:
    """Help texts in three parts; no paragraph of dev or test stands in another part. `dropped`: how many were left
    out."""

    train: str
    dev: str
    test: str
    dropped: int


def demo_text() -> DemoText:
    """Python's help topics: every tenth topic is test, the one after it dev, the others train."""
    from pydoc_data.topics import topics

    names = sorted(topics)
    parts = {
        "test": [topics[name] for name in names[::10]],
        "dev": [topics[name] for name in names[1::10]],
        "train": [topics[name] for i, name in enumerate(names) if i % 10 > 1],
    }
    seen = {paragraph.strip() for text in parts["train"] for paragraph in text.split("\n\n")}
    dropped = 0
    for part in ("dev", "test"):
        kept = []
        for text in parts[part]:
            for paragraph in text.split("\n\n"):
                if paragraph.strip() in seen and len(paragraph.strip()) >= SHORTEST_PARAGRAPH:
                    dropped += 1
                else:
                    kept.append(paragraph)
        seen |= {paragraph.strip() for paragraph in kept}
        parts[part] = kept
    return DemoText("\n\n".join(parts["train"]), "\n\n".join(parts["dev"]), "\n\n".join(parts["test"]), dropped)


def run(
    out: Path | None,
    *,
    overwrite: bool,
    progress: Callable[[Progress], None] | None,
    write: Callable[[str], None],
) -> dict[str, Any]:
    """Train, judge, compare, write samples; every line for the reader goes to `write`. Returns what was measured."""
    text = demo_text()
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for part in ("train", "dev", "test"):
            files[part] = Path(folder) / f"{part}.txt"
            files[part].write_text(getattr(text, part), encoding="utf-8", newline="")
        write(f"Python's own help texts: {len(text.train):,} characters to learn, {len(text.dev):,} to choose on,")
        write(
            f"{len(text.test):,} to judge on. {text.dropped} paragraphs that stand in two parts were dropped from the"
        )
        write(f"later one. Training a language model of characters for {BUDGET} …")
        model = LanguageModel.train(
            [files["train"]], dev=[files["dev"]], out=out, overwrite=overwrite, progress=progress, continuous=True,
            budget=BUDGET,
        )  # fmt: skip
        test = model.evaluate([files["test"]])["metrics"]
    report = {
        **model.report,
        "test": test,
        "compressors": {
            "alone": compression_bits(text.test),
            "given_train": compression_bits(text.test, given=text.train),
        },
    }
    _tell_scores(report, write)
    report["samples"] = _tell_samples(model, write)
    _tell_next(out, write)
    return report


def _tell_scores(report: dict[str, Any], write: Callable[[str], None]) -> None:
    ours, dev = report["test"]["bits_per_character"], report["metrics"]["bits_per_character"]
    write("")
    write(f"bits a character, elman: {ours:.3f} on the test text ({dev:.3f} on the dev text)")
    write("on the same test text     alone    given the training text first")
    alone, given = report["compressors"]["alone"], report["compressors"]["given_train"]
    for name in alone:
        write(f"  {name:<22}{alone[name]:>7.3f}{given[name]:>9.3f}")
    columns = {**{f"{n} alone": v for n, v in alone.items()}, **{f"{n} given the text": v for n, v in given.items()}}
    beaten = [name for name, bits in columns.items() if ours < bits]
    better = [name for name, bits in columns.items() if ours >= bits]
    write("elman beats " + (", ".join(beaten) or "none of them") + ("" if better else ": all of them") + ".")
    if better:
        write("It does not beat " + ", ".join(better) + ".")


def _tell_samples(model: LanguageModel, write: Callable[[str], None]) -> list[str]:
    config = SamplingConfig(max_tokens=240, temperature=0.7, samples=3)
    texts = [""] * config.samples
    for k, piece in model.stream("The ", config):
        texts[k] += piece
    for k, sample in enumerate(texts, 1):
        write("")
        write(f"--- sample {k} (temperature {config.temperature}) ---")
        write("The " + sample)
    return texts


def _tell_next(out: Path | None, write: Callable[[str], None]) -> None:
    write("")
    if out is not None:
        write(f"The model is in {out}. Go on with it:")
        write(f'  elman generate {out} --prompt "An iterator is" --temperature 0.5 --seed 2')
    write("Now your own text:")
    write("  elman train language-model --continuous --train my.txt --out models/my --budget 5m")
