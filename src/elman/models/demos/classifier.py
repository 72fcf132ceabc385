"""The demo of classifiers: which package of Python's library does a docstring stand in? Judged on files set aside.

Knows what is told; where the docstrings come from is in `docstrings`. Called by `running`.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from elman.data.formats.jsonl import line_of
from elman.errors import InputError
from elman.metrics.classification import ClassificationTally
from elman.models.classifier import Classifier
from elman.models.demos.baseline import NaiveBayes
from elman.models.demos.docstrings import PACKAGES, Docstring, docstring_parts
from elman.models.progress import Progress
from elman.text.tokens import split_words

BUDGET = "75s"
SHOWN = range(8, 41)
"""Words of the docstrings that are shown."""
LIKELIEST = 3
"""Packages that are shown of each."""


def run(
    out: Path | None,
    *,
    overwrite: bool,
    progress: Callable[[Progress], None] | None,
    write: Callable[[str], None],
) -> dict[str, Any]:
    """Train, judge beside two baselines, show texts with their labels; every line for the reader goes to `write`.
    Returns what was measured.

    Raises:
        InputError: this Python came with the source files of fewer than two of the packages.
    """
    write("Docstrings of Python's own library: which package is each of?")
    parts = docstring_parts()
    labels = sorted({one.package for one in parts["train"]})
    if len(labels) < 2:
        raise InputError("there are not enough source files of Python's library", where=sys.prefix,
                         mend="take another Python")  # fmt: skip
    missing = [name for name in PACKAGES if name not in labels]
    write(f"Packages: {', '.join(labels)}" + (f"; not in this Python: {', '.join(missing)}" if missing else ""))
    write(f"{len(parts['train']):,} docstrings to learn, {len(parts['dev']):,} to choose on and {len(parts['test']):,}"
          " to judge on, both from files of")  # fmt: skip
    write(f"their own; each text once. Training a classifier for {BUDGET} …")
    with tempfile.TemporaryDirectory() as folder:
        files = {part: write_lines(Path(folder) / f"{part}.jsonl", texts) for part, texts in parts.items()}
        model = Classifier.train(
            files["train"], dev=files["dev"], out=out, overwrite=overwrite, progress=progress, budget=BUDGET
        )
    gold, texts = [one.package for one in parts["test"]], [one.text for one in parts["test"]]
    figures = {
        "elman": judged(gold, model.predict(texts)),
        **{name: judged(gold, found) for name, found in baselines(parts["train"], texts).items()},
    }
    _tell_scores(figures, write)
    shown = _tell_texts(model, parts["test"], write)
    _tell_next(out, write)
    return {**model.report, "test": figures.pop("elman"), "baselines": figures, "texts": shown}


def write_lines(path: Path, texts: Sequence[Docstring]) -> Path:
    """The docstrings as JSON lines of text and label."""
    lines = [line_of({"text": one.text, "label": one.package}) for one in texts]
    path.write_text("".join(lines), encoding="utf-8", newline="")
    return path


def baselines(train: Sequence[Docstring], texts: Sequence[str]) -> dict[str, list[str]]:
    """The labels of texts by `naive Bayes` over words in lower case, and by the `most frequent label`, which is the
    same for all."""
    bayes = NaiveBayes((_words(one.text), one.package) for one in train)
    counts = Counter(one.package for one in train)
    usual = min(counts, key=lambda label: (-counts[label], label))
    return {"naive Bayes": [bayes.label(_words(text)) for text in texts], "most frequent label": [usual] * len(texts)}


def _words(text: str) -> list[str]:
    return split_words(text.lower())


def judged(gold: Sequence[str], found: Sequence[str]) -> dict[str, Any]:
    """The share of right labels, and the mean of F1 over the labels, each 0 to 1."""
    labels = sorted({*gold, *found})
    tally = ClassificationTally(labels)
    tally.add_many([(label,) for label in gold], np.eye(len(labels))[[labels.index(label) for label in found]])
    metrics = tally.metrics()
    return {name: metrics[name] for name in ("accuracy", "macro_f1")}


def _tell_scores(figures: dict[str, dict[str, Any]], write: Callable[[str], None]) -> None:
    write("")
    write(f"{'on the docstrings of the files set aside':<44}right    macro F1")
    for name, found in figures.items():
        write(f"  {name:<40}{found['accuracy']:>7.1%}{found['macro_f1']:>12.3f}")
    ours = figures["elman"]["accuracy"]
    better = [name for name, found in figures.items() if name != "elman" and found["accuracy"] >= ours]
    write("Naive Bayes counts the words of each package, whatever their order."
          + (f" elman does not beat: {', '.join(better)}." if better else ""))  # fmt: skip


def _tell_texts(model: Classifier, test: Sequence[Docstring], write: Callable[[str], None]) -> list[dict[str, Any]]:
    """Three docstrings, from the begin, the middle and the end; returns what was shown of each."""
    fitting = [one for one in test if len(one.text.split()) in SHOWN]
    chosen = [fitting[len(fitting) * k // 6] for k in (1, 3, 5)] if len(fitting) >= 3 else fitting
    names, p = model.probabilities([one.text for one in chosen])
    write("")
    write("Docstrings of those files, each with its likeliest packages")
    shown = []
    for one, row in zip(chosen, p, strict=True):
        likely = [(names[k], float(row[k])) for k in np.argsort(-row, kind="stable")[:LIKELIEST]]
        shown.append({"path": one.path, "name": one.name, "text": one.text, "labels": likely, "gold": one.package})
        write("")
        write(f"--- {one.path}, {one.name} ---")
        write(one.text)
        told = ", ".join(f"{label} {probability:.1%}" for label, probability in likely)
        write(f"  {told}" + ("" if likely[0][0] == one.package else f"   wrong: {one.package}"))
    return shown


def _tell_next(out: Path | None, write: Callable[[str], None]) -> None:
    write("")
    if out is not None:
        write(f"The model is in {out}. Give it a text a line:")
        write(f'  echo "Wait until all tasks of the event loop are done." | elman predict {out} - --top 3')
    write("Now your own texts, say a table with the columns text and label:")
    write("  elman train classifier --train train.csv --dev dev.csv --out models/my --budget 5m")
    write("  elman evaluate models/my test.csv")
