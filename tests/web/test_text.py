"""The text work of a site against that of Python, character by character and row by row: the same, exactly."""

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.data.tokens import distinct
from elman.decoding.marginals import lattice, marginals
from elman.decoding.viterbi import Transitions, viterbi
from elman.text.config import ContextConfig, WordConfig
from elman.text.context import Contexts, held
from elman.text.features import WordFeatures, normal_form
from elman.text.labels import SCHEMES, LabelSet
from elman.text.tokens import split_characters, split_words
from unusual import TEXTS, any_text


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return TEXTS + [any_text(seed) for seed in range(400)]


def test_lower_case_and_blanks_are_those_of_python(
    ask: Callable[..., Any], tagger_site: Path, texts: list[str]
) -> None:
    every = [chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000]
    lines = ["".join(every[begin : begin + 4096]) for begin in range(0, len(every), 4096)]
    many = texts + lines + [f"x{one}y" for one in every if one.isspace() or unicodedata.category(one)[0] in "CZ"][:3000]
    lowered, parts = ask(tagger_site, {"ask": "lower", "texts": many}, {"ask": "split", "texts": many})
    assert lowered == [text.lower() for text in many]
    assert parts == [text.split() for text in many]


def test_texts_are_cut_as_python_cuts_them(ask: Callable[..., Any], tagger_site: Path, texts: list[str]) -> None:
    (found,) = ask(tagger_site, {"ask": "tokens", "texts": texts})
    assert found == [[split_words(text), split_characters(text)] for text in texts]


@pytest.mark.parametrize(
    "config",
    [
        WordConfig(hash_bits=8), WordConfig(hash_bits=20, feature_minimum=0, most_features=1 << 24),
        WordConfig(affixes=0, char_ngrams=0),
        WordConfig(normalize=False, shape=False, jamo=False, affixes=10, char_ngrams=8, feature_minimum=0),
        WordConfig(affixes=2, char_ngrams=5, feature_minimum=0, hash_bits=24, most_features=1 << 24),
    ],
    ids=str,
)  # fmt: skip
def test_words_have_the_same_features(
    config: WordConfig, ask: Callable[..., Any], tagger_site: Path, texts: list[str]
) -> None:
    words = sorted({word for text in texts for word in split_words(text)} | {"COVID-19", "", "각ᄒ"})
    features = WordFeatures.train({word: 1 + place % 3 for place, word in enumerate(words[::2])}, config)
    (found,) = ask(tagger_site, {"ask": "features", "words": words, "document": features.to_json()})
    rows = features.rows(words)
    for place, row in enumerate(found):
        span = slice(*rows.feature_starts[place : place + 2])
        letters = slice(*rows.character_starts[place : place + 2])
        wanted = (int(rows.words[place]), rows.features[span].tolist(), rows.characters[letters].tolist())
        assert (row["word"], row["features"], row["characters"]) == wanted, words[place]
    assert len(words) > 500 and any(row["word"] for row in found) and normal_form("A1") == "a0"


@pytest.mark.parametrize("config", [WordConfig(), WordConfig(normalize=False, jamo=False)], ids=str)
def test_tokens_have_the_same_contexts(
    config: WordConfig, ask: Callable[..., Any], tagger_site: Path, texts: list[str]
) -> None:
    sentences = [split_words(text)[:40] for text in texts] + [["COVID-19", "", "각ᄒ", "x" * 90], ["가각" * 40]]
    types, tokens, starts = distinct(sentences[::2])
    features = WordFeatures.train(dict.fromkeys(types, 1), config)
    contexts = Contexts.train(types, tokens, starts, features=features, config=ContextConfig(context_minimum=1))
    request = {"ask": "contexts", "sentences": sentences, "words": features.to_json(), "document": contexts.to_json()}
    (found,) = ask(tagger_site, request)
    types, tokens, starts = distinct(sentences)
    around = contexts.around(held(types, features))
    for number, rows in enumerate(found):
        some = tokens[None, starts[number] : starts[number + 1]]
        assert rows == around.rows(some, np.ones(some.shape, dtype=np.bool_))[0].tolist(), sentences[number]
    assert len(found) > 300 and sum(row > 0 for rows in found for one in rows for row in one) > 10_000


LABELS = ["O", "B-PER", "I-PER", "B-LOC", "B-a-b"]


@pytest.mark.parametrize("name", [None, *SCHEMES])
def test_labels_are_written_and_follow_one_another_alike(
    name: str | None, ask: Callable[..., Any], tagger_site: Path
) -> None:
    scheme = None if name is None else SCHEMES[name]
    labels = LABELS if scheme is None else ["O", f"{scheme.inner}-PER", f"{scheme.last}-LOC", f"{scheme.first}-a-b"]
    labels = [*labels, *([] if scheme is None else [scheme.alone])]
    label_set = LabelSet("c", labels, scheme=scheme)
    generator = np.random.default_rng(7)
    sequences = [generator.integers(len(label_set.internal), size=n % 12).tolist() for n in range(120)]
    (found,) = ask(tagger_site, {"ask": "labels", "document": label_set.to_json(), "sequences": sequences})
    assert found["internal"] == label_set.internal
    assert found["decoded"] == [label_set.decode(ids) for ids in sequences]
    begins, follows, ends = (part.tolist() for part in label_set.allowed())
    assert (found["begins"], found["follows"], found["ends"]) == (begins, follows, ends)


@pytest.mark.parametrize("seed", range(4))
def test_chains_have_the_same_path_and_probabilities(seed: int, ask: Callable[..., Any], tagger_site: Path) -> None:
    generator = np.random.default_rng(seed)
    T, K = [1, 2, 9, 40][seed], 5  # noqa: N806 the letters of steps and labels
    scores = generator.normal(scale=4, size=(T, K)).astype(np.float32)
    weights = generator.normal(size=(K + 2, K)).astype(np.float32)
    weights[2:][generator.random((K, K)) < 0.2] = -1e4
    chain = Transitions(weights[0], weights[2:], weights[1])
    spans = [{"start": 0, "end": 1}, {"start": T // 2, "end": T}, {"start": 0, "end": T}]
    held = {"begin": weights[0].tolist(), "between": weights[2:].ravel().tolist(), "end": weights[1].tolist()}
    (found,) = ask(tagger_site, {"ask": "chain", "scores": scores.tolist(), "chain": held, "spans": spans})
    length = np.array([T])
    path = viterbi(scores[None], length, chain)[0]
    assert found["path"] == path.tolist()
    np.testing.assert_allclose(found["marginals"], marginals(scores[None], length, chain)[0], rtol=1e-9, atol=1e-12)
    starts, ends = (np.array([span[name] for span in spans]) for name in ("start", "end"))
    logs = lattice(scores, chain).span_log_probabilities(path, starts=starts, ends=ends)
    np.testing.assert_allclose(found["spans"], np.exp(logs), rtol=1e-9)
