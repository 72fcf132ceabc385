"""The demo of seq2seq: years and ways that are set aside whole, files that read back, figures that are those shown."""

from pathlib import Path
from typing import Any

import pytest

from elman.models.demos import seq2seq as demo
from elman.models.demos.dates import LANGUAGES, SEEN_WAYS, UNSEEN_WAYS, DatePair

SMALL = {"train": 800, "dev": 60, "test": 60, "unseen": 20}


@pytest.fixture(scope="module")
def parts() -> demo.DemoDates:
    return demo.demo_dates(SMALL)


def test_no_year_stands_in_two_parts(parts: demo.DemoDates) -> None:
    train, dev, test, unseen = (
        {int(pair.iso[:4]) for pair in pairs} for pairs in (parts.train, parts.dev, parts.test, parts.unseen)
    )
    assert not train & dev and not train & test and not dev & test
    assert not unseen & (train | dev) and len(test | unseen) <= demo.TEST_YEARS and len(dev) <= demo.DEV_YEARS
    assert len(train) > 200


def test_no_other_part_is_written_in_the_unseen_ways(parts: demo.DemoDates) -> None:
    for pairs in (parts.train, parts.dev, parts.test):
        assert {pair.way for pair in pairs} == set(SEEN_WAYS)
    assert {pair.way for pair in parts.unseen} == set(UNSEEN_WAYS)
    assert not set(SEEN_WAYS) & set(UNSEEN_WAYS)


def test_no_text_stands_twice(parts: demo.DemoDates) -> None:
    texts = [pair.text for pairs in (parts.train, parts.dev, parts.test, parts.unseen) for pair in pairs]
    assert len(set(texts)) == len(texts) == sum(SMALL.values())


def test_the_files_hold_one_pair_a_line(parts: demo.DemoDates, tmp_path: Path) -> None:
    texts, targets = demo.write_lines(tmp_path / "train", parts.train)
    assert texts.read_text(encoding="utf-8").split("\n") == [*(pair.text for pair in parts.train), ""]
    assert targets.read_text(encoding="utf-8").split("\n") == [*(pair.iso for pair in parts.train), ""]


def test_a_date_is_right_when_all_of_it_is() -> None:
    isos = ["2024-03-05", "1900-12-31", "1901-01-01", "1902-01-01", "1903-01-01", "1904-01-01"]
    names = ["English", *LANGUAGES]
    pairs = [DatePair(f"text of {iso}", iso, (name, "long")) for iso, name in zip(isos, names, strict=True)]
    found = ["2024-03-06", *isos[1:4], "1903-01-1", "1904-01-01 "]
    # English has one of two, German and French one of one, Spanish and Korean none
    assert demo.judged(pairs, found) == {
        "pairs": 6, "exact_match": 3 / 6,
        "languages": {"English": 0.5, "German": 1.0, "French": 1.0, "Spanish": 0.0, "Korean": 0.0},
        "mistakes": [
            ("text of 2024-03-05", "2024-03-06", "2024-03-05"), ("text of 1903-01-01", "1903-01-1", "1903-01-01"),
            ("text of 1904-01-01", "1904-01-01 ", "1904-01-01"),
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def ran() -> tuple[dict[str, Any], str]:
    lines: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "BUDGET", "2s")
        patch.setattr(demo, "PAIRS", SMALL)
        report = demo.run(None, overwrite=False, progress=None, write=lines.append)
    return report, "\n".join(lines)


def test_the_two_figures_count_the_mistakes(ran: tuple[dict[str, Any], str]) -> None:
    report, said = ran
    for part in ("test", "unseen"):
        figures = report[part]
        assert figures["pairs"] == SMALL[part]
        assert figures["exact_match"] == pytest.approx(1 - len(figures["mistakes"]) / SMALL[part])
        assert f"{SMALL[part]:>7,}{figures['exact_match']:>9.2%}" in said
    assert f"{sum(len(report[part]['mistakes']) for part in ('test', 'unseen')):,} are wrong" in said


def test_ten_dates_are_shown_and_marked_right_or_wrong(ran: tuple[dict[str, Any], str]) -> None:
    report, said = ran
    assert [one["part"] for one in report["examples"]] == ["test"] * 5 + ["unseen"] * 5
    for one in report["examples"]:
        mark = "right" if one["found"] == one["iso"] else f"wrong: {one['iso']}"
        assert f"  {one['text']}  →  {one['found']}  {mark}" in said
        assert (one["found"] == one["iso"]) == (
            one["text"] not in [text for text, *_ in report[one["part"]]["mistakes"]]
        )
