"""A report of `check` as lines for people. Knows the report alone; called by `elman check`."""

from collections.abc import Iterator, Mapping
from typing import Any

from elman.errors import one_line

LABELS = 20
"""Labels of a column that are told, the most frequent ones first."""
WIDTH = 24


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """What each file holds, then what should be known, then what is wrong."""
    yield f"{'kind':<{WIDTH}}{report['kind']}"
    for one in report["files"]:
        yield ""
        yield f"{one_line(one['file'])}  ({one['format']})"
        yield f"{'  ' + report['unit']:<{WIDTH}}{one['sequences']:,}"
        for name, found in one["lengths"].items():
            yield (
                f"{'  ' + name:<{WIDTH}}{found['total']:,}; median {found['median']:,}, 95 % up to "
                f"{found['percentile_95']:,}, longest {found['longest']:,} (line {found['line']})"
            )
        for column, counts in one.get("labels", {}).items():
            scheme = one.get("schemes", {}).get(column)
            told = f", spans in {scheme}" if scheme else ""
            yield f"{'  ' + column:<{WIDTH}}{len(counts):,} labels{told}"
            yield from _balance(counts)
    if report["warnings"] or report["faults"]:
        yield ""
    yield from map(one_line, (*report["warnings"], *report["faults"]))


def _balance(counts: Mapping[str, int]) -> Iterator[str]:
    """How often each label comes, and its share."""
    total = sum(counts.values())
    for label, count in list(counts.items())[:LABELS]:
        yield f"{'    ' + one_line(label):<{WIDTH}}{count:,}  {100 * count / total:.1f} %"
    if len(counts) > LABELS:
        rest = list(counts.values())[LABELS:]
        yield f"{'    …':<{WIDTH}}{len(rest):,} more, from {rest[0]:,} down to {rest[-1]:,}"
