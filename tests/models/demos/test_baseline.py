"""The labels that words have alone, against counts by hand."""

from elman.models.demos.baseline import FrequentLabels

SENTENCES = [
    (("a", "b", "Cat", "a"), ("x", "y", "z", "x")),
    (("a", "b", "Dog", "e1"), ("y", "w", "z", "u")),
    (("Fox", "f1", "g2", "Fox"), ("t", "v", "u", "t")),
]


def test_a_word_gets_its_most_frequent_label() -> None:
    # a: x twice, y once; b: w and y once each, and w is first in the alphabet
    assert FrequentLabels(SENTENCES).labels(["a", "b", "Fox", "f1"]) == ["x", "w", "t", "v"]


def test_a_new_word_gets_the_most_frequent_label_of_its_shape() -> None:
    # a: x twice, y twice, w; Aa: Cat z, Dog z, Fox t twice, and t is first in the alphabet; a0: e1 u, f1 v, g2 u
    labels = FrequentLabels(SENTENCES)
    assert labels.labels(["c", "Hen", "h3"]) == ["x", "t", "u"]
    assert [labels.knows(word) for word in ("Cat", "Hen")] == [True, False]


def test_a_new_shape_gets_the_most_frequent_label_of_all() -> None:
    # t, u, x, y and z twice each
    assert FrequentLabels(SENTENCES).labels(["==", "b2c"]) == ["t", "t"]
