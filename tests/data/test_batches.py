"""Lines in batches: every symbol once, state carried to the right rows, any batch at any time."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import batches
from elman.data.batches import Batch, LineBatches, in_order
from elman.data.config import BatchConfig
from elman.data.corpus import Corpus, TextCounts
from elman.text.characters import CharTokenizer
from elman.text.vocabulary import END, START

LETTERS = CharTokenizer("abcdefghijklmnopqrstuvwxyz\n")
LINES = st.lists(st.text("abcde", max_size=12), min_size=1, max_size=25)
SIZES = {"batch_size": st.integers(1, 6), "segment": st.integers(1, 7)}


def lines(texts: list[str]) -> Corpus:
    ids, lengths = LETTERS.encode_many(texts)
    return Corpus(ids, np.append(0, np.cumsum(lengths)), TextCounts(len(texts), len(ids) + len(texts)))


def running(text: str) -> Corpus:
    return Corpus(LETTERS.encode(text), None, TextCounts(1, len(text)))


def epoch_of(source: LineBatches, epoch: int) -> Iterator[Batch]:
    return (source.batch(epoch, step) for step in range(source.steps(epoch)))


def read_back(stream: Iterator[Batch]) -> list[tuple[list[int], list[int]]]:
    """What every line was read as and predicted as, put together by following the rows that go on."""
    done: list[tuple[list[int], list[int]]] = []
    rows: list[tuple[list[int], list[int]]] = []
    for batch in stream:
        rows = [([], []) for _ in batch.lengths] if batch.continues is None else [rows[k] for k in batch.continues]
        for row, (read, predicted) in enumerate(rows):
            length = batch.lengths[row]
            assert 1 <= length <= batch.ids.shape[1]
            assert not batch.ids[row, length:].any() and not batch.targets[row, length:].any(), "padding is 0"
            read += batch.ids[row, :length].tolist()
            predicted += batch.targets[row, :length].tolist()
        assert batch.lengths.max() == batch.ids.shape[1], "no step is padding alone"
        done += [row for row in rows if row[1][-1] == END]
    return done


def expected(texts: list[str]) -> list[tuple[list[int], list[int]]]:
    ids = [LETTERS.encode(text).tolist() for text in texts]
    return sorted(([START, *line], [*line, END]) for line in ids)


@given(texts=LINES, **SIZES)
def test_every_line_is_read_from_its_start_to_its_end_once_an_epoch(
    texts: list[str], batch_size: int, segment: int
) -> None:
    source = LineBatches(lines(texts), BatchConfig(batch_size, segment), seed=1)
    for epoch in range(2):
        assert sorted(read_back(epoch_of(source, epoch))) == expected(texts)


@given(texts=LINES, block=st.integers(1, 9), **SIZES)
def test_blocks_of_lines_change_nothing_of_it(texts: list[str], block: int, batch_size: int, segment: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BLOCK", block)
        source = LineBatches(lines(texts), BatchConfig(batch_size, segment), seed=1)
        assert sorted(read_back(epoch_of(source, 3))) == expected(texts)


@given(texts=LINES, **SIZES)
def test_batches_have_no_more_rows_and_steps_than_asked_for(texts: list[str], batch_size: int, segment: int) -> None:
    source = LineBatches(lines(texts), BatchConfig(batch_size, segment), seed=1)
    for batch in epoch_of(source, 0):
        assert batch.ids.shape[0] <= batch_size and batch.ids.shape[1] <= segment
        assert (np.diff(batch.lengths) <= 0).all(), "the longest first"
        assert (batch.ids.dtype, batch.targets.dtype, batch.lengths.dtype) == (np.int64,) * 3


def some_lines(count: int = 300) -> Corpus:
    generator = np.random.default_rng(5)
    return lines(["x" * int(n) for n in generator.integers(0, 40, count)])


def same(one: Batch, other: Batch) -> bool:
    parts = ("ids", "targets", "lengths", "continues", "rows")
    return all(np.array_equal(getattr(one, part), getattr(other, part)) for part in parts)


def test_any_batch_can_be_asked_for_at_any_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "BLOCK", 64)
    corpus, config = some_lines(), BatchConfig(8, 16)
    in_turn = LineBatches(corpus, config, seed=3)
    all_of_it = [
        (epoch, step, in_turn.batch(epoch, step)) for epoch in (0, 1, 2) for step in range(in_turn.steps(epoch))
    ]
    for k in np.random.default_rng(0).permutation(len(all_of_it))[:60]:
        epoch, step, batch = all_of_it[k]
        assert same(LineBatches(corpus, config, seed=3).batch(epoch, step), batch)
        assert same(in_turn.batch(epoch, step), batch)


def test_epochs_and_seeds_give_other_orders() -> None:
    def rows(seed: int, epoch: int) -> list[int]:
        source = LineBatches(some_lines(), BatchConfig(8, 64), seed=seed)
        return [int(row) for batch in epoch_of(source, epoch) for row in (batch.rows if batch.rows is not None else [])]

    assert rows(1, 0) == rows(1, 0)
    assert rows(1, 0) != rows(1, 1) and rows(1, 0) != rows(2, 0)
    assert sorted(rows(1, 0)) == sorted(rows(1, 1)) == list(range(300))


def test_rows_of_a_batch_are_of_like_length() -> None:
    corpus = some_lines(3000)
    source = LineBatches(corpus, BatchConfig(16, 64), seed=1)
    steps = sum(batch.ids.size for batch in epoch_of(source, 0))
    assert steps < 1.15 * corpus.counts.tokens  # unsorted, 16 lines of 0 to 40 symbols have 1.8 times as many


def test_lines_that_stand_together_are_not_those_of_the_epoch_before() -> None:
    source = LineBatches(some_lines(), BatchConfig(8, 64), seed=1)
    together = [{frozenset(b.rows.tolist()) for b in epoch_of(source, epoch) if b.rows is not None} for epoch in (0, 1)]
    assert len(together[0] & together[1]) < 4


# ---- in order


@given(texts=LINES, **SIZES)
def test_lines_in_order_are_read_once_and_rows_tell_which(texts: list[str], batch_size: int, segment: int) -> None:
    found: dict[int, list[int]] = {}
    stream = list(in_order(lines(texts), batch_size=batch_size, segment=segment))
    assert sorted(read_back(iter(stream))) == expected(texts)
    for batch in stream:
        assert batch.rows is not None
        for row, line in enumerate(batch.rows.tolist()):
            found.setdefault(line, []).extend(batch.targets[row, : batch.lengths[row]].tolist())
    assert {line: ids[:-1] for line, ids in found.items()} == {
        line: LETTERS.encode(text).tolist() for line, text in enumerate(texts)
    }


def test_lines_come_in_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WINDOW", 10)
    stream = list(in_order(some_lines(25), batch_size=4, segment=100))
    rows = [int(row) // 10 for batch in stream if batch.rows is not None for row in batch.rows]
    assert rows == [0] * 10 + [1] * 10 + [2] * 5


def test_the_first_batches_in_order_are_a_fair_sample_of_lengths() -> None:
    stream = list(in_order(some_lines(3000), batch_size=64, segment=100))
    first = np.concatenate([batch.lengths for batch in stream[: len(stream) // 4]])
    assert 16 < first.mean() < 25  # of all lines: 20.5


@given(text=st.text("abcdefgh\n", min_size=0, max_size=60), segment=st.integers(1, 20))
def test_running_text_in_order_is_one_stream(text: str, segment: int) -> None:
    ids = LETTERS.encode(text).tolist()
    stream = list(in_order(running(text), batch_size=7, segment=segment))
    assert [symbol for batch in stream for symbol in batch.targets[0].tolist()] == ids
    assert [symbol for batch in stream for symbol in batch.ids[0].tolist()] == [START, *ids][: len(ids)]
    for place, batch in enumerate(stream):
        assert batch.lengths.tolist() == [batch.ids.shape[1]] and batch.ids.shape[1] <= segment
        assert batch.rows is None
        assert batch.continues is None if place == 0 else batch.continues.tolist() == [0]  # type: ignore[union-attr]


def test_an_empty_line_is_a_start_and_an_end() -> None:
    [batch] = in_order(lines([""]), batch_size=2, segment=5)
    assert (batch.ids.tolist(), batch.targets.tolist(), batch.lengths.tolist()) == ([[START]], [[END]], [1])


def test_what_a_batch_holds_is_told_by_number() -> None:
    source = LineBatches(
        lines(["ab", "c", "abc", "a", "b", "cc", "abcab"]), BatchConfig(batch_size=4, segment=9), seed=1
    )
    for step in range(source.steps(0)):
        rows = source.batch(0, step).rows
        assert rows is not None
        shown = ", ".join(str(row + 1) for row in rows[:3])
        assert source.told(0, step) == f"lines {shown}" + (" and 1 more" if len(rows) == 4 else "")
