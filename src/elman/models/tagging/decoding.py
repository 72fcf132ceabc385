"""From scores to labels: how the labels of each column are read off what an engine gives, and how sure they are.

Knows label sets, engines by what they can do, and decoding; knows no file. Used by `models.tagger` and its package.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.tokens import LabelledTokens, TokenBatch, distinct, grouped
from elman.decoding.k_best import k_best, k_best_independent
from elman.decoding.marginals import lattice, marginals
from elman.decoding.viterbi import Transitions, viterbi
from elman.text.features import WordFeatures
from elman.text.labels import BIOES, OUTSIDE, LabelSet, to_spans

NEVER = -1e4
"""Weight of a step that a scheme does not allow."""
WINDOW = 1024
"""Sentences that are read ahead, so that those of like length can stand in one batch."""
LONGEST_WINDOW = 1 << 17
"""Tokens after which a window ends all the same."""
ROWS = 64
TOKENS = 1 << 14
"""Sentences side by side, and their tokens, padding counted."""


@dataclass(frozen=True)
class TaggedSpan:
    """A span with the probability that exactly these tokens are a span of this type."""

    start: int
    end: int
    type: str
    probability: float


@dataclass(frozen=True)
class TaggedSentence:
    """The labels of a sentence by column and, where they were asked for, their probabilities and the spans.

    Args:
        probabilities: of each label at its place, all labellings of the sentence taken together.
    """

    tokens: tuple[str, ...]
    labels: dict[str, list[str]]
    probabilities: dict[str, list[float]] = field(default_factory=dict)
    spans: dict[str, list[TaggedSpan]] = field(default_factory=dict)


class LabelReader:
    """Reads labels off an engine for a tagger with the given label sets.

    Args:
        outside: for each column the nats that are taken off the score of `O` where the best labels are chosen; where
            probabilities are told, they are not. None is 0 for all.
    """

    def __init__(
        self, engine: Any, features: WordFeatures, labels: Sequence[LabelSet], *, outside: Sequence[float] | None = None
    ) -> None:
        self.engine, self.features, self.labels = engine, features, list(labels)
        self.outside = [0.0] * len(self.labels) if outside is None else list(outside)
        self.chains = [_chain(one, engine.transitions(k)) for k, one in enumerate(self.labels)]

    def windows(self, sentences: Iterable[Any]) -> Iterator[list[Any]]:
        """Sentences (anything with `tokens`) in lists that are read together."""
        window: list[Any] = []
        size = 0
        for sentence in sentences:
            window.append(sentence)
            size += len(sentence.tokens)
            if len(window) == WINDOW or size >= LONGEST_WINDOW:
                yield window
                window, size = [], 0
        if window:
            yield window

    def labels_of(self, sentences: Sequence[Sequence[str]]) -> list[list[NDArray[np.int64]]]:
        """For each sentence the internal ids of the best labels of every column."""
        found: list[list[NDArray[np.int64]]] = [[] for _ in sentences]
        free = [k for k, one in enumerate(self.chains) if one is None]
        for group, batch in self._batches(sentences):
            if len(free) == len(self.labels):
                best = self.engine.likeliest(batch, free)
            else:
                emissions = self.engine.emissions(batch)
                best = [self.best(scores, batch.lengths, column=k) for k, scores in enumerate(emissions)]
            for row, sentence in enumerate(group):
                found[sentence] = [ids[row, : batch.lengths[row]] for ids in best]
        for sentence, tokens in enumerate(sentences):
            if not tokens:
                found[sentence] = [np.empty(0, dtype=np.int64)] * len(self.labels)
        return found

    def best(
        self, scores: NDArray[np.float32], lengths: NDArray[np.int64], *, column: int, outside: float | None = None
    ) -> NDArray[np.int64]:
        """The best labels of a column (B, T) by their scores (B, T, K).

        Args:
            outside: as for the reader, instead of what it has.
        """
        steps = self.chains[column]
        if steps is None:
            return np.asarray(scores.argmax(axis=2))
        less = self.outside[column] if outside is None else outside
        if less:
            scores = scores.copy()
            scores[:, :, self.labels[column].internal.index(OUTSIDE)] -= less
        return viterbi(scores, lengths, steps)

    def emission_batches(
        self, sentences: Sequence[Sequence[str]]
    ) -> Iterator[tuple[list[int], list[NDArray[np.float32]], NDArray[np.int64]]]:
        """Numbers of sentences of like length, the scores (B, T, K) of every column, and the lengths (B,)."""
        for group, batch in self._batches(sentences):
            yield group, self.engine.emissions(batch), batch.lengths

    def emissions_of(self, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[int, list[NDArray[np.float32]]]]:
        """Number and scores (T, K) of every column of each sentence that has tokens, those of like length together."""
        for group, emissions, lengths in self.emission_batches(sentences):
            for row, sentence in enumerate(group):
                yield sentence, [scores[row, : lengths[row]] for scores in emissions]

    def tagged(self, sentences: Sequence[Sequence[str]]) -> list[TaggedSentence]:
        """The labels of sentences with their probabilities and spans."""
        found = [TaggedSentence(tuple(tokens), {one.name: [] for one in self.labels}) for tokens in sentences]
        for sentence, emissions in self.emissions_of(sentences):
            target = found[sentence]
            for k, (one, scores) in enumerate(zip(self.labels, emissions, strict=True)):
                ids = self.best(scores[None], np.array([len(scores)]), column=k)[0]
                sure, spans = _certainty(scores, ids, self.chains[k], labels=one)
                target.labels[one.name] = one.decode(ids)
                target.probabilities[one.name] = sure
                if one.scheme is not None:
                    target.spans[one.name] = spans
        return found

    def top(self, tokens: Sequence[str], *, column: int, count: int) -> list[tuple[list[str], float]]:
        """The likeliest label sequences of a sentence in one column with their probabilities, falling."""
        if not tokens:
            return [([], 1.0)]
        ((_, emissions),) = self.emissions_of([tokens])
        steps, one = self.chains[column], self.labels[column]
        if steps is None:
            best = k_best_independent(emissions[column], count)
        else:
            best = k_best(emissions[column], steps, count)
        return [(one.decode(ids), float(np.exp(log))) for ids, log in best]

    def _batches(self, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[list[int], TokenBatch]]:
        """Sentences with tokens in groups of like length, with their batch."""
        types, places, starts = distinct(sentences)
        rows = self.features.rows(types)
        data = LabelledTokens(places, rows, np.zeros((0, len(places)), dtype=np.int64), starts)
        lengths = np.diff(starts)
        order = np.argsort(lengths, kind="stable")
        for group in grouped(order[lengths[order] > 0], lengths, rows=ROWS, tokens=TOKENS):
            yield group.tolist(), data.batch(group)


def _chain(labels: LabelSet, transitions: Transitions | None) -> Transitions | None:
    """How the labels of a column follow one another: by the CRF, else as the scheme allows; None: freely."""
    if transitions is not None or labels.scheme is None:
        return transitions
    return Transitions(*(np.where(part, 0.0, NEVER).astype(np.float32) for part in labels.allowed()))


def _certainty(
    scores: NDArray[np.float32], ids: NDArray[np.int64], steps: Transitions | None, *, labels: LabelSet
) -> tuple[list[float], list[TaggedSpan]]:
    """The probability of each label of a sentence at its place, given the scores (T, K), and the spans with theirs."""
    if steps is None:
        return np.exp(scores[np.arange(len(ids)), ids]).tolist(), []
    sure = marginals(scores[None], np.array([len(scores)]), steps)[0, np.arange(len(ids)), ids]
    found = [] if labels.scheme is None else to_spans([labels.internal[i] for i in ids], BIOES)
    if not found:
        return sure.tolist(), []
    starts, ends = np.array([[span.start, span.end] for span in found]).T
    logs = lattice(scores, steps).span_log_probabilities(ids, starts=starts, ends=ends)
    return sure.tolist(), [
        TaggedSpan(one.start, one.end, one.type, float(np.exp(log))) for one, log in zip(found, logs, strict=True)
    ]
