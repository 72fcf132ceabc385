"""Laws of every kind of model: an answer depends on the text that was asked for, and on nothing beside or behind it.

The laws, and the configurations that they hold for: `tests/models/test_laws.py` tries a sample, `tests/slow` all.
"""

import itertools
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pytest import MonkeyPatch

import elman
from elman.nn.config import ATTENTIONS, CELLS, POOLINGS
from tiny import (
    CLASSIFIER,
    SEQ2SEQ,
    SIZE,
    TAGGER,
    columns,
    of_parts,
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
    return elman.Tagger.train(path, dev="none", epochs=1, **{**TAGGER, "label_columns": ["2", "1"], **options})


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
        columns = len(cells) // 2  # behind the token the labels, behind those how sure they are
        sure = [float(cell) for column in cells[1 + columns :] for cell in column]
        spans = [span["probability"] for span in json.loads(row)["spans"]]
        found.append(([label for column in cells[1 : 1 + columns] for label in column], sure + spans))
    return found


def _lines(model: Any, path: Path, **options: Any) -> list[str]:
    parts: list[str] = []
    model.predict_to([path], parts.append, **options)
    return parts


def _train_classifier(folder: Path, **options: Any) -> elman.Classifier:
    path = table(folder / "train.tsv", reviews(12))
    return elman.Classifier.train(path, dev="none", epochs=1, **of_parts({**CLASSIFIER, **options}))


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
Options = dict[str, Any]
Case = tuple[str, Options]
"""A kind, and what is asked of its training."""


def over(**choices: Sequence[Any]) -> list[Options]:
    """Options for every combination of choices."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


SOFTMAXES: list[Options] = [
    {"tied": True}, {"tied": False}, {"tied": True, "adaptive": True, "tokenizer": "word", "minimum_count": 1},
    {"tied": False, "adaptive": True, "tokenizer": "word", "minimum_count": 1},
]  # fmt: skip
HEADS: list[Options] = [
    {"crf": crf, "label_columns": columns} for crf, columns in itertools.product([True, False], [("2",), ("2", "1")])
]
POOLS = [*POOLINGS, "last+mean+max"]
LOOKS: list[Options] = [
    {"attention": "none"},
    *(
        {"attention": way, **more}
        for way, more in itertools.product(
            [way for way in ATTENTIONS if way != "none"], over(input_feeding=[False, True], copy=[False, True])
        )
    ),
]
LAYERS, BOTH = [1, 2], [True, False]
FURTHER: list[Case] = [
    ("language-model", {"ngrams": 3, "tokenizer": "bpe", "vocabulary_size": 280}),
    ("language-model", {"tokenizer": "byte", "ngrams": 2}),
    ("tagger", {"character_hidden": 3, "word_width": 0}),
    ("tagger", {"members": 2, "character_hidden": 3}),
    ("classifier", {"pooling": "attention+max", "feed_forward_layers": 2, "bag": False, "character_hidden": 3}),
    ("classifier", {"members": 2, "bag_width": 3}),
    ("seq2seq", {"attention": "mlp", "input_feeding": True, "decoder_layers": 2}),
    ("seq2seq", {"attention": "dot", "input_feeding": True, "copy": True, "coverage": 0.5, "cell": "gru"}),
    ("seq2seq", {"copy": True, "tokenizer": "word"}),
    ("seq2seq", {"coverage": 0.5, "tokenizer": "byte", "joint": False, "cell": "mingru"}),
]
"""What the product leaves out."""
PRODUCT: list[Case] = [
    *(
        ("language-model", {**one, **head})
        for one in over(cell=CELLS, layers=LAYERS, ngrams=[1, 2])
        for head in SOFTMAXES
    ),
    *(("tagger", {**one, **head}) for one in over(cell=CELLS, layers=LAYERS, bidirectional=BOTH) for head in HEADS),
    *(("classifier", one) for one in over(cell=CELLS, layers=LAYERS, bidirectional=BOTH, pooling=POOLS)),
    *(("seq2seq", {**one, **look}) for one in over(cell=CELLS, layers=LAYERS, bidirectional=BOTH) for look in LOOKS),
    *FURTHER,
]
"""Every cell with one and two layers, read in one direction and in both, with every head."""


def sample(count: int) -> list[Case]:
    """So many cases of each kind, drawn evenly from the product, and every other one of those beside it."""
    product = PRODUCT[: -len(FURTHER)]
    found = []
    for kind in SUBJECTS:
        cases = [case for case in product if case[0] == kind]
        found += random.Random(kind).sample(cases, count)
    return [*found, *FURTHER[::2]]


def name_of(case: Case) -> str:
    """How a case is called in reports."""
    kind, options = case
    return "-".join([kind, *(str(value) for value in options.values())])


@cache
def _model(kind: str, options: tuple[tuple[str, Any], ...]) -> Any:
    with TemporaryDirectory() as folder:
        return SUBJECTS[kind].train(Path(folder), **dict(options))


def model_of(case: Case) -> Any:
    """A barely trained model: its weights are as good as drawn."""
    kind, options = case
    return _model(kind, tuple(options.items()))


def ask(case: Case, texts: Iterable[str]) -> list[Answer]:
    """What the model of a case says of texts."""
    return SUBJECTS[case[0]].ask(model_of(case), texts)


def same(found: Sequence[Answer], wanted: Sequence[Answer], *, rounded: float = 0.0) -> None:
    """Names are the same, scores to 1e-5 of themselves."""
    assert [names for names, _ in found] == [names for names, _ in wanted]
    for (_, scores), (_, others) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(scores, others, rtol=1e-5, atol=max(1e-6, rounded))


def company(case: Case, folder: Path) -> None:
    """An answer is the same alone and among others."""
    together = ask(case, TEXTS)
    assert all(names and len(scores) for names, scores in together)
    same([answer for text in TEXTS for answer in ask(case, [text])], together)


def order(case: Case, folder: Path) -> None:
    """An answer is the same wherever its text stands."""
    same(ask(case, TEXTS[::-1])[::-1], ask(case, TEXTS))


def padding(case: Case, folder: Path) -> None:
    """An answer is the same beside a text that is far longer."""
    same(ask(case, [*TEXTS * 8, "x " * 400])[: len(TEXTS)], ask(case, TEXTS))


def windows(case: Case, folder: Path) -> None:
    """A file that is read a window at a time is answered as its texts are."""
    path = write(folder / "texts.txt", TEXTS)
    with MonkeyPatch.context() as patch:
        for package in ("tagging.decoding", "windows"):
            patch.setattr(f"elman.models.{package}.WINDOW", 4)  # several windows in a small file
        same(SUBJECTS[case[0]].ask_file(model_of(case), path), ask(case, TEXTS), rounded=1e-6)


def segments(case: Case, folder: Path) -> None:
    """A text that is cut, each part read behind the state after the part before, has the scores of the whole."""
    model, text = model_of(case), "the cat sees it. our bird likes fish"
    whole = [(one.symbol, one.log_probability) for one in model.score(text, end=True)]
    for places in ([4], [1, 8, 17], range(1, len(text))):
        state, begin = None, 0
        for end in places:
            state, begin = model.feed(text[begin:end], state), end
        rest = [(one.symbol, one.log_probability) for one in model.score(text[begin:], state, end=True)]
        same([_split(rest)], [_split(whole[-len(rest) :])])


def _split(scored: Sequence[tuple[str, float]]) -> Answer:
    return [name for name, _ in scored], [score for _, score in scored]


def streaming(case: Case, folder: Path) -> None:
    """What is answered bit by bit is what is answered at once."""
    kind, model = case[0], model_of(case)
    same(ask(case, iter(TEXTS)), ask(case, TEXTS))
    if kind == "language-model":
        for temperature in (0.0, 1.0):
            draw = {"max_tokens": 12, "temperature": temperature, "seed": 3}
            assert "".join(model.generate("the", stream=True, **draw)) == model.generate("the", **draw)
        told, state = model.score("the cat", end=True), None
        for one, character in zip(told, "the cat", strict=False) if model.tokenizer.kind == "char" else ():
            p = dict(model.next(state, top=model.tokenizer.size))[one.symbol]
            np.testing.assert_allclose(np.log(p), one.log_probability, rtol=1e-5, atol=1e-6)
            state = model.feed(character, state)
    elif kind == "seq2seq":
        for text in TEXTS[:3]:
            (best,), *_ = model.translate([text], beam=1, maximum_length=8)
            found = "".join(model.generate(text, stream=True, max_tokens=8))
            assert found == model.generate(text, max_tokens=8) == best.text


def saving(case: Case, folder: Path) -> None:
    """A model that was saved and loaded answers the same."""
    model = model_of(case)
    model.save(folder / "m")
    again = elman.load(folder / "m")
    same(SUBJECTS[case[0]].ask(again, TEXTS), ask(case, TEXTS))
    assert again.kind == case[0] and again.report == model.report


def seed(case: Case, folder: Path) -> None:
    """Two models of one seed answer the same, to the bit."""
    kind, options = case
    again = SUBJECTS[kind].train(folder, **options)
    assert SUBJECTS[kind].ask(again, TEXTS[:3]) == ask(case, TEXTS[:3])


LAWS: dict[str, Callable[[Case, Path], None]] = {
    law.__name__: law for law in (company, order, padding, windows, segments, streaming, saving, seed)
}


def laws_of(case: Case) -> dict[str, Callable[[Case, Path], None]]:
    """The laws that a case is under: a text is cut for language models alone, the other kinds take whole ones."""
    return {name: law for name, law in LAWS.items() if law is not segments or case[0] == "language-model"}


def hold(case: Case, folder: Path) -> int:
    """Hold a case to all laws that it is under; how many there are."""
    laws = laws_of(case)
    for name, law in laws.items():
        (folder / name).mkdir()
        law(case, folder / name)
    return len(laws)
