"""What a user may rely on: labels that agree by every road, probabilities that sum up, files that come back."""

import itertools
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

import elman
from elman.data.sentences import read_sentences
from elman.errors import InputError, OptionError
from tiny import TAGGER, Tagged, columns, conllu, tagged

SENTENCES = [["Ada", "Kim", "sees", "서울을", "."], ["민수는", "찾는다", "fish"], ["the", "cat"], ["?"], []]


@pytest.fixture(scope="module")
def plain(treebank: dict[str, Path]) -> elman.Tagger:
    """A tagger of parts of speech."""
    return elman.Tagger.train(treebank["train"], dev=treebank["dev"], epochs=2, **TAGGER)


def test_files_of_another_scheme_are_warned_of(
    treebank: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = elman.Tagger.train(treebank["train spans"], dev="none", epochs=1, **TAGGER)
    caplog.clear()
    model.evaluate(treebank["dev spans"])
    assert not caplog.messages
    other = tmp_path / "other.bio"
    text = treebank["dev spans"].read_text(encoding="utf-8")
    other.write_text(text.replace("\tI-", "\tE-"), encoding="utf-8")
    model.evaluate(other)
    (told,) = caplog.messages
    wrong = text.count("\tI-")
    assert told.startswith(f"column label: {wrong} labels are not as the scheme IOB2 of the model writes them")


def test_sentences_may_come_from_iterators(plain: elman.Tagger) -> None:
    assert plain.predict(iter(tokens) for tokens in SENTENCES) == plain.predict(SENTENCES)
    assert plain.predict(tuple(tokens) for tokens in SENTENCES) == plain.predict(SENTENCES)


def spans_of(labels: list[str]) -> set[tuple[int, int, str]]:
    """The spans of well-formed labels in IOB2."""
    found, start = [], -1
    for place, label in enumerate([*labels, "O"]):
        if start >= 0 and label[0] != "I":
            found.append((start, place, labels[start][2:]))
            start = -1
        if label[0] == "B":
            start = place
    return set(found)


def written(model: elman.Tagger, path: Path, **options: Any) -> str:
    parts: list[str] = []
    model.predict_to([path], parts.append, **options)
    return "".join(parts)


def test_it_has_learnt_its_small_grammar(tagger: elman.Tagger) -> None:
    assert tagger.report["metrics"]["label"]["f1"] > 0.9
    assert tagger.report["metrics"]["1"]["accuracy"] > 0.8
    assert tagger.predict([["Ada", "Kim", "sees", "New", "York"]]) == [["B-PER", "I-PER", "O", "B-LOC", "I-LOC"]]


def test_labels_agree_by_every_road(tagger: elman.Tagger) -> None:
    tags = list(tagger.tag(SENTENCES))
    for column in ("label", "1"):
        labels = tagger.predict(SENTENCES, column=column)
        assert [one.labels[column] for one in tags] == labels
        assert [tagger.top(tokens, 1, column=column)[0][0] for tokens in SENTENCES] == labels
        assert [len(row) for row in labels] == [len(tokens) for tokens in SENTENCES]
    assert tagger.predict(SENTENCES) == tagger.predict(SENTENCES, column="label")
    assert tagger.predict(tuple(tokens) for tokens in SENTENCES) == tagger.predict(SENTENCES)


@pytest.mark.parametrize("column", ["label", "1"])
def test_the_probabilities_of_all_label_sequences_sum_to_one(tagger: elman.Tagger, column: str) -> None:
    found = tagger.top(["Ada", "Kim", "sees"], 10_000, column=column)
    assert math.isclose(sum(p for _, p in found), 1.0, rel_tol=1e-5)
    assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)
    assert len({tuple(labels) for labels, _ in found}) == len(found)
    assert tagger.top([], 3, column=column) == [([], 1.0)]


def test_the_probability_of_a_label_and_of_a_span_is_that_of_all_sequences_with_it(tagger: elman.Tagger) -> None:
    for tokens in (["Ada", "Kim", "sees"], ["서울을", "민수는"], ["fish"]):
        (one,) = tagger.tag([tokens])
        for column, labels in one.labels.items():
            every = tagger.top(tokens, 10_000, column=column)
            for t, label in enumerate(labels):
                # Two labels of the network may be one in the file: of a file's label there is no less than of the
                # network's, and where the network's alone is meant, as much.
                wanted = sum(p for sequence, p in every if sequence[t] == label)
                assert one.probabilities[column][t] <= wanted + 1e-6
                if column == "1":
                    assert math.isclose(one.probabilities[column][t], wanted, rel_tol=1e-4)
        every = tagger.top(tokens, 10_000)
        assert {(span.start, span.end, span.type) for span in one.spans["label"]} == spans_of(one.labels["label"])
        for span in one.spans["label"]:
            place = (span.start, span.end, span.type)
            wanted = sum(p for sequence, p in every if place in spans_of(sequence))
            assert math.isclose(span.probability, wanted, rel_tol=1e-4)


@pytest.mark.parametrize("crf", [True, False])
def test_labels_of_spans_are_well_formed_with_and_without_a_crf(treebank: dict[str, Path], crf: bool) -> None:
    model = elman.Tagger.train(treebank["train spans"], dev="none", epochs=1, crf=crf, **TAGGER)
    words = sorted({token for row in tagged(60) for token, _, _ in row})
    chooser = np.random.default_rng(1)
    for labels in model.predict(chooser.choice(words, size=(50, 7)).tolist()):
        for before, after in itertools.pairwise(["O", *labels]):
            assert after[0] != "I" or before[1:] == after[1:]
    assert bool(model.engine.transitions(0)) == crf


def test_figures_are_those_of_a_count_by_hand_and_of_seqeval(treebank: dict[str, Path], tmp_path: Path) -> None:
    rows: list[Tagged] = [*tagged(12, seed=3), [("zzz", "NOUN", "O"), ("Ada", "PROPN", "B-LOC")]]
    path = columns(tmp_path / "t.bio", rows)
    model = elman.Tagger.train(
        treebank["train spans"], dev="none", label_columns=["2", "1"], epochs=2, lr=0.05, **TAGGER
    )
    report = model.evaluate(path)
    gold = [[label for _, _, label in row] for row in rows]
    found = model.predict([[token for token, _, _ in row] for row in rows])
    pairs = [pair for one, other in zip(gold, found, strict=True) for pair in zip(one, other, strict=True)]
    metrics = report["metrics"]["label"]
    assert report["tokens"] == len(pairs)
    assert math.isclose(metrics["accuracy"], sum(a == b for a, b in pairs) / len(pairs))
    assert metrics["accuracy_unseen"] == float(found[-1][0] == "O")
    theirs = classification_report(gold, found, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    for name, other in (("precision", "precision"), ("recall", "recall"), ("f1", "f1-score")):
        assert math.isclose(metrics[name], theirs["micro avg"][other], abs_tol=1e-9)
    kinds = model.predict([[token for token, _, _ in row] for row in rows], column="1")
    right = sum(
        a == b for row, labels in zip(rows, kinds, strict=True) for (_, a, _), b in zip(row, labels, strict=True)
    )
    assert math.isclose(report["metrics"]["1"]["accuracy"], right / len(pairs))
    confused = report["details"]["label"]["confusions"]
    assert sum(one["count"] for one in confused) == sum(a != b for a, b in pairs)


def test_files_whose_columns_are_called_otherwise_are_judged_alike(
    tagger: elman.Tagger, treebank: dict[str, Path], tmp_path: Path
) -> None:
    rows = tagged(12, seed=2)
    wide = tmp_path / "wide.conll"
    lines = ["".join(f"{label}\t{kind}\t_\t{token}\t_\n" for token, kind, label in row) for row in rows]
    wide.write_text("\n".join(lines) + "\n", encoding="utf-8")
    listed = tmp_path / "lists.jsonl"
    objects = [dict(zip(("words", "pos", "ner"), map(list, zip(*row, strict=True)), strict=True)) for row in rows]
    listed.write_text("".join(json.dumps(one) + "\n" for one in objects), encoding="utf-8")
    wanted = tagger.evaluate(treebank["dev spans"])["metrics"]
    for path, token, names in ((wide, "3", ("0", "1")), (listed, "words", ("ner", "pos"))):
        found = tagger.evaluate(path, reading={"token_column": token, "label_columns": names})
        assert found["metrics"] == wanted
    with pytest.raises(OptionError, match="name as many, in the order label, 1"):
        tagger.evaluate(wide, reading={"label_columns": ("0",)})


def test_conllu_comes_back_with_its_labels_alone_exchanged(plain: elman.Tagger, tmp_path: Path) -> None:
    path = conllu(tmp_path / "t.conllu", tagged(5, seed=4))
    text = path.read_text(encoding="utf-8").replace("\tNOUN\t", "\t_\t")
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    sentences = read_sentences([path], plain.reading(None), labelled=False)
    labels = itertools.chain.from_iterable(plain.predict(sentence.tokens for sentence in sentences))
    expected = []
    for line in path.read_bytes().decode().split("\n"):
        cells = line.split("\t")
        if len(cells) == 10:
            cells[3] = next(labels)
        expected.append("\t".join(cells))
    assert written(plain, path) == "\n".join(expected)
    assert next(labels, None) is None


def test_columns_lists_and_plain_text_come_back_with_labels(tagger: elman.Tagger, tmp_path: Path) -> None:
    tokens = ["Ada", "Kim", "sees", "서울을"]
    labels, kinds = (tagger.predict([tokens], column=column)[0] for column in ("label", "1"))
    bio, lists, text = tmp_path / "a.bio", tmp_path / "a.jsonl", tmp_path / "a.txt"
    bio.write_text("".join(f"{token}\tX\t_\n" for token in tokens) + "\n", encoding="utf-8")
    lists.write_text(json.dumps({"id": 3, "tokens": tokens}, ensure_ascii=False) + "\n", encoding="utf-8")
    text.write_text(" ".join(tokens) + "\n\n", encoding="utf-8")
    assert (
        written(tagger, bio)
        == "".join(f"{a}\t{k}\t{b}\n" for a, k, b in zip(tokens, kinds, labels, strict=True)) + "\n"
    )
    assert json.loads(written(tagger, lists)) == {"id": 3, "tokens": tokens, "label": labels, "1": kinds}
    rows = [line.split("\t") for line in written(tagger, text).splitlines() if line]
    assert rows == [list(row) for row in zip(tokens, labels, kinds, strict=True)]


def test_probabilities_stand_beside_the_labels(tagger: elman.Tagger, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ada Kim sees fish\n", encoding="utf-8")
    (one,) = tagger.tag([["Ada", "Kim", "sees", "fish"]])
    rows = [line.split("\t") for line in written(tagger, path, probabilities=True).splitlines() if line]
    for place, column in ((3, "label"), (4, "1")):
        np.testing.assert_allclose([float(row[place]) for row in rows], one.probabilities[column], atol=1e-6)


def test_spans_are_told_by_text_and_place(tagger: elman.Tagger, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ada Kim sees 서울을\n\nthe cat sees New York\n", encoding="utf-8")
    lines = [json.loads(line) for line in written(tagger, path, spans=True).splitlines()]
    assert [line["text"] for line in lines] == ["Ada Kim sees 서울을", "the cat sees New York"]
    assert [line["line"] for line in lines] == [1, 3]
    found = [[(span["text"], span["label"], span["tokens"]) for span in line["spans"]] for line in lines]
    assert found == [[("Ada Kim", "PER", [0, 2]), ("서울을", "LOC", [3, 4])], [("New York", "LOC", [3, 5])]]
    for line, one in zip(lines, tagger.tag(line["text"].split() for line in lines), strict=True):
        for span, wanted in zip(line["spans"], one.spans["label"], strict=True):
            begin, end = span["characters"]
            assert line["text"][begin:end] == span["text"]
            assert math.isclose(span["probability"], wanted.probability, abs_tol=1e-6)


def test_the_likeliest_sequences_are_written_by_column(tagger: elman.Tagger, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ada sees fish\n", encoding="utf-8")
    line = json.loads(written(tagger, path, top=3))
    assert (line["tokens"], line["line"]) == (["Ada", "sees", "fish"], 1)
    for column in ("label", "1"):
        wanted = tagger.top(line["tokens"], 3, column=column)
        assert [(one["labels"], one["probability"]) for one in line["top"][column]] == wanted


def test_tokens_of_any_form_have_labels(tagger: elman.Tagger) -> None:
    strange = [["", " ", "a" * 5000, "\u200b", "😀", "한" * 60, "\ud800", "é", "e\u0301", "\x00"]]
    assert len(tagger.predict(strange)[0]) == len(strange[0])
    (one,) = tagger.tag(strange)
    assert all(0 <= p <= 1 for row in one.probabilities.values() for p in row)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises((InputError, OptionError)) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_what_are_no_sentences_is_told(tagger: elman.Tagger) -> None:
    assert "these are not sentences" in refused(lambda: tagger.predict("the cat"))
    assert "these are not sentences" in refused(lambda: tagger.predict(3))
    assert "sentence 2 is not a list" in refused(lambda: tagger.predict([["a"], "b"]))
    assert "sentence 1500 is not a list" in refused(lambda: tagger.predict([["a"]] * 1499 + [["b", 3]]))
    assert "sentence 1 is not a list" in refused(lambda: list(tagger.tag([None])))
    assert "did you mean label" in refused(lambda: tagger.predict([["a"]], column="lable"))
    assert "at least 1" in refused(lambda: tagger.top(["a"], 0))


def test_what_cannot_be_written_is_refused(
    treebank: dict[str, Path], tagger: elman.Tagger, plain: elman.Tagger
) -> None:
    assert "--spans" in refused(lambda: written(plain, treebank["dev"], spans=True))
    assert "--top and --spans" in refused(lambda: written(tagger, treebank["dev spans"], top=2, spans=True))
    assert "did you mean probabilities" in refused(lambda: written(tagger, treebank["dev spans"], probability=True))
    both = [treebank["dev spans"], treebank["dev"]]
    assert "several formats" in refused(lambda: tagger.predict_to(both, print))


def test_a_sentence_of_any_length_takes_time_in_proportion(tagger: elman.Tagger) -> None:
    words = [token for row in tagged(40) for token, _, _ in row]

    def seconds(tokens: int) -> float:
        sentence = (words * (tokens // len(words) + 1))[:tokens]
        found = []
        for _ in range(2):
            begun = time.process_time()
            assert len(tagger.predict([sentence])[0]) == tokens
            found.append(time.process_time() - begun)
        return min(found)

    seconds(1000)
    short, long = seconds(5_000), seconds(20_000)
    assert long < 8 * short


@pytest.mark.parametrize("value", [5, None, [["a", 1]], "text", [5], ["text"], {"a": 1}])
def test_what_are_no_sentences_is_told_in_one_line(plain: elman.Tagger, value: Any) -> None:
    for call in (plain.predict, lambda sentences: list(plain.tag(sentences))):
        with pytest.raises(InputError) as caught:
            call(value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [2.5, "3", True, None, [1]])
def test_how_many_sequences_is_a_whole_number(plain: elman.Tagger, value: Any) -> None:
    with pytest.raises(OptionError, match=r"^top: .* is not a whole number; give a number of at least 1$"):
        plain.top(["a"], value)


def test_wrong_types_are_told_in_one_line(plain: elman.Tagger, treebank: dict[str, Path]) -> None:
    dev = treebank["dev"]
    calls: list[Callable[[Any], object]] = [
        lambda value: plain.predict([["a"]], column=value),
        lambda value: plain.top(["a"], 1, column=value),
        plain.evaluate,
        lambda value: plain.evaluate(dev, against=value),
        lambda value: plain.evaluate(dev, reading=value),
        lambda value: plain.predict_to([dev], print, reading=value),
        lambda value: plain.predict_to(value, print),
        elman.Tagger.train,
        lambda value: elman.Tagger.train(dev, budget=value),
        lambda value: elman.Tagger.train(dev, out=value),
    ]
    for call in calls:
        for value in (5, 2.5, ["x", 1], b"x"):
            with pytest.raises((InputError, OptionError)) as caught:
                call(value)
            assert "\n" not in str(caught.value)


def test_columns_may_be_named_in_a_list(plain: elman.Tagger, treebank: dict[str, Path]) -> None:
    wanted = plain.evaluate(treebank["dev"])["metrics"]
    assert plain.evaluate(treebank["dev"], reading={"label_columns": ["upos"]})["metrics"] == wanted
