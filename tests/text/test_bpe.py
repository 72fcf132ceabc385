"""Byte-pair encodings: merges against the textbook's loop, long units, faults in a document."""

import itertools
from collections import Counter
from typing import Any

import pytest

from elman.errors import ModelFileError
from elman.text import bpe
from elman.text.bpe import BYTES, BPETokenizer

TEXT = "low low low low low lower lower newest newest newest newest newest newest widest widest widest"


def textbook_merges(words: list[str], count: int) -> list[tuple[str, str]]:
    """The pairs joined by byte-pair encoding (Sennrich, Haddow & Birch 2016, algorithm 1); no two counts are equal."""
    table = Counter(tuple(word) for word in words)
    merges = []
    for _ in range(count):
        pairs: Counter[tuple[str, str]] = Counter()
        for word, times in table.items():
            for pair in itertools.pairwise(word):
                pairs[pair] += times
        (best, first), second = pairs.most_common(1)[0], pairs.most_common(2)[1][1]
        assert first > second, "the text must not leave a choice"
        merges.append(best)
        table = Counter({_joined(word, best): times for word, times in table.items()})
    return merges


def _joined(word: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    for symbol in word:
        if found and (found[-1], symbol) == pair:
            found[-1] += symbol
        else:
            found.append(symbol)
    return tuple(found)


def test_merges_are_those_of_the_textbook() -> None:
    words = ["xab"] * 9 + ["abc"] * 5 + ["cd"] * 4 + ["dc"] * 2
    tokenizer = BPETokenizer.train(["\n".join(words)], size=259 + 4, minimum=1)
    assert tokenizer.to_json()["merges"] == [list(pair) for pair in textbook_merges(words, 4)]


def test_symbols_stand_by_falling_count_in_the_text() -> None:
    tokenizer = BPETokenizer.train([TEXT], size=300, minimum=2)
    found = Counter(tokenizer.encode(TEXT).tolist())
    counts = [found[symbol] for symbol in range(3, tokenizer.size)]
    assert counts == sorted(counts, reverse=True)
    assert tokenizer.symbols[3] == " newest"  # six of them, but the first of a text has no blank before it


def test_pairs_that_are_seen_too_seldom_are_not_joined() -> None:
    seldom = BPETokenizer.train([TEXT], size=300, minimum=2).symbols
    often = BPETokenizer.train([TEXT], size=300, minimum=4).symbols
    assert " newest" in seldom and " newest" in often  # six times
    assert " widest" in seldom and " widest" not in often  # three times


def test_the_vocabulary_has_the_size_that_was_asked_for() -> None:
    text = " ".join(f"{a}{b}{a}{b}" for a in "abcdefgh" for b in "ijklmnop") * 3
    assert BPETokenizer.train([text], size=290, minimum=2).size == 290
    assert BPETokenizer.train([text], size=259, minimum=2).size == 259


def test_special_symbols_in_a_text_are_text() -> None:
    tokenizer = BPETokenizer.train([TEXT], size=270, minimum=2)
    assert tokenizer.decode(tokenizer.encode("<unk></s><s>")) == "<unk></s><s>"
    assert min(tokenizer.encode("<unk></s><s>")) >= 3
    assert tokenizer.decode([1, *tokenizer.encode("low"), 2]) == "low\n"


def test_a_line_end_is_a_symbol_of_its_own() -> None:
    tokenizer = BPETokenizer.train(["a\n\n\n\nb\n\n  c\n\n" * 20], size=280, minimum=2)
    end = tokenizer.encode("\n").tolist()
    assert len(end) == 1
    assert tokenizer.encode("\n\n\n").tolist() == 3 * end
    assert tokenizer.encode("a\n\n  c").tolist() == [
        *tokenizer.encode("a").tolist(), *end, *end, *tokenizer.encode("  c").tolist(),
    ]  # fmt: skip


def test_the_last_unit_is_not_settled_until_the_next_begins() -> None:
    tokenizer = BPETokenizer.train([TEXT], size=270, minimum=2)
    settled = {"low": 0, "low ": 3, "low lo": 3, "low  ": 3, "low\n": 4, "low \n": 5, "a b\tc": 4, "\n x": 1}
    settled |= {"low.": 3, "我喜欢，": 3, "我喜欢，你": 4, "4a": 1, "I'l": 1, "I'm l": 3, "  x": 1}
    assert {text: tokenizer.settled(text) for text in settled} == settled


def test_a_text_without_blanks_is_not_held_back_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "LONGEST_UNIT", 10)
    tokenizer = BPETokenizer.train([TEXT], size=270, minimum=2)
    assert [tokenizer.settled("我" * count) for count in (10, 11, 12, 25, 100)] == [0, 0, 10, 20, 90]
    assert tokenizer.settled("a " + "x" * 50) == 41  # the blank belongs to the unit, of 51 characters


def test_units_are_those_of_gpt2_where_blanks_are_plain() -> None:
    from tokenizers.pre_tokenizers import ByteLevel

    divide = ByteLevel(add_prefix_space=False)
    text = "I'll say: don't   (we've)  42nd  한국어는 _x_ 3.14!?\t\tTab e\u0301 it's he'd I'm they're  "
    found = [text[begin:end] for _, (begin, end) in divide.pre_tokenize_str(text)]
    assert bpe._units(text, 100) == found


def test_an_unbroken_text_is_cut_at_the_same_places_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "LONGEST_UNIT", 7)
    tokenizer = BPETokenizer.train([TEXT], size=300, minimum=2)
    unbroken = "newestlowestwidest" * 2
    alone = tokenizer.encode(" " + unbroken).tolist()
    assert tokenizer.encode(f"low {unbroken} low").tolist() == [
        *tokenizer.encode("low").tolist(), *alone, *tokenizer.encode(" low").tolist(),
    ]  # fmt: skip
    assert tokenizer.decode(alone) == " " + unbroken


def test_what_is_remembered_of_units_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = BPETokenizer.train([TEXT], size=300, minimum=2)
    texts = [f"low {n} widest {n % 7}" for n in range(100)]
    first = [tokenizer.encode(text).tolist() for text in texts]
    monkeypatch.setattr(bpe, "CACHED", 20)
    assert [tokenizer.encode(text).tolist() for text in texts] == first
    assert sum(map(len, tokenizer._cache)) < 60


def test_only_so_many_characters_are_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bpe, "PIECE", 10)
    monkeypatch.setattr(bpe, "SAMPLE", 80)
    kept = bpe._sample(f"{n:09d}." for n in range(1000))
    assert len(kept) <= 8
    numbers = [int(piece[:9]) for piece in kept]
    strides = {b - a for a, b in itertools.pairwise(numbers)}
    assert len(strides) == 1 and numbers[0] == 0 and numbers[-1] >= 800, "taken evenly from all of the text"


def test_a_long_text_without_blanks_is_never_encoded_in_one_go() -> None:
    units = bpe._units("a b" + "x" * 200_000 + " c", bpe.LONGEST_UNIT)
    assert [len(unit) for unit in units] == [1, 65536, 65536, 65536, 200_002 - 3 * 65536, 2]
    assert "".join(units) == "a b" + "x" * 200_000 + " c"


ALL = list(BYTES)
WRONG: list[tuple[Any, Any, str]] = [
    (ALL[1:], [], "has no symbol"),
    ([*ALL, "a b"], [], "symbol 256 is not made of bytes"),
    ([*ALL, ""], [], "symbol 256 is not made of bytes"),
    ([*ALL, "ab"], [], "no merge gives the symbol 'ab'"),
    (ALL, [["a", "b"]], "'ab', in a merge, is not a symbol"),
    ([*ALL, "abc"], [["ab", "c"]], "'ab', in a merge, is not a symbol"),
    (ALL, [["a"]], "merges are not a list of pairs of texts"),
    (ALL, [["a", 1]], "merges are not a list of pairs of texts"),
    (ALL, {"a": "b"}, "merges are not a list of pairs of texts"),
    (ALL, ["ab"], "merges are not a list of pairs of texts"),
]


@pytest.mark.parametrize(("symbols", "merges", "message"), WRONG)
def test_a_wrong_document_is_refused(symbols: Any, merges: Any, message: str) -> None:
    document = {"kind": "bpe", "symbols": symbols, "merges": merges}
    with pytest.raises(ModelFileError, match=message):
        BPETokenizer.from_json(document, where="t.json")


def test_bytes_are_written_as_the_library_writes_them() -> None:
    from tokenizers.pre_tokenizers import ByteLevel

    assert set(BYTES) == set(ByteLevel.alphabet())
    assert sorted(BYTES.values()) == list(range(256))
