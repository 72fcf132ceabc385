"""Models of all kinds in the modules of a site, under Node, against the trained ones: the same answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
import remade
from elman.decoding.config import SamplingConfig
from elman.models.exporting.site import MODEL
from elman.nn.config import CELLS
from tiny import CLASSIFIER, SIZE, reviews, sentences, table, write

Ask = Callable[..., Any]
SENTENCES = [
    ["Ada", "Kim", "sees", "서울을", "."],
    ["fish"],
    [],
    ["the", "cat", "zzz-9", "fish", "."] * 9,
    ["ΑΣ", "x" * 50],
]
NEAR, NEAR_IN_INT8 = 1e-4, 5e-3
"""How far probabilities may be apart; in eight bits, processors round inputs a little otherwise."""


@pytest.mark.parametrize(
    "options",
    [
        *({"cell": cell, "bidirectional": True, "layers": 2, "crf": True} for cell in CELLS),
        {"crf": False}, {"crf": False, "label_smoothing": 0.2},
        {"members": 2, "crf": True}, {"members": 3, "crf": False, "character_hidden": 0},
        {"word_width": 0}, {"feature_width": 0}, {"context": True, "crf": True},
        {"context": True, "crf": False, "label_smoothing": 0.2},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_a_tagger_gives_the_same_labels_and_probabilities(
    options: dict[str, Any], ask: Ask, site_of: Callable[..., Path]
) -> None:
    model = remade.tagger(remade.load("tagger"), **options)
    (found,) = ask(site_of(model), {"ask": "tag", "sentences": SENTENCES})
    for columns, wanted in zip(found, model.tag(SENTENCES), strict=True):
        assert {one["name"]: one["labels"] for one in columns} == wanted.labels
        for one in columns:
            assert one["probabilities"] == pytest.approx(wanted.probabilities.get(one["name"], []), abs=NEAR)
            spans = wanted.spans.get(one["name"], [])
            assert [(s["start"], s["end"], s["type"]) for s in one["spans"]] == [
                (s.start, s.end, s.type) for s in spans
            ]
            assert [s["probability"] for s in one["spans"]] == pytest.approx([s.probability for s in spans], abs=NEAR)
    assert [columns[0]["labels"] for columns in found] == model.predict(SENTENCES)


def test_a_tagger_in_eight_bits_answers_as_its_folder_does(ask: Ask, site_of: Callable[..., Path]) -> None:
    site = site_of(remade.tagger(remade.load("tagger"), hidden=64), int8=True)
    (found,) = ask(site, {"ask": "tag", "sentences": SENTENCES})
    pairs = [
        (mine, its)
        for columns, wanted in zip(found, elman.load(site / "model").tag(SENTENCES), strict=True)
        for one in columns
        for mine, its in zip(
            zip(one["labels"], one["probabilities"], strict=True),
            zip(wanted.labels[one["name"]], wanted.probabilities.get(one["name"], []), strict=True), strict=True,
        )
    ]  # fmt: skip
    equal = [(mine[1], its[1]) for mine, its in pairs if mine[0] == its[0]]
    assert len(equal) >= 0.95 * len(pairs)  # the weights are drawn: many labels are as likely as others
    assert [mine for mine, _ in equal] == pytest.approx([its for _, its in equal], abs=NEAR_IN_INT8)


TEXTS = [
    "the film is not fine .",
    "영화는 좋은!",
    '"it" is dull dull dull zzz-9 🇰🇷',
    "...",
    "",
    " \n",
    "x " * 300,
    "<unk> é",
]


def agree_on_texts(model: elman.Classifier, site: Path, ask: Ask, *, near: float = NEAR) -> None:
    """The modules of a site give the probabilities of Python, and so the likeliest label."""
    (found,) = ask(site, {"ask": "classify", "texts": TEXTS})
    wanted = np.concatenate([model.probabilities([text])[1] for text in TEXTS])  # in eight bits company matters
    np.testing.assert_allclose(found, wanted, atol=near)
    assert np.argmax(found, axis=1).tolist() == wanted.argmax(axis=1).tolist()


@pytest.mark.parametrize(
    "options",
    [
        {"cell": "mingru", "pooling": "last+mean+max+attention", "bag": False}, {"bag_width": 3, "members": 2},
        {"spelling": True, "cell": "gru"}, {"feed_forward_layers": 1, "feed_forward": 5, "character_hidden": 3},
        {"multi_label": True, "bag_width": 0},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_a_classifier_gives_the_same_probabilities(
    options: dict[str, Any], ask: Ask, site_of: Callable[..., Path]
) -> None:
    base = remade.load("classifier")
    if options.get("multi_label"):
        base.labels = remade_several(base)
    model = remade.classifier(base, **options)
    agree_on_texts(model, site_of(model), ask)


def remade_several(base: elman.Classifier) -> Any:
    """The labels of a classifier, as many as there may be a text."""
    return type(base.labels)(
        base.labels.names, base.labels.counts, base.labels.texts, several=True, temperature=1.7, bag_share=0.3
    )


def test_trained_classifiers_agree_too_of_words_and_of_symbols(
    tmp_path: Path, ask: Ask, site_of: Callable[..., Path]
) -> None:
    path = table(tmp_path / "train.tsv", reviews(120))
    reading = {"text_column": "text", "label_column": "label"}
    model = elman.Classifier.train(path, epochs=3, **reading, **CLASSIFIER)
    agree_on_texts(model, site_of(model), ask)
    small = site_of(model, int8=True)
    agree_on_texts(elman.load(small / MODEL), small, ask, near=NEAR_IN_INT8)
    text = write(tmp_path / "text.txt", [text for _, text in reviews(150)])
    for tokenizer in ("bpe", "word"):
        size = {**SIZE, "ngrams": 3, "ngram_bits": 8} if tokenizer == "bpe" else SIZE
        more = {"vocabulary_size": 300} if tokenizer == "bpe" else {}
        lm = elman.LanguageModel.train(text, dev="none", epochs=1, tokenizer=tokenizer, **more, **size)
        lm.save(tmp_path / tokenizer)
        model = elman.Classifier.train(path, from_=tmp_path / tokenizer, epochs=2, batch_size=4, dev="none", **reading)
        agree_on_texts(model, site_of(model), ask)


PROMPTS = ["", "the cat", "민수는 ", "zzz é\n\nour", "a dog likes " * 100]


def agree_on_writing(model: elman.LanguageModel, site: Path, ask: Ask) -> None:
    """The modules of a site give the distributions of Python, and at the same numbers write the same text."""
    seed, options = 3, {"temperature": 0.9, "top_p": 0.9}
    uniform = np.random.default_rng((seed, 0)).random(40).tolist()
    sampling = {"temperature": 0.9, "topP": 0.9, "maxTokens": 40}
    nexts, *texts = ask(
        site, {"ask": "next", "texts": PROMPTS},
        *({"ask": "write", "prompt": prompt, "sampling": sampling, "uniform": uniform} for prompt in PROMPTS),
    )  # fmt: skip
    for logs, prompt in zip(nexts, PROMPTS, strict=True):
        state = model.feed(prompt, final=True)
        wanted = model.engine.log_probabilities(tuple(state.arrays.values()))[0]
        np.testing.assert_allclose(np.exp(logs), np.exp(wanted), atol=NEAR)
    config = SamplingConfig(max_tokens=40, seed=seed, **options)
    assert texts == ["".join(piece for _, piece in model.stream(prompt, config)) for prompt in PROMPTS]


@pytest.mark.parametrize("cell", CELLS)
def test_a_language_model_writes_the_same_text(cell: str, ask: Ask, site_of: Callable[..., Path]) -> None:
    model = remade.language_model(remade.load("language-model"), cell=cell, layers=2, ngrams=3, ngram_bits=8)
    agree_on_writing(model, site_of(model), ask)


@pytest.mark.parametrize(
    "options",
    [
        {"tokenizer": "word", "continuous": True, "adaptive": True, "tied": False}, {"tokenizer": "word"},
        {"tokenizer": "bpe", "vocabulary_size": 300}, {"tokenizer": "byte", "continuous": True},
    ],
    ids=str,
)  # fmt: skip
def test_language_models_of_all_symbols_write_the_same_text(
    options: dict[str, Any], tmp_path: Path, ask: Ask, site_of: Callable[..., Path]
) -> None:
    path = write(tmp_path / "train.txt", sentences(200))
    model = elman.LanguageModel.train(path, dev="none", epochs=2, **options, **SIZE)
    agree_on_writing(model, site_of(model), ask)


SOURCES = ["abcde", "e", "", "abc zzz é", "edcba" * 8]


@pytest.mark.parametrize(
    "options",
    [
        {"attention": "none", "copy": False}, {"attention": "dot", "input_feeding": True},
        {"attention": "mlp", "coverage": 1.0},
        {"cell": "gru", "layers": 2, "decoder_layers": 2, "copy": True, "bidirectional": True},
        {"cell": "mingru", "tied": False, "adaptive": True}, {"cell": "elman", "copy": True, "input_feeding": True},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_a_seq2seq_model_writes_the_same_targets(
    options: dict[str, Any], ask: Ask, site_of: Callable[..., Path]
) -> None:
    model = remade.seq2seq(remade.load("seq2seq"), **options)
    site = site_of(model)
    requests = [{"beam": 1, "nBest": 1}, {"beam": 4, "nBest": 3}]
    for request, found in zip(
        requests, ask(site, *({"ask": "translate", "texts": SOURCES, **one} for one in requests)), strict=True
    ):
        for got, wanted in zip(
            found, model.translate(SOURCES, beam=request["beam"], n_best=request["nBest"]), strict=True
        ):
            assert [one["text"] for one in got] == [one.text for one in wanted]
            assert [one["finished"] for one in got] == [one.finished for one in wanted]
            logs = [one.log_probability for one in wanted]
            assert [one["logProbability"] for one in got] == pytest.approx(logs, rel=NEAR, abs=NEAR)
