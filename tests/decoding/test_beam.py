"""Beam search against the enumeration of all texts of tiny languages."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.decoding.beam import Hypothesis, beam_search
from elman.decoding.config import BeamConfig
from elman.decoding.constraints import all_but
from elman.errors import OptionError
from languages import END, Languages, Prefix

May = Callable[[Prefix, int], bool]


def search(
    languages: Languages, config: BeamConfig, numbers: list[int], longest: list[int], **more: Any
) -> list[list[Hypothesis]]:
    more.setdefault("attended", languages.attended)
    return beam_search(
        languages.begin(numbers), step=languages.step, choose=languages.choose, config=config, end=END,
        longest=longest, **more,
    )  # fmt: skip


def everything(
    languages: Languages, config: BeamConfig, number: int, longest: int, may: May = lambda prefix, symbol: True
) -> list[Hypothesis]:
    """All texts that a rule allows, scored by the definition, finished ones first, best first."""
    found = []
    inner = [symbol for symbol in range(languages.symbols) if symbol != END]
    for length in range(longest + 1):
        for ids in itertools.product(inner, repeat=length):
            if length < longest:
                found.append((ids, (*ids, END), True))
            else:
                found.append((ids, ids, False))
    told = []
    for ids, symbols, finished in found:
        if not all(may(symbols[:t], symbol) for t, symbol in enumerate(symbols)):
            continue
        terms = [float(languages.logs(number, symbols[:t])[symbol]) for t, symbol in enumerate(symbols)]
        repeated = [symbol in symbols[:t] for t, symbol in enumerate(symbols)]
        total = sum(
            term * (config.repetition_penalty if again else 1) for term, again in zip(terms, repeated, strict=True)
        )
        alpha = np.array([languages.alpha(number, symbols[:t]) for t in range(len(symbols))])
        coverage = np.log(np.minimum(alpha.astype(np.float64).sum(axis=0), 1)).sum()
        score = total / len(symbols) ** config.length_penalty + config.coverage_penalty * coverage
        told.append(Hypothesis(np.array(ids, dtype=np.int64), sum(terms), score, finished, alpha[: len(ids)]))
    return sorted(told, key=lambda one: (not one.finished, -one.score))


def assert_same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [(one.ids.tolist(), one.finished) for one in found] == [(one.ids.tolist(), one.finished) for one in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose([one.log_probability, one.score], [other.log_probability, other.score], rtol=1e-6)
        assert one.attention is not None and other.attention is not None
        np.testing.assert_array_equal(one.attention, other.attention.reshape(len(one.ids), one.attention.shape[1]))


WIDE = 256
"""N^T: no continuation is ever left out."""


@pytest.mark.parametrize("n_best", [1, 7, WIDE])
@pytest.mark.parametrize("length_penalty", [0.0, 0.6, 1.0, 2.5])
def test_a_beam_of_all_texts_finds_the_best_of_all(length_penalty: float, n_best: int) -> None:
    config = BeamConfig(beam=WIDE, n_best=n_best, length_penalty=length_penalty)
    for seed in range(3):
        languages = Languages(seed=seed)
        for number, found in enumerate(search(languages, config, [0, 1, 2], [4, 3, 4])):
            assert_same(found, everything(languages, config, number, [4, 3, 4][number])[:n_best])


def test_a_wide_beam_keeps_no_more_than_there_is() -> None:
    found = search(Languages(), BeamConfig(beam=WIDE, n_best=WIDE), [0], [2])[0]
    assert [one.finished for one in found] == [True] * 4 + [False] * 9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 12))
def test_a_beam_of_one_takes_the_likeliest_symbol(seed: int, symbols: int, longest: int) -> None:
    languages, ids = Languages(symbols=symbols, seed=seed), []
    while len(ids) < longest and (not ids or ids[-1] != END):
        ids.append(int(languages.logs(5, tuple(ids)).argmax()))
    found = search(languages, BeamConfig(beam=1), [5], [longest])[0]
    assert len(found) == 1
    assert found[0].finished == (ids[-1] == END)
    assert found[0].ids.tolist() == [symbol for symbol in ids if symbol != END]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 10_000), st.integers(1, 6), st.lists(st.integers(1, 9), min_size=1, max_size=6),
    st.booleans(), st.sampled_from([0.0, 1.0, 2.0]),
)  # fmt: skip
def test_a_text_does_not_depend_on_those_beside_it(
    seed: int, beam: int, longest: list[int], rounded: bool, length_penalty: float
) -> None:
    languages = Languages(seed=seed, rounded=rounded)
    config = BeamConfig(
        beam=beam, n_best=beam, length_penalty=length_penalty, coverage_penalty=0.3, repetition_penalty=1.2
    )
    together = search(languages, config, list(range(len(longest))), longest)
    for number, found in enumerate(together):
        assert_same(found, search(languages, config, [number], [longest[number]])[0])


def by_the_book(languages: Languages, config: BeamConfig, number: int, longest: int) -> list[tuple[list[int], float]]:
    """The finished texts and what was cut, by the rule in the docstring, one hypothesis after another."""
    running, finished, cut = [((), 0.0)], [], []
    for t in range(1, longest + 1):
        grown = [
            ((*ids, symbol), total + float(logs[symbol]))
            for ids, total in running
            for logs in [languages.logs(number, ids)]
            for symbol in range(languages.symbols)
        ]
        grown = sorted(grown, key=lambda one: -one[1])[: config.beam - len(finished)]
        finished += [(ids[:-1], total / t) for ids, total in grown if ids[-1] == END]
        running = [one for one in grown if one[0][-1] != END]
        if t == longest:
            cut = [(ids, total / t) for ids, total in running]
        best = sorted((score for _, score in finished), reverse=True)
        reach = max((total / longest for _, total in running), default=-np.inf)
        if not running or (len(best) >= config.n_best and best[config.n_best - 1] >= reach):
            break
    ranked = sorted(finished, key=lambda one: -one[1]) + sorted(cut, key=lambda one: -one[1])
    return [(list(ids), score) for ids, score in ranked[: config.n_best]]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 7), st.integers(1, 7), st.integers(1, 9), st.booleans())
def test_a_narrow_beam_is_the_textbooks(seed: int, beam: int, n_best: int, longest: int, rounded: bool) -> None:
    languages = Languages(symbols=5, seed=seed, rounded=rounded)
    config = BeamConfig(beam=beam, n_best=min(beam, n_best))
    found = [(one.ids.tolist(), one.score) for one in search(languages, config, [3], [longest])[0]]
    expected = by_the_book(languages, config, 3, longest)
    assert [ids for ids, _ in found] == [ids for ids, _ in expected]
    np.testing.assert_allclose([score for _, score in found], [score for _, score in expected], rtol=1e-9)


def test_many_columns_are_searched_as_few_are() -> None:
    # More columns than blocks, and a number that no number of blocks divides: the last ones count like the first.
    languages = Languages(symbols=301, seed=4)
    for beam in (1, 3, 8):
        config = BeamConfig(beam=beam, n_best=beam)
        for number, found in enumerate(search(languages, config, [0, 1, 2, 3], [5] * 4)):
            assert [one.ids.tolist() for one in found] == [ids for ids, _ in by_the_book(languages, config, number, 5)]


def likeliest_alone(languages: Languages, first: int) -> Any:
    """What a model tells that computes no more symbols than it has to, after the first ones."""

    def best(state: Any, ids: Any, floor: Any) -> tuple[Any, Any, Any]:
        logs, after = languages.step(state, ids)
        kept = logs >= floor(logs[:, :first])[:, None]
        symbols = np.zeros((len(logs), max(1, int(kept.sum(axis=1).max()))), dtype=np.int64)
        found = np.full(symbols.shape, -np.inf, dtype=logs.dtype)
        for row, marks in enumerate(kept):
            own = np.flatnonzero(marks)
            symbols[row, : len(own)], found[row, : len(own)] = own, logs[row, own]
        return found, symbols, after

    return best


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000), symbols=st.sampled_from([4, 5, 40, 301]), first=st.integers(1, 40),
    beam=st.integers(1, 7), minimum=st.sampled_from([0, 3]), rounded=st.booleans(),
    forbidden=st.sampled_from([(), (2,), (1, 2, 3)]), covered=st.sampled_from([0.0, 0.5]),
)  # fmt: skip
def test_no_more_than_the_likeliest_symbols_are_needed(
    seed: int,
    symbols: int,
    first: int,
    beam: int,
    minimum: int,
    rounded: bool,
    forbidden: tuple[int, ...],
    covered: float,
) -> None:
    languages = Languages(symbols=symbols, seed=seed, rounded=rounded)
    config = BeamConfig(beam=beam, n_best=beam, minimum_length=minimum, coverage_penalty=covered)
    some = {"numbers": [0, 1, 2], "longest": [5, 1, 7], "forbidden": forbidden}
    whole = search(languages, config, **some)
    found = search(languages, config, **some, best=likeliest_alone(languages, first))
    for one, other in zip(found, whole, strict=True):
        assert_same(one, other)


def test_of_equal_continuations_the_better_hypothesis_and_the_lower_symbol_come_first() -> None:
    def step(state: None, ids: Any) -> tuple[Any, None]:
        return np.full((len(ids), 4), -1.0, dtype=np.float32), None

    config = BeamConfig(beam=3, n_best=3, maximum_length=2)
    begun = np.array([[-9.0, -1.0, -1.0, -1.0]], dtype=np.float32), None
    found = beam_search(begun, step=step, choose=lambda s, rows: s, config=config, end=0, longest=[])[0]
    assert [(one.ids.tolist(), one.finished) for one in found] == [([1], True), ([1, 1], False), ([1, 2], False)]


def test_what_is_cut_is_told_and_stands_behind_what_is_finished() -> None:
    # ln p of the end is -3 at each step, of the other symbol -0.1: what is cut has by far the better score. Of three
    # places two are taken by texts that have ended, and the third goes on to the greatest length.
    def step(state: None, ids: Any) -> tuple[Any, None]:
        return np.tile(np.array([[-3.0, -0.1]], dtype=np.float32), (len(ids), 1)), None

    begun = step(None, [0])
    for longest, expected in ((3, [([1], True), ([], True)]), (1, [([], True), ([1], False)])):
        config = BeamConfig(beam=3, n_best=2)
        found = beam_search(begun, step=step, choose=lambda s, rows: s, config=config, end=0, longest=[longest])[0]
        assert [(one.ids.tolist(), one.finished) for one in found] == expected


def test_the_greatest_length_of_the_config_goes_before_that_of_the_text() -> None:
    languages = Languages(seed=2)
    config = BeamConfig(beam=WIDE, n_best=WIDE, maximum_length=2)
    assert_same(search(languages, config, [0], [4])[0], everything(languages, config, 0, 2))


def test_the_coverage_penalty_is_that_of_google_by_hand() -> None:
    # Two source places. "1 </s>" attends (.9, .1) and (.3, .3): min(1.2, 1) = 1 and .4, so ln .4 times .5 is added.
    steps = {(): [0.9, 0.1], (1,): [0.3, 0.3]}

    def step(state: list[Prefix], ids: Any) -> tuple[Any, list[Prefix]]:
        state = [(*prefix, symbol) for prefix, symbol in zip(state, ids.tolist(), strict=True)]
        return np.log(np.tile(np.array([[0.8, 0.2]], dtype=np.float32), (len(ids), 1))), state

    found = beam_search(
        (np.log(np.array([[0.1, 0.9]], dtype=np.float32)), [()]), step=step,
        choose=lambda state, rows: [state[row] for row in rows], config=BeamConfig(beam=1, coverage_penalty=0.5),
        end=0, longest=[9], attended=lambda state: (np.float32([steps[one] for one in state]), np.array([2])),
    )[0][0]  # fmt: skip
    assert found.ids.tolist() == [1]
    np.testing.assert_allclose(found.score, (np.log(0.9) + np.log(0.8)) / 2 + 0.5 * np.log(0.4), rtol=1e-6)
    assert found.attention is not None
    np.testing.assert_array_equal(found.attention, np.float32([[0.9, 0.1]]))


@pytest.mark.parametrize("coverage_penalty", [0.1, 3.0])
def test_the_best_under_a_coverage_penalty_is_the_best_of_all(coverage_penalty: float) -> None:
    languages = Languages(seed=5)
    config = BeamConfig(beam=WIDE, n_best=9, coverage_penalty=coverage_penalty)
    for number, found in enumerate(search(languages, config, [0, 1, 2], [3, 4, 2])):
        assert_same(found, everything(languages, config, number, [3, 4, 2][number])[:9])


def test_a_coverage_penalty_needs_attention() -> None:
    with pytest.raises(OptionError, match="--coverage-penalty"):
        search(Languages(), BeamConfig(coverage_penalty=0.1), [0], [3], attended=None)
    assert search(Languages(), BeamConfig(), [0], [3], attended=None)[0][0].attention is None


def is_new(size: int) -> May:
    """Whether the last `size` symbols have not come before."""

    def may(prefix: Prefix, symbol: int) -> bool:
        grams = [(*prefix, symbol)[t : t + size] for t in range(len(prefix) + 2 - size)]
        return symbol == END or len(grams) < 2 or grams[-1] not in grams[:-1]

    return may


CASES: dict[str, tuple[dict[str, Any], Any, May]] = {
    "forbidden symbols": ({}, (1,), lambda prefix, symbol: symbol != 1),
    "an n-gram of one": ({"no_repeat_ngram": 1}, (), is_new(1)),
    "an n-gram of two": ({"no_repeat_ngram": 2}, (), is_new(2)),
    "a least length": ({"minimum_length": 2}, (), lambda prefix, symbol: symbol != END or len(prefix) >= 2),
    "allowed symbols": ({}, all_but([END, 2, 3], symbols=4), lambda prefix, symbol: symbol != 1),
    "symbols that are allowed here": (
        {}, all_but(lambda text, history: [END, 1 + (len(history) + text) % 3], symbols=4),
        lambda prefix, symbol: symbol in (END, 1 + len(prefix) % 3),
    ),
    "a repetition penalty": ({"repetition_penalty": 2.0}, (), lambda prefix, symbol: True),
    "a repetition prize": ({"repetition_penalty": 0.5}, (), lambda prefix, symbol: True),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_the_best_under_a_rule_are_the_best_of_what_it_allows(case: str) -> None:
    options, forbidden, may = CASES[case]
    config = BeamConfig(beam=WIDE, n_best=12, **options)
    for seed in range(3):
        languages = Languages(seed=seed)
        found = search(languages, config, [0], [4], forbidden=forbidden)[0]
        assert_same(found, everything(languages, config, 0, 4, may)[:12])


@pytest.mark.parametrize("case", [
    name for name, (options, forbidden, _) in CASES.items()
    if callable(forbidden) or {"repetition_penalty", "no_repeat_ngram"} & set(options)
])  # fmt: skip
def test_where_histories_matter_all_symbols_are_asked_for(case: str) -> None:
    options, forbidden, _ = CASES[case]

    def best(*given: Any) -> Any:
        raise AssertionError(given)

    config = BeamConfig(beam=3, **options)
    found = search(Languages(), config, [0], [4], forbidden=forbidden, best=best)[0]
    assert_same(found, search(Languages(), config, [0], [4], forbidden=forbidden)[0])


def test_a_rule_knows_the_number_of_the_text() -> None:
    forbidden = all_but(lambda text, history: [1 + text] if len(history) < 2 else [END], symbols=4)
    found = search(Languages(), BeamConfig(), [0, 0, 0], [9, 9, 2], forbidden=forbidden)
    assert [(one[0].ids.tolist(), one[0].finished) for one in found] == [
        ([1, 1], True), ([2, 2], True), ([3, 3], False),
    ]  # fmt: skip


def test_a_text_that_nothing_may_follow_is_told_as_not_finished() -> None:
    languages = Languages()
    forbidden = all_but(lambda text, history: [[], [2]][text] if len(history) < 2 else [], symbols=4)
    nothing, found = search(languages, BeamConfig(), [0, 1], [5, 5], forbidden=forbidden)
    assert [(one.ids.tolist(), one.finished, one.log_probability) for one in nothing] == [([], False, 0.0)]
    assert nothing[0].attention is not None and nothing[0].attention.shape == (0, languages.source(0))
    assert [(one.ids.tolist(), one.finished) for one in found] == [([2, 2], False)]
    log = float(languages.logs(1, ())[2]) + float(languages.logs(1, (2,))[2])
    np.testing.assert_allclose([found[0].log_probability, found[0].score], [log, log / 2])


def test_steps_may_have_different_numbers_of_columns() -> None:
    # As a network that copies has: the column 4 stands for a word of the first source alone, and goes with it.
    def told(state: list[int]) -> Any:
        wide = np.log(np.array([[0.3, 0.1, 0.1, 0.1, 0.4], [0.5, 0.2, 0.2, 0.1, 0.0]]) + 1e-30)[state]
        return (wide if 0 in state else wide[:, :4]).astype(np.float32)

    config = BeamConfig(beam=1, minimum_length=1)
    found = beam_search(
        (told([0, 1]), [0, 1]), step=lambda state, ids: (told(state), state), end=0, longest=[1, 3], config=config,
        choose=lambda state, rows: [state[row] for row in rows], forbidden=(1, 7),
    )  # fmt: skip
    assert [(one[0].ids.tolist(), one[0].finished) for one in found] == [([4], False), ([2], True)]


def test_no_texts_have_no_hypotheses() -> None:
    begun: Any = (np.zeros((0, 4), dtype=np.float32), [])
    assert (
        beam_search(begun, step=Languages().step, choose=Languages().choose, config=BeamConfig(), end=0, longest=[])
        == []
    )
