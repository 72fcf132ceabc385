"""The demo of taggers: which role has each name in Python's own library? Learnt, and judged on modules set aside.

Knows which files are taken and what is told; what a line is told as is in `python_lines`. Called by `running`.
"""

import sysconfig
import tempfile
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.errors import InputError
from elman.metrics.accuracy import AccuracyTally
from elman.models.demos.baseline import FrequentLabels
from elman.models.demos.python_lines import PLAIN, CodeLine, code_lines
from elman.models.progress import Progress
from elman.models.tagger import Tagger
from elman.models.tagging.decoding import TaggedSentence

BUDGET = "75s"
AMOUNT = 3_000
"""Tokens of a module that are taken at most, so that all modules count, and the demo is ready in two minutes."""
LONGEST = 100
"""Tokens of a line; longer ones, which are tables, are left out."""
SHOWN = range(8, 19)
"""Tokens of the lines that are shown with their labels."""
SKIPPED = frozenset((
    "test", "tests", "idle_test", "idlelib", "lib2to3", "turtledemo", "site-packages", "dist-packages", "ensurepip",
    "encodings", "pydoc_data", "__pycache__",
))  # fmt: skip
"""Folders of tests, of other people's code, and of tables."""


@dataclass(frozen=True)
class DemoLine:
    """A logical line and the file that it is from, in the standard library's folder."""

    path: str
    line: CodeLine


Parts = dict[str, list[DemoLine]]
"""The lines of train, dev and test."""


def demo_lines(amount: int, *, modules: int | None = None) -> Parts:
    """Lines of the standard library: of its modules in order of their names, a package being one, every tenth is test,
    the one after it dev, the others train.

    Args:
        amount: tokens of each module. modules: how many are taken; None for all.
    Raises:
        InputError: this Python came without its source files.
    """
    root = Path(sysconfig.get_path("stdlib"))
    names = sorted(path.name for path in root.iterdir() if _is_taken(path))[:modules]
    if not names:
        raise InputError("there are no source files of Python's library", where=str(root), mend="take another Python")
    parts: Parts = {"train": [], "dev": [], "test": []}
    for number, name in enumerate(names):
        part = {0: "test", 1: "dev"}.get(number % 10, "train")
        parts[part] += _lines_of(_files(root / name), root, amount)
    return parts


def _is_taken(path: Path) -> bool:
    """Whether this is a module, or a package, that the demo reads."""
    if path.name in SKIPPED or path.name.startswith("_sysconfigdata"):
        return False
    return path.suffix == ".py" or (path / "__init__.py").is_file()


def _files(module: Path) -> list[Path]:
    """The files of a module: itself, or all those of a package that are no tests."""
    if module.suffix == ".py":
        return [module]
    paths = [path for path in module.rglob("*.py") if not SKIPPED.intersection(path.relative_to(module).parts)]
    return sorted(paths, key=lambda path: path.relative_to(module).parts)


def _lines_of(paths: Sequence[Path], root: Path, amount: int) -> Iterator[DemoLine]:
    """The first lines of a module, file by file, up to so many tokens."""
    left = amount
    for path in paths:
        with tokenize.open(path) as file:
            source = file.read()
        for line in code_lines(source):
            if len(line.tokens) <= LONGEST:
                left -= len(line.tokens)
                if left < 0:
                    return
                yield DemoLine(path.relative_to(root).as_posix(), line)


def run(
    out: Path | None,
    *,
    overwrite: bool,
    progress: Callable[[Progress], None] | None,
    write: Callable[[str], None],
) -> dict[str, Any]:
    """Train, judge beside a baseline, show lines with their labels; every line for the reader goes to `write`. Returns
    what was measured."""
    write("Python's own library, line by line: which role has each name?")
    parts = demo_lines(AMOUNT)
    count = {part: sum(len(one.line.tokens) for one in lines) for part, lines in parts.items()}
    labels = {label for one in parts["train"] for label in one.line.labels}
    write(f"{count['train']:,} tokens to learn with {len(labels)} labels, {count['dev']:,} to choose on and")
    write(f"{count['test']:,} to judge on, both from modules of their own. Training a tagger for {BUDGET} …")
    with tempfile.TemporaryDirectory() as folder:
        files = {part: write_columns(Path(folder) / f"{part}.conll", lines) for part, lines in parts.items()}
        model = Tagger.train(
            files["train"], dev=files["dev"], out=out, overwrite=overwrite, progress=progress, budget=BUDGET
        )
    baseline = FrequentLabels((one.line.tokens, one.line.labels) for one in parts["train"])
    tagged = list(model.tag(one.line.tokens for one in parts["test"]))
    ours = judged(parts["test"], [one.labels["label"] for one in tagged], baseline)
    plain = judged(parts["test"], [baseline.labels(one.line.tokens) for one in parts["test"]], baseline)
    _tell_scores(ours, plain, write)
    shown = _tell_lines(list(zip(parts["test"], tagged, strict=True)), baseline, write)
    _tell_next(out, write)
    return {**model.report, "test": ours, "baseline": plain, "lines": shown}


def write_columns(path: Path, lines: Sequence[DemoLine]) -> Path:
    """The lines as a column file: a token and its label in every row, a blank row behind each line of code."""
    with path.open("w", encoding="utf-8", newline="") as file:
        for one in lines:
            for token, label in zip(one.line.tokens, one.line.labels, strict=True):
                file.write(f"{token}\t{label}\n")
            file.write("\n")
    return path


def judged(lines: Sequence[DemoLine], found: Sequence[Sequence[str]], baseline: FrequentLabels) -> dict[str, Any]:
    """How many of the labels that were found are right: of all tokens, of names (what is neither keyword, operator,
    number nor string), and of names that are not in the training lines; each 0 to 1, None where there is none. Beside
    them the number of names of either sort, and the mistakes that cost most."""
    everything, names = AccuracyTally(), AccuracyTally()
    for one, predicted in zip(lines, found, strict=True):
        tokens, gold = one.line.tokens, one.line.labels
        everything.add(gold, predicted, unseen=[False] * len(tokens))
        kept = [k for k, label in enumerate(gold) if label not in PLAIN]
        unseen = [not baseline.knows(tokens[k]) for k in kept]
        names.add([gold[k] for k in kept], [predicted[k] for k in kept], unseen=unseen)
    of_names = names.metrics()
    return {
        "accuracy": everything.metrics()["accuracy"], "accuracy_names": of_names["accuracy"],
        "accuracy_unseen_names": of_names["accuracy_unseen"], "names": names.tokens, "unseen_names": names.unseen,
        "confusions": names.confusions(3),
    }  # fmt: skip


def _tell_scores(ours: dict[str, Any], plain: dict[str, Any], write: Callable[[str], None]) -> None:
    rows = [
        ("all tokens", "accuracy"),
        (f"the {ours['names']:,} names", "accuracy_names"),
        (f"the {ours['unseen_names']:,} names that training did not see", "accuracy_unseen_names"),
    ]
    write("")
    write(f"{'right labels on the modules set aside':<44}  elman   baseline")
    for told, name in rows:
        if ours[name] is not None:
            write(f"  {told:<42}{ours[name]:>7.2%}{plain[name]:>11.2%}")
    write("The baseline gives each word the label that it has most often in the training lines, and a new")
    write("word that of the words of its shape (case, digits and underscores in their order).")
    mistakes = [f"{gold} taken for {predicted} ({count:,})" for gold, predicted, count in ours["confusions"]]
    if mistakes:
        write("What elman misses most: " + ", ".join(mistakes) + ".")


def _tell_lines(
    lines: Sequence[tuple[DemoLine, TaggedSentence]], baseline: FrequentLabels, write: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Three lines that new names are in, from the begin, the middle and the end; returns what was shown of each."""
    fitting = [
        pair for pair in lines
        if len(pair[0].line.tokens) in SHOWN and sum(not baseline.knows(word) for word in pair[0].line.tokens) >= 2
    ]  # fmt: skip
    chosen = [fitting[len(fitting) * k // 6] for k in (1, 3, 5)] if len(fitting) >= 3 else fitting
    write("")
    write("Names in lines of those modules, each with the probability of its label; new: not in the training lines")
    shown = []
    for one, tagged in chosen:
        rows = list(
            zip(one.line.tokens, tagged.labels["label"], tagged.probabilities["label"], one.line.labels, strict=True)
        )
        shown.append({"path": one.path, "line": one.line.number, "rows": rows})
        write("")
        write(f"--- {one.path}, line {one.line.number} ---")
        write(" ".join(one.line.tokens))
        for token, label, probability, gold in rows:
            if gold not in PLAIN or label != gold:
                new = "" if baseline.knows(token) else "  new"
                wrong = "" if label == gold else f"  wrong: {gold}"
                write(f"  {token:<28}{label:<10}{probability:>7.1%}{new}{wrong}")
    return shown


def _tell_next(out: Path | None, write: Callable[[str], None]) -> None:
    write("")
    if out is not None:
        write(f"The model is in {out}. Give it lines of Python with blanks between the tokens:")
        write(f'  echo "total = price * round ( count , 2 )" | elman predict {out} - --probabilities')
    write("Now your own files, say a treebank in CoNLL-U:")
    write("  elman train tagger --train train.conllu --dev dev.conllu --label-column upos \\")
    write("    --out models/pos --budget 5m")
    write("  elman evaluate models/pos test.conllu")
