"""Accuracy and confusions against a hand count."""

from elman.metrics.accuracy import AccuracyTally


def test_figures_of_a_hand_count_over_uneven_sentences() -> None:
    tally = AccuracyTally()
    tally.add(["N", "V", "N"], ["N", "N", "V"], unseen=[False, False, True])
    tally.add(["V"], ["N"], unseen=[True])
    tally.add(["N"], ["N"], unseen=[True])
    assert tally.metrics() == {"accuracy": 2 / 5, "accuracy_unseen": 1 / 3}
    assert tally.confusions(10) == [("V", "N", 2), ("N", "V", 1)]
    assert tally.confusions(1) == [("V", "N", 2)]


def test_confusions_of_one_count_stand_in_the_order_of_their_labels() -> None:
    tally = AccuracyTally()
    tally.add(["b", "a", "a"], ["a", "c", "b"], unseen=[False] * 3)
    assert tally.confusions(3) == [("a", "b", 1), ("a", "c", 1), ("b", "a", 1)]


def test_without_tokens_there_is_no_accuracy() -> None:
    tally = AccuracyTally()
    assert tally.metrics() == {"accuracy": None, "accuracy_unseen": None}
    tally.add(["N"], ["N"], unseen=[False])
    assert tally.metrics() == {"accuracy": 1.0, "accuracy_unseen": None}
