"""Texts as symbols: each behind its begin mark, padded on the right, joined in order."""

import numpy as np

from elman.data.symbol_texts import SymbolTexts
from elman.text.vocabulary import START

TEXTS = [np.array([5, 6, 7]), np.array([], dtype=np.int32), np.array([9])]


def test_a_text_stands_behind_its_begin_mark() -> None:
    found = SymbolTexts.of(TEXTS)
    assert found.ids.tolist() == [START, 5, 6, 7, START, START, 9] and found.starts.tolist() == [0, 4, 5, 7]
    assert SymbolTexts.of([]).starts.tolist() == [0]


def test_a_batch_has_the_texts_in_order_and_padding_behind() -> None:
    batch = SymbolTexts.of(TEXTS).batch(np.array([2, 0]))
    assert batch.lengths.tolist() == [2, 4]
    assert batch.ids.tolist() == [[START, 9, 0, 0], [START, 5, 6, 7]]


def test_rows_come_in_round_numbers_of_which_the_last_are_empty() -> None:
    batch = SymbolTexts.of(TEXTS * 6).batch(np.arange(17))
    assert batch.lengths.tolist() == [4, 1, 2] * 5 + [4, 1, 0] and batch.ids.shape == (18, 4)
    assert not batch.ids[-1].any()


def test_joined_is_one_behind_the_other() -> None:
    joined, whole = SymbolTexts.joined([SymbolTexts.of(TEXTS[:2]), SymbolTexts.of(TEXTS[2:])]), SymbolTexts.of(TEXTS)
    assert joined.ids.tolist() == whole.ids.tolist() and joined.starts.tolist() == whole.starts.tolist()
