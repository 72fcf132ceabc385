"""Ensembles against the explicit mean of their members' distributions."""

import itertools

import numpy as np

from elman.decoding.beam import beam_search
from elman.decoding.config import BeamConfig
from elman.decoding.ensemble import all_chosen, averaged, mean
from languages import END, Languages

MEMBERS = [Languages(seed=seed) for seed in (1, 2, 3)]


def test_the_mean_is_that_of_probabilities_even_of_very_small_ones() -> None:
    logs = [np.array([[0.0, -1000.0, -np.inf, -np.inf]]), np.array([[-1.0, -1001.0, -2.0, -np.inf]])]
    expected = [np.log((1 + np.exp(-1)) / 2), -1000 + np.log((1 + np.exp(-1)) / 2), -2 - np.log(2), -np.inf]
    np.testing.assert_allclose(mean(logs)[0], expected, rtol=1e-12)


def test_the_mean_of_one_is_itself() -> None:
    logs = MEMBERS[0].begin([0, 1])[0]
    assert mean([logs]) is logs


def test_the_best_text_of_an_ensemble_is_the_best_under_the_mean_of_the_distributions() -> None:
    def log(ids: tuple[int, ...]) -> float:
        terms = [
            np.log(np.mean([np.exp(one.logs(0, ids[:t])[symbol]) for one in MEMBERS])) for t, symbol in enumerate(ids)
        ]
        return float(sum(terms))

    begun = [one.begin([0]) for one in MEMBERS]
    found = beam_search(
        (mean([logs for logs, _ in begun]), tuple(state for _, state in begun)),
        step=averaged([one.step for one in MEMBERS]), choose=all_chosen([one.choose for one in MEMBERS]),
        config=BeamConfig(beam=64, n_best=10, maximum_length=3), end=END, longest=[],
    )[0]  # fmt: skip
    texts = [(*ids, END) for length in range(3) for ids in itertools.product(range(1, 4), repeat=length)]
    expected = sorted(texts, key=lambda ids: -log(ids) / len(ids))[:10]
    assert [(*one.ids.tolist(), END) for one in found] == expected
    np.testing.assert_allclose([one.log_probability for one in found], [log(ids) for ids in expected], rtol=1e-5)
