"""The demo of taggers: modules set aside whole, files that read back, figures that are those of the labels shown."""

from pathlib import Path
from typing import Any

import pytest

from elman.data.config import TokenReadConfig
from elman.data.sentences import read_sentences
from elman.models.demos import tagger as demo
from elman.models.demos.baseline import FrequentLabels
from elman.models.demos.python_lines import PLAIN, CodeLine

AMOUNT, MODULES = 150, 22


@pytest.fixture(scope="module")
def parts() -> demo.Parts:
    return demo.demo_lines(AMOUNT, modules=MODULES)


def test_no_module_stands_in_two_parts(parts: demo.Parts) -> None:
    modules = {part: {one.path.split("/")[0] for one in lines} for part, lines in parts.items()}
    assert not modules["train"] & modules["dev"]
    assert not modules["train"] & modules["test"]
    assert not modules["dev"] & modules["test"]
    # 0, 10 and 20 of 22 modules are test, 1, 11 and 21 dev; a module without a line is possible
    assert 1 <= len(modules["test"]) <= 3 and 1 <= len(modules["dev"]) <= 3 and 10 <= len(modules["train"]) <= 16


def test_no_module_gives_more_than_its_amount(parts: demo.Parts) -> None:
    sizes: dict[str, int] = {}
    for lines in parts.values():
        for one in lines:
            module = one.path.split("/")[0]
            sizes[module] = sizes.get(module, 0) + len(one.line.tokens)
    assert max(sizes.values()) <= AMOUNT
    assert all(not demo.SKIPPED.intersection(one.path.split("/")) for one in parts["train"])


def test_what_is_written_reads_back(parts: demo.Parts, tmp_path: Path) -> None:
    path = demo.write_columns(tmp_path / "train.conll", parts["train"])
    found = list(read_sentences([path], TokenReadConfig(), labelled=True))
    assert [one.tokens for one in found] == [one.line.tokens for one in parts["train"]]
    assert [one.labels["label"] for one in found] == [one.line.labels for one in parts["train"]]


def test_names_and_new_names_are_judged_apart() -> None:
    gold = ("target", "operator", "call", "operator", "variable", "operator")
    line = demo.DemoLine("a.py", CodeLine(("x", "=", "new", "(", "y", ")"), gold, 1))
    baseline = FrequentLabels([(("x", "=", "y"), ("target", "operator", "variable"))])
    found = ("target", "operator", "variable", "operator", "variable", "number")
    # six tokens, four right; three names, two right; one of them new, and wrong
    assert demo.judged([line], [found], baseline) == {
        "accuracy": 4 / 6, "accuracy_names": 2 / 3, "accuracy_unseen_names": 0.0, "names": 3, "unseen_names": 1,
        "confusions": [("call", "variable", 1)],
    }  # fmt: skip


@pytest.fixture(scope="module")
def ran(parts: demo.Parts) -> tuple[dict[str, Any], str]:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "BUDGET", "1s")
        patch.setattr(demo, "demo_lines", lambda amount: parts)
        report = demo.run(None, overwrite=False, progress=None, write=lines.append)
    return report, "\n".join(lines)


def test_scores_stand_beside_those_of_the_baseline(ran: tuple[dict[str, Any], str]) -> None:
    report, said = ran
    for name in ("accuracy", "accuracy_names", "accuracy_unseen_names"):
        assert f"{report['test'][name]:>7.2%}{report['baseline'][name]:>11.2%}" in said
    assert f"the {report['test']['unseen_names']:,} names that training did not see" in said


def test_the_baseline_is_that_of_counts_by_hand(parts: demo.Parts, ran: tuple[dict[str, Any], str]) -> None:
    counts: dict[str, dict[str, int]] = {}
    for one in parts["train"]:
        for token, label in zip(one.line.tokens, one.line.labels, strict=True):
            counts.setdefault(token, {}).setdefault(label, 0)
            counts[token][label] += 1
    pairs = [
        (token, label) for one in parts["test"]
        for token, label in zip(one.line.tokens, one.line.labels, strict=True) if label not in PLAIN
    ]  # fmt: skip
    new = [token for token, _ in pairs if token not in counts]
    assert ran[0]["baseline"]["unseen_names"] == len(new) and ran[0]["baseline"]["names"] == len(pairs)
    known = [(token, label) for token, label in pairs if token in counts]
    right = sum(min(counts[token], key=lambda name: (-counts[token][name], name)) == label for token, label in known)
    right_new = ran[0]["baseline"]["accuracy_unseen_names"] * len(new)
    assert ran[0]["baseline"]["accuracy_names"] * len(pairs) == pytest.approx(right + right_new)


def test_lines_that_are_shown_have_the_labels_and_probabilities_of_the_model(ran: tuple[dict[str, Any], str]) -> None:
    report, said = ran
    assert report["lines"]
    for shown in report["lines"]:
        assert f"--- {shown['path']}, line {shown['line']} ---" in said
        assert " ".join(token for token, *_ in shown["rows"]) in said
        for token, label, probability, gold in shown["rows"]:
            assert 0 < probability <= 1
            if gold not in PLAIN:
                assert f"  {token:<28}{label:<10}{probability:>7.1%}" in said
