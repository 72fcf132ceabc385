"""The demo of seq2seq: dates as people write them, into ISO 8601. Learnt by the character, and judged on years that
training did not see, in ways of writing that it saw and in ways that it did not.

Knows how many dates are drawn and what is told; how a date is written is in `dates`. Called by `running`.
"""

import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elman.models.demos.dates import LANGUAGES, SEEN_WAYS, UNSEEN_WAYS, DatePair, draw_pairs, parted_years
from elman.models.progress import Progress
from elman.models.seq2seq import Seq2Seq

BUDGET = "75s"
OPTIONS: dict[str, Any] = {
    "tokenizer": "char", "joint": False, "embedding": 64, "hidden": 96, "symbol_dropout": 0.0, "dropout": 0.0,
}  # fmt: skip
"""Digits and hyphens are a vocabulary of their own; nothing is dropped, for no digit can be guessed from the others."""
SEED = 1
PAIRS = {"train": 20_000, "dev": 500, "test": 2_000, "unseen": 1_000}
"""How many dates are drawn."""
DEV_YEARS, TEST_YEARS = 10, 30
MISTAKES = 3
"""How many mistakes are shown at most."""


@dataclass(frozen=True)
class DemoDates:
    """Dates in three sets of years; `unseen`: in the years of test, in ways that stand in no other part."""

    train: list[DatePair]
    dev: list[DatePair]
    test: list[DatePair]
    unseen: list[DatePair]


def demo_dates(sizes: dict[str, int]) -> DemoDates:
    """Drawn with a fixed seed, as many of each part as `sizes` says."""
    chooser = random.Random(SEED)
    years = parted_years(chooser, dev=DEV_YEARS, test=TEST_YEARS)
    seen = {
        part: draw_pairs(chooser, sizes[part], years=years[part], ways=SEEN_WAYS) for part in ("train", "dev", "test")
    }
    unseen = draw_pairs(chooser, sizes["unseen"], years=years["test"], ways=UNSEEN_WAYS)
    return DemoDates(seen["train"], seen["dev"], seen["test"], unseen)


def run(
    out: Path | None,
    *,
    overwrite: bool,
    progress: Callable[[Progress], None] | None,
    write: Callable[[str], None],
) -> dict[str, Any]:
    """Train, judge on years set aside, show dates beside what became of them; every line for the reader goes to
    `write`. Returns what was measured."""
    parts = demo_dates(PAIRS)
    write("Dates as people write them, in " + ", ".join(LANGUAGES) + ": which day is it in ISO 8601?")
    write(f"{len(parts.train):,} dates to learn, written in {len(SEEN_WAYS)} ways; {len(parts.dev):,} to choose on and")
    write(f"{len(parts.test):,} to judge on, from years of their own, and {len(parts.unseen):,} from those years in")
    write(f"{len(UNSEEN_WAYS)} more ways. Training a seq2seq model by the character for {BUDGET} …")
    with tempfile.TemporaryDirectory() as folder:
        texts, targets = write_lines(Path(folder) / "train", parts.train)
        dev_texts, dev_targets = write_lines(Path(folder) / "dev", parts.dev)
        model = Seq2Seq.train(
            texts, train_target=targets, dev=dev_texts, dev_target=dev_targets, out=out, overwrite=overwrite,
            progress=progress, budget=BUDGET, **OPTIONS,
        )  # fmt: skip
    found = {part: model.predict([pair.text for pair in getattr(parts, part)]) for part in ("test", "unseen")}
    test, unseen = judged(parts.test, found["test"]), judged(parts.unseen, found["unseen"])
    _tell_scores(test, unseen, write)
    examples = _tell_examples({part: (getattr(parts, part), found[part]) for part in found}, write)
    _tell_mistakes(test, unseen, write)
    _tell_next(out, write)
    return {**model.report, "test": test, "unseen": unseen, "examples": examples}


def write_lines(path: Path, pairs: Sequence[DatePair]) -> tuple[Path, Path]:
    """Two parallel files, one pair a line: the texts, and the days."""
    texts, targets = path.with_suffix(".text.txt"), path.with_suffix(".iso.txt")
    texts.write_text("".join(f"{pair.text}\n" for pair in pairs), encoding="utf-8", newline="")
    targets.write_text("".join(f"{pair.iso}\n" for pair in pairs), encoding="utf-8", newline="")
    return texts, targets


def judged(pairs: Sequence[DatePair], found: Sequence[str]) -> dict[str, Any]:
    """How many pairs there are and the share whose whole day is right, 0 to 1, with that of each language, which has
    one pair at least; every mistake as its text, what was found and what is right."""
    right: dict[str, list[bool]] = {name: [] for name in LANGUAGES}
    for pair, day in zip(pairs, found, strict=True):
        right[pair.way[0]].append(day == pair.iso)
    everything = [is_right for some in right.values() for is_right in some]
    return {
        "pairs": len(everything),
        "exact_match": sum(everything) / len(everything),
        "languages": {name: sum(some) / len(some) for name, some in right.items()},
        "mistakes": [
            (pair.text, day, pair.iso) for pair, day in zip(pairs, found, strict=True) if day != pair.iso
        ],
    }  # fmt: skip


def _tell_scores(test: dict[str, Any], unseen: dict[str, Any], write: Callable[[str], None]) -> None:
    write("")
    write("Right to the last digit, on dates of years that training did not see:")
    write(f"{'':<30}{'dates':>7}{'all':>9}" + "".join(f"{name:>9}" for name in LANGUAGES))
    for told, figures in (("in ways that training saw", test), ("in ways that it did not see", unseen)):
        shares = "".join(f"{share:>9.2%}" for share in figures["languages"].values())
        write(f"  {told:<28}{figures['pairs']:>7,}{figures['exact_match']:>9.2%}{shares}")
    write("Of a way that training did not see, the words stand in other forms of its language, and the form in")
    write("other languages.")


def _tell_examples(
    parts: dict[str, tuple[Sequence[DatePair], Sequence[str]]], write: Callable[[str], None]
) -> list[dict[str, Any]]:
    """One of each language in each part, drawn, right or not; returns what was shown."""
    chooser, shown = random.Random(SEED), []
    for part, told in (("test", "ways that training saw"), ("unseen", "ways that training did not see")):
        write("")
        write(f"--- years that training did not see, {told} ---")
        pairs, found = parts[part]
        for name in LANGUAGES:
            number = chooser.choice([number for number, pair in enumerate(pairs) if pair.way[0] == name])
            pair, day = pairs[number], found[number]
            mark = "right" if day == pair.iso else f"wrong: {pair.iso}"
            write(f"  {pair.text}  →  {day}  {mark}")
            shown.append({"part": part, "text": pair.text, "found": day, "iso": pair.iso})
    return shown


def _tell_mistakes(test: dict[str, Any], unseen: dict[str, Any], write: Callable[[str], None]) -> None:
    mistakes = [*test["mistakes"], *unseen["mistakes"]]
    write("")
    write(f"Of all these dates, {len(mistakes):,} are wrong" + (", first:" if mistakes else "."))
    for text, day, iso in mistakes[:MISTAKES]:
        write(f"  {text}  →  {day}  wrong: {iso}")


def _tell_next(out: Path | None, write: Callable[[str], None]) -> None:
    write("")
    if out is not None:
        write(f"The model is in {out}. Give it dates, one a line:")
        write(f'  echo "Wednesday, May 4, 2072" | elman predict {out} -')
    write("Now your own pairs, say sentences and their translations, line by line:")
    write("  elman train seq2seq --train train.en --train-target train.de --dev dev.en --dev-target dev.de \\")
    write("    --out models/en-de --budget 15m")
    write("  elman evaluate models/en-de test.en --target test.de")
