"""Labels by number: their order, their shares, what they weigh, and probabilities against scipy."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import softmax as reference
from sklearn.utils.class_weight import compute_class_weight

from elman.models.classifying.labels import TextLabels

ONE = [("b",), ("a",), ("b",), ("c",), ("b",)]
MANY: list[tuple[str, ...]] = [("b", "a"), (), ("b",), ("a", "c"), ("b",)]
SCORES = np.array([[0.5, -2.0, 3.0], [100.0, 0.0, -100.0]], dtype=np.float32)


def test_labels_are_sorted_and_counted() -> None:
    labels = TextLabels.train(ONE, several=False)
    assert (labels.names, labels.counts, labels.texts) == (("a", "b", "c"), (1, 3, 1), 5)
    assert labels.targets(ONE).tolist() == [1, 0, 1, 2, 1]
    np.testing.assert_allclose(labels.prior(), [0.2, 0.6, 0.2])


def test_several_labels_a_text_are_rows_of_truth() -> None:
    labels = TextLabels.train(MANY, several=True)
    assert labels.targets(MANY).tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0], [1, 0, 1], [0, 1, 0]]
    np.testing.assert_allclose(labels.prior(), [2 / 5, 3 / 5, 1 / 5])


def test_labels_that_come_later_stand_behind() -> None:
    labels = TextLabels.train([("b",), ("d",)], several=False).at(2.0).extended([("c",), ("a",), ("b",)])
    assert (labels.names, labels.counts, labels.texts) == (("b", "d", "a", "c"), (2, 1, 1, 1), 5)
    assert labels.temperature == 1.0


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    labels = TextLabels.train(ONE, several=False)
    given = [label for (label,) in ONE]
    wanted = compute_class_weight("balanced", classes=np.array(labels.names), y=given)
    np.testing.assert_allclose(labels.weights(balanced=True), wanted, rtol=1e-6)
    assert labels.weights(balanced=False).tolist() == [1, 1, 1]


def test_balanced_weights_of_several_labels_are_those_of_each_by_itself() -> None:
    labels = TextLabels.train(MANY, several=True)
    truth = labels.truth(MANY)
    for k in range(3):
        wanted = compute_class_weight("balanced", classes=np.array([0, 1]), y=truth[:, k])
        np.testing.assert_allclose(labels.weights(balanced=True)[:, k], wanted, rtol=1e-6)
    assert labels.weights(balanced=False).tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_probabilities_are_a_softmax_or_sigmoids_of_scores_over_the_temperature(temperature: float) -> None:
    one, many = TextLabels.train(ONE, several=False), TextLabels.train(MANY, several=True)
    scores = SCORES.astype(np.float64) / temperature
    np.testing.assert_allclose(one.at(temperature).probabilities(SCORES), reference(scores, axis=1), atol=1e-12)
    np.testing.assert_allclose(many.at(temperature).probabilities(SCORES), expit(scores), atol=1e-12)


def test_labels_are_their_document_and_back() -> None:
    for several, texts in ((False, ONE), (True, MANY)):
        labels = TextLabels.train(texts, several=several).at(1.5)
        assert TextLabels.from_json(labels.to_json(), several=several, where="labels.json") == labels
