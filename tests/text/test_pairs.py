"""Two vocabularies or one, and what a symbol of the source is among those of the target."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import OptionError
from elman.text.characters import ByteTokenizer, CharTokenizer
from elman.text.config import PairTextConfig, TextConfig
from elman.text.pairs import LACKING, Copying, symbols_of, train_tokenizers
from elman.text.vocabulary import END, UNKNOWN
from elman.text.words import WordTokenizer


@dataclass(frozen=True)
class Two:
    source: str
    targets: tuple[str, ...]


PAIRS = [Two("a b b", ("x x b", "z z z")), Two("a c", ("x b",)), Two("a", ())]


def words(*symbols: str) -> WordTokenizer:
    return WordTokenizer(symbols, continuous=False)


def test_one_vocabulary_is_learnt_from_both_sides() -> None:
    source, target = train_tokenizers(PAIRS, PairTextConfig("word", minimum_count=1))
    counts = Counter(["a", "b", "b", "x", "x", "b", "a", "c", "x", "b", "a"])
    assert source is target
    assert target.symbols[3:] == sorted(counts, key=lambda word: (-counts[word], word)) == ["b", "a", "x", "c"]


def test_each_side_has_its_own_vocabulary_where_it_is_not_joint() -> None:
    source, target = train_tokenizers(PAIRS, PairTextConfig("word", joint=False, minimum_count=2))
    assert (source.symbols[3:], target.symbols[3:]) == (["a", "b"], ["x", "b"])
    config = PairTextConfig("word", joint=False, minimum_count=1, vocabulary_size=4, source_vocabulary_size=5)
    source, target = train_tokenizers(PAIRS, config)
    assert (source.symbols[3:], target.symbols[3:]) == (["a", "b"], ["x"])


def test_different_tokenizers_never_share_a_vocabulary() -> None:
    config = PairTextConfig("word", "char", minimum_count=1)
    source, target = train_tokenizers(PAIRS, config)
    assert not config.is_shared
    assert (source.kind, target.kind) == ("char", "word")
    assert (source.symbols[3:], target.symbols[3:]) == ([" ", "a", "b", "c"], ["x", "b"])


def test_each_side_has_the_options_that_it_needs() -> None:
    assert PairTextConfig("byte", "word", minimum_count=5).of_target() == TextConfig("byte")
    assert PairTextConfig("byte", "word", minimum_count=5).of_source() == TextConfig("word", minimum_count=5)
    assert PairTextConfig("word", vocabulary_size=9).of_source() == TextConfig("word", 9)
    assert PairTextConfig("word", joint=False, vocabulary_size=9).of_source() == TextConfig("word", 9)
    assert PairTextConfig("word", "char", vocabulary_size=9).of_source() == TextConfig("char")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tokenizer": "letters"}, "--tokenizer: 'letters' is not a choice"),
        ({"source_tokenizer": "letters"}, "--source-tokenizer: 'letters' is not a choice"),
        ({"tokenizer": "byte", "minimum_count": 2}, "--minimum-count: every byte is a symbol"),
        ({"tokenizer": "byte", "vocabulary_size": 300}, "--vocabulary-size: a vocabulary of bytes has one size"),
        ({"vocabulary_size": 200}, "--vocabulary-size: 200 symbols have no room for every byte"),
        ({"source_vocabulary_size": 900}, "--source-vocabulary-size: one vocabulary for both sides has one size; give"),
        ({"joint": False, "source_vocabulary_size": 200}, "--source-vocabulary-size: 200 symbols have no room"),
        ({"source_tokenizer": "byte", "source_vocabulary_size": 300}, "--source-vocabulary-size: a vocabulary of by"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        PairTextConfig(**options)
    assert str(caught.value).startswith(message)


def test_symbols_are_found_by_their_text() -> None:
    # of the target: b 3, x 4, so N is 5; of the source: a 3, b 4, c 5
    copying = Copying(words("a", "b", "c"), words("b", "x"))
    text, ids = "c b x q <unk> a q c", np.array([5, 4, UNKNOWN, UNKNOWN, UNKNOWN, 3, UNKNOWN, 5, END], dtype=np.int32)
    known = copying.known(ids)
    assert known.tolist() == [LACKING, 3, LACKING, LACKING, LACKING, LACKING, LACKING, LACKING, END]
    copies, new = copying.completed(text, ids, known)
    assert new == ("c", "q", "a")
    assert copies.tolist() == [5, 3, 4, 6, UNKNOWN, 7, 6, 5, END]
    gold = copying.gold("x q z a <unk>", np.array([4, 0, 0, 0, 0, END], dtype=np.int32), new)
    assert gold.tolist() == [4, 6, UNKNOWN, 7, UNKNOWN, END]


def test_unknown_characters_have_new_ids_too() -> None:
    letters = CharTokenizer("ab")
    copying = Copying(letters, letters)
    ids = letters.encode("zaéz")
    copies, new = copying.completed("zaéz", ids, copying.known(ids))
    assert (copies.tolist(), new) == ([5, 3, 6, 5], ("z", "é"))
    assert copying.gold("éb!", letters.encode("éb!"), new).tolist() == [6, 4, UNKNOWN]


@given(text=st.text(max_size=12))
def test_of_one_vocabulary_without_unknown_symbols_copies_are_the_ids(text: str) -> None:
    tokenizer = ByteTokenizer()
    ids = tokenizer.encode(text)
    assert Copying(tokenizer, tokenizer).known(ids).tolist() == ids.tolist()


def test_symbols_of_every_tokenizer_are_texts() -> None:
    bpe, _ = train_tokenizers([Two("the cat the cat", ("the cat",))] * 9, PairTextConfig("bpe"))
    assert list(symbols_of(bpe, "the cat")) == ["the", " cat"]
    assert list(symbols_of(words("a"), " a  qq ")) == ["a", "qq"]
    assert list(symbols_of(CharTokenizer("a"), "aé")) == ["a", "é"]
    assert list(symbols_of(ByteTokenizer(), "aé")) == ["a", "<0xC3>", "<0xA9>"]
