"""The vectors of words, or of other keys, that come again, against those that are made every time."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from elman.models.engines.vector_memory import AHEAD, FEW, VectorMemory


class Maker:
    """Vectors that tell the word, and how often each was made."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, words: list[str]) -> NDArray[np.float32]:
        self.asked += words
        return np.array([[len(word), hash(word) % 1000] for word in words], dtype=np.float32).reshape(-1, 2)


def test_vectors_are_those_that_are_made_in_any_order_and_company() -> None:
    make, memory = Maker(), VectorMemory[str](2)
    for words in (["a", "cat"], ["cat", "sat", "a", "sat"], [], ["sat"], ["b", "b"]):
        np.testing.assert_array_equal(memory.of(words, make), Maker()(words))


def test_a_word_is_made_once() -> None:
    make, memory = Maker(), VectorMemory[str](2)
    for words in (["a", "cat"], ["cat", "sat"], ["a", "sat", "cat"]):
        memory.of(words, make)
    assert make.asked == ["a", "cat", "sat"]


def test_a_memory_that_is_full_begins_anew_and_stays_within_its_bytes() -> None:
    make, memory = Maker(), VectorMemory[str](2, largest=3 * 2 * 4)
    for words in (["a", "b"], ["b", "c"], ["c", "d", "b"], ["p", "q", "r", "s", "q"], ["q"]):
        np.testing.assert_array_equal(memory.of(words, make), Maker()(words))
    assert make.asked == ["a", "b", "c", "c", "d", "b", "p", "q", "r", "s", "q"]


def test_an_answer_stays_when_the_memory_begins_anew() -> None:
    make, memory = Maker(), VectorMemory[str](2, largest=2 * 2 * 4)
    found = memory.of(["a", "b"], make)
    memory.of(["x", "y"], make)
    np.testing.assert_array_equal(found, Maker()(["a", "b"]))


def test_threads_that_ask_at_once_get_their_own_words() -> None:
    make, memory = Maker(), VectorMemory[str](2, largest=50 * 2 * 4)
    lists = [[f"w{(k * 7 + n) % 90}" for n in range(20)] for k in range(200)]
    with ThreadPoolExecutor(8) as pool:
        for words, found in zip(lists, pool.map(lambda words: memory.of(words, make), lists), strict=True):
            np.testing.assert_array_equal(found, Maker()(words))


def test_expected_words_are_made_beside_a_few_new_ones_and_never_twice() -> None:
    make, memory = Maker(), VectorMemory[str](2)
    memory.expect([f"e{n}" for n in range(AHEAD + 6)])
    np.testing.assert_array_equal(memory.of(["a", "e3"], make), Maker()(["a", "e3"]))
    assert make.asked == ["a", "e3", *(f"e{n}" for n in range(AHEAD + 1) if n != 3)]
    for words in (["e9", "a"], ["b"], ["c", f"e{AHEAD + 5}"]):
        np.testing.assert_array_equal(memory.of(words, make), Maker()(words))
    rest = [f"e{n}" for n in range(AHEAD + 1, AHEAD + 6)]
    assert make.asked[AHEAD + 2 :] == ["b", *rest, "c"]


def test_no_expected_words_are_made_beside_many_new_ones_or_beyond_half_of_the_memory() -> None:
    make, memory = Maker(), VectorMemory[str](2, largest=40 * 2 * 4)
    memory.expect([f"e{n}" for n in range(99)])
    many = [f"m{n}" for n in range(FEW + 1)]
    memory.of(many, make)
    assert make.asked == many
    memory.of(["a"], make)
    assert len(make.asked) == 20
    memory.of(["b"], make)
    assert make.asked[20:] == ["b"]
