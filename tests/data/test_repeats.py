"""What stands several times, against counting in plain dictionaries; in memory and on disk."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import repeats
from elman.data.repeats import Found, Met, Repeats

ROWS = st.lists(st.tuples(st.integers(0, 2), st.sampled_from("abcdef"), st.sampled_from("xy")), max_size=40)


@given(rows=ROWS, held=st.sampled_from([3, 1000]))
def test_repetitions_are_those_that_dictionaries_find(rows: list[tuple[int, str, str]], held: int) -> None:
    with pytest.MonkeyPatch.context() as patch, Repeats() as gathered:
        patch.setattr(repeats, "HELD", held)
        for line, (file, key, other) in enumerate(rows, 1):
            gathered.add(key, file=file, line=line, other=other)
        found = gathered.found(3)
    lines = {file: [(line, key) for line, (where, key, _) in enumerate(rows, 1) if where == file] for file in range(3)}
    for file, mine in lines.items():
        again = [(line, max(n for n, k in mine if k == key and n < line)) for line, key in mine
                 if any(k == key and n < line for n, k in mine)]  # fmt: skip
        assert found.inside[file] == Found(len(again), *min(again, default=(0, 0)))
        mixed = {key for _, key, _ in rows if len({other for _, k, other in rows if k == key}) > 1}
        others = [line for line, key in mine if key in mixed]
        assert found.other[file] == Found(len(others), *[min(others, default=0)] * 2)
    for (one, two), shared in found.shared.items():
        both = [(line, min(n for n, k in lines[one] if k == key)) for line, key in lines[two]
                if key in {k for _, k in lines[one]}]  # fmt: skip
        assert shared == Found(len(both), *min(both, default=(0, 0)))


def test_what_is_written_away_is_gone_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "HELD", 2)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Repeats() as gathered:
        for line in range(5):
            gathered.add("a", file=0, line=line)
        assert list(tmp_path.iterdir())
        assert gathered.found(1).inside[0].count == 4
    assert not list(tmp_path.iterdir())


@given(one=st.lists(st.text(max_size=2)), two=st.lists(st.text(max_size=2)))
def test_what_has_gone_by_is_counted(one: list[str], two: list[str]) -> None:
    met = Met()
    assert list(met.passing(one, str.lower)) == one
    assert met.count(two) == sum(text in {other.lower() for other in one} for text in two)
