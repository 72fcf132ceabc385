"""What stands around tokens, against a slow twin that looks at one token and one template after the other."""

import base64
import json
from collections import Counter
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.tokens import distinct
from elman.errors import ModelFileError
from elman.text import context
from elman.text.config import ContextConfig, WordConfig
from elman.text.context import BITS, PAIRS, SINGLES, TEMPLATES, Contexts, held
from elman.text.features import WordFeatures, clip, normal_form
from elman.text.hangul import decompose
from elman.text.word_parts import class_of

ALL = (1 << 64) - 1
SENTENCES = [
    ["The", "cat", "sat", "."], ["the", "Cat", "ran", "2", "km", "."], ["고양이가", "잔다", "."], ["x"],
    ["", "the", "cat", "the", "cat"], ["a" * 90, "-", "a" * 90],
]  # fmt: skip
TOKEN = st.one_of(st.text(max_size=8), st.sampled_from(["the", "cat", "고양이가", "", "A1", "각" * 50, "\ud800"]))


def mixed(value: int) -> int:
    value = ((value ^ value >> 30) * 0xBF58476D1CE4E5B9) & ALL
    value = ((value ^ value >> 27) * 0x94D049BB133111EB) & ALL
    return value >> (64 - BITS)


def hash_of(codes: list[int]) -> int:
    found = 0
    for code in codes:
        found = (found * 0x9E3779B97F4A7C15 + code + 1) & ALL
    return found


def atom(token: str | None, name: int) -> int:
    """An atom of a token; of what stands around a sentence it is always 1."""
    if token is None:
        return 1
    form = clip(normal_form(token))
    if name == context.WORD:
        return hash_of([ord(c) for c in form])
    if name == context.SHAPE:
        return hash_of([one for one, _ in groupby(class_of(ord(c)) for c in clip(token))])
    parts = [ord(c) for c in decompose(form)]
    length = name - context.PREFIX if name <= context.PREFIX + context.AFFIXES else name - context.SUFFIX
    if length > len(parts):
        return 0
    return hash_of(parts[:length] if name <= context.PREFIX + context.AFFIXES else parts[len(parts) - length :])


def twin(tokens: list[str], place: int) -> list[int]:
    """The hash that each template finds at a token."""
    found: list[int] = []
    templates: list[tuple[tuple[int, int], ...]] = [*((one,) for one in SINGLES), *PAIRS]
    for number, template in enumerate(templates, 1):
        near = [place + offset for offset, _ in template]
        atoms = [
            atom(tokens[k] if 0 <= k < len(tokens) else None, name) for k, (_, name) in zip(near, template, strict=True)
        ]
        factors = (0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
        total = sum(a * factor for a, factor in zip(atoms, factors, strict=False))
        found.append(mixed((total + number * 0x9E3779B97F4A7C15) & ALL))
    return found


def trained(sentences: list[list[str]], **options: Any) -> tuple[Contexts, WordFeatures]:
    types, tokens, starts = distinct(sentences)
    features = WordFeatures.train(dict.fromkeys(types, 1), WordConfig())
    config = ContextConfig(context=True, **options)
    return Contexts.train(types, tokens, starts, features=features, config=config), features


def rows_of(contexts: Contexts, features: WordFeatures, tokens: list[str]) -> list[list[int]]:
    types, places, _ = distinct([tokens])
    found = contexts.around(held(types, features)).rows(places[None], np.ones((1, len(tokens)), dtype=np.bool_))
    assert found.dtype == np.int32 and found.shape == (1, len(tokens), TEMPLATES)
    rows: list[list[int]] = found[0].tolist()
    return rows


@pytest.mark.parametrize("minimum", [1, 2])
def test_kept_are_the_hashes_that_stand_around_enough_tokens(minimum: int) -> None:
    contexts, _ = trained(SENTENCES, context_minimum=minimum)
    counts = Counter(found for tokens in SENTENCES for k in range(len(tokens)) for found in twin(tokens, k))
    assert contexts.kept.tolist() == sorted(h for h, often in counts.items() if often >= minimum)
    assert contexts.rows == len(contexts.kept) + 1


def test_at_most_so_many_are_kept_those_of_the_most_tokens() -> None:
    contexts, _ = trained(SENTENCES, context_minimum=1, most_contexts=20)
    counts = Counter(h for tokens in SENTENCES for k in range(len(tokens)) for h in twin(tokens, k))
    least = min(counts[int(h)] for h in contexts.kept)
    assert 0 < len(contexts.kept) <= 20
    assert {h for h, often in counts.items() if often >= least} == set(contexts.kept.tolist())


@given(st.lists(TOKEN, min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_rows_are_the_numbers_of_what_is_kept_and_0_of_all_else(tokens: list[str]) -> None:
    contexts, features = trained(SENTENCES, context_minimum=1)
    numbers = {int(h): number for number, h in enumerate(contexts.kept, 1)}
    wanted = [[numbers.get(h, 0) for h in twin(tokens, k)] for k in range(len(tokens))]
    assert rows_of(contexts, features, tokens) == wanted


def test_rows_do_not_depend_on_sentences_beside_or_on_padding() -> None:
    contexts, features = trained(SENTENCES, context_minimum=1)
    types, tokens, starts = distinct(SENTENCES)
    longest = max(map(len, SENTENCES)) + 3
    beside = np.zeros((len(SENTENCES), longest), dtype=np.int64)
    real = np.zeros(beside.shape, dtype=np.bool_)
    for row, (begin, end) in enumerate(pairwise(starts)):
        beside[row, : end - begin], real[row, : end - begin] = tokens[begin:end], True
    found = contexts.around(held(types, features)).rows(beside, real)
    for row, sentence in enumerate(SENTENCES):
        assert found[row, : len(sentence)].tolist() == rows_of(contexts, features, sentence)
        assert not found[row, len(sentence) :].any()
    assert found.any()
    for row, sentence in enumerate(SENTENCES):  # one that waits for its answer
        alone = contexts.around(held(types, features)).rows(beside[row : row + 1, : len(sentence)], None)
        assert np.array_equal(alone[0], found[row, : len(sentence)])


def test_many_sentences_are_counted_some_after_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = trained(SENTENCES * 3)
    monkeypatch.setattr(context, "_COUNTED_AT_ONCE", 5)
    monkeypatch.setattr(context, "_AT_ONCE", 2)
    parts, _ = trained(SENTENCES * 3)
    assert np.array_equal(whole.kept, parts.kept) and len(whole.kept)


@given(st.lists(TOKEN, min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_what_is_held_of_a_token_does_not_depend_on_the_others(tokens: list[str]) -> None:
    features = WordFeatures.train({"a": 1}, WordConfig())
    every = held(tokens, features)
    for place, token in enumerate(tokens):
        assert np.array_equal(every[place], held([token], features)[0])
    assert np.array_equal(held(tokens * 9, features), np.concatenate([every] * 9))


def test_no_sentences_have_no_rows() -> None:
    contexts, features = trained(SENTENCES)
    none = contexts.around(held([], features)).rows(np.zeros((2, 3), np.int64), np.zeros((2, 3), dtype=np.bool_))
    assert none.shape == (2, 3, TEMPLATES) and not none.any()


def test_contexts_come_back_from_their_document() -> None:
    contexts, _ = trained(SENTENCES)
    document = json.loads(json.dumps(contexts.to_json()))
    again = Contexts.from_json(document, config=contexts.config, where="here")
    assert np.array_equal(again.kept, contexts.kept)


BYTES = (
    [0], [1, 0], [128], [1, 128], [129, 128, 128, 128, 1], [255, 255, 255, 127], [128, 128, 128, 2, 1],
)  # fmt: skip
"""No hash behind the one before, half of a gap, too long ones, and what is behind the last hash."""


@pytest.mark.parametrize(
    "document",
    [
        None, [], {}, *({"contexts": one} for one in (3, None, "A", "€", [])), {"contexts": "", "more": 1},
        *({"contexts": base64.b64encode(bytes(data)).decode()} for data in BYTES),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_document_of_contexts_is_told(document: Any) -> None:
    with pytest.raises(ModelFileError, match="here"):
        Contexts.from_json(document, config=ContextConfig(), where="here")
