"""Schemes against enumeration, seqeval and sequences written by hand; label sets there and back."""

import itertools
import random
from typing import Any

import numpy as np
import pytest
import seqeval.scheme
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import InputError, ModelFileError
from elman.text import labels as module
from elman.text.labels import (
    BIOES,
    IGNORED,
    SCHEMES,
    LabelSet,
    Scheme,
    Span,
    convert,
    detect_scheme,
    from_spans,
    ill_formed,
    strays,
    strict_spans,
    to_spans,
)

IOB1, IOB2, BMES = SCHEMES["IOB1"], SCHEMES["IOB2"], SCHEMES["BMES"]
SPANS = [Span(0, 1, "X"), Span(1, 3, "X"), Span(3, 4, "Y"), Span(5, 8, "Y"), Span(8, 9, "Y")]
WRITTEN = {
    "IOB1": "I-X B-X I-X I-Y O I-Y I-Y I-Y B-Y",
    "IOB2": "B-X B-X I-X B-Y O B-Y I-Y I-Y B-Y",
    "IOE1": "E-X I-X I-X I-Y O I-Y I-Y E-Y I-Y",
    "IOE2": "E-X I-X E-X E-Y O I-Y I-Y E-Y E-Y",
    "BIOES": "S-X B-X E-X S-Y O B-Y I-Y E-Y S-Y",
    "BMES": "S-X B-X E-X S-Y O B-Y M-Y E-Y S-Y",
    "BILOU": "U-X B-X L-X U-Y O B-Y I-Y L-Y U-Y",
}
EVERY = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)


@st.composite
def sentences(draw: st.DrawFn) -> tuple[list[Span], int]:
    """Spans in order, often touching, of three types, one of them none."""
    spans, end = [], 0
    for gap, length in draw(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), max_size=5)):
        spans.append(Span(end + gap, end + gap + length, draw(st.sampled_from(["X", "Y-z", ""]))))
        end += gap + length
    return spans, end + draw(st.integers(0, 2))


def written(scheme: Scheme) -> list[str]:
    return WRITTEN[scheme.name].split()


def every_label(scheme: Scheme) -> list[str]:
    return ["O", *(f"{letter}-{kind}" for letter in sorted(scheme.letters) for kind in "XY")]


def sequences(scheme: Scheme, length: int) -> list[list[str]]:
    """All sequences of labels of a scheme with two types."""
    return [list(labels) for labels in itertools.product(every_label(scheme), repeat=length)]


@EVERY
def test_spans_are_written_as_the_scheme_has_it_and_read_back(scheme: Scheme) -> None:
    assert from_spans(SPANS, 9, scheme=scheme) == written(scheme)
    assert to_spans(written(scheme), scheme) == SPANS


@settings(deadline=None, max_examples=60)
@given(sentences())
def test_conversion_between_all_schemes_loses_nothing(sentence: tuple[list[Span], int]) -> None:
    spans, length = sentence
    for source, target in itertools.product(SCHEMES.values(), repeat=2):
        labels = from_spans(spans, length, scheme=source)
        assert to_spans(labels, source) == strict_spans(labels, source) == spans
        there = convert(labels, source, target=target)
        assert there == from_spans(spans, length, scheme=target)
        assert convert(there, target, target=source) == labels


@EVERY
def test_a_sentence_is_well_formed_where_every_label_may_follow_the_one_before(scheme: Scheme) -> None:
    for labels in sequences(scheme, 3):
        follows = all(scheme.follows(*pair) for pair in itertools.pairwise(["O", *labels, "O"]))
        assert (ill_formed(labels, scheme) == []) == follows, labels


@pytest.mark.parametrize(
    ("name", "labels", "spans", "wrong"),
    [
        ("IOB2", "O I-X I-X", [Span(1, 3, "X")], [1]),
        ("IOB2", "B-X I-Y", [Span(0, 1, "X"), Span(1, 2, "Y")], [1]),
        ("IOB2", "B-X NN I-X", [Span(0, 1, "X"), Span(2, 3, "X")], [1, 2]),
        ("IOB1", "O B-X I-X", [Span(1, 3, "X")], [1]),
        ("BIOES", "B-X I-X O", [Span(0, 2, "X")], [1]),
        ("BIOES", "E-X I-X S-X E-X", [Span(0, 1, "X"), Span(1, 2, "X"), Span(2, 3, "X"), Span(3, 4, "X")], [0, 1, 3]),
        ("BMES", "M E O B", [Span(0, 2, ""), Span(3, 4, "")], [0, 3]),
    ],
)
def test_an_ill_formed_sentence_has_a_meaning_and_its_faults_are_told(
    name: str, labels: str, spans: list[Span], wrong: list[int]
) -> None:
    assert to_spans(labels.split(), SCHEMES[name]) == spans
    assert ill_formed(labels.split(), SCHEMES[name]) == wrong


@pytest.mark.parametrize(("name", "length"), [("IOB2", 4), ("IOE2", 4), ("BIOES", 3), ("BILOU", 3)])
def test_strict_spans_of_all_short_sentences_are_those_of_seqeval(name: str, length: int) -> None:
    scheme = SCHEMES[name]
    theirs = getattr(seqeval.scheme, {"BIOES": "IOBES"}.get(name, name))
    for labels in sequences(scheme, length):
        wanted = [Span(span.start, span.end, span.tag) for span in seqeval.scheme.Tokens(labels, theirs).entities]
        assert strict_spans(labels, scheme) == wanted, labels


def test_strict_spans_of_well_formed_iob1_are_those_of_seqeval() -> None:
    for labels in sequences(IOB1, 4):
        if not ill_formed(labels, IOB1):
            theirs = seqeval.scheme.Tokens(labels, seqeval.scheme.IOB1).entities
            assert strict_spans(labels, IOB1) == [Span(span.start, span.end, span.tag) for span in theirs]


@EVERY
def test_a_scheme_is_detected(scheme: Scheme) -> None:
    assert detect_scheme([written(scheme)]) is scheme


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ("O I-X I-X O I-Y I-X", "IOB1"),
        ("B-X O O", "IOB2"),
        ("S-X O", "BIOES"),
        ("U-X O", "BILOU"),
        ("B M E S B E", "BMES"),
        ("B I I B O B I", "IOB2"),
        ("B E S B I E", "BIOES"),
        ("B-X I-X B-X", "IOB2"),
        ("B-work-of-art I-work-of-art O", "IOB2"),
    ],
)
def test_few_labels_are_enough_to_tell_the_scheme(labels: str, name: str) -> None:
    assert detect_scheme([labels.split()]) is SCHEMES[name]


@pytest.mark.parametrize(
    "labels",
    [
        "",
        "NOUN VERB PUNCT O",
        "HYPH -LRB- NN -RRB- O I B",
        "ncn+jca pvg+ef O-",
        "O O O",
        "I O I O",
        "S O E B O I",
        "B-X NOUN VERB O O",
        "I-X NN",
        "X-A Y-B O",
    ],
)
def test_other_labels_are_no_scheme(labels: str) -> None:
    assert detect_scheme([labels.split()]) is None


def test_a_stray_label_and_a_few_wrong_places_do_not_hide_the_scheme() -> None:
    column = [["O", "B-X", "I-X"]] * 100
    assert detect_scheme([*column, ["O", "B-X\\"], ["S-X", "I-X"]]) is IOB2
    assert strays([*column, ["O", "0"], ["S-X", "I-X"]], IOB2) == [(100, 1, "0"), (101, 0, "S-X")]


def trained(*sentences: str) -> LabelSet:
    return LabelSet.train([labels.split() for labels in sentences], name="ner")


def test_labels_stand_by_falling_count_and_the_network_has_bioes() -> None:
    label_set = trained("O O O B-Y I-Y", "B-X I-X O", "B-Y 0")
    assert label_set.labels == ["O", "B-Y", "B-X", "I-X", "I-Y"]
    assert label_set.internal == ["O", "B-Y", "I-Y", "E-Y", "S-Y", "B-X", "I-X", "E-X", "S-X"]


def test_ids_are_those_of_bioes_and_come_back_in_the_scheme_of_the_file() -> None:
    label_set = trained("I-X I-X B-X O", "I-X I-X")
    ids = label_set.encode(["I-X", "I-X", "B-X", "O"])
    assert ids.dtype == np.int64
    assert [label_set.internal[n] for n in ids] == ["B-X", "E-X", "S-X", "O"]
    assert label_set.decode(ids.tolist()) == ["I-X", "I-X", "B-X", "O"]


def test_an_unknown_type_is_ignored_and_a_stray_label_is_outside() -> None:
    label_set = trained("O B-X I-X")
    ids = label_set.encode(["B-Z", "I-Z", "NN", "B-X"])
    assert ids.tolist() == [IGNORED, IGNORED, label_set.internal.index("O"), label_set.internal.index("S-X")]


def test_ordinary_labels_are_their_own_ids() -> None:
    label_set = trained("NOUN VERB NOUN", "VERB NOUN PUNCT")
    assert label_set.scheme is None
    assert label_set.internal == label_set.labels == ["NOUN", "VERB", "PUNCT"]
    assert label_set.encode(["PUNCT", "ADJ", "NOUN"]).tolist() == [2, IGNORED, 0]
    assert label_set.decode([2, 0]) == ["PUNCT", "NOUN"]
    begin, follow, end = label_set.allowed()
    assert (begin.shape, follow.shape, end.shape) == ((3,), (3, 3), (3,))
    assert begin.all() and follow.all() and end.all()


def test_where_no_label_is_outside_the_network_cannot_say_so() -> None:
    label_set = trained("B M E S", "S B E")
    assert label_set.scheme is BMES
    assert label_set.internal == ["B", "I", "E", "S"]
    assert label_set.decode([0, 1, 1, 2, 3]) == ["B", "M", "M", "E", "S"]


def test_the_network_may_write_what_is_well_formed_and_nothing_else() -> None:
    label_set = trained("O B-X I-X B-Y B I")
    begin, follow, end = label_set.allowed()
    for n, label in enumerate(label_set.internal):
        assert (begin[n], end[n]) == (BIOES.follows("O", label), BIOES.follows(label, "O"))
        assert follow[n].tolist() == [BIOES.follows(label, after) for after in label_set.internal]


@EVERY
def test_every_well_formed_sentence_of_the_file_is_one_the_network_may_write(scheme: Scheme) -> None:
    label_set = LabelSet("ner", every_label(scheme), scheme=scheme)
    begin, follow, end = label_set.allowed()
    for labels in sequences(scheme, 3):
        ids = label_set.encode(labels)
        assert begin[ids[0]] and end[ids[-1]] and follow[ids[:-1], ids[1:]].all()
        assert (label_set.decode(ids.tolist()) == labels) == (not ill_formed(labels, scheme))


def test_labels_are_added_behind_the_known_ones() -> None:
    first = trained("B-X O O", "B-X I-X O")
    second = first.extended([["B-A", "I-A", "B-A", "O"], ["B-X", "NN"]])
    assert second.labels == [*first.labels, "B-A", "I-A"]
    assert second.internal == [*first.internal, "B-A", "I-A", "E-A", "S-A"]
    assert trained("a b b").extended([["c", "a"]]).labels == ["b", "a", "c"]


def test_labels_of_another_scheme_are_not_added() -> None:
    with pytest.raises(InputError) as caught:
        trained("B-X I-X O").extended([["S-X", "O", "B-X", "E-X"]])
    assert str(caught.value) == "column ner: the labels are of another scheme; write them in IOB2"


def test_a_column_without_labels_or_with_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="column ner: there are no labels"):
        trained("")
    with pytest.raises(InputError, match="surrogate"):
        trained("a \ud800")
    monkeypatch.setattr(module, "MOST_LABELS", 3)
    with pytest.raises(InputError, match="column ner: 4 different labels, at most 3 can be learnt; choose a column"):
        trained("a b c d")


@pytest.mark.parametrize("sentence", ["B-X I-X O", "NOUN VERB"])
def test_a_label_set_comes_back_from_its_document(sentence: str) -> None:
    label_set = trained(sentence)
    back = LabelSet.from_json(label_set.to_json(), where="labels.json")
    assert vars(back) == vars(label_set)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"more": 1}, "keys 'more' are missing or unknown"),
        ({"name": 3}, "the name of a label set is not a text"),
        ({"scheme": "IOB3"}, "unknown scheme 'IOB3'; did you mean IOB2?"),
        ({"scheme": [1]}, "unknown scheme [1]; known are IOB2, BIOES, BMES, BILOU, IOE2, IOB1, IOE1"),
        ({"labels": "O"}, "symbols are not a list"),
        ({"labels": ["O", "O"]}, "the symbol 'O' stands twice"),
        ({"labels": ["O", "S-X"]}, "symbol 1 is not a label of IOB2"),
        ({"labels": ["O", "B-\ud800"]}, "symbol 1 is half of a surrogate pair"),
        ({"labels": []}, "0 labels, not 1 to 7"),
        ({"labels": ["B-X", "B-Y"]}, "8 labels, not 1 to 7"),
    ],
)
def test_a_wrong_document_is_refused(change: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LABELS", 7)
    document = {"name": "ner", "labels": ["O", "B-X"], "scheme": "IOB2"} | change
    with pytest.raises(ModelFileError) as caught:
        LabelSet.from_json(document, where="labels.json")
    assert str(caught.value) == f"labels.json: {message}"


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(ModelFileError, match="a label set is not an object"):
        LabelSet.from_json([1], where="labels.json")


def test_reading_never_leaves_the_sentence_whatever_the_labels() -> None:
    draw = random.Random(0)
    for scheme in SCHEMES.values():
        labels = draw.choices([*every_label(BIOES), *every_label(scheme), "NN", "", "B-", "-X"], k=200)
        spans = to_spans(labels, scheme)
        assert spans[0].start >= 0 and spans[-1].end <= len(labels)
        assert all(span.start < span.end for span in spans)
        assert all(left.end <= right.start for left, right in itertools.pairwise(spans))
