"""What is chosen for a tagger: a small text with spans is not learnt by heart."""

from dataclasses import replace

from elman.models.tagging.sizing import FEW_TOKENS, MOST_EPOCHS, Facts, choose

FACTS = Facts(tokens=60_000, sentences=3000, seconds=300.0, epochs=None, spans=True)


def test_a_small_text_with_spans_is_read_a_few_times_by_a_small_network() -> None:
    small = choose(FACTS, {})
    assert small.most_epochs == MOST_EPOCHS and small.values["hidden"] == 128
    assert small.steps == MOST_EPOCHS * 3000 // 32
    for other in (replace(FACTS, spans=False), replace(FACTS, tokens=FEW_TOKENS)):
        assert choose(other, {}).most_epochs is None and choose(other, {}).values["hidden"] > 128


def test_epochs_that_were_asked_for_are_run() -> None:
    assert choose(replace(FACTS, seconds=None, epochs=50), {}).most_epochs is None
