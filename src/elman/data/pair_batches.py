"""Pairs of texts as numbers, and batches of them: for training, drawn anew every epoch; in order, for judging.

Knows pairs and tokenizers by what they can do; knows no network. Called by `models`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from elman.data.config import PairBatchConfig
from elman.data.examples import numbered_texts
from elman.data.pairs import Pair
from elman.data.tokens import Ids, rounded
from elman.text.pairs import LACKING, Copying
from elman.text.tokenizer import Tokenizer
from elman.text.vocabulary import END, START, UNKNOWN

WINDOW = 4096
"""Pairs that are worked on, or sorted when they are read in order, together."""
BLOCK = 1 << 16
"""Pairs that are shuffled and sorted together; blocks come in an order drawn anew every epoch."""
NOISE = 0.2
"""Pairs are sorted by lengths times 1 to 1 + this: rows of a batch are of like length, but other ones every epoch."""
SOURCES = 16
"""A batch has at most this many times as many symbols of sources as it should have of targets, padding counted."""

_Numbers = NDArray[np.int32]


@dataclass(frozen=True)
class PairBatch:
    """Pairs side by side; padding, on the right, is 0.

    Args:
        source: (B, S), each with `</s>` behind it. source_lengths: (B,), that one counted.
        target: (B, T), what the decoder reads, `<s> y_1 …`. gold: (B, T), what follows, `y_1 … </s>`.
        target_lengths: (B,); all 0, and T too, where there are no targets.
        copies: (B, S), what each symbol of the source is among the N of the target's vocabulary, or N + k for the k-th
            distinct one of the row that is not there, which gold then may hold too; None where nothing is copied.
        rows: (B,), the numbers of the pairs in their corpus.
    """

    source: Ids
    source_lengths: Ids
    target: Ids
    gold: Ids
    target_lengths: Ids
    copies: Ids | None
    rows: Ids


@dataclass(frozen=True)
class PairCorpus:
    """Pairs as numbers.

    Args:
        sources, targets: (symbols,), one text behind the other, `</s>` behind each. source_starts, target_starts:
            (pairs + 1,), where each begins, and the end. copies: of the sources, as in `PairBatch`, or None.
        new: of each pair the texts of the ids N, N + 1, …; empty where nothing is copied. size: N.
        numbers: (pairs,), the place of each among those that were given. cut: how many sources were cut. left_out: how
            many pairs were, for the length of their targets.
    """

    sources: _Numbers
    source_starts: Ids
    targets: _Numbers
    target_starts: Ids
    copies: _Numbers | None
    new: list[tuple[str, ...]]
    size: int
    numbers: Ids
    cut: int
    left_out: int

    @property
    def pairs(self) -> int:
        """How many there are."""
        return len(self.source_starts) - 1

    def copied_texts(self, row: int) -> tuple[str, ...]:
        """The texts that the ids N, N + 1, … stand for in a pair."""
        return self.new[row] if self.copies is not None else ()

    def batch(self, rows: Ids) -> PairBatch:
        """The batch of some pairs, in their order.

        Engines prepare a kernel for every shape that they meet: so steps come in few numbers, and may all be padding.
        """
        source_lengths = self.source_starts[rows + 1] - self.source_starts[rows]
        target_lengths = self.target_starts[rows + 1] - self.target_starts[rows]
        source = _side_by_side(self.sources, self.source_starts[rows], source_lengths)  # (B, S)
        gold = _side_by_side(self.targets, self.target_starts[rows], target_lengths)  # (B, T)
        target = np.full(gold.shape, START, dtype=np.int64)  # (B, T)
        target[:, 1:] = np.where(gold[:, :-1] < self.size, gold[:, :-1], UNKNOWN)
        target[np.arange(gold.shape[1]) >= target_lengths[:, None]] = 0
        copies = None
        if self.copies is not None:
            copies = _side_by_side(self.copies, self.source_starts[rows], source_lengths)  # (B, S)
        return PairBatch(source, source_lengths, target, gold, target_lengths, copies, rows)


def build_pairs(
    pairs: Iterable[Pair],
    source: Tokenizer,
    target: Tokenizer,
    *,
    longest_source: int | None,
    longest_target: int | None,
    copy: bool,
) -> PairCorpus:
    """The corpus of pairs, each with its first target, if they have any. Empty texts are kept: they are one `</s>`.

    Args:
        longest_source: symbols of a source, `</s>` not counted, behind which it is cut; None for all. longest_target:
            pairs with longer targets are left out; None for none.
    Raises:
        InputError: there is half of a surrogate pair in a text.
    """
    copying = Copying(source, target) if copy else None
    parts = [_part([], source, target, longest=(longest_source, longest_target), copying=copying)]
    each = iter(pairs)
    while window := list(islice(each, WINDOW)):
        parts.append(_part(window, source, target, longest=(longest_source, longest_target), copying=copying))
    begins = np.arange(len(parts)) * WINDOW - WINDOW
    return PairCorpus(
        sources=np.concatenate([part.sources for part in parts]),
        source_starts=_starts([part.source_lengths for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
        target_starts=_starts([part.target_lengths for part in parts]),
        copies=np.concatenate([part.copies for part in parts]) if copy else None,
        new=[texts for part in parts for texts in part.new], size=target.size,
        numbers=np.concatenate([begin + part.kept for begin, part in zip(begins, parts, strict=True)]),
        cut=sum(part.cut for part in parts), left_out=sum(part.left_out for part in parts),
    )  # fmt: skip


class PairBatches:
    """Pairs in batches of like lengths and about so many symbols of targets, in an order drawn from seed and epoch.

    Any batch can be asked for at any time; it depends on seed, epoch and step alone.
    """

    def __init__(self, corpus: PairCorpus, config: PairBatchConfig, *, seed: int) -> None:
        self._corpus, self._seed = corpus, seed
        self._sources, self._targets = np.diff(corpus.source_starts), np.diff(corpus.target_starts)
        self._blocks = range(0, corpus.pairs, BLOCK)
        self._borders = [self._cut(begin, config.batch_tokens) for begin in self._blocks]
        self._order = lru_cache(maxsize=2)(self._draw_order)
        self._plan = lru_cache(maxsize=2)(self._draw_plan)

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has: as many as any other."""
        return sum(map(len, self._borders))

    def batch(self, epoch: int, step: int) -> PairBatch:
        """The batch at a place of an epoch."""
        return self._corpus.batch(self._rows(epoch, step))

    def told(self, epoch: int, step: int) -> str:
        """What the batch at a place of an epoch holds, for people."""
        return numbered_texts("pairs", self._corpus.numbers[self._rows(epoch, step)])

    def _rows(self, epoch: int, step: int) -> Ids:
        order, ends = self._order(epoch)
        place = int(np.searchsorted(ends, step, side="right"))
        before = int(ends[place - 1]) if place else 0
        return self._plan(epoch, int(order[place]))[step - before]

    def _cut(self, begin: int, tokens: int) -> Ids:
        """Where batches of a block begin, if its pairs are sorted by length. They hold for every draw, so that an epoch
        has as many steps as any other; with the noise a batch may become somewhat larger."""
        sources, targets = self._sources[begin : begin + BLOCK], self._targets[begin : begin + BLOCK]
        order = np.lexsort((sources, targets))
        return np.array(list(_begins(sources[order], targets[order], tokens=tokens)), dtype=np.int64)

    def _draw_order(self, epoch: int) -> tuple[Ids, Ids]:
        """The blocks as they come, and the step at which each ends."""
        order = np.random.default_rng((self._seed, epoch)).permutation(len(self._blocks))
        return order, np.cumsum([len(self._borders[block]) for block in order], dtype=np.int64)

    def _draw_plan(self, epoch: int, block: int) -> list[Ids]:
        generator, begin = np.random.default_rng((self._seed, epoch, block)), self._blocks[block]
        sources, targets = (
            lengths[begin : begin + BLOCK] * (1 + NOISE * generator.random(len(lengths[begin : begin + BLOCK])))
            for lengths in (self._sources, self._targets)
        )
        order = begin + np.lexsort((sources, targets.astype(np.int64)))
        batches = np.split(order, self._borders[block][1:])
        return [batches[k] for k in generator.permutation(len(batches))]


def in_order(corpus: PairCorpus, *, batch_tokens: int) -> Iterator[PairBatch]:
    """Every pair of a corpus exactly once, in batches of at most so many symbols of either side, padding counted (but
    of one pair at least).

    Pairs are sorted by length inside windows of some thousand, the longest first, so that how many stand side by side
    follows from the steps of a batch, and batches have few shapes. They come in a mixed order, so that the first ones
    are a fair sample; `rows` tells which pairs they are.
    """
    lengths = np.diff(corpus.source_starts), np.diff(corpus.target_starts)
    for begin in range(0, corpus.pairs, WINDOW):
        sources, targets = (side[begin : begin + WINDOW] for side in lengths)
        order = np.lexsort((targets, sources))[::-1]
        longest = np.maximum(sources, targets)[order]
        begins = list(_begins(longest, longest, tokens=batch_tokens))
        batches = np.split(begin + order, begins[1:])
        for k in np.random.default_rng(0).permutation(len(batches)):
            yield corpus.batch(batches[k])


def _begins(sources: Ids, targets: Ids, *, tokens: int) -> Iterator[int]:
    """Where the batches of pairs begin that stand in order of their targets' lengths."""
    begin = longest_source = longest_target = 0
    for place, (source, target) in enumerate(zip(sources.tolist(), targets.tolist(), strict=True)):
        longest_source, longest_target = max(longest_source, source), max(longest_target, target)
        rows = place - begin + 1
        too_long = rows * rounded(longest_target) > tokens or rows * rounded(longest_source) > SOURCES * tokens
        if place == 0 or too_long:
            begin, longest_source, longest_target = place, source, target
            yield place


@dataclass(frozen=True)
class _Part:
    """Some pairs as numbers, with what `PairCorpus` wants to know of them; kept: the places of those not left out."""

    sources: _Numbers
    source_lengths: Ids
    targets: _Numbers
    target_lengths: Ids
    copies: _Numbers
    new: list[tuple[str, ...]]
    kept: Ids
    cut: int
    left_out: int


def _part(
    pairs: Sequence[Pair],
    source: Tokenizer,
    target: Tokenizer,
    *,
    longest: tuple[int | None, int | None],
    copying: Copying | None,
) -> _Part:
    """Some pairs as numbers."""
    is_targeted = any(pair.targets for pair in pairs)
    assert not is_targeted or all(pair.targets for pair in pairs), "targets for all pairs or none"
    ids, lengths = source.encode_many([pair.source for pair in pairs])
    gold, gold_lengths = target.encode_many([pair.targets[0] for pair in pairs if is_targeted])
    kept = np.arange(len(pairs))
    if is_targeted and longest[1] is not None:
        kept = kept[gold_lengths <= longest[1]]
    taken = lengths[kept] if longest[0] is None else np.minimum(lengths[kept], longest[0])
    sources = _ended(ids, (np.cumsum(lengths) - lengths)[kept], taken)
    targets, target_lengths = np.empty(0, dtype=np.int32), np.zeros(len(kept), dtype=np.int64)
    if is_targeted:
        target_lengths = gold_lengths[kept] + 1
        targets = _ended(gold, (np.cumsum(gold_lengths) - gold_lengths)[kept], gold_lengths[kept])
    copies, new = np.empty(0, dtype=np.int32), list[tuple[str, ...]]()
    if copying is not None:
        some = [pairs[place] for place in kept.tolist()]
        bounds = _starts([taken + 1]), _starts([target_lengths])
        copies, new = _copies(some, (sources, targets), bounds, copying=copying)
    cut = int(np.count_nonzero(taken < lengths[kept]))
    return _Part(sources, taken + 1, targets, target_lengths, copies, new, kept, cut, len(pairs) - len(kept))


def _copies(
    pairs: Sequence[Pair], sides: tuple[_Numbers, _Numbers], starts: tuple[Ids, Ids], *, copying: Copying
) -> tuple[_Numbers, list[tuple[str, ...]]]:
    """The copies of sources, and the texts of their new ids, which are written into the targets too."""
    sources, targets = sides
    copies = copying.known(sources)
    new: list[tuple[str, ...]] = [()] * len(pairs)
    places = np.flatnonzero(copies == LACKING)
    for row in np.unique(np.searchsorted(starts[0], places, side="right") - 1).tolist():
        here = slice(starts[0][row], starts[0][row + 1])
        copies[here], new[row] = copying.completed(pairs[row].source, sources[here], copies[here])
        if new[row] and pairs[row].targets:
            there = slice(starts[1][row], starts[1][row + 1])
            targets[there] = copying.gold(pairs[row].targets[0], targets[there], new[row])
    return copies, new


def _ended(ids: _Numbers, begins: Ids, lengths: Ids) -> _Numbers:
    """The stretches of ids that begin there and are so long, one behind the other, `</s>` behind each."""
    ends = np.cumsum(lengths + 1)
    ended = np.full(int(ends[-1]) if len(ends) else 0, END, dtype=np.int32)
    is_symbol = np.ones(len(ended), dtype=bool)
    is_symbol[ends - 1] = False
    inside = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    ended[is_symbol] = ids[np.repeat(begins, lengths) + inside]
    return ended


def _starts(lengths: Sequence[Ids]) -> Ids:
    """Where texts of these lengths begin, one behind the other, and the end."""
    return np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)


def _side_by_side(ids: _Numbers, starts: Ids, lengths: Ids) -> Ids:
    """The stretches of ids that begin there and are so long, in rows, padded by 0."""
    steps = np.arange(rounded(int(lengths.max(initial=0))))
    real = steps < lengths[:, None]  # (B, T)
    padded = np.zeros(real.shape, dtype=np.int64)
    padded[real] = ids[(starts[:, None] + steps)[real]]
    return padded
