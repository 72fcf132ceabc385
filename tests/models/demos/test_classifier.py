"""The demo of classifiers: files that read back, baselines by hand, figures that are those of the labels shown."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from elman.data.config import LabelledReadConfig
from elman.data.texts import read_labelled
from elman.errors import InputError
from elman.models.demos import classifier as demo
from elman.models.demos.docstrings import Docstring, Parts, docstring_parts

PACKAGES = ("json", "urllib", "importlib")


@pytest.fixture(scope="module")
def parts() -> Parts:
    return docstring_parts(PACKAGES)


@pytest.fixture(scope="module")
def ran(parts: Parts) -> tuple[dict[str, Any], str]:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "BUDGET", "2s")
        patch.setattr(demo, "docstring_parts", lambda: parts)
        report = demo.run(None, overwrite=False, progress=None, write=lines.append)
    return report, "\n".join(lines)


def test_what_is_written_reads_back(parts: Parts, tmp_path: Path) -> None:
    odd = Docstring('a "b",\n\tc\\n 한 \x85', "x", "x/y.py", "y")
    path = demo.write_lines(tmp_path / "train.jsonl", [*parts["train"], odd])
    found = [(one.text, one.labels) for one in read_labelled([path], LabelledReadConfig(), labelled=True)]
    assert found == [(one.text, (one.package,)) for one in [*parts["train"], odd]]


def test_figures_are_those_of_a_count_by_hand() -> None:
    # two of four right; F1 of a: 2*1/(2+1), of b: 2*1/(2+2), of c: 0, found once and never so
    assert demo.judged(["a", "a", "b", "b"], ["a", "b", "b", "c"]) == pytest.approx(
        {"accuracy": 0.5, "macro_f1": (2 / 3 + 1 / 2) / 3}
    )


def test_scores_stand_beside_those_of_the_baselines(parts: Parts, ran: tuple[dict[str, Any], str]) -> None:
    report, said = ran
    figures = {"elman": report["test"], **report["baselines"]}
    assert set(figures) == {"elman", "naive Bayes", "most frequent label"}
    for name, found in figures.items():
        assert f"  {name:<40}{found['accuracy']:>7.1%}{found['macro_f1']:>12.3f}" in said
    counts = Counter(one.package for one in parts["train"])
    gold = [one.package for one in parts["test"]]
    share = gold.count(counts.most_common(1)[0][0]) / len(gold)
    assert figures["most frequent label"]["accuracy"] == pytest.approx(share)
    better = [name for name in report["baselines"] if figures[name]["accuracy"] >= figures["elman"]["accuracy"]]
    told = re.search(r"elman does not beat: (.*)\.", said)
    assert (told[1].split(", ") if told else []) == better


def test_packages_that_are_not_there_are_told(ran: tuple[dict[str, Any], str]) -> None:
    missing = [name for name in demo.PACKAGES if name not in PACKAGES]
    assert f"Packages: importlib, json, urllib; not in this Python: {', '.join(missing)}" in ran[1]


def test_texts_that_are_shown_have_the_labels_and_probabilities_of_the_model(ran: tuple[dict[str, Any], str]) -> None:
    report, said = ran
    assert report["texts"]
    for shown in report["texts"]:
        likely = [f"{label} {probability:.1%}" for label, probability in shown["labels"]]
        wrong = "" if shown["labels"][0][0] == shown["gold"] else f"   wrong: {shown['gold']}"
        assert (
            f"--- {shown['path']}, {shown['name']} ---\n{shown['text']}\n  {', '.join(likely)}{wrong}\n" in said + "\n"
        )
        probabilities = [probability for _, probability in shown["labels"]]
        assert probabilities == sorted(probabilities, reverse=True) and sum(probabilities) == pytest.approx(1)


def test_a_python_without_source_files_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "docstring_parts", lambda: {"train": [], "dev": [], "test": []})
    with pytest.raises(InputError, match="not enough source files"):
        demo.run(None, overwrite=False, progress=None, write=lambda line: None)
