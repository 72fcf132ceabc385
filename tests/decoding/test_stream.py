"""Writing against a toy chain whose every distribution is known."""

import dataclasses
import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from elman.decoding.config import SamplingConfig
from elman.decoding.constraints import all_but
from elman.decoding.stream import write
from elman.errors import OptionError

CHAIN = np.log(np.array([[0.1, 0.6, 0.3], [0.5, 0.2, 0.3], [0.3, 0.3, 0.4]]))


def step(state: NDArray[np.int64], ids: NDArray[np.int64]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The state counts the symbols of a row; the distribution depends on the last symbol alone."""
    return CHAIN[ids].astype(np.float32), state + 1


def texts(config: SamplingConfig, **more: object) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(config.samples)]
    start = np.zeros(config.samples, dtype=np.int64)
    logits = np.repeat(CHAIN[:1], config.samples, axis=0).astype(np.float32)
    for k, symbol in write(start, logits, step=step, choose=lambda s, rows: s[rows], config=config, **more):
        found[k].append(symbol)
    return found


def test_greedy_follows_the_likeliest_symbols() -> None:
    assert texts(SamplingConfig(temperature=0, max_tokens=5)) == [[1, 0, 1, 0, 1]]


def test_a_text_does_not_depend_on_those_beside_it() -> None:
    together = texts(SamplingConfig(samples=5, max_tokens=30, seed=3), end=2)
    for count in (1, 2, 4):
        assert texts(SamplingConfig(samples=count, max_tokens=30, seed=3), end=2) == together[:count]


def test_the_same_seed_writes_the_same_and_another_writes_something_else() -> None:
    first = texts(SamplingConfig(max_tokens=40, seed=1))
    assert first == texts(SamplingConfig(max_tokens=40, seed=1))
    assert first != texts(SamplingConfig(max_tokens=40, seed=2))


def test_the_end_symbol_ends_a_text_and_is_not_written() -> None:
    for text in texts(SamplingConfig(samples=20, max_tokens=1000), end=2):
        assert 2 not in text
        assert len(text) < 1000


def test_whole_texts_have_the_probability_of_the_chain() -> None:
    config = SamplingConfig(samples=8000, max_tokens=2)
    counts = np.zeros((3, 3))
    for first, second in texts(config):
        counts[first, second] += 1
    for first, second in itertools.product(range(3), repeat=2):
        expected = np.exp(CHAIN[0, first] + CHAIN[first, second])
        assert abs(counts[first, second] / 8000 - expected) < 0.02


def test_forbidden_symbols_are_never_written() -> None:
    assert all(
        symbol == 0 for text in texts(SamplingConfig(samples=4, max_tokens=50), forbidden=(1, 2)) for symbol in text
    )


def test_a_text_ends_where_the_caller_says() -> None:
    found = texts(SamplingConfig(samples=3, max_tokens=50), ended=lambda k, symbol: k == 1)
    assert [len(text) for text in found] == [50, 1, 50]


def test_the_repetition_penalty_counts_what_this_text_has_written() -> None:
    # Greedy without a penalty is 1, 0, 1; here 1 and 0 are out of the question once written, and 2 is left.
    config = SamplingConfig(temperature=0, max_tokens=3, repetition_penalty=50.0)
    assert texts(config)[0] == [1, 0, 2]


def test_no_n_gram_is_written_twice() -> None:
    for text in texts(SamplingConfig(samples=20, max_tokens=9, no_repeat_ngram=2)):
        pairs = list(itertools.pairwise(text))
        assert len(set(pairs)) == len(pairs)


def test_a_text_that_no_symbol_may_go_on_ends() -> None:
    found = texts(SamplingConfig(samples=20, max_tokens=9, no_repeat_ngram=1))
    assert all(sorted(text) == [0, 1, 2] for text in found)
    assert len({tuple(text) for text in found}) > 1


def test_a_text_that_cannot_go_on_does_not_disturb_those_beside_it() -> None:
    config = SamplingConfig(samples=6, max_tokens=30, no_repeat_ngram=2, seed=5)
    alone = [texts(dataclasses.replace(config, samples=k + 1))[k] for k in range(6)]
    assert len({len(text) for text in alone}) > 1
    assert texts(config) == alone


def test_no_text_ends_before_the_least_length_and_then_as_ever() -> None:
    found = texts(SamplingConfig(samples=200, max_tokens=50, minimum_tokens=4), end=2)
    assert min(len(text) for text in found) == 4
    # From the fifth symbol on the end has the probability .3 whatever is before it.
    assert abs(np.mean([len(text) == 4 for text in found]) - 0.3) < 0.1


def test_a_least_length_needs_an_end() -> None:
    with pytest.raises(OptionError, match="--minimum-tokens"):
        texts(SamplingConfig(minimum_tokens=1))


def test_a_rule_tells_what_may_follow_in_each_text() -> None:
    forbidden = all_but(lambda k, history: [(k + len(history)) % 3], symbols=3)
    assert texts(SamplingConfig(samples=3, max_tokens=4), forbidden=forbidden) == [
        [0, 1, 2, 0], [1, 2, 0, 1], [2, 0, 1, 2],
    ]  # fmt: skip
