"""Swapped spans against what a reader would cut and paste by hand: kinds stay, labels go along, the rest stays too."""

import numpy as np
import pytest

from elman.data.config import TokenBatchConfig
from elman.data.swapping import LONGEST_SPAN, SwappedBatches
from elman.data.tokens import LabelledTokens
from elman.text.config import WordConfig
from elman.text.features import WordFeatures

INTERNAL = ["O", "B-PER", "I-PER", "E-PER", "S-PER", "B-LOC", "E-LOC", "S-LOC"]
SENTENCES = [
    [("we", "O"), ("saw", "O"), ("Ada", "B-PER"), ("Lovelace", "E-PER")],
    [("Kim", "S-PER"), ("left", "O"), ("Seoul", "S-LOC"), (".", "O")],
    [("nothing", "O")],
    [("New", "B-LOC"), ("York", "E-LOC"), ("Kim", "B-PER"), ("Min", "I-PER"), ("Su", "E-PER")],
]
WORDS = sorted({word for sentence in SENTENCES for word, _ in sentence})
SPANS = {"PER": [["Ada", "Lovelace"], ["Kim"], ["Kim", "Min", "Su"]], "LOC": [["Seoul"], ["New", "York"]]}


def data(starts: list[int] | None = None) -> LabelledTokens:
    flat = [pair for sentence in SENTENCES for pair in sentence]
    tokens = np.array([WORDS.index(word) for word, _ in flat], dtype=np.int32)
    labels = np.array([INTERNAL.index(label) for _, label in flat])
    borders = np.cumsum([0, *map(len, SENTENCES)]) if starts is None else np.array(starts)
    rows = WordFeatures.train(dict.fromkeys(WORDS, 1), WordConfig(hash_bits=8)).rows(WORDS)
    return LabelledTokens(tokens, rows, np.stack([labels, tokens.astype(np.int64)]), borders)


def batches(share: float, *, seed: int = 1, starts: list[int] | None = None) -> SwappedBatches:
    config = TokenBatchConfig(batch_size=2, swap_spans=share)
    return SwappedBatches(data(starts), config, internal=INTERNAL, seed=seed)


def sentences_of(found: LabelledTokens) -> list[list[tuple[str, str]]]:
    pairs = [(WORDS[t], INTERNAL[k]) for t, k in zip(found.tokens.tolist(), found.labels[0].tolist(), strict=True)]
    return [pairs[begin:end] for begin, end in zip(found.starts[:-1], found.starts[1:], strict=True)]


def cut(sentence: list[tuple[str, str]]) -> list[str | tuple[str, list[str]]]:
    """The words outside of spans, and the spans with their kinds."""
    found: list[str | tuple[str, list[str]]] = []
    for word, label in sentence:
        if label == "O":
            found.append(word)
        elif label[0] in "BS":
            found.append((label[2:], [word]))
        else:
            kind, words = found[-1]
            assert kind == label[2:]
            words.append(word)
    return found


def test_spans_are_replaced_by_spans_of_their_kind_and_nothing_else_changes() -> None:
    source = batches(1.0)
    met: set[str] = set()
    for epoch in range(30):
        for before, after in zip(SENTENCES, sentences_of(source.swapped(epoch)), strict=True):
            for one, other in zip(cut(before), cut(after), strict=True):
                if isinstance(one, str):
                    assert one == other
                else:
                    assert isinstance(other, tuple) and one[0] == other[0] and other[1] in SPANS[one[0]]
                    met.add(" ".join(other[1]))
    assert met == {" ".join(words) for some in SPANS.values() for words in some}


def test_the_labels_of_further_columns_go_along() -> None:
    found, before = batches(1.0).swapped(3), data()
    assert found.tokens.tobytes() != before.tokens.tobytes()
    assert found.labels[1].tolist() == found.tokens.tolist()


def test_so_large_a_share_is_replaced() -> None:
    """A name is drawn from three, of which two begin with Kim."""
    for share in (0.5, 1.0):
        source = batches(share, seed=7)
        changed = [sentences_of(source.swapped(epoch))[1][0][0] != "Kim" for epoch in range(2000)]
        assert np.mean(changed) == pytest.approx(share / 3, abs=0.03)
    assert sentences_of(batches(1e-12).swapped(0)) == SENTENCES


def test_epochs_differ_and_any_batch_can_be_asked_for_at_any_time() -> None:
    source, again = batches(1.0), batches(1.0)
    last = [source.batch(epoch, step) for epoch in range(6) for step in range(source.steps(epoch))]
    assert len({source.swapped(epoch).tokens.tobytes() for epoch in range(6)}) > 3
    for epoch in (5, 0, 3):
        for step in range(again.steps(epoch)):
            wanted = last[sum(source.steps(e) for e in range(epoch)) + step]
            got = again.batch(epoch, step)
            for name in ("places", "lengths", "labels"):
                np.testing.assert_array_equal(getattr(got, name), getattr(wanted, name))
            np.testing.assert_array_equal(got.rows.words, wanted.rows.words)
    assert batches(1.0, seed=2).swapped(0).tokens.tobytes() != source.swapped(0).tokens.tobytes()


def test_a_span_that_a_long_sentence_is_cut_in_stays_where_it_is() -> None:
    """A border stands inside New York, and behind Ada."""
    source = batches(1.0, starts=[0, 3, 4, 8, 9, 10, 14])
    for epoch in range(10):
        found = sentences_of(source.swapped(epoch))
        assert found[0] == SENTENCES[0][:3] and found[1] == SENTENCES[0][3:]
        assert found[4] == SENTENCES[3][:1] and found[5][0] == SENTENCES[3][1]


def test_a_long_span_stays_where_it_is() -> None:
    length = LONGEST_SPAN + 1
    long = [1, *[2] * (length - 2), 3]  # a person of so many words
    labels = np.array([*long, 4, 0, 4])
    found = LabelledTokens(
        np.arange(len(labels), dtype=np.int32), data().rows, labels[None], np.array([0, length, len(labels)])
    )
    source = SwappedBatches(found, TokenBatchConfig(swap_spans=1.0), internal=INTERNAL, seed=1)
    ends = {tuple(source.swapped(epoch).tokens[length:].tolist()) for epoch in range(20)}
    assert all(np.array_equal(source.swapped(epoch).tokens[:length], np.arange(length)) for epoch in range(20))
    assert ends == {(a, length + 1, b) for a in (length, length + 2) for b in (length, length + 2)}


def test_what_has_no_label_or_no_span_stays_the_same() -> None:
    plain = data()
    for number in (0, -1):
        nothing = LabelledTokens(plain.tokens, plain.rows, np.full_like(plain.labels, number), plain.starts)
        source = SwappedBatches(nothing, TokenBatchConfig(swap_spans=1.0), internal=INTERNAL, seed=1)
        np.testing.assert_array_equal(source.swapped(4).tokens, plain.tokens)
        np.testing.assert_array_equal(source.swapped(4).starts, plain.starts)
        assert source.steps(4) == 1 and source.told(4, 0)
