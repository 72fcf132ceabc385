"""The page of what is promised, as a table of rows: read, written, and held to the tests that it names."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

PAGE = "docs/reliability.md"
HEAD = "| what is promised | what was tried | the test that shows it |\n|---|---|---|\n"


@dataclass(frozen=True)
class Row:
    """A promise, the test that shows it as pytest names it, and what the test counted."""

    promise: str
    test: str
    counts: str

    def is_there(self, root: Path) -> bool:
        """Whether the test exists."""
        name, _, function = self.test.partition("::")
        path = root / name
        if not path.is_file():
            return False
        nodes = ast.parse(path.read_text(encoding="utf-8")).body
        return any(isinstance(node, ast.FunctionDef) and node.name == function for node in nodes)


def read_page(path: Path) -> str:
    """The page, up to and with its table."""
    text = path.read_text(encoding="utf-8")
    assert text.count(HEAD) == 1, f"{path} has no table"
    return text


def rows_of(text: str) -> list[Row]:
    """The rows of the table."""
    found = []
    for line in text.split(HEAD)[1].splitlines():
        promise, counts, test = (cell.strip() for cell in line.strip("|").split("|"))
        found.append(Row(promise, test.strip("`"), counts))
    return found


def write_page(path: Path, rows: Iterable[Row]) -> None:
    """Put rows in place of those that the table has, in the order of their tests."""
    head = read_page(path).split(HEAD)[0]
    table = [f"| {row.promise} | {row.counts} | `{row.test}` |\n" for row in sorted(rows, key=lambda row: row.test)]
    path.write_text("".join([head, HEAD, *table]), encoding="utf-8")
