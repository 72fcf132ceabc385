"""Laws of every kind of model: an answer depends on the text that was asked for, and on nothing beside or behind it."""

import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

import elman
from elman.nn.config import ATTENTIONS, CELLS
from tiny import (
    CLASSIFIER,
    SEQ2SEQ,
    SIZE,
    TAGGER,
    columns,
    pair_table,
    reversed_words,
    reviews,
    sentences,
    table,
    tagged,
    write,
)  # fmt: skip

Answer = tuple[list[str], list[float]]
"""What a model says of a text: names of any sort, and scores."""
TEXTS = [
    "a", "the cat sees it.", "Ada Kim sees New York .", "책을 " * 90, "민수는 서울을 찾는다", "fish " * 33, "me.",
    "the cat sees it.", "our bird likes the fish .",
]  # fmt: skip


@dataclass(frozen=True)
class Subject:
    """A kind under test.

    Args:
        train: makes a model with its files in a folder. ask: the answers to texts. ask_file: the same by way of a file,
            written out and read again.
    """

    train: Callable[..., Any]
    ask: Callable[[Any, Iterable[str]], list[Answer]]
    ask_file: Callable[[Any, Path], list[Answer]]


def _train_language_model(folder: Path, **options: Any) -> elman.LanguageModel:
    path = write(folder / "train.txt", sentences(12))
    return elman.LanguageModel.train(path, dev="none", epochs=1, **{**SIZE, **options})


def _ask_language_model(model: elman.LanguageModel, texts: Iterable[str]) -> list[Answer]:
    found = model.predict(list(texts))
    return [([item.symbol for item in line], [item.log_probability for item in line]) for line in found]


def _ask_language_model_file(model: elman.LanguageModel, path: Path) -> list[Answer]:
    rows = [json.loads(row) for row in _lines(model, path)]
    return [(row["symbols"], row["log_probabilities"]) for row in rows]


def _train_tagger(folder: Path, **options: Any) -> elman.Tagger:
    path = columns(folder / "train.bio", tagged(12))
    return elman.Tagger.train(path, dev="none", epochs=1, label_columns=["2", "1"], **{**TAGGER, **options})


def _ask_tagger(model: elman.Tagger, texts: Iterable[str]) -> list[Answer]:
    return [
        (
            [label for labels in one.labels.values() for label in labels],
            [p for probabilities in one.probabilities.values() for p in probabilities]
            + [span.probability for spans in one.spans.values() for span in spans],
        )
        for one in model.tag(text.split() for text in texts)
    ]


def _ask_tagger_file(model: elman.Tagger, path: Path) -> list[Answer]:
    parts = "".join(_lines(model, path, probabilities=True)).split("\n\n")[:-1]
    found = []
    for part, row in zip(parts, _lines(model, path, spans=True), strict=True):
        cells = list(zip(*(line.split("\t") for line in part.split("\n")), strict=True))
        sure = [float(cell) for column in cells[3:] for cell in column]
        spans = [span["probability"] for span in json.loads(row)["spans"]]
        found.append(([*cells[1], *cells[2]], sure + spans))
    return found


def _lines(model: Any, path: Path, **options: Any) -> list[str]:
    parts: list[str] = []
    model.predict_to([path], parts.append, **options)
    return parts


def _train_classifier(folder: Path, **options: Any) -> elman.Classifier:
    path = table(folder / "train.tsv", reviews(12))
    return elman.Classifier.train(path, dev="none", epochs=1, **{**CLASSIFIER, **options})


def _ask_classifier(model: elman.Classifier, texts: Iterable[str]) -> list[Answer]:
    names, p = model.probabilities(texts)
    return [([names[k] for k in np.argsort(-row)], np.sort(row)[::-1].tolist()) for row in p]


def _ask_classifier_file(model: elman.Classifier, path: Path) -> list[Answer]:
    rows = [json.loads(row)["top"] for row in _lines(model, path, top=9)]
    return [([one["label"] for one in row], [one["probability"] for one in row]) for row in rows]


SEARCH: dict[str, Any] = {"beam": 3, "n_best": 2, "maximum_length": 6}


def _train_seq2seq(folder: Path, **options: Any) -> elman.Seq2Seq:
    texts = [*(word for word, _ in reversed_words(60)), *sentences(6)]
    path = pair_table(folder / "train.tsv", [(text, text[::-1]) for text in texts])
    return elman.Seq2Seq.train(path, dev="none", epochs=2, lr=0.02, **{**SEQ2SEQ, "hidden": 12, **options})


def _ask_seq2seq(model: elman.Seq2Seq, texts: Iterable[str]) -> list[Answer]:
    return [
        (
            [word for one in some for word in (one.text, str(one.finished))],
            [float(x) for one in some for x in (one.log_probability, one.score, *np.ravel(_looked(one.attention)))],
        )
        for some in model.translate(texts, **SEARCH)
    ]


def _ask_seq2seq_file(model: elman.Seq2Seq, path: Path) -> list[Answer]:
    lines = _lines(model, path, alignments=model.engine.attends, **SEARCH)
    return [
        (
            [word for one in row for word in (one["prediction"], str(one["finished"]))],
            [
                x
                for one in row
                for x in (one["log_probability"], one["score"], *np.ravel(_looked(one.get("alignment"))))
            ],
        )
        for row in (json.loads(line)["predictions"] for line in lines)
    ]


def _looked(attention: Any) -> Any:
    return () if attention is None else attention


SUBJECTS = {
    "language-model": Subject(_train_language_model, _ask_language_model, _ask_language_model_file),
    "tagger": Subject(_train_tagger, _ask_tagger, _ask_tagger_file),
    "classifier": Subject(_train_classifier, _ask_classifier, _ask_classifier_file),
    "seq2seq": Subject(_train_seq2seq, _ask_seq2seq, _ask_seq2seq_file),
}
CASES = [
    *(("language-model", {"cell": cell, "layers": n, "ngrams": n}) for cell, n in itertools.product(CELLS, [1, 2])),
    *(
        ("tagger", {"cell": cell, "layers": layers, "bidirectional": both, "crf": crf})
        for cell, layers, both, crf in itertools.product(CELLS, [1, 2], [True, False], [True, False])
    ),
    ("tagger", {"character_hidden": 3, "word_width": 0}),
    *(
        ("classifier", {"cell": cell, "layers": layers, "bidirectional": both})
        for cell, layers, both in itertools.product(CELLS, [1, 2], [True, False])
    ),
    ("classifier", {"pooling": "attention+max", "feed_forward_layers": 2, "bag": False, "character_hidden": 3}),
    *(
        ("seq2seq", {"cell": cell, "attention": way, "layers": 1 + (n + k) % 2, "bidirectional": (n // 2 + k) % 2 == 0})
        for (n, cell), (k, way) in itertools.product(enumerate(CELLS), enumerate(ATTENTIONS))
    ),
    ("seq2seq", {"attention": "mlp", "input_feeding": True, "decoder_layers": 2}),
    ("seq2seq", {"attention": "dot", "input_feeding": True, "copy": True, "coverage": 0.5, "cell": "gru"}),
    ("seq2seq", {"copy": True, "tokenizer": "word"}),
    ("seq2seq", {"coverage": 0.5, "tokenizer": "byte", "joint": False, "cell": "mingru"}),
]
EVERY = pytest.mark.parametrize(
    ("kind", "options"), CASES, ids=["-".join([kind, *map(str, options.values())]) for kind, options in CASES]
)


@cache
def model_of(kind: str, options: tuple[tuple[str, Any], ...]) -> Any:
    """A barely trained model: its weights are as good as drawn."""
    with TemporaryDirectory() as folder:
        return SUBJECTS[kind].train(Path(folder), **dict(options))


def subject(kind: str, options: dict[str, Any]) -> tuple[Any, Callable[[Iterable[str]], list[Answer]]]:
    """A model, and how it is asked."""
    model = model_of(kind, tuple(options.items()))
    return model, lambda texts: SUBJECTS[kind].ask(model, texts)


def same(found: Sequence[Answer], wanted: Sequence[Answer], *, rounded: float = 0.0) -> None:
    """Names are the same, scores to 1e-5 of themselves."""
    assert [names for names, _ in found] == [names for names, _ in wanted]
    for (_, scores), (_, others) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(scores, others, rtol=1e-5, atol=max(1e-6, rounded))


@EVERY
def test_an_answer_is_the_same_alone_and_in_any_company_and_order(kind: str, options: dict[str, Any]) -> None:
    _, ask = subject(kind, options)
    alone = [answer for text in TEXTS for answer in ask([text])]
    together = ask(TEXTS)
    same(together, alone)
    same(ask(TEXTS[::-1])[::-1], together)
    same(ask([*TEXTS * 8, "x " * 400])[: len(TEXTS)], together)
    assert all(names and len(scores) for names, scores in together)


@EVERY
def test_a_model_that_was_saved_and_loaded_answers_the_same(kind: str, options: dict[str, Any], tmp_path: Path) -> None:
    model, ask = subject(kind, options)
    model.save(tmp_path / "m")
    again = elman.load(tmp_path / "m")
    same(SUBJECTS[kind].ask(again, TEXTS), ask(TEXTS))
    assert again.kind == kind and again.report == model.report


@EVERY
def test_a_file_is_answered_as_its_lines_are(
    kind: str, options: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("tagging.decoding", "windows"):
        monkeypatch.setattr(f"elman.models.{package}.WINDOW", 4)  # several windows in a small file
    model, ask = subject(kind, options)
    same(SUBJECTS[kind].ask_file(model, write(tmp_path / "texts.txt", TEXTS)), ask(TEXTS), rounded=1e-6)


@EVERY
def test_two_models_of_one_seed_answer_the_same(kind: str, options: dict[str, Any], tmp_path: Path) -> None:
    _, ask = subject(kind, options)
    again = SUBJECTS[kind].train(tmp_path, **options)
    assert SUBJECTS[kind].ask(again, TEXTS[:3]) == ask(TEXTS[:3])
