"""What is chosen for a tagger: a small text with spans is not learnt by heart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import elman
from elman.models.tagging.sizing import (
    FEW_TOKENS,
    FEWEST_ROWS,
    MOST_EPOCHS,
    MOST_MEMBERS,
    MOST_ROWS,
    ROW,
    SYLLABIC_EPOCHS,
    TURNED,
    Facts,
    choose,
)
from tiny import TAGGER, columns, conllu

ALONE = {"context": False}
"""Nothing beside the networks."""
FACTS = Facts(tokens=60_000, sentences=3000, seconds=300.0, epochs=None, spans=True, precision="bf16")


def test_a_small_text_with_spans_is_read_a_few_times_by_a_small_network() -> None:
    small = choose(FACTS, {})
    assert small.most_epochs == MOST_EPOCHS and small.values["hidden"] == 128
    assert small.steps == MOST_EPOCHS * 3000 // 32
    for other in (replace(FACTS, spans=False), replace(FACTS, tokens=FEW_TOKENS, seconds=900.0)):
        assert choose(other, {}).most_epochs is None and choose(other, {}).values["hidden"] > 128


def test_spans_that_are_few_change_places_where_they_can() -> None:
    shares = [choose(replace(FACTS, alike=alike), {}).values["swap_spans"] for alike in (0.0, 330.0, 500.0)]
    assert shares == [0.0, 0.5, 0.0]


def test_epochs_that_were_asked_for_are_run() -> None:
    assert choose(replace(FACTS, seconds=None, epochs=50), {}).most_epochs is None


def test_what_time_there_is_for_more_goes_to_further_members() -> None:
    treebank = replace(FACTS, tokens=200_000, spans=False)
    found = [choose(replace(treebank, seconds=seconds), {}).values["members"] for seconds in (60.0, 250.0, 900.0)]
    assert found == [1, 1, 3]
    assert choose(replace(treebank, seconds=1e6), {}).values["members"] == MOST_MEMBERS
    assert choose(replace(treebank, seconds=None, epochs=100), {}).values["members"] == 1


def test_members_that_read_spans_may_have_a_little_less_than_the_most() -> None:
    slow = replace(FACTS, precision="fp32")  # reads 7,200 tokens a second
    seconds = [MOST_EPOCHS * share * slow.tokens / 7200 for share in (1.0, 1.4, 1.6, 2.4, 2.6, 9.0)]
    assert [choose(replace(slow, seconds=s), ALONE).values["members"] for s in seconds] == [1, 1, 2, 2, 3, MOST_MEMBERS]


def test_members_make_a_small_folder() -> None:
    """In millions of bytes: two layers of 192 both ways that read 164 numbers have 1.4."""
    treebank = replace(FACTS, tokens=200_000, spans=False, seconds=1e6, read=164)
    found = [
        choose(replace(treebank, words=tables), ALONE).values["members"] for tables in (0, 5_000_000, 8_000_000, 10**8)
    ]
    assert found == [3, 3, 2, 1]


def test_a_second_thread_reads_more() -> None:
    treebank = replace(FACTS, tokens=200_000, spans=False, seconds=225.0, precision="bf16")
    one, two = (choose(replace(treebank, threads=threads), ALONE) for threads in (1, 2))
    assert (one.values["members"], two.values["members"]) == (1, 2) and abs(2 * two.steps - 1.5 * one.steps) <= 2


def test_parts_of_speech_are_learnt_slower_where_a_text_is_read_often() -> None:
    treebank = replace(FACTS, spans=False, seconds=None)
    few, many = (choose(replace(treebank, epochs=epochs), {}).values for epochs in (8, 9))
    assert (few["label_smoothing"], many["label_smoothing"]) == (0.0, 0.1)
    assert choose(replace(treebank, epochs=10), {"crf": True}).values["label_smoothing"] == 0.0
    assert (few["lr"], many["lr"]) == (6e-3, 3e-3) and few["lr"] * few["table_rate"] == many["lr"] * many["table_rate"]
    assert choose(replace(FACTS, seconds=None, epochs=9), {}).values["lr"] == 6e-3
    assert "lr" not in choose(replace(treebank, epochs=8), {"lr": 1.0}).values


def test_a_processor_without_bf16_reads_less() -> None:
    treebank = replace(FACTS, tokens=200_000, spans=False)
    quick, slow = (choose(replace(treebank, precision=precision), {}) for precision in ("bf16", "fp32"))
    assert (quick.values["hidden"], slow.values["hidden"]) == (192, 128) and slow.steps < quick.steps


def test_several_members_read_a_text_the_less_often() -> None:
    whole = replace(FACTS, spans=False)
    one, two = (choose(whole, {**ALONE, "members": members, "hidden": 128}).steps for members in (1, 2))
    assert two == one // 2


def test_epochs_that_were_asked_for_are_those_of_every_member() -> None:
    treebank = replace(FACTS, spans=False, seconds=None, epochs=12)
    one, two = (choose(treebank, {"members": members}) for members in (1, 2))
    assert (two.steps, two.values) == (one.steps, one.values) and "about 12 epochs" in two.reason


def test_words_of_syllables_are_spelt_and_those_of_few_spans() -> None:
    def spelt(facts: Facts, **options: Any) -> bool:
        return bool(choose(replace(facts, **options), {}).values["character_hidden"])

    speech = replace(FACTS, spans=False, letters=4.5, seconds=100.0)  # one member
    assert not spelt(speech) and spelt(speech, syllables=0.8)
    assert spelt(FACTS, letters=4.5) and not spelt(FACTS, letters=4.5, tokens=FEW_TOKENS)
    for one in (replace(FACTS, spans=False), FACTS):  # tokens are characters
        assert not spelt(one, letters=1.2, syllables=0.8)


def test_the_syllables_of_a_treebank_decide(tmp_path: Path) -> None:
    korean = [[("사람이", "NOUN", "O"), ("보았다", "VERB", "O")], [("새가", "NOUN", "O"), ("날았다", "VERB", "O")]]
    english = [[("people", "NOUN", "O"), ("see", "VERB", "O")], [("새", "NOUN", "O"), ("flies", "VERB", "O")]]
    letters = [[(letter, "X", "O") for letter in "사람이보았다"]] * 2
    for rows, wanted in ((korean, True), (english, False), (letters, False)):
        path = conllu(tmp_path / "t.conllu", rows)
        model = elman.Tagger.train(path, dev="none", label_columns=["upos"], epochs=1, **TAGGER)
        assert bool(model.config.embedding.character_hidden) == wanted


def test_long_words_that_are_spelt_leave_less_time() -> None:
    treebank = replace(FACTS, spans=False, tokens=300_000, seconds=300.0, precision="fp32", syllables=0.8)  # 8 epochs
    steps = [choose(replace(treebank, letters=letters), ALONE).steps for letters in (1.0, 3.0, 6.0)]
    assert abs(steps[0] - 1.5 * steps[1]) <= 2 and abs(steps[0] - 2 * steps[2]) <= 2


def test_words_are_spelt_where_a_small_text_has_spans(tmp_path: Path) -> None:
    words = [[("Ada", "PROPN", "B-PER"), ("Lovelace", "PROPN", "I-PER"), ("writes", "VERB", "O")]] * 2
    letters = [[(letter, "X", "B-PER" if letter == "A" else "O") for letter in "Ada writes"]] * 2
    for rows, wanted in ((words, True), (letters, False)):
        path = columns(tmp_path / "t.conll", rows)
        model = elman.Tagger.train(path, dev="none", label_columns=["2"], epochs=1, **TAGGER)
        assert bool(model.config.embedding.character_hidden) == wanted


def test_members_take_turns_by_letters_and_spans() -> None:
    treebank = replace(FACTS, tokens=200_000, spans=False, letters=6.0, seconds=1500.0, precision="fp32")
    for facts, turned in (
        (treebank, True), (replace(treebank, letters=1.0), False),
        (replace(treebank, spans=True), False), (replace(treebank, spans=True, tokens=60_000), True),
    ):  # fmt: skip
        values = choose(facts, {}).values
        assert values["members"] > 1 and (values["character_hidden"] == TURNED) == turned
    alone = choose(replace(treebank, seconds=300.0), {}).values
    assert (alone["members"], alone["character_hidden"]) == (1, 0)
    for facts, given in (
        (treebank, {"members": 1}),
        (treebank, {"character_hidden": 0}),
        (replace(treebank, parts=False), {}),
    ):
        values = choose(facts, given).values
        assert values["hidden"] == 192 and values.get("character_hidden", 0) == 0
    asked = replace(treebank, seconds=None, epochs=3)
    assert [choose(asked, {"members": n}).values["character_hidden"] for n in (1, 2)] == [0, TURNED]


def test_of_words_of_syllables_each_member_reads_both_and_the_characters_of_all_take_time() -> None:
    korean = replace(FACTS, tokens=200_000, spans=False, letters=3.0, syllables=0.9, seconds=2000.0, precision="fp32")
    assert korean.reads_both and not korean.turns
    values = choose(korean, ALONE).values
    assert (values["members"], values["character_hidden"]) == (2, TURNED)
    korean = replace(korean, seconds=300.0)  # 8 epochs for one
    one, two = (choose(korean, {**ALONE, "members": members, "hidden": 128}).steps for members in (1, 2))
    assert abs(one - 2 * two) <= 2
    english = replace(korean, syllables=0.0)
    assert abs(choose(english, {**ALONE, "members": 2, "hidden": 128}).steps - 1.2 * two) <= 2  # 3.0 for 2.5 parts


def test_words_of_syllables_are_not_read_so_often_that_they_are_learnt_by_heart() -> None:
    korean = replace(FACTS, tokens=200_000, spans=False, letters=3.0, syllables=0.9, seconds=1e5)
    chosen = choose(korean, {})
    assert chosen.most_epochs == SYLLABIC_EPOCHS and chosen.values["members"] == 2
    assert chosen.steps == SYLLABIC_EPOCHS * 3000 // 32
    assert choose(replace(korean, seconds=None, epochs=20), {}).most_epochs is None
    assert choose(replace(korean, syllables=0.1), {}).most_epochs is None


def test_labels_take_room_in_a_folder() -> None:
    """A label of two networks of 128 that read both ways has 512 bytes."""
    treebank = replace(FACTS, tokens=200_000, spans=False, letters=6.0, seconds=1500.0, precision="fp32", read=164)
    few, many = (choose(replace(treebank, features=12_000_000, labels=n), {}).values for n in (0, 3000))
    assert (few["members"], many["members"]) == (2, 2)
    assert abs(few["most_contexts"] - many["most_contexts"] - 3000 * 512 // ROW) <= 1


def test_the_characters_of_each_second_member_take_their_time() -> None:
    """Six letters take as long as the word does by a network of 128: three parts of work for two members."""
    treebank = replace(FACTS, tokens=200_000, spans=False, seconds=900.0, precision="fp32")
    plain, turned = (
        choose(replace(treebank, letters=n), {**ALONE, "members": 2, "hidden": 128}).steps for n in (1.0, 6.0)
    )
    assert abs(2 * plain - 3 * turned) <= 3


def test_large_members_take_turns_only_where_there_is_much_time_and_they_make_a_small_folder() -> None:
    treebank = replace(FACTS, tokens=300_000, spans=False, letters=4.0, seconds=4000.0, precision="fp32", read=164)
    small, large = (replace(treebank, words=words, features=4_700_000) for words in (1_000_000, 6_000_000))
    facts = (small, replace(small, seconds=2000.0), large, replace(small, seconds=750.0))
    chosen = [choose(one, ALONE).values for one in facts]
    assert [(one["hidden"], one["members"]) for one in chosen] == [(192, 2), (128, 2), (128, 2), (192, 1)]


def test_contexts_take_a_fifth_of_the_time_of_the_smallest_network() -> None:
    treebank = replace(FACTS, tokens=200_000, spans=False, precision="fp32")
    beside, alone = (choose(treebank, {**given, "hidden": 128, "members": 1}) for given in ({}, ALONE))
    assert abs(1.2 * beside.steps - alone.steps) <= 2
    assert beside.values["context"] and "context" not in alone.values


def test_a_folder_has_room_for_contexts_beside_members_or_there_is_one_member_less() -> None:
    """Two networks of 128 that take turns have 1.6 million bytes of weights here."""
    treebank = replace(FACTS, tokens=200_000, spans=False, letters=6.0, seconds=1500.0, precision="fp32", read=164)
    found = [
        choose(replace(treebank, features=tables), {}).values for tables in (10**6, 10_000_000, 11_000_000, 18_500_000)
    ]
    assert [one["members"] for one in found] == [2, 2, 2, 1]
    rows = [one["most_contexts"] for one in found]
    assert rows[0] == MOST_ROWS > rows[1] > rows[2] >= FEWEST_ROWS and abs(rows[1] - rows[2] - 1_000_000 // ROW) <= 1
    assert choose(replace(treebank, features=10**9), {}).values["most_contexts"] == FEWEST_ROWS
    assert choose(replace(treebank, features=17_500_000), ALONE).values["members"] == 2
