"""Laws that hold for every kind of tokenizer, and faults in what `from_json` is given."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.errors import InputError, ModelFileError
from elman.text.config import TOKENIZERS, TextConfig
from elman.text.tokenizer import Tokenizer, from_json, train_tokenizer
from elman.text.vocabulary import SPECIALS, UNKNOWN

TRAINING = [
    "Don't you know?\nHello, hello world  and words\n",
    "\t나는 한글을 읽는다\n 나는 쓴다\r\n\n\n👩‍👩‍👧 é e\u0301 \u2028\u0085\ufeff\n",
]
PIECES = st.lists(
    st.sampled_from(
        [*"abé나는한 \t\r\n\u2028\u0085\u3000\x00\ufeff😀", "\n\n", "  ", "'s", "Hello", "<unk>", "</s>", "12"]
    )
    | st.text(max_size=3)
)
TEXTS = PIECES.map("".join)


def learnt(kind: str, *, continuous: bool = True) -> Tokenizer:
    size = 330 if kind == "bpe" else None
    config = TextConfig(tokenizer=kind, vocabulary_size=size, minimum_count=None if kind == "byte" else 1)
    return train_tokenizer(TRAINING, config, continuous=continuous)


LEARNT = {kind: learnt(kind) for kind in TOKENIZERS} | {"word of lines": learnt("word", continuous=False)}
EVERY = pytest.mark.parametrize("name", LEARNT)


@EVERY
@given(text=TEXTS)
def test_text_comes_back_as_far_as_its_symbols_are_known(name: str, text: str) -> None:
    tokenizer = LEARNT[name]
    ids = tokenizer.encode(text)
    assert ids.dtype == np.int32
    assert ids.size == 0 or (ids.min() >= 0 and ids.max() < tokenizer.size)
    known = set("".join(TRAINING))
    if name == "char":
        assert tokenizer.decode(ids) == "".join(c if c in known else "\ufffd" for c in text)
    elif name in ("byte", "bpe"):
        assert tokenizer.decode(ids) == text
    else:
        words = set(tokenizer.symbols) - {"<s>", "</s>"}
        lines = [text.split()] if name == "word of lines" else [line.split() for line in text.split("\n")]
        assert tokenizer.decode(ids) == "\n".join(
            " ".join(w if w in words else "<unk>" for w in line) for line in lines
        )


@EVERY
@given(text=TEXTS)
def test_decoding_symbol_by_symbol_gives_the_same_text(name: str, text: str) -> None:
    tokenizer = LEARNT[name]
    ids = tokenizer.encode(text)
    decoder = tokenizer.decoder()
    assert "".join(map(decoder.push, ids)) + decoder.finish() == tokenizer.decode(ids)


@EVERY
@given(ids=st.lists(st.integers(0, 10**6)))
def test_any_ids_can_be_decoded_at_once_or_one_by_one(name: str, ids: list[int]) -> None:
    tokenizer = LEARNT[name]
    ids = [symbol % tokenizer.size for symbol in ids]
    decoder = tokenizer.decoder()
    assert "".join(map(decoder.push, ids)) + decoder.finish() == tokenizer.decode(ids)


@EVERY
@given(parts=st.lists(TEXTS, max_size=4), following=TEXTS)
def test_what_is_settled_may_be_encoded_piece_by_piece(name: str, parts: list[str], following: str) -> None:
    check_pieces(name, parts, following)


def check_pieces(name: str, parts: list[str], following: str) -> None:
    tokenizer = LEARNT[name]
    found, pending = [], ""
    for part in parts:
        pending += part
        settled = tokenizer.settled(pending)
        found.append(tokenizer.encode(pending[:settled]))
        pending = pending[settled:]
    found.append(tokenizer.encode(pending + following))
    assert np.concatenate(found).tolist() == tokenizer.encode("".join(parts) + following).tolist()


SIGNS = st.text(st.sampled_from("a'slvre! \t\n1_나"), max_size=12)


@given(parts=st.lists(SIGNS, max_size=6), following=SIGNS, longest=st.integers(1, 6))
def test_what_is_settled_of_long_units_may_be_encoded_piece_by_piece(
    parts: list[str], following: str, longest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("elman.text.bpe.LONGEST_UNIT", longest)
        check_pieces("bpe", parts, following)


@EVERY
@given(texts=st.lists(TEXTS, max_size=5))
def test_many_texts_are_encoded_as_each_by_itself(name: str, texts: list[str]) -> None:
    tokenizer = LEARNT[name]
    ids, lengths = tokenizer.encode_many(texts)
    alone = [tokenizer.encode(text).tolist() for text in texts]
    assert lengths.tolist() == [len(text) for text in alone]
    assert ids.tolist() == [symbol for text in alone for symbol in text]


@EVERY
@given(text=TEXTS, more=st.sampled_from(["a", "\n", " b"]))
def test_a_lone_surrogate_is_refused_with_its_place(name: str, text: str, more: str) -> None:
    with pytest.raises(InputError) as caught:
        LEARNT[name].encode(text + "\ud83d" + more)
    place = f"character {len(text) + 1}"
    assert str(caught.value) == f"{place}: U+D83D is half of a surrogate pair, not a character"


@EVERY
def test_many_texts_with_a_lone_surrogate_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="U\\+DC00 is half of a surrogate pair"):
        LEARNT[name].encode_many(["a", "b\udc00"])


@pytest.mark.parametrize("kind", ["char", "word", "bpe"])
def test_learning_refuses_a_lone_surrogate(kind: str) -> None:
    with pytest.raises(InputError, match="U\\+D800 is half of a surrogate pair"):
        train_tokenizer(["a b", "c\ud800"], TextConfig(tokenizer=kind), continuous=False)


@pytest.mark.parametrize(("kind", "often"), [("word", 2), ("char", 1), ("bpe", 2)])
def test_without_a_minimum_what_is_seen_once_is_unknown_or_not_joined(kind: str, often: int) -> None:
    text = ["zq zq gh gh gh xk"]

    def learnt_with(minimum: int | None) -> list[str]:
        return train_tokenizer(text, TextConfig(kind, minimum_count=minimum), continuous=False).symbols

    assert learnt_with(None) == learnt_with(often)
    assert len({len(learnt_with(minimum)) for minimum in (1, 2, 3)}) == 3, "and a number that is given is obeyed"


@EVERY
def test_json_gives_the_same_tokenizer(name: str) -> None:
    tokenizer = LEARNT[name]
    document = json.loads(json.dumps(tokenizer.to_json()))
    again = from_json(document)
    text = "".join(TRAINING) + "new 새 words"
    assert (again.kind, again.size, again.symbols) == (tokenizer.kind, tokenizer.size, tokenizer.symbols)
    assert again.encode(text).tolist() == tokenizer.encode(text).tolist()
    assert again.to_json() == document


@EVERY
def test_every_symbol_is_shown_and_special_ones_come_first(name: str) -> None:
    tokenizer = LEARNT[name]
    assert len(tokenizer.symbols) == tokenizer.size
    assert tuple(tokenizer.symbols[:3]) == SPECIALS
    assert all(isinstance(symbol, str) for symbol in tokenizer.symbols)


@EVERY
def test_an_empty_text_has_no_ids(name: str) -> None:
    tokenizer = LEARNT[name]
    assert tokenizer.encode("").tolist() == []
    assert [part.tolist() for part in tokenizer.encode_many([])] == [[], []]
    assert (tokenizer.decode([]), tokenizer.settled("")) == ("", 0)


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_learning_twice_gives_the_same(kind: str) -> None:
    assert learnt(kind).to_json() == learnt(kind).to_json()


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_no_text_gives_a_tokenizer_that_works(kind: str) -> None:
    tokenizer = train_tokenizer([], TextConfig(tokenizer=kind), continuous=False)
    if kind in ("byte", "bpe"):
        assert tokenizer.size == 259
        assert tokenizer.decode(tokenizer.encode("한 a\n")) == "한 a\n"
    else:
        assert set(tokenizer.encode("a b").tolist()) == {UNKNOWN}


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "None is not a kind of tokenizer"),
    ({"kind": "chars"}, "'chars' is not a kind of tokenizer"),
    ({"kind": ["char"]}, "['char'] is not a kind of tokenizer"),
    ({"kind": "char"}, "keys 'symbols' are missing or unknown"),
    ({"kind": "byte", "symbols": []}, "keys 'symbols' are missing or unknown"),
    ({"kind": "char", "symbols": ["ab"]}, "symbol 0 is not one character"),
    ({"kind": "char", "symbols": [""]}, "symbol 0 is not one character"),
    ({"kind": "char", "symbols": ["a", "\ud800"]}, "symbol 1 is half of a surrogate pair"),
    ({"kind": "char", "symbols": ["a", "a"]}, "the symbol 'a' stands twice"),
    ({"kind": "char", "symbols": "abc"}, "symbols are not a list"),
    ({"kind": "word", "symbols": [], "continuous": 1}, "continuous is neither true nor false"),
    ({"kind": "word", "symbols": ["a b"], "continuous": True}, "symbol 0 is empty, or has blanks in it"),
    ({"kind": "word", "symbols": ["a\r"], "continuous": True}, "symbol 0 is empty, or has blanks in it"),
    ({"kind": "word", "symbols": ["x", ""], "continuous": True}, "symbol 1 is empty, or has blanks in it"),
    ({"kind": "word", "symbols": ["<s>"], "continuous": True}, "symbol 0 is the special symbol <s>"),
    ({"kind": "word", "symbols": [None], "continuous": True}, "symbol 0 is not a text"),
    ({"kind": "word", "symbols": ["\udc00"], "continuous": True}, "symbol 0 is half of a surrogate pair"),
    ({"kind": "bpe", "symbols": ["a"], "merges": []}, "the byte 33 has no symbol"),
]


@pytest.mark.parametrize(("document", "message"), WRONG)
def test_a_wrong_document_is_refused(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelFileError) as caught:
        from_json(document, where="tokenizer.json")
    assert str(caught.value) == f"tokenizer.json: {message}"
