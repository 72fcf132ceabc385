"""Corpora of tokens as numbers that give the sentences back; batches that hold every token once and pad the rest."""

import dataclasses
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.config import BatchConfig
from elman.data.paragraphs import Sentence
from elman.data.tokens import (
    LARGEST,
    PADDING,
    SHARE,
    LabelledTokens,
    SentenceBatches,
    build_tokens,
    distinct,
    grouped,
    of_like_length,
    part_of,
    rounded,
    stretches,
    word_counts,
)
from elman.text.config import WordConfig
from elman.text.features import WordFeatures

Rows = list[list[tuple[str, str]]]
ROWS: Rows = [
    [("the", "D"), ("cat", "N"), ("sees", "V")], [], [("책을", "N"), ("the", "D")], [("sees", "N")],
    [("a", "D"), ("cat", "N"), ("likes", "V"), ("the", "D"), ("새", "N"), (".", "P")],
]  # fmt: skip


def read(rows: Rows) -> list[Sentence]:
    """Sentences with the labels of two columns, the second telling whether the token is in ASCII."""
    found = []
    for number, row in enumerate(rows, 1):
        tokens, labels = tuple(token for token, _ in row), tuple(label for _, label in row)
        ascii_or_not = tuple(str(token.isascii()) for token in tokens)
        lines = tuple(range(10 * number, 10 * number + len(tokens)))
        found.append(Sentence(tokens, {"kind": labels, "ascii": ascii_or_not}, "file.conll", 10 * number, lines, None))
    return found


def labelled(rows: Rows, *, longest: int = 1000) -> LabelledTokens:
    corpus = build_tokens(read(rows), ["kind", "ascii"])
    features = WordFeatures.train(corpus.counts(), WordConfig())
    labels = np.stack([corpus.labels[column][1] for column in ("kind", "ascii")]).astype(np.int64)
    return LabelledTokens(corpus.tokens, features.rows(corpus.types), labels, stretches(corpus.starts, longest))


def test_a_corpus_gives_its_sentences_back() -> None:
    corpus = build_tokens(read(ROWS), ["kind", "ascii"])
    kept = [row for row in ROWS if row]
    tokens = [corpus.types[place] for place in corpus.tokens]
    assert corpus.sentences == len(kept)
    assert [tokens[a:b] for a, b in pairwise(corpus.starts)] == [[token for token, _ in row] for row in kept]
    assert list(corpus.sequences("kind")) == [[label for _, label in row] for row in kept]
    assert list(corpus.sequences("ascii")) == [[str(token.isascii()) for token, _ in row] for row in kept]
    assert corpus.where == [("file.conll", 10), ("file.conll", 30), ("file.conll", 40), ("file.conll", 50)]
    counts = Counter(token for row in ROWS for token, _ in row)
    assert corpus.counts() == counts == word_counts(corpus)
    assert len(corpus.types) == len(set(corpus.types)) == len(counts)


def test_a_corpus_of_nothing_is_empty() -> None:
    corpus = build_tokens(read([[], []]), ["kind"])
    assert (corpus.sentences, len(corpus.tokens), corpus.types) == (0, 0, [])
    assert list(corpus.sequences("kind")) == []


def test_every_twentieth_sentence_is_dev() -> None:
    sentences = read([[(str(n), "N")] for n in range(65)])
    parts = {part: [s.tokens[0] for s in part_of(sentences, part)] for part in ("train", "dev", None)}
    assert parts["dev"] == ["19", "39", "59"]
    assert sorted(parts["train"] + parts["dev"], key=int) == parts[None] == [str(n) for n in range(65)]
    assert SHARE == 20


def test_a_batch_holds_the_sentences_and_pads_them() -> None:
    data = labelled(ROWS)
    found = data.batch(np.array([3, 0]))
    words = np.asarray(found.rows.words)[found.places]
    everything = data.rows.words[data.tokens]
    assert found.lengths.tolist() == [6, 3]
    assert words[0].tolist() == everything[6:12].tolist()
    assert words[1, :3].tolist() == everything[:3].tolist()
    assert found.labels[:, 0].tolist() == data.labels[:, 6:12].tolist()
    assert found.labels[:, 1, :3].tolist() == data.labels[:, :3].tolist()
    assert (found.labels[:, 1, 3:] == PADDING).all() and not found.places[1, 3:].any()


def test_the_words_of_a_batch_are_its_own_each_once() -> None:
    data = labelled(ROWS)
    found = data.batch(np.array([0, 2]))  # the cat sees · sees
    assert len(found.rows.words) == 3
    chosen = data.rows.select(np.unique(data.tokens[[0, 1, 2]]).astype(np.int64))
    for name in ("words", "features", "feature_starts", "characters", "character_starts"):
        assert np.array_equal(getattr(found.rows, name), getattr(chosen, name))


def test_a_batch_has_empty_rows_and_steps_up_to_round_numbers() -> None:
    data = labelled([[("a", "D")] * 33] * 17)
    found = data.batch(np.arange(17))
    assert found.places.shape == (18, 36) and found.labels.shape == (2, 18, 36)
    assert found.lengths.tolist() == [33] * 17 + [0]
    assert (found.labels[:, 17] == PADDING).all()


@given(st.integers(0, 10**7))
def test_round_numbers_are_few_and_near(count: int) -> None:
    found = rounded(count)
    assert count <= found <= count * 9 / 8 + 1
    assert rounded(found) == found
    assert found % (1 << max(0, found.bit_length() - 5)) == 0  # five bits hold 16 and all with four before the zeros


@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 15))
def test_stretches_cut_long_sentences_and_no_others(lengths: list[int], longest: int) -> None:
    starts = np.cumsum([0, *lengths])
    borders = stretches(starts, longest).tolist()
    assert set(starts.tolist()) <= set(borders)
    assert all(0 < b - a <= longest for a, b in pairwise(borders))
    assert len(borders) - 1 == sum(-(-length // longest) for length in lengths)


@given(st.lists(st.integers(1, 50), min_size=0, max_size=40), st.integers(1, 9), st.integers(1, 120), st.booleans())
def test_groups_keep_the_order_and_both_limits(lengths: list[int], rows: int, tokens: int, is_sorted: bool) -> None:
    sizes = np.array(lengths, dtype=np.int64)
    order = np.argsort(sizes, kind="stable") if is_sorted else np.arange(len(sizes))
    groups = list(grouped(order, sizes, rows=rows, tokens=tokens))
    assert np.concatenate([*groups, np.empty(0, dtype=np.int64)]).tolist() == order.tolist()
    for group in groups:
        assert 0 < len(group) <= rows
        assert len(group) == 1 or len(group) * sizes[group].max() <= tokens


@given(st.lists(st.integers(0, 90), min_size=0, max_size=60), st.integers(1, 9), st.integers(1, 200))
def test_texts_of_like_length_are_side_by_side_in_few_shapes(lengths: list[int], rows: int, tokens: int) -> None:
    sizes = np.array(lengths, dtype=np.int64)
    texts = np.arange(len(sizes))
    groups = list(of_like_length(texts, sizes, rows=rows, tokens=tokens))
    assert sorted(k for group, _ in groups for k in group.tolist()) == texts.tolist()
    longest = [int(sizes[group].max()) for group, _ in groups]
    assert longest == sorted(longest, reverse=True)
    shapes = {(rounded(most), size) for most, (_, size) in zip(longest, groups, strict=True)}
    for most, (group, size) in zip(longest, groups, strict=True):
        assert len(group) <= size <= rows
        assert size == 1 or size * rounded(most) <= tokens
    assert len(groups) < 2 or len(shapes) == len({steps for steps, _ in shapes}), "one number of rows for each of steps"


def test_a_single_group_has_no_more_rows_than_it_needs() -> None:
    ((group, rows),) = of_like_length(np.array([2, 0]), np.array([3, 9, 4]), rows=64, tokens=1 << 11)
    assert (group.tolist(), rows) == ([2, 0], 2)


@pytest.mark.parametrize("exact", [False, True])
def test_a_batch_has_as_many_rows_as_asked_for_unless_it_is_exact(exact: bool) -> None:
    tokens = LabelledTokens.unlabelled(
        np.array([0, 1, 0], dtype=np.int32), labelled([[("x", "N"), ("y", "N")]]).rows, np.array([0, 1, 3]), exact=exact
    )
    batch = tokens.batch(np.array([1, 0]), rows=6)
    assert batch.lengths.tolist() == ([2, 1] if exact else [2, 1, 0, 0, 0, 0])
    assert batch.places.shape == (len(batch.lengths), 2)


@pytest.mark.parametrize("epoch", [0, 3])
def test_an_epoch_has_every_token_once_with_its_labels(epoch: int) -> None:
    data = labelled([ROWS[n % 5] or [("x", "N")] for n in range(57)], longest=4)
    batches = SentenceBatches(data, BatchConfig(batch_size=8), seed=1)
    found: Counter[tuple[int, int, int]] = Counter()
    for step in range(batches.steps(epoch)):
        batch = batches.batch(epoch, step)
        real = np.arange(batch.places.shape[1]) < batch.lengths[:, None]
        words = batch.rows.words[batch.places][real]
        found.update(zip(words.tolist(), *(labels[real].tolist() for labels in batch.labels), strict=True))
        assert (batch.lengths > 0).sum() <= 8
    assert found == Counter(zip(data.rows.words[data.tokens].tolist(), *data.labels.tolist(), strict=True))


def test_batches_depend_on_seed_epoch_and_step_alone() -> None:
    data = labelled([ROWS[0][: 1 + n % 3] for n in range(60)])
    plans = []
    for seed, epoch in ((1, 0), (1, 0), (1, 1), (2, 0)):
        batches = SentenceBatches(data, BatchConfig(batch_size=8), seed=seed)
        plans.append([batches.batch(epoch, step).lengths.tolist() for step in reversed(range(batches.steps(epoch)))])
    assert plans[0] == plans[1]
    assert plans[0] != plans[2] and plans[0] != plans[3]


def test_long_sentences_stand_in_smaller_batches() -> None:
    data = labelled([[("a", "D")] * (LARGEST // 3)] * 8, longest=LARGEST)
    batches = SentenceBatches(data, BatchConfig(batch_size=8), seed=1)
    assert sorted((batches.batch(0, step).lengths > 0).sum() for step in range(batches.steps(0))) == [2, 3, 3]


def test_distinct_tokens_and_their_places() -> None:
    types, places, starts = distinct([["a", "b", "a"], [], ["글", "b"]])
    assert types == ["a", "b", "글"]
    assert places.tolist() == [0, 1, 0, 2, 1]
    assert starts.tolist() == [0, 3, 3, 5]
    assert [len(part) for part in distinct([])] == [0, 0, 1]


def test_exact_batches_hold_the_same_tokens_and_labels_without_room() -> None:
    data = labelled(ROWS)
    exact = dataclasses.replace(data, exact=True)
    for stretches_ in ([0], [3], [2, 0], [1, 3, 0, 2]):
        chosen = np.array(stretches_)
        wanted, got = data.batch(chosen), exact.batch(chosen)
        rows, steps = len(chosen), int(wanted.lengths.max())
        assert got.places.shape == (rows, steps)
        np.testing.assert_array_equal(got.lengths, wanted.lengths[:rows])
        np.testing.assert_array_equal(got.labels, wanted.labels[:, :rows, :steps])
        for row, length in enumerate(got.lengths):
            one, other = wanted.rows.select(wanted.places[row, :length]), got.rows.select(got.places[row, :length])
            np.testing.assert_array_equal(one.words, other.words)
            np.testing.assert_array_equal(one.features, other.features)
