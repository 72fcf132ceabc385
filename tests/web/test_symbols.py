"""Tokenizers, bags, n-grams, draws and searches of a site against those of Python: the same ids, rows and texts."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.data.tokens import distinct
from elman.decoding.beam import beam_search
from elman.decoding.config import BeamConfig, SamplingConfig
from elman.decoding.sampling import distribution, draw
from elman.models.engines.ngram_rows import ngram_rows
from elman.text.bags import bags_of
from elman.text.config import BagConfig, PairTextConfig, TextConfig, WordConfig
from elman.text.features import WordFeatures
from elman.text.pairs import Copying, decoder_with, symbols_of, train_tokenizers
from elman.text.tokenizer import Tokenizer, train_tokenizer
from elman.text.tokens import split_words
from elman.text.vocabulary import END
from unusual import TEXTS, any_text

Ask = Callable[..., Any]
LEARNT = [
    "the cat sat on the mat, it's 12 cats.",
    "민수는 책을 찾는다.  the\tcat\n\nsat",
    "I'll don't we've 東京",
    "<unk> ñandú 🇰🇷",
] * 3
KINDS = [
    ("char", 0, False), ("byte", 0, False), ("word", 0, False), ("word", 0, True), ("bpe", 259, False),
    ("bpe", 400, False),
]  # fmt: skip


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Among them runs that are longer than a unit of byte pairs, and blanks of all sorts."""
    made = [any_text(seed) for seed in range(150)]
    return [*LEARNT, *TEXTS, *made, "aab" * 500, " \t  x\r y  \n z ", "'s 'll x'd 'x", "\n\n a\n", "cat " * 300]


def learnt(kind: str, size: int, continuous: bool) -> Tokenizer:
    config = TextConfig(kind, vocabulary_size=size or None, minimum_count=None)
    return train_tokenizer(LEARNT, config, continuous=continuous)


@pytest.mark.parametrize(("kind", "size", "continuous"), KINDS)
def test_texts_have_the_same_ids(
    kind: str, size: int, continuous: bool, ask: Ask, tagger_site: Path, texts: list[str]
) -> None:
    tokenizer = learnt(kind, size, continuous)
    (found,) = ask(tagger_site, {"ask": "tokenizer", "document": tokenizer.to_json(), "texts": texts})
    assert found["symbols"] == tokenizer.symbols
    assert found["ids"] == [tokenizer.encode(text).tolist() for text in texts]
    assert found["written"] == [list(symbols_of(tokenizer, text)) for text in texts]


def test_the_longest_unit_is_cut_at_the_same_place(ask: Ask, tagger_site: Path) -> None:
    tokenizer, text = learnt("bpe", 400, False), "the" * 30_000
    (found,) = ask(tagger_site, {"ask": "tokenizer", "document": tokenizer.to_json(), "texts": [text]})
    assert found["ids"] == [tokenizer.encode(text).tolist()]


@pytest.mark.parametrize("extra", [[], ["ñ", "new"]])
@pytest.mark.parametrize(("kind", "size", "continuous"), KINDS)
def test_ids_become_the_same_text(
    kind: str, size: int, continuous: bool, extra: list[str], ask: Ask, tagger_site: Path
) -> None:
    tokenizer, chooser = learnt(kind, size, continuous), random.Random(3)
    sequences = [
        [chooser.randrange(tokenizer.size + len(extra)) for _ in range(chooser.randrange(30))] for _ in range(200)
    ]
    sequences += [tokenizer.encode(text).tolist() for text in LEARNT]
    request = {"ask": "decode", "document": tokenizer.to_json(), "sequences": sequences, "extra": extra}
    (found,) = ask(tagger_site, request)
    for ids, pieces in zip(sequences, found, strict=True):
        decoder = decoder_with(tokenizer, extra)
        assert "".join(pieces) == "".join([*map(decoder.push, ids), decoder.finish()])


@pytest.mark.parametrize("kinds", [("word", "word"), ("char", "word"), ("bpe", "char"), ("word", "byte")])
def test_copies_of_a_source_are_the_same(kinds: tuple[str, str], ask: Ask, tagger_site: Path, texts: list[str]) -> None:
    class Two:
        def __init__(self, source: str, target: str) -> None:
            self.source, self.targets = source, (target,)

    config = PairTextConfig(tokenizer=kinds[1], source_tokenizer=kinds[0], joint=False)
    source, target = train_tokenizers([Two(text, text[::-1] + " cat") for text in LEARNT], config)
    request = {"ask": "copies", "source": source.to_json(), "target": target.to_json(), "texts": texts}
    (found,) = ask(tagger_site, request)
    copying = Copying(source, target)
    for text, got in zip(texts, found, strict=True):
        ids = np.append(source.encode(text), np.int32(END))
        copies, new = copying.completed(text, ids, copying.known(ids))
        assert (got["copies"], got["extra"]) == (copies.tolist(), list(new))


@pytest.mark.parametrize(
    "config",
    [
        BagConfig(), BagConfig(bag_words=0, bag_characters=10, bag_bits=24), BagConfig(bag_characters=0, bag_bits=8),
        BagConfig(bag_words=1, bag_characters=3, bag_bits=12),
    ],
    ids=str,
)  # fmt: skip
def test_texts_have_the_same_bags(config: BagConfig, ask: Ask, tagger_site: Path, texts: list[str]) -> None:
    lists = [tokens for tokens in map(split_words, texts) if tokens]
    features = WordFeatures.train({"a": 2}, WordConfig(hash_bits=8))
    request = {"ask": "bags", "texts": lists, "config": vars(config), "document": features.to_json()}
    (found,) = ask(tagger_site, request)
    bags = bags_of(*distinct(lists), config, form=features.form)
    for text, (words, characters) in enumerate(found):
        spans = [slice(*bags.starts[2 * text + k :][:2]) for k in (0, 1)]
        assert [words, characters] == [bags.rows[span].tolist() for span in spans]


@pytest.mark.parametrize(("orders", "bits"), [(2, 4), (4, 16), (8, 24)])
def test_ngrams_of_symbols_have_the_same_rows(orders: int, bits: int, ask: Ask, tagger_site: Path) -> None:
    generator = np.random.default_rng(orders)
    sequences = [generator.integers(9_999_999, size=size) for size in (1, 2, 30)]
    recent = generator.integers(9, size=orders - 1)
    request = {"ask": "ngrams", "recent": recent.tolist(), "orders": orders, "bits": bits}
    (found,) = ask(tagger_site, {**request, "sequences": [one.tolist() for one in sequences]})
    for ids, rows in zip(sequences, found, strict=True):
        assert rows == ngram_rows(ids[None], recent[None], orders=orders, bits=bits).ravel().tolist()


@pytest.mark.parametrize(
    "options",
    [
        {}, {"temperature": 0.0}, {"temperature": 0.5}, {"temperature": 1.7, "top_k": 3}, {"top_p": 0.6},
        {"top_k": 5, "top_p": 0.3, "min_p": 0.2}, {"top_p": 0.0}, {"min_p": 0.5},
    ],
    ids=str,
)  # fmt: skip
def test_symbols_are_drawn_alike(options: dict[str, float], ask: Ask, tagger_site: Path) -> None:
    generator = np.random.default_rng(5)
    logits = generator.normal(scale=2, size=(60, 12)).round(1)  # with equal ones
    logits[:, 3] = -np.inf
    uniform = generator.random(60)
    names = {"temperature": "temperature", "top_k": "topK", "top_p": "topP", "min_p": "minP"}
    sampling = {names[name]: value for name, value in options.items()}
    held = [[None if value == -np.inf else value for value in row] for row in logits.tolist()]
    (found,) = ask(tagger_site, {"ask": "sample", "logits": held, "sampling": sampling, "uniform": uniform.tolist()})
    y = distribution(logits, SamplingConfig(**options))  # type: ignore[arg-type]
    np.testing.assert_allclose([one["y"] for one in found], y, rtol=1e-12, atol=1e-15)
    assert [one["symbol"] for one in found] == draw(y, uniform).tolist()


@pytest.mark.parametrize("beam", [1, 2, 5, 12])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_beam_finds_the_same_texts(beam: int, seed: int, penalty: float, ask: Ask, tagger_site: Path) -> None:
    generator = np.random.default_rng(seed)
    logs = generator.normal(scale=2, size=(5, 7, 7)).astype(np.float32)  # by number of symbols, last one, next one
    logs -= np.logaddexp.reduce(logs, axis=2, keepdims=True)
    logs[:3, :, END] -= 3
    logs[2, 4] = -np.inf  # a text that nothing may go on
    longest, n_best = 9, min(beam, 4)

    def rows(state: tuple[tuple[int, ...], ...]) -> np.ndarray:
        return np.array([logs[min(len(one), len(logs) - 1), one[-1] if one else 0] for one in state])

    def step(state: Any, ids: Any) -> Any:
        after = tuple((*one, int(symbol)) for one, symbol in zip(state, ids, strict=True))
        return rows(after), after

    begun = ((),)
    (wanted,) = beam_search(
        (rows(begun), begun), step=step, choose=lambda state, some: tuple(state[row] for row in some),
        config=BeamConfig(beam=beam, n_best=n_best, length_penalty=penalty), end=END, longest=[longest],
        forbidden=(0, 1),
    )  # fmt: skip
    held = np.where(np.isneginf(logs), None, logs.astype(object)).tolist()
    request = {"ask": "beam", "logs": held, "beam": beam, "nBest": n_best, "lengthPenalty": penalty}
    (found,) = ask(tagger_site, {**request, "end": END, "longest": longest, "forbidden": [0, 1]})
    assert [(one["ids"], one["finished"]) for one in found] == [(one.ids.tolist(), one.finished) for one in wanted]
    for name, attribute in (("score", "score"), ("logProbability", "log_probability")):
        assert [one[name] for one in found] == pytest.approx([getattr(one, attribute) for one in wanted], rel=1e-6)
