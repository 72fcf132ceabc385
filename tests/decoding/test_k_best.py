"""The k likeliest sequences against all sequences in order."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from elman.decoding.k_best import k_best, k_best_independent
from elman.decoding.marginals import sequence_log_probability
from elman.decoding.viterbi import Transitions, viterbi


def drawn(*shape: int, seed: int) -> NDArray[np.float32]:
    return (2 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def chain_of(labels: int, *, seed: int) -> Transitions:
    return Transitions(drawn(labels, seed=seed), drawn(labels, labels, seed=seed + 1), drawn(labels, seed=seed + 2))


def all_paths(steps: int, labels: int) -> NDArray[np.int64]:
    return np.array(list(itertools.product(range(labels), repeat=steps)), dtype=np.int64)


def log_softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    exact = scores.astype(np.float64)
    return np.asarray(exact - np.logaddexp.reduce(exact, axis=1, keepdims=True))


@pytest.mark.parametrize(("steps", "labels"), [(1, 1), (1, 4), (2, 3), (5, 3), (6, 1)])
@pytest.mark.parametrize("k", [1, 2, 7, 500])
def test_the_best_under_a_chain_are_the_first_of_all_sequences_in_order(steps: int, labels: int, k: int) -> None:
    emissions, chain, paths = drawn(steps, labels, seed=1), chain_of(labels, seed=2), all_paths(steps, labels)
    repeated = np.repeat(emissions[None], len(paths), axis=0)
    values = sequence_log_probability(repeated, paths, np.full(len(paths), steps), chain)
    order = np.argsort(-values, kind="stable")[:k]
    found = k_best(emissions, chain, k)
    assert [path.tolist() for path, _ in found] == paths[order].tolist()
    np.testing.assert_allclose([value for _, value in found], values[order], rtol=1e-10, atol=1e-12)


def test_of_equal_sequences_under_a_chain_the_one_with_the_lower_last_labels_is_first() -> None:
    found = k_best(np.zeros((2, 2), dtype=np.float32), Transitions.free(2), 4)
    assert [path.tolist() for path, _ in found] == [[0, 0], [1, 0], [0, 1], [1, 1]]
    np.testing.assert_allclose([value for _, value in found], np.log(0.25))


def test_the_first_of_the_best_is_the_likeliest() -> None:
    emissions, chain = np.round(drawn(30, 5, seed=3)), chain_of(5, seed=4)
    assert k_best(emissions, chain, 3)[0][0].tolist() == viterbi(emissions[None], np.array([30]), chain)[0].tolist()


def test_impossible_sequences_are_not_among_the_best() -> None:
    between = np.array([[0, -1e4], [-1e4, 0]], dtype=np.float32)
    chain = Transitions(np.zeros(2, dtype=np.float32), between, np.zeros(2, dtype=np.float32))
    found = k_best(np.array([[0, 1], [0, 1], [0, 1]], dtype=np.float32), chain, 8)
    assert [path.tolist() for path, _ in found] == [[1, 1, 1], [0, 0, 0]]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(1, 60), st.integers(0, 999), st.booleans())
def test_the_best_of_independent_steps_are_the_first_of_all(
    steps: int, labels: int, k: int, seed: int, with_ties: bool
) -> None:
    logs = log_softmax(np.round(drawn(steps, labels, seed=seed)) if with_ties else drawn(steps, labels, seed=seed))
    paths = all_paths(steps, labels)
    values = logs[np.arange(steps), paths].sum(axis=1)
    found = k_best_independent(logs, k)
    assert len({tuple(path.tolist()) for path, _ in found}) == min(k, len(paths))
    scores = [value for _, value in found]
    assert scores == sorted(scores, reverse=True)
    np.testing.assert_allclose(scores, np.sort(values)[::-1][:k], atol=1e-12)
    np.testing.assert_allclose(scores, [logs[np.arange(steps), path].sum() for path, _ in found], atol=1e-12)


def test_the_first_of_independent_steps_has_the_lowest_of_equal_labels() -> None:
    found = k_best_independent(np.log(np.full((3, 4), 0.25)), 5)
    assert found[0][0].tolist() == [0, 0, 0]
    again = k_best_independent(np.log(np.full((3, 4), 0.25)), 5)
    assert [path.tolist() for path, _ in found] == [path.tolist() for path, _ in again]


def test_what_has_no_probability_is_not_among_the_best() -> None:
    with np.errstate(divide="ignore"):
        logs = np.log(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]))
    assert [path.tolist() for path, _ in k_best_independent(logs, 9)] == [[0, 0], [1, 0]]


def test_many_labels_and_steps_are_told_by_few() -> None:
    logs = log_softmax(drawn(400, 2000, seed=5))
    found = k_best_independent(logs, 20)
    assert len(found) == 20
    np.testing.assert_allclose([v for _, v in found], [logs[np.arange(400), path].sum() for path, _ in found])


def test_no_steps_have_one_empty_sequence() -> None:
    for found in (
        k_best(np.zeros((0, 3), dtype=np.float32), Transitions.free(3), 4), k_best_independent(np.zeros((0, 3)), 4)
    ):  # fmt: skip
        assert [(path.tolist(), value) for path, value in found] == [([], 0.0)]
