"""The likeliest labels against enumeration of all sequences, in any company."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from elman.decoding.viterbi import Transitions, viterbi


def drawn(*shape: int, seed: int, scale: float = 2.0) -> NDArray[np.float32]:
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def chain_of(labels: int, *, seed: int) -> Transitions:
    return Transitions(drawn(labels, seed=seed), drawn(labels, labels, seed=seed + 1), drawn(labels, seed=seed + 2))


def score(emissions: NDArray[np.float32], path: tuple[int, ...], chain: Transitions) -> float:
    steps = sum(float(chain.between[i, j]) for i, j in itertools.pairwise(path))
    ends = float(chain.begin[path[0]]) + float(chain.end[path[-1]])
    return ends + steps + sum(float(emissions[t, k]) for t, k in enumerate(path))


@pytest.mark.parametrize("seed", range(5))
def test_the_labels_are_the_best_of_all_sequences(seed: int) -> None:
    emissions, lengths, chain = drawn(5, 4, 3, seed=seed), np.array([4, 0, 1, 3, 2]), chain_of(3, seed=seed + 50)
    labels = viterbi(emissions, lengths, chain)
    for row, path, length in zip(emissions, labels, lengths, strict=True):
        best = max(itertools.product(range(3), repeat=length), key=lambda p, row=row: score(row, p, chain) if p else 0)
        assert path.tolist() == [*best, *[0] * (4 - length)]


def test_of_equal_sequences_it_is_the_one_with_the_lowest_last_labels() -> None:
    # 0 → 1 and 1 → 0 weigh 1: 1 0 1 0 and 0 1 0 1 are the best, and the first ends lower.
    between = np.array([[0, 1], [1, 0]], dtype=np.float32)
    chain = Transitions(np.zeros(2, dtype=np.float32), between, np.zeros(2, dtype=np.float32))
    labels = viterbi(np.zeros((1, 4, 2), dtype=np.float32), np.array([4]), chain)
    assert labels.tolist() == [[1, 0, 1, 0]]
    assert viterbi(np.zeros((1, 3, 2), dtype=np.float32), np.array([3]), Transitions.free(2)).tolist() == [[0, 0, 0]]


def test_a_free_chain_takes_the_best_label_of_each_step() -> None:
    emissions = drawn(3, 7, 300, seed=1)
    labels = viterbi(emissions, np.array([7, 7, 7]), Transitions.free(300))
    np.testing.assert_array_equal(labels, emissions.argmax(axis=2))


def test_a_row_has_the_same_labels_in_any_company_and_padding() -> None:
    emissions, lengths, chain = drawn(6, 20, 9, seed=2), np.array([20, 3, 0, 11, 1, 19]), chain_of(9, seed=3)
    labels = viterbi(np.where(np.arange(20)[:, None] < lengths[:, None, None], emissions, np.inf), lengths, chain)
    for row, path, length in zip(emissions, labels, lengths, strict=True):
        alone = viterbi(row[None, :length], np.array([length]), chain)[0]
        assert path.tolist() == [*alone.tolist(), *[0] * (20 - length)]


def test_impossible_steps_are_taken_only_where_there_is_no_other_way() -> None:
    between = np.array([[0, -1e4], [-1e4, -1e4]], dtype=np.float32)
    chain = Transitions(np.zeros(2, dtype=np.float32), between, np.array([0, -1e4], dtype=np.float32))
    emissions = np.array([[[0, 900], [0, 900], [0, 900]]], dtype=np.float32)
    assert viterbi(emissions, np.array([3]), chain).tolist() == [[0, 0, 0]]
    nowhere = Transitions(chain.begin, np.full((2, 2), -1e4, dtype=np.float32), np.zeros(2, dtype=np.float32))
    assert viterbi(emissions, np.array([3]), nowhere).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 4, 3), (2, 0, 3), (2, 4, 3)])
def test_nothing_to_label_is_all_padding(shape: tuple[int, int, int]) -> None:
    labels = viterbi(np.ones(shape, dtype=np.float32), np.zeros(shape[0], dtype=np.int64), chain_of(3, seed=4))
    assert labels.shape == shape[:2]
    assert not labels.any()
