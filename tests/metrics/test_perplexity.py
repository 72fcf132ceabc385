"""Figures of a language model against a hand count."""

import math

from elman.metrics.perplexity import LanguageModelTally


def test_figures_of_a_hand_count() -> None:
    # Four symbols of probability 1/2, 1/4, 1/8, 1/8 make 9 bits; two words, six characters, one symbol unknown.
    nats = math.log(2 * 4 * 8 * 8)
    metrics = LanguageModelTally(nats, tokens=4, words=2, characters=6, unknown=1).metrics()
    assert None not in metrics.values()
    assert math.isclose(metrics["loss"], nats / 4)
    assert math.isclose(metrics["perplexity"], 512 ** (1 / 4))
    assert math.isclose(metrics["word_perplexity"], math.sqrt(512))
    assert math.isclose(metrics["bits_per_character"], 9 / 6)
    assert metrics["unknown_rate"] == 0.25


def test_sums_are_right_over_uneven_parts() -> None:
    parts = LanguageModelTally(1.0, 1, 1, 2, 0) + LanguageModelTally(9.0, 4, 2, 8, 1)
    assert parts == LanguageModelTally(10.0, 5, 3, 10, 1)


def test_a_hopeless_model_has_no_perplexity_and_no_text_has_no_score() -> None:
    hopeless = LanguageModelTally(1e6, 1, 1, 1, 0).metrics()
    assert (hopeless["loss"], hopeless["perplexity"]) == (1e6, None)
    assert set(LanguageModelTally().metrics().values()) == {None}
