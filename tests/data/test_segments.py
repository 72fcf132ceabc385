"""Running text: streams that go on, the ring, jitter, stripes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.config import BatchConfig
from elman.data.corpus import Corpus, TextCounts
from elman.data.segments import FRESH, Segments, stripes
from elman.text.vocabulary import START


def ring(count: int) -> Corpus:
    """Running text in which every symbol is another one, so that each tells its place: 10, 11, …"""
    return Corpus(np.arange(10, 10 + count, dtype=np.int32), None, TextCounts(1, count, count, count))


CASES = {"count": st.integers(1, 200), "streams": st.integers(1, 9), "segment": st.integers(1, 30)}


@given(**CASES, epoch=st.integers(0, 3))
def test_segments_of_a_stream_put_together_are_a_stretch_of_the_ring(
    count: int, streams: int, segment: int, epoch: int
) -> None:
    corpus = ring(count)
    source = Segments(corpus, BatchConfig(streams, segment), seed=2)
    found = [source.batch(epoch, step) for step in range(source.steps(epoch))]
    read = np.concatenate([batch.ids for batch in found], axis=1) - 10
    predicted = np.concatenate([batch.targets for batch in found], axis=1) - 10
    assert (predicted == (read + 1) % count).all(), "what is predicted follows what is read"
    assert (np.diff(read, axis=1) % count == 1 % count).all(), "a stream goes on"
    assert (read[1:, 0] == predicted[:-1, -1]).all(), "a stream begins where the one above ends"
    assert len(set(predicted.flatten())) == predicted.size, "no symbol is predicted twice"
    assert count - predicted.size < source.streams, "and hardly one is left out"


@given(**CASES)
def test_batches_are_full_and_rows_go_on(count: int, streams: int, segment: int) -> None:
    source = Segments(ring(count), BatchConfig(streams, segment), seed=2)
    for step in range(source.steps(0)):
        batch = source.batch(0, step)
        assert batch.ids.shape == batch.targets.shape == (source.streams, batch.lengths[0])
        assert len(set(batch.lengths.tolist())) == 1
        assert batch.ids.dtype == batch.targets.dtype == np.int64
        if step == 0:
            assert batch.continues is None
        else:
            assert batch.continues is not None
            assert all(row in (place, -1) for place, row in enumerate(batch.continues.tolist()))


def test_a_few_segments_of_every_stream_are_read_from_a_fresh_state() -> None:
    source = Segments(ring(200_000), BatchConfig(8, 10), seed=2)
    draws = [
        np.array([source.batch(epoch, step).continues for step in range(1, source.steps(epoch))]) < 0
        for epoch in (0, 1)
    ]
    for is_fresh in draws:
        assert np.allclose(is_fresh.mean(axis=0), FRESH, atol=0.012)  # 2,500 draws: 3.5 deviations
    assert (draws[0] != draws[1]).any(), "others in every epoch"


def test_every_symbol_is_predicted_once_where_the_ring_can_be_divided() -> None:
    source = Segments(ring(120), BatchConfig(4, 7), seed=2)
    predicted = [symbol for step in range(source.steps(1)) for symbol in source.batch(1, step).targets.flatten()]
    assert sorted(predicted) == list(range(10, 130))


def test_a_short_text_has_fewer_streams() -> None:
    streams = {count: Segments(ring(count), BatchConfig(8, 10), seed=1).streams for count in (1, 19, 40, 99, 160, 1000)}
    assert streams == {1: 1, 19: 1, 40: 2, 99: 4, 160: 8, 1000: 8}


def test_segments_are_of_about_the_wanted_length_and_not_all_of_one() -> None:
    source = Segments(ring(100_000), BatchConfig(2, 100), seed=1)
    lengths = np.array([source.batch(0, step).ids.shape[1] for step in range(source.steps(0))])
    assert len(lengths) == 500 and lengths.sum() == 50_000
    assert 72 <= lengths.min() < 85 and 115 < lengths.max() <= 128
    assert 12 < lengths.std() < 17  # of an even distribution over ±25: 14.4


def test_any_batch_can_be_asked_for_at_any_time() -> None:
    corpus, config = ring(1000), BatchConfig(3, 11)
    in_turn = Segments(corpus, config, seed=4)
    found = {(epoch, step): in_turn.batch(epoch, step) for epoch in range(3) for step in range(in_turn.steps(epoch))}
    places = list(found)
    for k in np.random.default_rng(0).permutation(len(places))[:40]:
        again = Segments(corpus, config, seed=4).batch(*places[k])
        assert np.array_equal(again.ids, found[places[k]].ids)
        assert np.array_equal(again.targets, found[places[k]].targets)


def test_epochs_and_seeds_begin_elsewhere() -> None:
    begins = {
        int(Segments(ring(1000), BatchConfig(2, 9), seed=s).batch(e, 0).ids[0, 0]) for s in (1, 2) for e in (0, 1)
    }
    assert len(begins) == 4


@given(**CASES)
def test_stripes_have_every_symbol_once_behind_the_one_before_it(count: int, streams: int, segment: int) -> None:
    found = list(stripes(ring(count), batch_size=streams, segment=segment))
    predicted: list[int] = []
    rows = min(streams, count)
    for place, batch in enumerate(found):
        assert batch.ids.shape[1] == batch.lengths.max() <= segment
        if place:
            assert batch.continues is not None and batch.continues.tolist() == list(range(len(batch.lengths)))
            assert len(batch.lengths) <= rows
        else:
            assert batch.continues is None and len(batch.lengths) == rows
        rows = len(batch.lengths)
        for row, length in enumerate(batch.lengths):
            targets = batch.targets[row, :length].tolist()
            predicted += targets
            assert batch.ids[row, :length].tolist() == [START if t == 10 else t - 1 for t in targets]
            assert not batch.targets[row, length:].any() and not batch.ids[row, length:].any()
    assert sorted(predicted) == list(range(10, 10 + count))


def test_no_text_has_no_stripes() -> None:
    assert list(stripes(ring(0), batch_size=4, segment=5)) == []


def test_lines_are_not_running_text() -> None:
    corpus = Corpus(np.arange(3), np.array([0, 3]), TextCounts(1, 4, 2, 4))
    with pytest.raises(AssertionError, match="running text is wanted, not lines"):
        Segments(corpus, BatchConfig(), seed=1)


def test_what_a_batch_holds_is_told_by_the_places_of_its_streams() -> None:
    source = Segments(ring(100), BatchConfig(2, 10), seed=2)
    for step in range(source.steps(1)):
        first = source.batch(1, step).ids[:, 0] - 10 + 1
        assert source.told(1, step) == f"symbols from {first[0]}, {first[1]} on"
