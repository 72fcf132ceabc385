"""Texts with labels as numbers: tokens or symbols, bags of n-grams, and labels; and batches of them.

Knows texts, features and how texts are cut into tokens; knows no network. Called by `models.classifying`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from elman.data.symbol_texts import SymbolBatch, SymbolTexts
from elman.data.texts import LabelledText
from elman.data.tokens import Ids, KnownWords, LabelledTokens, TokenBatch, distinct, numbered, occurrences
from elman.text.bags import Bags, bags_of
from elman.text.config import BagConfig
from elman.text.features import WordFeatures
from elman.text.tokens import shortened, split_characters, split_words

WINDOW = 4096
"""Texts that are worked on together."""
CHARACTERS_A_WORD = 6
"""Characters that training reads of a text for each word that it may read."""

Targets = NDArray[np.int64] | NDArray[np.float32]
"""For each of n texts the number of its label, (n,), or for each label whether the text has it, (n, K)."""


@dataclass(frozen=True)
class Stretches:
    """Texts as sequences of tokens.

    Args:
        types: every distinct token. tokens: (tokens,), their places in `types`. starts: (texts + 1,), where each text
            begins in `tokens`, and the end.
    """

    types: list[str]
    tokens: NDArray[np.int32]
    starts: Ids

    def rows(self, features: WordFeatures) -> LabelledTokens:
        """The same as batches want it, without labels."""
        return self.holding(features.rows(self.types), False)

    def holding(self, rows: KnownWords, exact: bool) -> LabelledTokens:
        """The same with what an engine wants of `types` instead."""
        return LabelledTokens.unlabelled(self.tokens, rows, self.starts, exact=exact)

    def counts(self) -> dict[str, int]:
        """How often each distinct token occurs."""
        return occurrences(self.types, self.tokens)


@dataclass(frozen=True)
class TextCorpus:
    """Texts that have tokens.

    Args:
        types: every distinct token. tokens: (tokens,), their places in `types`. starts: (texts + 1,), where each text
            begins in `tokens`, and the end. labels: of each text. empty: how many texts had no tokens and were passed
            over. cut: how many were shortened. symbols: the same texts as symbols, where these are read. spelling: the
            same texts as characters.
    """

    types: list[str]
    tokens: NDArray[np.int32]
    starts: Ids
    bags: Bags
    labels: list[tuple[str, ...]]
    empty: int
    cut: int
    spelling: Stretches
    symbols: SymbolTexts | None = None

    @property
    def words(self) -> Stretches:
        """The texts as words."""
        return Stretches(self.types, self.tokens, self.starts)


def build_texts(
    texts: Iterable[LabelledText],
    config: BagConfig,
    *,
    longest: int,
    form: Callable[[str], str],
    encode: Callable[[str], NDArray[np.int32]] | None = None,
    spelling: bool = True,
) -> TextCorpus:
    """The corpus of texts, of each no more than so many tokens.

    Args:
        form: what a token counts as in a bag. encode: the symbols of a text, where these are read. spelling: keep the
            texts as characters too.
    """
    types: dict[str, int] = {}
    labels: list[tuple[str, ...]] = []
    parts: list[tuple[NDArray[np.int32], list[int], Bags]] = []
    symbols: list[NDArray[np.int32]] = []
    characters: dict[str, int] = {}
    spelt: list[NDArray[np.int32]] = []
    empty = cut = 0
    for window in _windows(texts):
        lists = []
        for text in window:
            tokens = split_words(text.text)
            if not tokens:
                empty += 1
                continue
            cut += len(tokens) > longest
            lists.append(shortened(tokens, longest))
            labels.append(text.labels)
            if spelling:
                letters = shortened(split_characters(text.text), longest * CHARACTERS_A_WORD)
                spelt.append(numbered(letters, characters))
            if encode is not None:
                symbols.append(encode(text.text))
        words, places, starts = distinct(lists)
        bags = bags_of(words, places, starts, config, form=form)
        parts.append((numbered(words, types)[places], [len(tokens) for tokens in lists], bags))
    lengths = [length for _, some, _ in parts for length in some]
    return TextCorpus(
        types=list(types), tokens=_concatenated(found for found, _, _ in parts),
        starts=np.cumsum([0, *lengths], dtype=np.int64), bags=Bags.joined([bags for _, _, bags in parts]),
        labels=labels, empty=empty, cut=cut, symbols=None if encode is None else SymbolTexts.of(symbols),
        spelling=Stretches(
            list(characters), _concatenated(spelt), np.cumsum([0, *map(len, spelt)], dtype=np.int64)
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class TextBatch:
    """Texts side by side.

    Args:
        read: B texts, behind the real ones perhaps some of length 0. bags: of the same B texts. targets: of the n real
            ones, (n,) or (n, K). spelling: the B texts as characters, where these are read too.
    """

    read: TokenBatch | SymbolBatch
    bags: Bags
    targets: Targets
    spelling: TokenBatch | None = None


@dataclass(frozen=True)
class NumberedTexts:
    """What batches are cut from: the tokens or symbols, bags, targets and perhaps the characters of texts."""

    tokens: LabelledTokens | SymbolTexts
    bags: Bags
    targets: Targets
    spelling: LabelledTokens | None = None

    @property
    def starts(self) -> Ids:
        """Where each text begins, and the end."""
        return self.tokens.starts

    def told(self, texts: Ids) -> str:
        """Some texts, for people."""
        return self.tokens.told(texts)

    def batch(self, texts: Ids, *, rows: int = 0) -> TextBatch:
        """The batch of some texts, in their order, of at least so many rows as far as it is not exact."""
        read = self.tokens.batch(texts, rows=rows)
        bags = self.bags.select(texts, padded=len(read.lengths))
        spelt = None if self.spelling is None else self.spelling.batch(texts, rows=rows)
        return TextBatch(read, bags, self.targets[texts], spelt)


class Reads(Protocol):
    """What an engine says of the batches that it reads."""

    exact: bool

    def words(self, words: Sequence[str], features: WordFeatures) -> KnownWords:
        """What batches are to hold of different words."""

    def characters(self, characters: Sequence[str], features: WordFeatures) -> KnownWords:
        """Likewise of characters that are read by themselves."""


def number_texts(
    lists: Sequence[Sequence[str]],
    features: WordFeatures,
    config: BagConfig,
    *,
    symbols: Sequence[NDArray[np.int32]] | None = None,
    spelling: tuple[Sequence[Sequence[str]], WordFeatures] | None = None,
    engine: Reads | None = None,
) -> NumberedTexts:
    """Texts without labels, each a list of tokens, as batches want them.

    Args:
        symbols: of each text, where these are read. spelling: the characters of each text and what is known of
            characters, where they are read too. engine: what the batches are for, if it reads something else than what
            is known of words, or batches of exact shapes.
    """
    types, tokens, starts = distinct(lists)
    bags = bags_of(types, tokens, starts, config, form=features.form)
    targets = np.zeros(len(lists), dtype=np.int64)
    exact = engine is not None and engine.exact
    if symbols is not None:
        return NumberedTexts(replace(SymbolTexts.of(symbols), exact=exact), bags, targets)
    texts, spelt = Stretches(types, tokens, starts), None
    words = texts.holding(features.rows(texts.types) if engine is None else engine.words(texts.types, features), exact)
    if spelling is not None:
        letters, known = Stretches(*distinct(spelling[0])), spelling[1]
        held = known.rows(letters.types) if engine is None else engine.characters(letters.types, known)
        spelt = letters.holding(held, exact)
    return NumberedTexts(words, bags, targets, spelt)


def number_corpus(
    corpus: TextCorpus,
    features: WordFeatures,
    *,
    targets: Targets,
    minimum: int,
    spelling: WordFeatures | None = None,
) -> NumberedTexts:
    """A corpus as batches want it.

    Args:
        minimum: n-grams that occur less often are left out of the bags. spelling: what is known of characters, where
            they are read too.
    """
    bags = corpus.bags.frequent(minimum)
    if corpus.symbols is not None:
        return NumberedTexts(corpus.symbols, bags, targets)
    spelt = None if spelling is None else corpus.spelling.rows(spelling)
    return NumberedTexts(corpus.words.rows(features), bags, targets, spelt)


def _concatenated(parts: Iterable[NDArray[np.int32]]) -> NDArray[np.int32]:
    return np.concatenate([np.empty(0, dtype=np.int32), *parts])


def _windows(texts: Iterable[LabelledText]) -> Iterator[list[LabelledText]]:
    each = iter(texts)
    while window := list(islice(each, WINDOW)):
        yield window
