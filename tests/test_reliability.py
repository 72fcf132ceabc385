"""The page of what is promised names tests that exist, and is read as it is written."""

from pathlib import Path

from reliability import PAGE, Row, read_page, rows_of, write_page

ROOT = Path(__file__).parents[1]


def test_each_promise_is_shown_by_a_test_that_exists() -> None:
    rows = rows_of(read_page(ROOT / PAGE))
    assert [row.test for row in rows if not row.is_there(ROOT)] == []
    assert len({row.test for row in rows}) == len(rows)


def test_a_test_that_does_not_exist_is_noticed() -> None:
    assert not Row("a", "tests/test_reliability.py::test_of_nothing", "1 thing").is_there(ROOT)
    assert not Row("a", "tests/test_nothing.py::test_of_nothing", "1 thing").is_there(ROOT)


def test_the_page_is_read_as_it_is_written(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text((ROOT / PAGE).read_text(encoding="utf-8"), encoding="utf-8")
    rows = [Row("one", "tests/a.py::test_a", "1,000 kills, 2 flips"), Row("two", "tests/b.py::test_b", "3 flips")]
    write_page(page, rows[::-1])
    assert rows_of(read_page(page)) == rows
    assert read_page(page).startswith("# ")
