"""Sentences as numbers: every distinct token once, every sentence as places of tokens, labels as ids; and batches.

Knows sentences, features and label sets by what they can do; knows no network. Called by `models.tagging`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain, pairwise
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from elman.data.config import BatchConfig, TextBatchConfig, TokenBatchConfig
from elman.data.examples import numbered_texts, some_of
from elman.data.sentences import Sentence

Ids = NDArray[np.int64]
Item = TypeVar("Item")
Batch_ = TypeVar("Batch_", covariant=True)
SHARE = 20
"""Of how many sentences one is set aside as the dev part."""
NOISE = 0.1
"""Sentences are sorted by length times 1 to 1 + this: rows of a batch are of like length, others in every epoch."""
LARGEST = 1 << 13
"""Tokens of a training batch, padding counted: of long sentences there are fewer side by side."""
PADDING = -1
"""The label of a step that is none."""


@dataclass(frozen=True)
class TokenCorpus:
    """Sentences.

    Args:
        types: every distinct token. tokens: (tokens,), their places in `types`. starts: (sentences + 1,), where each
            sentence begins in `tokens`, and the end. labels: for each column every distinct label, and (tokens,) their
            places in it. where: the file and the line of each sentence.
    """

    types: list[str]
    tokens: NDArray[np.int32]
    starts: Ids
    labels: Mapping[str, tuple[list[str], NDArray[np.int32]]]
    where: list[tuple[str, int]]

    @property
    def sentences(self) -> int:
        """How many there are."""
        return len(self.starts) - 1

    def counts(self) -> dict[str, int]:
        """How often each distinct token stands in the sentences."""
        return occurrences(self.types, self.tokens)

    def sequences(self, column: str) -> Iterator[list[str]]:
        """The labels of each sentence in a column."""
        names, ids = self.labels[column]
        for begin, end in pairwise(self.starts):
            yield [names[i] for i in ids[begin:end]]


def build_tokens(sentences: Iterable[Sentence], columns: Sequence[str]) -> TokenCorpus:
    """The corpus of sentences; those without tokens are passed over."""
    types: dict[str, int] = {}
    labels: dict[str, dict[str, int]] = {column: {} for column in columns}
    tokens: list[NDArray[np.int32]] = []
    places: dict[str, list[NDArray[np.int32]]] = {column: [] for column in columns}
    where = []
    for sentence in sentences:
        if not sentence.tokens:
            continue
        tokens.append(numbered(sentence.tokens, types))
        for column in columns:
            places[column].append(numbered(sentence.labels[column], labels[column]))
        where.append((sentence.path, sentence.line))
    starts = np.cumsum([0, *map(len, tokens)], dtype=np.int64)
    found = {column: (list(labels[column]), _joined(places[column])) for column in columns}
    return TokenCorpus(list(types), _joined(tokens), starts, found, where)


def occurrences(types: Sequence[str], tokens: NDArray[np.int32]) -> dict[str, int]:
    """How often each distinct token occurs among tokens that are told by their places in `types`."""
    return dict(zip(types, np.bincount(tokens, minlength=len(types)).tolist(), strict=True))


def part_of(sentences: Iterable[Item], part: str | None) -> Iterator[Item]:
    """The sentences, or texts, of one side of the split, "train" or "dev": every twentieth is dev. None for all."""
    for number, sentence in enumerate(sentences):
        if part is None or (number % SHARE == SHARE - 1) == (part == "dev"):
            yield sentence


def word_counts(corpus: TokenCorpus) -> Counter[str]:
    """How often each token stands in a corpus."""
    return Counter(corpus.counts())


class KnownWords(Protocol):
    """What is known of words: their features (`text.features.WordRows`), or what an engine has made of these."""

    def select(self, places: Ids) -> Any:
        """The same of the words at some places."""


class KnownContexts(Protocol):
    """What is known of what stands around distinct tokens (`text.context.Around`)."""

    def rows(self, tokens: NDArray[Any], real: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        """The rows (B, T, F) of what stands around the real ones of tokens (B, T), by their numbers; None is all."""


@dataclass(frozen=True)
class TokenBatch:
    """Sentences side by side.

    Args:
        places: (B, T), numbers of the distinct tokens, 0 at padding. rows: what is known of the distinct tokens, as
            `LabelledTokens` has it.
        lengths: (B,), real steps. labels: (columns, B, T), -1 at padding and where a label is not known. contexts:
            (B, T, F), rows of what stands around each token, None where that is not read.
    """

    places: Ids
    rows: Any
    lengths: Ids
    labels: Ids
    contexts: NDArray[np.int32] | None = None


@dataclass(frozen=True)
class LabelledTokens:
    """What batches are cut from.

    Args:
        tokens: (tokens,), numbers of distinct tokens. rows: what is known of these. labels: (columns, tokens), ids.
        starts: (stretches + 1,), where each stretch that is read as one sentence begins, and the end. exact: batches
            have as many rows and steps as they need, and all tokens beside them, for engines that prepare nothing for a
            shape and make nothing of tokens. where: the file and the line of each stretch, where these are known.
            around: what is known of what stands around tokens, where that is read.
    """

    tokens: NDArray[np.int32]
    rows: KnownWords
    labels: Ids
    starts: Ids
    exact: bool = False
    where: Sequence[tuple[str, int]] | None = None
    around: KnownContexts | None = None

    @classmethod
    def unlabelled(
        cls, tokens: NDArray[np.int32], rows: KnownWords, starts: Ids, *, exact: bool = False,
        around: KnownContexts | None = None,
    ) -> "LabelledTokens":  # fmt: skip
        """The same of tokens of which no labels are known."""
        return cls(tokens, rows, np.zeros((0, len(tokens)), dtype=np.int64), starts, exact, around=around)

    def told(self, stretches: Ids) -> str:
        """Some stretches, for people."""
        if self.where is None:
            return numbered_texts("texts", stretches)
        return some_of(f"{path}:{line}" for path, line in (self.where[k] for k in stretches))

    def batch(self, stretches: Ids, *, rows: int = 0) -> TokenBatch:
        """The batch of some stretches, in their order, behind them rows of length 0 up to a round number of rows, at
        least so many.

        Torch prepares a kernel for every shape that it meets, which costs as much as running it some ten times: so
        rows and steps come in few numbers, unless `exact`.
        """
        if self.exact:
            return self._exact(stretches)
        begins, lengths = np.zeros((2, rounded(max(rows, len(stretches)))), dtype=np.int64)
        begins[: len(stretches)] = self.starts[stretches]
        lengths[: len(stretches)] = self.starts[stretches + 1] - self.starts[stretches]
        steps = np.arange(rounded(int(lengths.max(initial=0))))
        real = steps < lengths[:, None]  # (B, T)
        where = np.where(real, begins[:, None] + steps, 0)
        distinct, places = np.unique(self.tokens[where][real], return_inverse=True)
        padded = np.zeros(real.shape, dtype=np.int64)
        padded[real] = places
        labels = np.where(real, self.labels[:, where], PADDING)
        words = self.rows.select(distinct.astype(np.int64))
        return TokenBatch(padded, words, lengths, labels, self._contexts(self.tokens[where], real))

    def _exact(self, stretches: Ids) -> TokenBatch:
        """The batch of some stretches as they are, of one without any work on padding."""
        begins = self.starts[stretches]
        lengths = self.starts[stretches + 1] - begins
        if len(stretches) == 1:
            some = slice(int(begins[0]), int(begins[0] + lengths[0]))
            places = self.tokens[some].astype(np.int64)[None]  # (1, T)
            contexts = self._contexts(places, None)
            return TokenBatch(places, self.rows, lengths, self.labels[:, None, some], contexts)
        steps = np.arange(int(lengths.max(initial=0)))
        real = steps < lengths[:, None]  # (B, T)
        where = np.where(real, begins[:, None] + steps, 0)
        places = np.where(real, self.tokens[where], 0).astype(np.int64)
        labels = np.where(real, self.labels[:, where], PADDING)
        return TokenBatch(places, self.rows, lengths, labels, self._contexts(places, real))

    def _contexts(self, tokens: NDArray[Any], real: NDArray[np.bool_] | None) -> NDArray[np.int32] | None:
        return None if self.around is None else self.around.rows(tokens, real)


def rounded(count: int) -> int:
    """The next number of at most four bits before its zeros: 1 … 16, 18, 20, … 32, 36, 40, … 64, 72, …

    Example:
        >>> [rounded(n) for n in (0, 5, 17, 33, 100)]
        [0, 5, 18, 36, 104]
    """
    unit = 1 << max(0, (count - 1).bit_length() - 4)
    return -(-count // unit) * unit


def stretches(starts: Ids, longest: int) -> Ids:
    """The borders of sentences, and further ones inside sentences that are longer than so many tokens."""
    cuts = [np.arange(begin, end, longest) for begin, end in pairwise(starts)]
    return np.concatenate([*cuts, starts[-1:]]).astype(np.int64)


class Cut(Protocol[Batch_]):
    """What batches of stretches are cut from."""

    @property
    def starts(self) -> Ids:
        """Where each stretch begins, and the end."""

    def batch(self, stretches: Ids) -> Batch_:
        """The batch of some stretches."""

    def told(self, stretches: Ids) -> str:
        """Some stretches, for people."""


class SentenceBatches(Generic[Batch_]):
    """Batches of sentences, or texts, of like length, in an order drawn from seed and epoch.

    Any batch can be asked for at any time; it depends on seed, epoch and step alone.
    """

    def __init__(
        self, data: Cut[Batch_], config: BatchConfig | TextBatchConfig | TokenBatchConfig, *, seed: int
    ) -> None:
        self._data, self._size, self._seed = data, config.batch_size, seed
        self._plan = lru_cache(maxsize=2)(self._draw)

    def steps(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return len(self._plan(epoch))

    def batch(self, epoch: int, step: int) -> Batch_:
        """The batch at a place of an epoch."""
        return self._data.batch(self._plan(epoch)[step])

    def told(self, epoch: int, step: int) -> str:
        """What the batch at a place of an epoch holds, for people."""
        return self._data.told(self._plan(epoch)[step])

    def _draw(self, epoch: int) -> list[Ids]:
        generator = np.random.default_rng((self._seed, epoch))
        lengths = np.diff(self._data.starts)
        noisy = lengths * (1 + NOISE * generator.random(len(lengths)))
        batches = list(grouped(np.argsort(noisy, kind="stable"), lengths, rows=self._size, tokens=LARGEST))
        return [batches[k] for k in generator.permutation(len(batches))]


def grouped(order: Ids, lengths: Ids, *, rows: int, tokens: int) -> Iterator[Ids]:
    """Sentences in the given order, which is about by length, in groups of at most so many rows and padded tokens (but
    of one sentence at least)."""
    begin, longest = 0, 0
    for place, sentence in enumerate(order):
        longest_now = max(longest, int(lengths[sentence]))
        if place > begin and (place - begin == rows or (place - begin + 1) * longest_now > tokens):
            yield order[begin:place]
            begin, longest_now = place, int(lengths[sentence])
        longest = longest_now
    if begin < len(order):
        yield order[begin:]


def of_like_length(texts: Ids, lengths: Ids, *, rows: int, tokens: int) -> Iterator[tuple[Ids, int]]:
    """Texts in groups of at most so many rows and padded tokens (but of one text at least), the longest first; and of
    how many rows the batch of a group is to be.

    So many follow from the steps of a batch alone, unless there is but one: whatever texts come, their batches have few
    shapes.

    Args:
        texts: numbers of those that are grouped. lengths: of all.
    """
    order = texts[np.argsort(-lengths[texts], kind="stable")]
    begin = 0
    while begin < len(order):
        size = min(rows, max(1, tokens // max(1, rounded(int(lengths[order[begin]])))))
        group = order[begin : begin + size]
        yield group, size if begin else len(group)
        begin += size


def numbered(items: Sequence[str], known: dict[str, int]) -> NDArray[np.int32]:
    """The numbers of items, in the order in which they were first met."""
    for item in dict.fromkeys(items):
        known.setdefault(item, len(known))
    return np.fromiter(map(known.__getitem__, items), dtype=np.int32, count=len(items))


def _joined(parts: list[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)


def distinct(sentences: Sequence[Sequence[str]]) -> tuple[list[str], NDArray[np.int32], Ids]:
    """Every distinct token of some sentences; the place of every token among these; where sentences begin, and the
    end."""
    known: dict[str, int] = {}
    places = numbered(list(chain.from_iterable(sentences)), known)
    return list(known), places, np.array(list(accumulate(map(len, sentences), initial=0)), dtype=np.int64)
