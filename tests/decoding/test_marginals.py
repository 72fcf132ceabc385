"""Probabilities under a chain against enumeration of all sequences, and against the loss of `nn.crf`."""

import itertools

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from elman.decoding.marginals import (
    lattice,
    log_partition,
    marginals,
    path_score,
    sequence_log_probability,
    span_log_probability,
)
from elman.decoding.viterbi import Transitions
from elman.nn import crf

B, T, K = 4, 4, 3
LENGTHS = np.array([4, 0, 1, 3])


def drawn(*shape: int, seed: int, scale: float = 2.0) -> NDArray[np.float32]:
    return (scale * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def chain_of(labels: int, *, seed: int) -> Transitions:
    return Transitions(drawn(labels, seed=seed), drawn(labels, labels, seed=seed + 1), drawn(labels, seed=seed + 2))


EMISSIONS, CHAIN = drawn(B, T, K, seed=1), chain_of(K, seed=2)


def distribution(emissions: NDArray[np.float32], chain: Transitions) -> dict[tuple[int, ...], float]:
    """ln p of each of the K ** T sequences of one sentence."""
    scores = {}
    for path in itertools.product(range(emissions.shape[1]), repeat=len(emissions)):
        steps = [float(chain.between[i, j]) for i, j in itertools.pairwise(path)]
        chosen = [float(emissions[t, k]) for t, k in enumerate(path)]
        scores[path] = sum(steps) + sum(chosen) + float(chain.begin[path[0]]) + float(chain.end[path[-1]])
    whole = np.logaddexp.reduce(list(scores.values()))
    return {path: value - float(whole) for path, value in scores.items()}


@pytest.mark.parametrize("row", [0, 2, 3])
def test_a_label_is_as_likely_as_all_sequences_that_have_it(row: int) -> None:
    length = LENGTHS[row]
    wanted = np.zeros((T, K))
    for path, value in distribution(EMISSIONS[row, :length], CHAIN).items():
        wanted[np.arange(length), path] += np.exp(value)
    np.testing.assert_allclose(marginals(EMISSIONS, LENGTHS, CHAIN)[row], wanted, rtol=1e-10)


@pytest.mark.parametrize("row", [0, 2, 3])
def test_a_sequence_is_as_likely_as_its_share_of_all(row: int) -> None:
    length = LENGTHS[row]
    wanted = distribution(EMISSIONS[row, :length], CHAIN)
    labels = np.full((len(wanted), T), -1)
    labels[:, :length] = list(wanted)
    repeated = np.repeat(EMISSIONS[row : row + 1], len(wanted), axis=0)
    got = sequence_log_probability(repeated, labels, np.full(len(wanted), length), CHAIN)
    np.testing.assert_allclose(got, list(wanted.values()), rtol=1e-10)


def test_an_empty_row_is_certain() -> None:
    labels = np.full((B, T), -1)
    assert log_partition(EMISSIONS, LENGTHS, CHAIN)[1] == 0
    assert sequence_log_probability(EMISSIONS, labels, LENGTHS, CHAIN)[1] == 0
    assert not marginals(EMISSIONS, LENGTHS, CHAIN)[1].any()


@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_partition_scores_and_marginals_are_those_of_the_loss(scale: float) -> None:
    lengths, chain = np.array([30, 7, 0, 1, 29]), chain_of(6, seed=5)
    emissions = drawn(5, 30, 6, seed=6, scale=scale)
    labels = np.random.default_rng(7).integers(6, size=(5, 30))
    given, counts = torch.from_numpy(emissions).double().requires_grad_(), torch.from_numpy(lengths)
    weights = (torch.from_numpy(chain.begin), torch.from_numpy(chain.between), torch.from_numpy(chain.end))
    whole = crf.log_partition(given, counts, weights)
    np.testing.assert_allclose(log_partition(emissions, lengths, chain), whole.detach().numpy(), rtol=1e-12)
    (gradient,) = torch.autograd.grad(whole.sum(), given)
    np.testing.assert_allclose(marginals(emissions, lengths, chain), gradient.numpy(), rtol=1e-9, atol=1e-14)
    score = crf.path_score(given, torch.from_numpy(labels), counts, weights).detach().numpy()
    np.testing.assert_allclose(path_score(emissions, labels, lengths, transitions=chain), score, rtol=1e-12)


def test_a_span_is_as_likely_as_all_sequences_that_have_it() -> None:
    wanted = distribution(EMISSIONS[0], CHAIN)
    for start, end in itertools.combinations(range(T + 1), 2):
        for labels in itertools.product(range(K), repeat=end - start):
            value = np.logaddexp.reduce([v for path, v in wanted.items() if path[start:end] == labels])
            got = span_log_probability(EMISSIONS[0], CHAIN, start=start, labels=np.array(labels))
            assert got == pytest.approx(value, rel=1e-10, abs=1e-12)


def test_many_spans_at_once_are_those_one_by_one() -> None:
    emissions, chain, labels = drawn(40, 7, seed=8), chain_of(7, seed=9), np.random.default_rng(10).integers(7, size=40)
    starts, ends = np.array([0, 0, 5, 39, 17]), np.array([1, 40, 8, 40, 30])
    got = lattice(emissions, chain).span_log_probabilities(labels, starts=starts, ends=ends)
    alone = [
        span_log_probability(emissions, chain, start=s, labels=labels[s:e]) for s, e in zip(starts, ends, strict=True)
    ]
    np.testing.assert_allclose(got, alone, rtol=1e-10)
    whole = sequence_log_probability(emissions[None], labels[None], np.array([40]), chain)
    np.testing.assert_allclose(got[1], whole[0], rtol=1e-10)


def test_a_row_has_the_same_scores_in_any_company_and_padding() -> None:
    emissions, lengths, chain = drawn(6, 20, 9, seed=11), np.array([20, 3, 0, 11, 1, 19]), chain_of(9, seed=12)
    padded = np.where(np.arange(20)[:, None] < lengths[:, None, None], emissions, np.inf)
    together, whole = marginals(padded, lengths, chain), log_partition(padded, lengths, chain)
    for n, length in enumerate(lengths):
        alone = marginals(emissions[n : n + 1, :length], lengths[n : n + 1], chain)
        np.testing.assert_allclose(together[n, :length], alone[0], rtol=1e-10)
        assert not together[n, length:].any()
        alone_whole = log_partition(emissions[n : n + 1, :length], lengths[n : n + 1], chain)
        np.testing.assert_allclose(whole[n], alone_whole[0], rtol=1e-12)


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_impossible_steps_and_emissions_without_measure_leave_all_finite(scale: float) -> None:
    # 1 neither ends nor is followed by anything: a sentence that shouts it has no likelier way than not to take it.
    between = np.array([[0, -1e4], [-1e4, -1e4]], dtype=np.float32)
    chain = Transitions(np.zeros(2, dtype=np.float32), between, np.array([0, -1e4], dtype=np.float32))
    emissions = np.array([[[0, 1], [0, 1], [0, 1]]], dtype=np.float32) * np.float32(scale)
    found = marginals(emissions, np.array([3]), chain)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=2), 1)
    assert np.isfinite(lattice(emissions[0], chain).arrive).all()
    if scale == 1:
        np.testing.assert_allclose(found[0], [[1, 0], [1, 0], [1, 0]], atol=1e-100)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 4, 3), (2, 0, 3)])
def test_nothing_to_judge_is_certain(shape: tuple[int, int, int]) -> None:
    emissions, lengths = np.ones(shape, dtype=np.float32), np.zeros(shape[0], dtype=np.int64)
    assert not log_partition(emissions, lengths, CHAIN).any()
    assert marginals(emissions, lengths, CHAIN).shape == shape
    labels = np.zeros(shape[:2], dtype=np.int64)
    assert not sequence_log_probability(emissions, labels, lengths, CHAIN).any()
