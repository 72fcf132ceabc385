"""ROUGE against Google's rouge-score, and counts by hand."""

import string
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from elman.metrics.summary import ROUGES, rouge

SCORER = RougeScorer(list(ROUGES), use_stemmer=False)
TEXTS = st.one_of(
    st.lists(st.sampled_from(["The", "the", "cat", "cat's", "42", "a_b", "--", "sat"]), max_size=9).map(" ".join),
    st.text(string.printable, max_size=30),
)


def theirs(prediction: str, references: Sequence[str]) -> dict[str, float]:
    """For each figure the best reference, as rouge-score has it."""
    return {name: score.fmeasure for name, score in SCORER.score_multi(list(references), prediction).items()}


@given(prediction=TEXTS, references=st.lists(TEXTS, min_size=1, max_size=3))
def test_on_ascii_the_figures_are_those_of_rouge_score(prediction: str, references: list[str]) -> None:
    assert rouge(prediction, references) == pytest.approx(theirs(prediction, references), abs=1e-12)


def test_a_count_by_hand() -> None:
    # 4 of 5 and 6 words are shared, "the" twice; of pairs "the cat" alone (4 and 5 pairs); in order: the cat the
    figures = rouge("The cat: on the MAT", ["the cat sat by the mat..."])
    assert figures == pytest.approx({"rouge1": 8 / 11, "rouge2": 4 / 9, "rougeL": 8 / 11})
    figures = rouge("the mat the cat on", ["the cat sat by the mat"])
    assert figures == pytest.approx({"rouge1": 8 / 11, "rouge2": 4 / 9, "rougeL": 4 / 11})


def test_every_figure_has_its_own_best_reference() -> None:
    # first: all words, but no pair in order; second: one pair of three words each
    figures = rouge("a b c", ["c b a", "a b x"])
    assert figures == pytest.approx({"rouge1": 1.0, "rouge2": 0.5, "rougeL": 2 / 3})


def test_letters_of_any_script_are_words() -> None:
    assert rouge("고양이가 잔다.", ["고양이가, 본다"])["rouge1"] == 0.5
    assert rouge("ÉTÉ — там", ["été ТАМ!"]) == {"rouge1": 1.0, "rouge2": 1.0, "rougeL": 1.0}


@pytest.mark.parametrize(("prediction", "reference"), [("", "a b"), ("a b", ""), ("", ""), ("...", "a")])
def test_without_words_nothing_is_shared(prediction: str, reference: str) -> None:
    assert rouge(prediction, [reference]) == dict.fromkeys(ROUGES, 0.0)


def test_one_word_has_no_pair() -> None:
    assert rouge("cat", ["cat"]) == {"rouge1": 1.0, "rouge2": 0.0, "rougeL": 1.0}
