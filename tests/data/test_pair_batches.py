"""Pairs as numbers and in batches: every pair once, of like lengths, copies against a plain loop."""

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data import pair_batches
from elman.data.config import PairBatchConfig
from elman.data.pair_batches import PairBatch, PairBatches, PairCorpus, build_pairs, in_order
from elman.data.pairs import Pair
from elman.data.tokens import rounded
from elman.text.characters import CharTokenizer
from elman.text.tokenizer import Tokenizer
from elman.text.vocabulary import END, SPECIALS, START, UNKNOWN
from elman.text.words import WordTokenizer

LETTERS, CAPITALS = CharTokenizer("abcde"), CharTokenizer("ABC")
TEXTS = st.lists(st.tuples(st.text("abcde", max_size=9), st.text("ABC", max_size=9)), max_size=30)
WORDS = st.lists(st.sampled_from(["a", "b", "c", "x", "y", "<unk>"]), max_size=7).map(" ".join)


def words(*symbols: str) -> WordTokenizer:
    return WordTokenizer(symbols, continuous=False)


def pairs(texts: Iterable[tuple[str, str | None]]) -> list[Pair]:
    return [
        Pair(source, () if target is None else (target, "unread"), (), "", n)
        for n, (source, target) in enumerate(texts)
    ]


def built(
    texts: Iterable[tuple[str, str | None]],
    source: Tokenizer = LETTERS,
    target: Tokenizer = CAPITALS,
    *,
    longest: tuple[int | None, int | None] = (None, None),
    copy: bool = False,
) -> PairCorpus:
    return build_pairs(pairs(texts), source, target, longest_source=longest[0], longest_target=longest[1], copy=copy)


def texts_of(batches: Iterable[PairBatch]) -> list[tuple[str, str]]:
    """What stands in batches, after their form is checked."""
    found = []
    for batch in batches:
        assert batch.source.shape == (len(batch.rows), rounded(int(batch.source_lengths.max())))
        assert batch.target.shape == batch.gold.shape == (len(batch.rows), rounded(int(batch.target_lengths.max())))
        for k, (S, T) in enumerate(zip(batch.source_lengths, batch.target_lengths, strict=True)):  # noqa: N806
            assert not batch.source[k, S:].any() and not batch.target[k, T:].any() and not batch.gold[k, T:].any()
            assert batch.source[k, S - 1] == batch.gold[k, T - 1] == END
            assert batch.target[k, :T].tolist() == [START, *batch.gold[k, : T - 1]]
            found.append((LETTERS.decode(batch.source[k, : S - 1]), CAPITALS.decode(batch.gold[k, : T - 1])))
    return found


def epoch_of(source: PairBatches, epoch: int) -> list[PairBatch]:
    return [source.batch(epoch, step) for step in range(source.steps(epoch))]


@settings(max_examples=40)
@given(texts=TEXTS, tokens=st.integers(1, 40), seed=st.integers(0, 3))
def test_every_pair_stands_once_in_every_epoch_and_in_order(
    texts: list[tuple[str, str]], tokens: int, seed: int
) -> None:
    corpus = built(texts)
    source = PairBatches(corpus, PairBatchConfig(tokens), seed=seed)
    for epoch in range(3):
        assert source.steps(epoch) == source.steps(0)
        assert sorted(texts_of(epoch_of(source, epoch))) == sorted(texts)
    batches = list(in_order(corpus, batch_tokens=tokens))
    assert sorted(row for batch in batches for row in batch.rows.tolist()) == list(range(len(texts)))
    assert texts_of(batches) == [texts[row] for batch in batches for row in batch.rows]
    for batch in batches:
        assert len(batch.rows) == 1 or max(batch.source.size, batch.gold.size) <= tokens


def many(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Pairs of random lengths, no two alike, sources at most twice as long as targets."""
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 60, count)
    return [("".join(draw.choice([*"abcde"], draw.integers(length, 2 * length + 1))),
             "".join(draw.choice([*"ABC"], length))) for length in lengths]  # fmt: skip


def test_a_batch_depends_on_seed_epoch_and_step_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_batches, "BLOCK", 100)
    corpus, config = built(many(250)), PairBatchConfig(300)

    def rows(seed: int, epoch: int, steps: Iterable[int] | None = None) -> list[list[int]]:
        source = PairBatches(corpus, config, seed=seed)
        return [source.batch(epoch, step).rows.tolist() for step in steps or range(source.steps(epoch))]

    plan = rows(1, 2)
    assert sorted(row for some in plan for row in some) == list(range(250))
    assert rows(1, 2, reversed(range(len(plan)))) == plan[::-1]
    assert rows(1, 3) != plan != rows(2, 2)
    assert {frozenset(some) for some in rows(1, 3)} != {frozenset(some) for some in plan}, "other company"
    assert all(len({row // 100 for row in some}) == 1 for some in plan), "blocks are not mixed"


def test_batches_are_of_about_so_many_target_symbols_and_of_like_lengths() -> None:
    corpus, tokens = built(many(3000)), 1000
    batches = epoch_of(PairBatches(corpus, PairBatchConfig(tokens), seed=1), 0)
    sizes = np.array([batch.gold.size for batch in batches])
    assert sizes.max() <= tokens * (1 + 2 * pair_batches.NOISE)
    assert 0.8 * tokens < sizes.mean() <= tokens * (1 + pair_batches.NOISE)
    assert sum(batch.target_lengths.sum() for batch in batches) / sizes.sum() > 0.8


def test_long_sources_make_small_batches() -> None:
    corpus = built([("a" * 200, "A")] * 64)
    batches = epoch_of(PairBatches(corpus, PairBatchConfig(64), seed=1), 0)
    # 201 symbols are padded to 208, and 16 * 64 // 208 is 4
    assert [len(batch.rows) for batch in batches] == [4] * 16


def test_long_sources_are_cut_and_long_targets_left_out() -> None:
    texts = [("abcde", "AB"), ("abc", "ABC"), ("", ""), ("aaaa", "A")]
    corpus = built(texts, longest=(3, 2))
    assert (corpus.pairs, corpus.cut, corpus.left_out, corpus.numbers.tolist()) == (3, 2, 1, [0, 2, 3])
    assert texts_of([corpus.batch(np.arange(3))]) == [("abc", "AB"), ("", ""), ("aaa", "A")]
    exact = built(texts, longest=(5, 3))
    assert (exact.pairs, exact.cut, exact.left_out) == (4, 0, 0)


def test_numbers_go_on_over_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_batches, "WINDOW", 7)
    texts = many(40)
    corpus = built(texts, longest=(None, 30))
    kept = [number for number, (_, target) in enumerate(texts) if len(target) <= 30]
    assert corpus.numbers.tolist() == kept
    assert texts_of([corpus.batch(np.arange(corpus.pairs))]) == [texts[number] for number in kept]
    assert sorted(texts_of(in_order(corpus, batch_tokens=50))) == sorted(texts[number] for number in kept)


def test_sources_alone_are_numbered_for_prediction() -> None:
    corpus = built([("abc", None), ("", None), ("d", None)], longest=(2, 1))
    (batch,) = in_order(corpus, batch_tokens=100)
    assert batch.rows.tolist() == [0, 2, 1]
    assert batch.source.tolist() == [[3, 4, END], [6, END, 0], [END, 0, 0]]
    assert batch.target.shape == batch.gold.shape == (3, 0)
    assert batch.target_lengths.tolist() == [0, 0, 0]
    assert (corpus.cut, corpus.left_out, corpus.copies) == (1, 0, None)
    assert corpus.copied_texts(0) == ()


def test_of_sources_alone_the_steps_of_a_batch_tell_its_rows_but_for_the_last_ones() -> None:
    corpus = built([(source, None) for source, _ in many(300)])
    shapes = sorted((batch.source.shape[::-1] for batch in in_order(corpus, batch_tokens=200)), reverse=True)
    assert len(shapes) > 50
    assert {rows == max(1, 200 // steps) for steps, rows in shapes[:-1]} == {True}


def test_nothing_at_all_has_no_batches() -> None:
    corpus = built([])
    assert corpus.pairs == PairBatches(corpus, PairBatchConfig(), seed=1).steps(0) == 0
    assert list(in_order(corpus, batch_tokens=10)) == []


def copied(
    source_text: str, target_text: str, source: Tokenizer, target: Tokenizer, longest: int
) -> tuple[list[int], list[int], list[str]]:
    """Copies, gold ids and new words of a pair, by a plain loop over its words."""
    known = {word: place for place, word in enumerate(target.symbols) if place > 2}
    new: list[str] = []
    copies = []
    for word in source_text.split()[:longest]:
        if word in SPECIALS:
            copies.append(UNKNOWN)
        elif word in known:
            copies.append(known[word])
        else:
            new += [word] * (word not in new)
            copies.append(target.size + new.index(word))
    gold = [known[word] if word in known else target.size + new.index(word) if word in new else UNKNOWN
            for word in target_text.split()]  # fmt: skip
    return [*copies, END], [*gold, END], new


@settings(max_examples=60)
@given(
    texts=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8),
    mine=st.permutations("abcx"), theirs=st.permutations("bcxy"), sizes=st.tuples(st.integers(0, 4), st.integers(0, 4)),
    longest=st.integers(1, 7),
)  # fmt: skip
def test_copies_are_those_of_a_plain_loop(
    texts: list[tuple[str, str]], mine: list[str], theirs: list[str], sizes: tuple[int, int], longest: int
) -> None:
    source, target = words(*mine[: sizes[0]]), words(*theirs[: sizes[1]])
    corpus = built(texts, source, target, longest=(longest, None), copy=True)
    batch = corpus.batch(np.arange(len(texts)))
    assert batch.copies is not None
    for row, (one, other) in enumerate(texts):
        copies, gold, new = copied(one, other, source, target, longest)
        S, T = batch.source_lengths[row], batch.target_lengths[row]  # noqa: N806
        assert batch.copies[row, :S].tolist() == copies and not batch.copies[row, S:].any()
        assert batch.gold[row, :T].tolist() == gold
        read = [symbol if symbol < target.size else UNKNOWN for symbol in gold[:-1]]
        assert batch.target[row, :T].tolist() == [START, *read]
        assert corpus.copied_texts(row) == tuple(new)


def test_sources_alone_have_copies_too() -> None:
    target = words("b")
    corpus = built([("q b r q", None)], target, target, copy=True)
    assert corpus.batch(np.zeros(1, dtype=np.int64)).copies is not None
    assert corpus.batch(np.zeros(1, dtype=np.int64)).copies.tolist() == [[4, 3, 5, 4, END]]
    assert corpus.copied_texts(0) == ("q", "r")


def test_what_a_batch_holds_is_told_by_number() -> None:
    corpus = built([("a" * n, "A" * n) for n in range(1, 9)], longest=(None, 6))
    source = PairBatches(corpus, PairBatchConfig(batch_tokens=12), seed=1)
    for step in range(source.steps(0)):
        rows = corpus.numbers[source.batch(0, step).rows] + 1
        assert source.told(0, step).startswith("pairs " + ", ".join(str(row) for row in rows[:3]))
