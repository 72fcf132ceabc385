"""What stands around a token: words, and parts of words, near it, each and by twos, as hashed rows of a table.

Knows tokens by their features and their places; knows no label and no network. Trained by `models.tagging.preparing`,
asked wherever a tagger that has such a path reads sentences.

Of every distinct token some atoms are known: a hash of its normal form, of its shape, of its prefixes and its suffixes
(of Hangul in jamo). A template names one atom of one neighbour, or two; what it finds at a token is the hash of these.

    h = a_1 M_1 + a_2 M_2 + salt        row = the number of mix(h) among the hashes that are kept; else 0

Source: the templates are those of log-linear taggers (Ratnaparkhi 1996, A maximum entropy model for part-of-speech
tagging; Toutanova & al. 2003), without the labels before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import ModelFileError
from elman.text.config import ContextConfig
from elman.text.features import WordFeatures, clip, joined
from elman.text.few_words import FEW, shape_of
from elman.text.hangul import JAMO_OF, decompose_codes, has_hangul
from elman.text.hashing import (
    POWERS,
    M,
    rows_of,
    sequence_hash,
    sequence_hashes,
    sizes_of,
    starts_of,
    sums,
    sums_behind,
)
from elman.text.kept import frequent, gaps_from_text, gaps_to_text
from elman.text.vocabulary import check_keys
from elman.text.word_parts import shapes

BITS = 22
"""Contexts are told apart by hashes of so many bits."""
AFFIXES = 5
WORD, SHAPE = 0, 1
PREFIX, SUFFIX = 1, 1 + AFFIXES
"""Of length n at `PREFIX` + n and `SUFFIX` + n."""
ATOMS = 2 + 2 * AFFIXES
REACH = 2
"""Neighbours on either side that templates name."""
BORDER = 1
"""The atoms of what stands before and behind a sentence. That of a suffix of three characters, where a word has two, is
0, an atom like any other."""
ENDINGS = (SUFFIX + 2, SUFFIX + 3)
SINGLES: tuple[tuple[int, int], ...] = (
    *((offset, WORD) for offset in range(-REACH, REACH + 1)), (0, SHAPE),
    *((0, PREFIX + n) for n in range(1, AFFIXES + 1)), *((0, SUFFIX + n) for n in range(1, AFFIXES + 1)),
    *((offset, ending) for ending in ENDINGS for offset in (-1, 1)),
)  # fmt: skip
"""Templates of one atom: which neighbour, counted from the token, and which atom."""
PAIRS: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = (
    ((-1, WORD), (0, WORD)), ((0, WORD), (1, WORD)), ((-1, WORD), (1, WORD)), ((-2, WORD), (-1, WORD)),
    ((1, WORD), (2, WORD)), ((-1, SHAPE), (0, SHAPE)), ((0, SHAPE), (1, SHAPE)), ((0, SHAPE), (0, WORD)),
    *(
        pair
        for ending in ENDINGS
        for pair in (
            ((-1, ending), (0, ending)), ((0, ending), (1, ending)), ((-1, ending), (1, ending)),
            ((-1, WORD), (0, ending)), ((0, ending), (1, WORD)),
        )
    ),
)  # fmt: skip
"""Templates of two atoms."""
TEMPLATES = len(SINGLES) + len(PAIRS)
NO_ROW = 0
"""The row of what is not kept, and of what is not there."""
FACTORS = (0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
_SALTS = np.arange(1, TEMPLATES + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
_POWERS: list[int] = POWERS[:AFFIXES].tolist()
_LAST_BITS = (1 << 64) - 1
_AT_ONCE = 1 << 11
"""Tokens that are worked on at a time, so that their arrays stay in the processor's cache."""
_COUNTED_AT_ONCE = 1 << 16
"""Tokens whose contexts are counted together."""
KNOWN = 2 * ATOMS + 1
"""What is held of a token: its atoms times the first factor, then times the second, and a 0 where none is named."""


def _columns(atoms: Sequence[tuple[int, int] | None], factor: int) -> NDArray[np.int64]:
    """Where the atoms that templates name stand, times a factor, among what is held of all neighbours of a token."""
    nothing = REACH * KNOWN + KNOWN - 1
    places = [None if one is None else (one[0] + REACH) * KNOWN + factor * ATOMS + one[1] for one in atoms]
    return np.array([nothing if place is None else place for place in places], dtype=np.int64)


_FIRST = _columns([*SINGLES, *(first for first, _ in PAIRS)], 0)
_SECOND = _columns([*(None for _ in SINGLES), *(second for _, second in PAIRS)], 1)
_NEAR = np.arange(-REACH, REACH + 1)
_AROUND = np.full((1, KNOWN), BORDER, dtype=np.uint64) * np.array(
    [*(f for f in FACTORS for _ in range(ATOMS)), 0], np.uint64
)
"""What is held of the border of a sentence."""


@dataclass(frozen=True)
class Around:
    """The rows of contexts in sentences of tokens that are told by their numbers.

    Args:
        known: (n + 1, `KNOWN`), what is held of each distinct token, and of the border of a sentence.
    """

    contexts: "Contexts"
    known: NDArray[np.uint64]

    def rows(self, tokens: NDArray[Any], real: NDArray[np.bool_] | None) -> NDArray[np.int32]:
        """The rows (B, T, `TEMPLATES`) of sentences (B, T), each from its first step on, by numbers of tokens; all of
        them `NO_ROW` where a step is not real. None is real everywhere, as of one sentence that waits for its answer.
        """
        border, width = len(self.known) - 1, tokens.shape[1] + 2 * REACH
        padded = np.full((len(tokens), width), border, dtype=np.int64)
        padded[:, REACH : width - REACH] = tokens
        centres = np.arange(len(tokens))[:, None] * width + np.arange(REACH, width - REACH)
        if real is None:
            return self._found(padded, centres.ravel()).reshape(*tokens.shape, TEMPLATES)
        padded[:, REACH : width - REACH][~real] = border
        found = np.full((*tokens.shape, TEMPLATES), NO_ROW, dtype=np.int32)
        found[real] = self._found(padded, centres[real])
        return found

    def _found(self, padded: NDArray[np.int64], centres: NDArray[np.int64]) -> NDArray[np.int32]:
        """The rows (n, `TEMPLATES`) at some places."""
        parts = [self.contexts.table.take(hashes) for hashes in hashed(self.known, padded.ravel(), centres)]
        return parts[0] if len(parts) == 1 else np.concatenate([np.empty((0, TEMPLATES), np.int32), *parts])


class Contexts:
    """What stood around the tokens of training often enough.

    Args:
        kept: the hashes that have a row, which rise; they are numbered in their order, from 1 on.
    """

    def __init__(self, config: ContextConfig, *, kept: NDArray[np.int64]) -> None:
        self.config, self.kept = config, kept

    @classmethod
    def train(
        cls, types: Sequence[str], tokens: NDArray[Any], starts: NDArray[np.int64], *, features: WordFeatures,
        config: ContextConfig,
    ) -> "Contexts":  # fmt: skip
        """With the sentences of training.

        Args:
            types: distinct tokens. tokens: numbers of these, one sentence after the other. starts: (sentences + 1,),
                where each begins, and the end.
        """
        known = np.concatenate([held(types, features), _AROUND])
        counts = np.zeros(1 << BITS, dtype=np.int64)
        for some in _stretches(starts):
            sentences = [tokens[begin:end] for begin, end in pairwise(some)]
            border = np.full(REACH, len(known) - 1)
            padded = np.concatenate([border, *(part for one in sentences for part in (one, border))])
            sizes = sizes_of(some)
            centres = np.arange(sizes.sum()) + REACH + np.arange(len(sizes)).repeat(sizes) * REACH
            counts += np.bincount(np.concatenate([*hashed(known, padded, centres)]).ravel(), minlength=len(counts))
        chosen = frequent(counts, minimum=config.context_minimum, most=config.most_contexts)
        return cls(config, kept=np.flatnonzero(chosen))

    @property
    def rows(self) -> int:
        """Rows of a table of all contexts, that of none included."""
        return len(self.kept) + 1

    def around(self, known: NDArray[np.uint64]) -> Around:
        """The same with what is held of distinct tokens (see `held`)."""
        return Around(self, np.concatenate([known, _AROUND]))

    @cached_property
    def table(self) -> NDArray[np.int32]:
        """The row of each hash; made when asked for, so that a folder that is refused costs little."""
        found = np.full(1 << BITS, NO_ROW, dtype=np.int32)
        found[self.kept] = np.arange(1, self.rows)
        return found

    def to_json(self) -> dict[str, Any]:
        """All that `from_json` needs beside the config."""
        return {"contexts": gaps_to_text(self.kept)}

    @classmethod
    def from_json(cls, document: Any, *, config: ContextConfig, where: str) -> "Contexts":
        """The contexts of a document that may be wrong.

        Raises:
            ModelFileError: keys are missing or unknown, or contexts are not hashes that rise.
        """
        if not isinstance(document, dict):
            raise ModelFileError("contexts are not written as keys and values", where=where)
        check_keys(document, ("contexts",), where=where)
        return cls(config, kept=gaps_from_text(document["contexts"], 1 << BITS, where=where, what="contexts"))


def held(types: Sequence[str], features: WordFeatures) -> NDArray[np.uint64]:
    """What is held of distinct tokens, (n, `KNOWN`); that of one does not depend on the others.

    Args:
        features: of the words of the model.
    """
    found = np.zeros((len(types), KNOWN), dtype=np.uint64)
    if types:
        is_few = len(types) <= FEW
        own = np.array([_atoms(token, features) for token in types], np.uint64) if is_few else atoms(types, features)
        found[:, :ATOMS] = found[:, ATOMS:-1] = own
    found *= _AROUND[0]
    return found


def atoms(types: Sequence[str], features: WordFeatures) -> NDArray[np.uint64]:
    """The atoms of distinct tokens, (n, `ATOMS`)."""
    found = np.zeros((len(types), ATOMS), dtype=np.uint64)
    codes, starts = joined([clip(features.form(token)) for token in types])
    found[:, WORD] = sequence_hashes(codes, starts)
    found[:, SHAPE] = sequence_hashes(*shapes(*joined([clip(token) for token in types])))
    if features.config.jamo:
        codes, sizes = decompose_codes(codes)
        starts = starts_of(sums(sizes, starts))
    begins, ends = starts[:-1], starts[1:]
    lengths = ends - begins
    behind = sums_behind((codes + 1).astype(np.uint64), np.arange(len(codes)) - begins.repeat(lengths))
    for n in range(1, AFFIXES + 1):
        long = np.flatnonzero(lengths >= n)
        first, last = begins[long], ends[long]
        found[long, PREFIX + n] = (behind[first + n] - behind[first]) * POWERS[n - 1]
        found[long, SUFFIX + n] = (behind[last] - behind[last - n]) * POWERS[lengths[long] - 1]
    return found


def _atoms(token: str, features: WordFeatures) -> list[int]:
    """`atoms` of one token: of a few, calls of numpy would cost more than the work."""
    form = clip(features.form(token))
    parts = form.translate(JAMO_OF) if features.config.jamo and has_hangul(form) else form
    found = [0] * ATOMS
    found[WORD], found[SHAPE] = _hash(form), _hash(shape_of(clip(token)))
    begin = end = 0
    for n, (first, last, power) in enumerate(zip(parts[:AFFIXES], parts[::-1], _POWERS, strict=False), 1):
        begin = (begin * M + ord(first) + 1) & _LAST_BITS
        end = (end + (ord(last) + 1) * power) & _LAST_BITS
        found[PREFIX + n], found[SUFFIX + n] = begin, end
    return found


@lru_cache(maxsize=1 << 12)
def _hash(text: str) -> int:
    return sequence_hash(list(map(ord, text)), kind=0)


def hashed(
    known: NDArray[np.uint64], padded: NDArray[np.int64], centres: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """The hashes (some, `TEMPLATES`) of what stands around tokens, some tokens after the others.

    Args:
        known: what is held of distinct tokens, and of the border. padded: numbers of tokens, `REACH` of the border
            between sentences and at both ends. centres: (n,), places of the tokens among these.
    """
    for begin in range(0, len(centres), _AT_ONCE):
        some = centres[begin : begin + _AT_ONCE]
        near = known.take(padded.take(some[:, None] + _NEAR), axis=0).reshape(len(some), -1)
        found = near.take(_FIRST, axis=1)
        found += near.take(_SECOND, axis=1)
        found += _SALTS
        yield rows_of(found, bits=BITS)


def _stretches(starts: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """The borders of some sentences after the others, some thousand tokens at a time, or one sentence."""
    begin = 0
    while begin < len(starts) - 1:
        end = int(np.searchsorted(starts, starts[begin] + _COUNTED_AT_ONCE, side="right")) - 1
        end = max(end, begin + 1)
        yield starts[begin : end + 1]
        begin = end
