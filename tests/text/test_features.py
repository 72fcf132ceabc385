"""Words as features, against a slow twin that hashes one sequence at a time in whole numbers of Python."""

import dataclasses
import json
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain, cycle, groupby, islice
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import ModelFileError, OptionError
from elman.settings import names
from elman.text.config import WordConfig
from elman.text.features import WordFeatures, WordRows, normal_form
from elman.text.few_words import FEW
from elman.text.hashing import ragged_places, span_places

COUNTS = {"Haus": 3, "haus": 2, "im": 4, "7": 1, "9": 1, "각하": 2, "selten": 1}
ODD = ["", " ", "a", "\ud800", "\ud83d\ude00", "x" * 10_000, "가각" * 30, "\u1100\u1161", "İΣ", "２٣x", "\0", "n" * 41]
WORD = st.one_of(
    st.text(st.characters(), max_size=12),
    st.text(st.sampled_from("가각힣aA1.\u1100\ud800 "), max_size=60),
    st.sampled_from(ODD),
)
CONFIG = st.builds(
    WordConfig,
    feature_minimum=st.just(0),
    most_features=st.just(1 << 24),
    normalize=st.booleans(),
    affixes=st.integers(0, 10),
    char_ngrams=st.sampled_from([0, *range(2, 9)]),
    shape=st.booleans(),
    jamo=st.booleans(),
    hash_bits=st.integers(8, 24),
)
SIXTY_FOUR = (1 << 64) - 1
FEATURES = WordFeatures.train(COUNTS, WordConfig())


def scalar_row(symbols: Sequence[int], kind: int, bits: int) -> int:
    """The definition in the head of the file, symbol by symbol."""
    value = 0
    for symbol in symbols:
        value = (value * 0x9E3779B97F4A7C15 + symbol) & SIXTY_FOUR
    value = (value + kind * 0xD1B54A32D192ED03) & SIXTY_FOUR
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & SIXTY_FOUR
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & SIXTY_FOUR
    return value >> (64 - bits)


def every(**options: Any) -> WordConfig:
    """A config that keeps the features of a single word too."""
    return WordConfig(**{"feature_minimum": 0, "most_features": 1 << 24, **options})


def inner_rows(word: str, kinds: tuple[int, int, int], config: WordConfig) -> list[int]:
    """Prefixes, suffixes and n-grams, by their length."""
    symbols, bits = [ord(character) + 1 for character in word], config.hash_bits
    marked = [0x110001, *symbols, 0x110002]
    rows = []
    for n in range(1, 11):
        if n <= min(config.affixes, len(word)):
            rows += [scalar_row(symbols[:n], kinds[0], bits), scalar_row(symbols[-n:], kinds[1], bits)]
        if 2 <= n <= config.char_ngrams:
            rows += [scalar_row(marked[i : i + n], kinds[2], bits) for i in range(len(marked) - n + 1)]
    return rows


def shape_class(character: str) -> int:
    """What a character is, by its Unicode name and category."""
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    if category in ("Lu", "Lt", "Ll"):
        return 1 if category == "Ll" else 0
    if category[0] == "N":
        return 2
    if category[0] not in "LM":
        return 7
    scripts = (("HANGUL", 3), ("CJK", 4), ("IDEOGRAPHIC", 4), ("KATAKANA", 5))
    return next((kind for script, kind in scripts if script in name), 6)


def slow_features(word: str, config: WordConfig) -> list[int]:
    """All rows of a word."""
    word = word if len(word) <= 40 else word[:20] + word[-20:]
    rows = []
    if config.affixes or config.char_ngrams:
        rows.append(scalar_row([ord(character) + 1 for character in word], 0, config.hash_bits))
    if config.shape:
        rows.append(scalar_row([kind + 1 for kind, _ in groupby(map(shape_class, word))], 1, config.hash_bits))
    rows += inner_rows(word, (2, 3, 4), config)
    if config.jamo and any("\u1100" <= c <= "\u11ff" or "가" <= c <= "힣" for c in word):
        parts = (unicodedata.normalize("NFD", c) if "가" <= c <= "힣" else c for c in word)
        rows += inner_rows("".join(parts), (5, 6, 7), config)
    return rows


def features_of(word: str, **options: Any) -> list[int]:
    """The rows of one word."""
    features: list[int] = WordFeatures.train({}, every(**options)).rows([word]).features.tolist()
    return features


def equal(one: WordRows, other: WordRows) -> bool:
    """The same arrays?"""
    pairs = zip(dataclasses.astuple(one), dataclasses.astuple(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@settings(max_examples=40, deadline=None)  # the twin is slow
@given(
    st.lists(st.text(st.sampled_from("abzABZ019.,-가각힣\u1100\u1161漢々アーé\u0301 \ud800\0"), max_size=44)), CONFIG
)
def test_rows_are_those_of_the_definition(words: list[str], config: WordConfig) -> None:
    features = WordFeatures.train({}, config)
    for some in (words[:FEW], words + ODD * FEW):  # both ways of finding them
        rows = features.rows(some)
        expected = [slow_features(word, config) for word in some]
        assert rows.features.tolist() == list(chain.from_iterable(expected))
        assert np.diff(rows.feature_starts).tolist() == [len(row) for row in expected]


@settings(deadline=None)
@given(st.lists(WORD, max_size=6), WORD, st.lists(WORD, max_size=6))
def test_a_word_has_the_same_rows_in_any_company(before: list[str], word: str, behind: list[str]) -> None:
    together = FEATURES.rows([*before, word, *behind])
    assert equal(together.select(np.array([len(before)])), FEATURES.rows([word]))


@settings(deadline=None)
@given(st.lists(WORD, min_size=1, max_size=6), st.data())
def test_selecting_rows_is_selecting_words(words: list[str], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(words) - 1), max_size=9))
    selected = FEATURES.rows(words).select(np.array(places, dtype=np.int64))
    assert equal(selected, FEATURES.rows([words[place] for place in places]))


def test_no_words_have_no_rows() -> None:
    rows = FEATURES.rows([])
    assert [array.tolist() for array in dataclasses.astuple(rows)] == [[], [], [0], [], [0]]


def test_words_are_known_by_their_normal_form() -> None:
    # haus 5, im 4, 0 (7 and 9) and 각하 2 each; selten once
    assert FEATURES.vocabulary == ["haus", "im", "0", "각하"]
    assert FEATURES.counts.tolist() == [1, 5, 4, 2, 2]
    assert FEATURES.rows(["HAUS", "3", "selten", "", "im"]).words.tolist() == [1, 3, 0, 0, 2]
    assert FEATURES.size == 5


def test_words_are_known_as_they_stand_where_they_are_not_normalized() -> None:
    features = WordFeatures.train(COUNTS, WordConfig(normalize=False, minimum_count=3))
    assert features.vocabulary == ["im", "Haus"]
    assert features.counts.tolist() == [7, 4, 3]
    assert features.rows(["haus", "Haus"]).words.tolist() == [0, 2]


def test_characters_seen_once_are_unknown() -> None:
    features = WordFeatures.train({"ab": 2, "bc": 1, "\ud800": 9, "": 3}, WordConfig())
    assert (features.alphabet, features.characters) == (["b", "a"], 3)
    rows = features.rows(["abc", "", "\ud800b"])
    assert rows.characters.tolist() == [2, 1, 0, 0, 1]
    assert rows.character_starts.tolist() == [0, 3, 3, 5]


def test_halves_of_surrogate_pairs_are_never_known() -> None:
    features = WordFeatures.train({"\ud800": 9, "a": 9}, WordConfig())
    assert (features.vocabulary, features.counts.tolist()) == (["a"], [9, 9])


def test_a_long_word_is_its_first_and_last_characters() -> None:
    long = "a" * 20 + "z" * 10_000 + "b" * 20
    short = "a" * 20 + "b" * 20
    rows = FEATURES.rows([long, short])
    assert equal(rows.select(np.array([0])), rows.select(np.array([1])))


def test_a_long_word_is_looked_up_as_a_whole() -> None:
    features = WordFeatures.train({"a" * 50: 2}, WordConfig())
    assert features.rows(["a" * 50, "a" * 51]).words.tolist() == [1, 0]


def test_syllables_that_differ_in_a_tail_share_rows_by_their_jamo() -> None:
    assert set(features_of("가")) & set(features_of("각"))
    only = {"affixes": 5, "char_ngrams": 0, "shape": False, "hash_bits": 24}
    assert not set(features_of("가", **only, jamo=False)) & set(features_of("각", **only, jamo=False))


def test_a_decomposed_word_has_the_jamo_rows_of_the_composed() -> None:
    one, other = features_of("한글"), features_of(unicodedata.normalize("NFD", "한글"))
    jamo = inner_rows(unicodedata.normalize("NFD", "한글"), (5, 6, 7), WordConfig())
    assert one[-len(jamo) :] == other[-len(jamo) :] == jamo


@pytest.mark.parametrize(
    ("word", "same"),
    [("Haus", "Im"), ("COVID-19", "AB--2021"), ("x1y", "abc22z"), ("漢字", "々"), ("カタ", "ひら"), ("글", "ㄱ")],
)
def test_words_of_one_shape_share_its_row(word: str, same: str) -> None:
    only = {"affixes": 0, "char_ngrams": 0, "jamo": False}
    assert features_of(word, **only) == features_of(same, **only)


def test_shapes_tell_case_digits_scripts_and_signs_apart() -> None:
    only = {"affixes": 0, "char_ngrams": 0, "jamo": False, "hash_bits": 24}
    shapes = ["", "A", "a", "1", "글", "漢", "カ", "д", "ا", ".", "Aa", "aA", "aAa"]
    rows = [features_of(word, **only)[0] for word in shapes]
    assert len(set(rows)) == len(shapes) - 1  # д is lower case, as a is
    assert rows[shapes.index("д")] == rows[shapes.index("a")]


def test_rows_are_spread_over_the_whole_table() -> None:
    rows = WordFeatures.train({}, every(hash_bits=8)).rows([f"{n:03}" for n in range(1000)]).features
    met = np.bincount(rows, minlength=256)
    assert met.min() > 0
    assert met.max() < len(rows) / 16


@pytest.mark.parametrize(
    ("field", "value"),
    [("affixes", 2), ("char_ngrams", 3), ("shape", False), ("jamo", False), ("hash_bits", 9)],
)
def test_every_field_of_rows_changes_them(field: str, value: Any) -> None:
    assert features_of("한글을", **{field: value}) != features_of("한글을")


@pytest.mark.parametrize(
    "values",
    [
        {"minimum_count": 0}, {"affixes": -1}, {"affixes": 11}, {"char_ngrams": 1}, {"char_ngrams": 9},
        {"hash_bits": 7}, {"hash_bits": 25}, {"normalize": 1}, {"shape": "yes"},
    ],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="--" + next(iter(values)).replace("_", "-")):
        WordConfig(**values)


def test_normal_forms_are_lower_case_with_zeros() -> None:
    assert [normal_form(word) for word in ("COVID-19", "ΟΔΟΣ", "٣x²", "")] == ["covid-00", "οδος", "0x²", ""]


def test_spans_of_any_size_are_walked_through() -> None:
    sizes = np.array([0, 2, 0, 3])
    assert span_places(np.array([4, 7, 1, 0]), sizes).tolist() == [7, 8, 0, 1, 2]
    places, starts = ragged_places(np.array([0, 2, 2, 5]), np.array([2, 0, 1, 2]))
    assert (places.tolist(), starts.tolist()) == ([2, 3, 4, 0, 1, 2, 3, 4], [0, 3, 5, 5, 8])


def test_features_come_back_from_json() -> None:
    words = [*COUNTS, *ODD]
    for config in (WordConfig(), WordConfig(normalize=False, affixes=1, hash_bits=20)):
        features = WordFeatures.train(COUNTS, config)
        again = WordFeatures.from_json(json.loads(json.dumps(features.to_json())), where="words.json")
        assert (again.config, again.counts.tolist()) == (config, features.counts.tolist())
        assert equal(again.rows(words), features.rows(words))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"words": None}, "symbols are not a list"),
        ({"words": ["a", "a"]}, "the symbol 'a' stands twice"),
        ({"words": ["\ud800"]}, "symbol 0 is half of a surrogate pair"),
        ({"characters": ["ab"]}, "symbol 0 is not one character"),
        ({"characters": ["\udfff"]}, "symbol 0 is half of a surrogate pair"),
        ({"counts": [1]}, "counts are not a list of 5, one more than words"),
        ({"counts": {}}, "counts are not a list of 5, one more than words"),
        ({"counts": [1, 5, 4, 2, True]}, "count 4 is not how often a word was seen"),
        ({"counts": [1, 5, 4, 2, -1]}, "count 4 is not how often a word was seen"),
        ({"counts": [1, 5, 4, 2, 1 << 70]}, "count 4 is not how often a word was seen"),
        ({"counts": [1, 5, 4, 2, 2.0]}, "count 4 is not how often a word was seen"),
        ({"more": 1}, "keys 'more' are missing or unknown"),
        ({"config": []}, "features of words are not written as keys and values"),
        ({"config": {}}, "keys " + ", ".join(map(repr, sorted(names(WordConfig)))) + " are missing or unknown"),
        (
            {"config": {**dataclasses.asdict(WordConfig()), "hash_bits": 40}},
            "--hash-bits: 40 is out of range; give a number from 8 to 24",
        ),
    ],
)
def test_a_wrong_document_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        WordFeatures.from_json({**FEATURES.to_json(), **change}, where="words.json")
    assert str(caught.value) == f"words.json: {message}"


@pytest.mark.parametrize("document", [None, [], "words", {}])
def test_what_is_no_document_is_refused(document: Any) -> None:
    with pytest.raises(ModelFileError, match=r"words\.json"):
        WordFeatures.from_json(document, where="words.json")


def test_features_of_too_few_words_are_left_out() -> None:
    words = ["walking", "talking", "Talk", "x"]
    plain = WordFeatures.train(dict.fromkeys(words, 1), every())
    found = WordFeatures.train(dict.fromkeys(words, 1), WordConfig(feature_minimum=2))
    owners: dict[int, set[str]] = {}
    for word in words:
        for row in plain.rows([word]).features.tolist():
            owners.setdefault(row, set()).add(word)
    common = sorted(row for row, some in owners.items() if len(some) >= 2)
    assert found.features == len(common) > 10
    for word in [*words, "balking"]:  # those that are left are numbered in the order of their hashes
        wanted = [common.index(row) for row in plain.rows([word]).features.tolist() if row in common]
        assert found.rows([word]).features.tolist() == wanted
    assert WordFeatures.from_json(found.to_json(), where="").rows(["balking"]).features.tolist() == wanted


def test_a_table_has_a_row_where_no_feature_is_common() -> None:
    found = WordFeatures.train({"a": 1, "b": 1}, WordConfig(shape=False))
    assert found.features == 1 and not found.rows(["a", "b", "c"]).features.size


@pytest.mark.parametrize("most", [1, 5, 20, 40, 1000])
def test_of_many_features_those_of_the_most_words_are_kept(most: int) -> None:
    words = [f"{a}{b}{'c' * n}" for a in "pqr" for b in "xyz" for n in range(4)]
    plain, found = (WordFeatures.train(dict.fromkeys(words, 1), WordConfig(feature_minimum=1, most_features=some))
                    for some in (1 << 24, most))  # fmt: skip
    often = Counter(row for word in words for row in set(plain.rows([word]).features.tolist()))
    counts = sorted(often.values())
    least = next(n for n in range(1, len(words) + 2) if sum(count >= n for count in counts) <= most)
    kept = [plain.kept.nonzero()[0][row] for row, count in often.items() if count >= least]
    assert found.kept.nonzero()[0].tolist() == sorted(kept) and len(kept) <= most


@pytest.mark.parametrize("bits", ["", "!", "AAAA", 3])
def test_kept_features_that_are_none_are_refused(bits: Any) -> None:
    document = {**WordFeatures.train(COUNTS, WordConfig()).to_json(), "features": bits}
    with pytest.raises(ModelFileError, match="features are not 1048576 bits"):
        WordFeatures.from_json(document, where="words.json")


@pytest.mark.parametrize("count", [1, FEW, FEW + 1])
def test_words_that_are_not_spelt_have_the_same_features_and_no_characters(count: int) -> None:
    known = WordFeatures.train(COUNTS, WordConfig(minimum_count=1))
    words = [f"{word}{n}" for n, word in enumerate(islice(cycle(COUNTS), count))]
    whole, short = known.rows(words), known.rows(words, spelt=False)
    assert equal(
        dataclasses.replace(whole, characters=short.characters, character_starts=short.character_starts), short
    )
    assert len(whole.characters) and not len(short.characters) and short.character_starts.tolist() == [0] * (count + 1)


def test_the_commonest_words_are_expected_as_they_stand_and_as_they_begin_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = WordFeatures.train({"the": 9, "Ada": 5, "집": 4, "cat": 3}, WordConfig(minimum_count=1, normalize=False))
    assert list(known.likely()) == ["the", "The", "Ada", "집", "cat", "Cat"]
    monkeypatch.setattr("elman.text.features.COMMON", 2)
    assert list(known.likely()) == ["the", "The", "Ada"]
