"""What is chosen for a classifier: by its labels, its words and its time; never over what was given."""

from dataclasses import replace

import pytest

from elman.models.classifying.sizing import FEW_LABELS, FEW_TOKENS, Facts, choose

FACTS = Facts(texts=1000, tokens=20_000, labels=2, seconds=None, epochs=3)


def test_few_labels_have_a_number_for_each_and_many_a_vector() -> None:
    for labels, width in ((2, 0), (FEW_LABELS, 0), (FEW_LABELS + 1, FEW_LABELS), (5000, FEW_LABELS)):
        assert choose(Facts(1000, 20_000, labels, None, 3), {}).values["bag_width"] == width


def test_much_text_gets_a_larger_network() -> None:
    small, large = (choose(Facts(1000, tokens, 2, None, 3), {}).values for tokens in (FEW_TOKENS - 1, FEW_TOKENS))
    assert all(small[name] < large[name] for name in ("hidden", "word_width", "feature_width"))


@pytest.mark.parametrize("name", ["hidden", "word_width", "feature_width", "bag_width", "batch_size", "layers"])
def test_what_was_given_stays_and_is_not_told_as_chosen(name: str) -> None:
    choice = choose(FACTS, {name: 7})
    assert name not in choice.values and f"{name} " not in choice.reason


def test_rates_fall_by_depth_where_layers_have_learnt_something_before() -> None:
    assert not {"layer_decay", "thaw"} & set(choose(FACTS, {}).values)
    assert choose(replace(FACTS, transferred=True), {"thaw": 0.0}).values["layer_decay"] == 2.6


def test_steps_are_those_of_the_epochs_or_of_the_time() -> None:
    assert choose(FACTS, {"batch_size": 10}).steps == 300
    timed = choose(Facts(1000, 20_000, 2, 10.0, None), {"batch_size": 10})
    assert timed.steps == 1000 and "about 10 epochs" in timed.reason
    assert choose(Facts(1, 1, 2, None, 1), {}).steps == 1


def test_epochs_that_were_asked_for_are_those_of_every_stack() -> None:
    for given in ({"members": 3}, {"spelling": True}):
        choice = choose(replace(FACTS, epochs=12), given)
        assert choice.steps == 12 * 1000 // 32 and "about 12 epochs" in choice.reason


def test_a_text_that_would_be_read_often_gets_several_stacks() -> None:
    def members(seconds: float, **given: int) -> int | None:
        facts = Facts(1000, 20_000, 2, seconds, None)
        found: int | None = choose(facts, given).values.get("members")
        return found

    assert [members(seconds) for seconds in (5, 15, 16, 300)] == [1, 1, 2, 3]
    assert members(300, members=2) is None
    assert [members(seconds, spelling=True) for seconds in (16, 47, 48)] == [1, 1, 2], "which costs three times as much"
    assert choose(replace(FACTS, epochs=100), {}).values["members"] == 1
    assert choose(replace(FACTS, epochs=None, seconds=300.0, transferred=True), {}).values["members"] == 1


def test_a_run_with_time_for_more_ends_when_its_labels_were_met_often() -> None:
    def most(texts: int, labels: int, seconds: float | None = 300.0) -> int | None:
        return choose(Facts(texts, 10 * texts, labels, seconds, None if seconds else 3), {}).most_epochs

    assert most(6000, 2) == 10  # 30,000 / 3,000
    assert most(20_000, 7) == 10 and most(50_000, 7) == most(200_000, 2) == 8  # 30,000 / 2,857, and the fewest
    assert most(10_000, 77) == 231
    assert most(6920, 2, None) is None
    choice = choose(Facts(6000, 60_000, 2, 300.0, None), {"members": 1})
    assert choice.steps == 10 * 6000 // 32 and "about 10 epochs" in choice.reason


def test_texts_of_syllables_are_read_by_characters_too() -> None:
    assert [choose(replace(FACTS, syllables=s), {}).values["spelling"] for s in (0.0, 0.5, 0.6, 1.0)] == [
        False, False, True, True,
    ]  # fmt: skip
    assert not choose(replace(FACTS, syllables=1.0, transferred=True), {}).values["spelling"]
    timed = replace(FACTS, syllables=1.0, epochs=None)
    found = [choose(replace(timed, seconds=seconds), {}).values["spelling"] for seconds in (17.0, 18.0)]
    assert found == [False, True], "20,000 words, six times, at a third of 20,000 a second"
    assert "spelling" not in choose(replace(FACTS, syllables=1.0), {"spelling": False}).values


def test_labels_are_smoothed_where_a_text_has_one_of_several() -> None:
    assert choose(FACTS, {}).values["label_smoothing"] == 0
    assert choose(replace(FACTS, labels=3), {}).values["label_smoothing"] > 0
    assert choose(replace(FACTS, labels=3, several=True), {}).values["label_smoothing"] == 0
    assert "label_smoothing" not in choose(replace(FACTS, labels=3), {"label_smoothing": 0.0}).values
