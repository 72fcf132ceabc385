"""The labels that words have alone, against counts by hand and scikit-learn."""

import random

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from elman.models.demos.baseline import FrequentLabels, NaiveBayes

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


TEXTS = [
    (["a", "b", "a"], "x"), (["b", "c"], "y"), (["c"], "y"), (["a", "c", "c", "d"], "z"), (["b"], "x"),
]  # fmt: skip


def test_naive_bayes_is_that_of_scikit_learn() -> None:
    chooser = random.Random(1)
    vectors = CountVectorizer(analyzer=list).fit([words for words, _ in TEXTS])
    wanted = MultinomialNB().fit(vectors.transform([words for words, _ in TEXTS]), [label for _, label in TEXTS])
    texts = [chooser.choices("abcde", k=chooser.randrange(6)) for _ in range(60)]
    found = [NaiveBayes(TEXTS).label(words) for words in texts]
    assert found == wanted.predict(vectors.transform(texts)).tolist()
    assert set(found) == {"x", "y", "z"}


def test_a_text_of_unknown_words_has_the_first_of_the_most_frequent_labels() -> None:
    # x and y twice, z once
    assert NaiveBayes(TEXTS).label(["e"]) == NaiveBayes(TEXTS).label([]) == "x"
