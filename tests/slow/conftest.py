"""The page of what is promised: written from what the slow tests counted while they passed."""

import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from reliability import PAGE, Row, read_page, rows_of, write_page

ROOT = Path(__file__).parents[2]
COUNTS = ROOT / "build" / "counts.json"


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Tell what a test has tried, say `counted("flipped bits refused", 500)`; the counts of all its cases are added up.

    The test has the mark `promises`, whose sentence stands on the page. Counts have to be the same in every run.
    """

    def tell(what: str, count: int) -> None:
        request.node.user_properties.append(("counted", (what, count)))

    return tell


class Tally:
    """What the tests of a run promise and have counted; with xdist, in the process that hands out the work."""

    def __init__(self) -> None:
        self.promises: dict[str, str] = {}
        self.counts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.is_part = False
        self.is_green = True

    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """A run of some tests of a file tells nothing of the file."""
        self.is_part = self.is_part or bool(items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up what a test has counted."""
        self.is_green = self.is_green and not report.failed
        if report.when != "call" or not report.passed:
            return
        test = report.nodeid.split("[")[0]
        for name, value in report.user_properties:
            if name == "promises":
                self.promises[test] = str(value)
            elif name == "counted" and isinstance(value, (tuple, list)):
                what, count = value
                self.counts[test][what] += count

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Keep the counts, and write the page where all that was run has passed."""
        if hasattr(session.config, "workerinput") or not self.counts:
            return
        COUNTS.parent.mkdir(exist_ok=True)
        COUNTS.write_text(json.dumps(self.counts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        chosen = any("::" in argument for argument in session.config.args)
        if not self.is_green or self.is_part or chosen:
            return
        page = ROOT / PAGE
        fresh = {
            test: Row(self.promises[test], test, ", ".join(f"{n:,} {what}" for what, n in sorted(counts.items())))
            for test, counts in self.counts.items()
        }
        kept = {row.test: row for row in rows_of(read_page(page)) if row.is_there(ROOT)}
        write_page(page, {**kept, **fresh}.values())


def pytest_configure(config: pytest.Config) -> None:
    """Begin a tally."""
    config.pluginmanager.register(Tally(), "tally")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each promise told along with its test's report; who counts has to promise."""
    for item in items:
        mark = item.get_closest_marker("promises")
        if mark is not None:
            item.user_properties.append(("promises", mark.args[0]))
        elif "counted" in getattr(item, "fixturenames", ()):
            raise pytest.UsageError(f"{item.nodeid} counts, but has no mark `promises`")
