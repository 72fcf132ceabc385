"""Rules of writing against their definitions, row by row."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.decoding.constraints import Constraints, all_but, completing, penalized

ZEROS = np.zeros((2, 5), dtype=np.float32)
NONE = np.zeros((2, 0), dtype=np.int64)


def banned(rules: Constraints, histories: list[list[int]], width: int = 5) -> list[list[int]]:
    rows = np.array(histories, dtype=np.int64)
    scores = np.zeros((len(rows), width), dtype=np.float32)
    applied = rules.applied(scores, rows.shape[1], histories=rows, texts=np.arange(len(rows)))
    assert not scores.any()
    return [np.flatnonzero(row == -np.inf).tolist() for row in applied]


def test_forbidden_symbols_are_out_in_every_row_and_those_beyond_the_columns_do_nothing() -> None:
    assert banned(Constraints(0, (1, 4, 9)), [[2], [3]]) == [[1, 4], [1, 4]]


def test_a_function_tells_what_is_forbidden_of_the_text_and_what_it_has() -> None:
    rules = Constraints(0, lambda text, history: [text, int(history[-1])])
    assert banned(rules, [[2, 3], [3, 4]]) == [[0, 3], [1, 4]]


def test_all_but_the_allowed_symbols_are_forbidden() -> None:
    assert banned(Constraints(0, all_but([0, 3], symbols=5)), [[2], [3]]) == [[1, 2, 4], [1, 2, 4]]
    rules = Constraints(0, all_but(lambda text, history: [text, 3], symbols=5))
    assert banned(rules, [[2], [3]]) == [[1, 2, 4], [0, 2, 4]]


def test_the_end_is_out_before_the_least_length() -> None:
    rules = Constraints(2, minimum=2)
    assert banned(rules, [[1], [1]]) == [[2], [2]]
    assert banned(rules, [[1, 1], [1, 3]]) == [[], []]


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 4), st.lists(st.lists(st.integers(0, 2), min_size=9, max_size=9), max_size=3), st.integers(0, 9))
def test_what_would_repeat_an_n_gram_is_found_by_looking_at_all(size: int, texts: list[list[int]], length: int) -> None:
    histories = np.array(texts, dtype=np.int64).reshape(len(texts), 9)[:, :length]
    found = set(zip(*(part.tolist() for part in completing(histories, size)), strict=True))
    expected = set()
    for row, history in enumerate(histories.tolist()):
        grams = {tuple(history[t : t + size]) for t in range(length - size + 1)}
        for symbol in range(3):
            if length >= size and tuple([*history, symbol][-size:]) in grams:
                expected.add((row, symbol))
    assert found == expected


def test_the_rule_of_n_grams_takes_out_what_completes_one() -> None:
    assert banned(Constraints(0, no_repeat_ngram=2), [[1, 2, 1], [1, 2, 3]]) == [[2], []]


def test_scores_keep_their_precision() -> None:
    for dtype in (np.float32, np.float64):
        scores = np.full((1, 3), 0.1, dtype=dtype)
        left = Constraints(0, (1,)).applied(scores, 0, histories=NONE[:1], texts=np.arange(1))
        assert left.dtype == dtype
        np.testing.assert_array_equal(left[0, [0, 2]], scores[0, [0, 2]])


def test_the_penalty_lowers_written_symbols_whatever_their_sign_and_once() -> None:
    scores = np.array([[2.0, -2.0, 2.0]])
    lowered = penalized(scores, np.array([0, 0, 0]), np.array([0, 1, 1]), penalty=2.0)
    np.testing.assert_array_equal(lowered, [[1.0, -4.0, 2.0]])
    np.testing.assert_array_equal(scores, [[2.0, -2.0, 2.0]])
