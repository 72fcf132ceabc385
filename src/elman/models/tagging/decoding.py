"""From scores to labels: how the labels of each column are read off what an engine gives, and how sure they are.

Knows label sets, engines by what they can do, and decoding; knows no file. Used by `models.tagger` and its package.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.tokens import LabelledTokens, TokenBatch, distinct, of_like_length
from elman.decoding.k_best import k_best, k_best_independent
from elman.decoding.marginals import lattice, log_marginals, marginals
from elman.decoding.viterbi import Transitions, viterbi
from elman.models.engines.vector_memory import VectorMemory
from elman.models.windows import refuse_long
from elman.text.context import KNOWN, Contexts, held
from elman.text.features import WordFeatures
from elman.text.labels import BIOES, OUTSIDE, LabelSet, to_spans

FAINT = 1e-9
"""What is left of a probability that is no larger than what smoothing spread."""
NEVER = -1e4
"""Weight of a step that a scheme does not allow."""
Scores = NDArray[np.float32]
WINDOW = 1024
"""Sentences that are read ahead, so that those of like length can stand in one batch."""
LONGEST_WINDOW = 1 << 17
"""Tokens after which a window ends all the same."""
LONGEST_SENTENCE = 1 << 20
"""Tokens of a sentence: the scores of all labels of all of them are held."""
SHARE = 1 / 3
"""What contexts count where nothing else was found best: of English a fifth to a half is better than none on dev."""
REMEMBERED = 8 << 20
"""Bytes of what is remembered of tokens for their contexts."""
LARGEST_CRF = 512
"""Labels that a CRF can have: a step costs their square."""
FIRST = np.zeros(1, dtype=np.int64)
"""The number of the only sentence."""
ROWS = 64
TOKENS = 1 << 11
"""Sentences side by side, and their tokens, padding counted."""


def has_crf(labels: LabelSet, wanted: bool | None) -> bool:
    """Whether a column is scored by a CRF: as wanted, else where its labels stand for spans."""
    fits = len(labels.internal) <= LARGEST_CRF
    return fits and (labels.scheme is not None if wanted is None else wanted)


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

    The best labels of a sentence are those that the scheme allows whose probabilities, each at its place, have the
    greatest product: `outside` is then in nats of what is told as a probability, and stacks side by side are averaged
    as distributions.

    Args:
        outside: for each column the nats that are taken off the score of `O` where the best labels are chosen; where
            probabilities are told, they are not. None is 0 for all. smoothing: share of each probability that was
            spread over all labels in training, where there is no CRF: it is taken back. contexts: what is known of the
            words around a token, where the engine reads that. share: what that counts, see `mixed`.
    """

    def __init__(
        self, engine: Any, features: WordFeatures, labels: Sequence[LabelSet], *,
        outside: Sequence[float] | None = None, smoothing: float = 0.0, contexts: Contexts | None = None,
        share: float = SHARE,
    ) -> None:  # fmt: skip
        self.engine, self.features, self.labels, self.contexts = engine, features, list(labels), contexts
        self.share = share
        self._known: VectorMemory[str] = VectorMemory(KNOWN if contexts else 0, largest=REMEMBERED, kind=np.uint64)
        self._known.expect(features.likely())
        self.outside = [0.0] * len(self.labels) if outside is None else list(outside)
        self.smoothing = smoothing
        self.crfs: list[tuple[Transitions, ...]] = [engine.transitions(k) for k in range(len(self.labels))]
        self.rules = [_rules(one, crfs) for one, crfs in zip(self.labels, self.crfs, strict=True)]

    def windows(self, sentences: Iterable[Any]) -> Iterator[list[Any]]:
        """Sentences (anything with `tokens`) in lists that are read together."""
        window: list[Any] = []
        size = 0
        for number, sentence in enumerate(sentences, 1):
            refuse_long(sentence, number, len(sentence.tokens), LONGEST_SENTENCE, unit="tokens")
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
        free = [k for k, one in enumerate(self.rules) if one is None]
        for group, batch in self._batches(sentences):
            if len(free) == len(self.labels):
                best = self._likeliest(batch)
            else:
                every = enumerate(self._log_probabilities(batch))
                best = [self.best(scores, batch.lengths, column=k) for k, scores in every]
            for row, sentence in enumerate(group):
                found[sentence] = [ids[row, : batch.lengths[row]] for ids in best]
        for sentence, tokens in enumerate(sentences):
            if not tokens:
                found[sentence] = [np.empty(0, dtype=np.int64)] * len(self.labels)
        return found

    def _likeliest(self, batch: TokenBatch) -> list[NDArray[np.int64]]:
        """The best labels of all columns, (B, T), where each stands for itself."""
        if self.contexts is None:
            return list(self.engine.likeliest(batch, range(len(self.labels))))
        return [
            ((1 - self.share) * members + self.share * contexts).argmax(axis=2)
            for members, contexts in self.engine.emissions(batch)
        ]

    def best(
        self, scores: NDArray[np.float32], lengths: NDArray[np.int64], *, column: int, outside: float | None = None
    ) -> NDArray[np.int64]:
        """The best labels of a column (B, T) by ln of their probabilities (B, T, K).

        Args:
            outside: as for the reader, instead of what it has.
        """
        rules = self.rules[column]
        if rules is None:
            return np.asarray(scores.argmax(axis=2))
        less = self.outside[column] if outside is None else outside
        if less:
            scores = scores.copy()
            scores[:, :, self.labels[column].internal.index(OUTSIDE)] -= less
        return viterbi(scores, lengths, rules)

    def log_probability_batches(
        self, sentences: Sequence[Sequence[str]]
    ) -> Iterator[tuple[list[int], list[Scores], NDArray[np.int64]]]:
        """Numbers of sentences of like length, ln of the probability of each label at its place, (B, T, K), of every
        column, and the lengths (B,)."""
        for group, batch in self._batches(sentences):
            yield group, self._log_probabilities(batch), batch.lengths

    def _log_probabilities(self, batch: TokenBatch) -> list[Scores]:
        emissions, lengths = self.engine.emissions(batch), batch.lengths
        return [self._told(k, scores, lengths) for k, scores in enumerate(emissions)]

    def _told(self, column: int, emissions: Scores, lengths: NDArray[np.int64]) -> Scores:
        """ln of the probability of each label, (B, T, K), by scores (M, B, T, K)."""
        members, contexts = self.parts(column, emissions, lengths)
        found = mixed(members, contexts, share=self.share)
        return found if self.crfs[column] else unsmoothed(found, self.smoothing)

    def parts(self, column: int, emissions: Scores, lengths: NDArray[np.int64]) -> tuple[Scores, Scores | None]:
        """ln of the probability of each label, (B, T, K), as the members have it, all taken together, and as contexts
        have it, by scores (M, B, T, K)."""
        logs = list(emissions)
        if crfs := self.crfs[column]:
            logs = [log_marginals(some, lengths, crf) for some, crf in zip(emissions, crfs, strict=True)]
        contexts = None if self.contexts is None else logs.pop()
        return np.asarray(np.logaddexp.reduce(logs) - np.log(len(logs)), dtype=np.float32), contexts

    def part_batches(
        self, sentences: Sequence[Sequence[str]], *, column: int
    ) -> Iterator[tuple[list[int], tuple[Scores, Scores | None], NDArray[np.int64]]]:
        """Numbers of sentences of like length, the `parts` of a column, and the lengths (B,)."""
        for group, batch in self._batches(sentences):
            yield group, self.parts(column, self.engine.emissions(batch)[column], batch.lengths), batch.lengths

    def distributions(
        self, sentences: Sequence[Sequence[str]]
    ) -> Iterator[tuple[int, list[tuple[Scores, Transitions | None]]]]:
        """Number of each sentence that has tokens, those of like length together, and for every column what makes up
        the distribution over its label sequences: scores (T, K) and a chain; None where each label stands for itself.

        Of a CRF these are its own; of several, ln of the mean probabilities, under the rules of the scheme.
        """
        for group, batch in self._batches(sentences):
            emissions, lengths = self.engine.emissions(batch), batch.lengths
            one = [len(crfs) == 1 for crfs in self.crfs]
            scores = [e[0] if one[k] else self._told(k, e, lengths) for k, e in enumerate(emissions)]
            steps = [self.crfs[k][0] if one[k] else self.rules[k] for k in range(len(self.labels))]
            for row, sentence in enumerate(group):
                cut = [some[row, : lengths[row]] for some in scores]
                yield sentence, list(zip(cut, steps, strict=True))

    def tagged(self, sentences: Sequence[Sequence[str]]) -> list[TaggedSentence]:
        """The labels of sentences with their probabilities and spans."""
        found = [TaggedSentence(tuple(tokens), {one.name: [] for one in self.labels}) for tokens in sentences]
        for sentence, columns in self.distributions(sentences):
            target = found[sentence]
            for k, (one, (scores, steps)) in enumerate(zip(self.labels, columns, strict=True)):
                length = np.array([len(scores)])
                logs = log_marginals(scores[None], length, steps) if len(self.crfs[k]) == 1 and steps else scores[None]
                ids = self.best(logs, length, column=k)[0]
                sure, spans = _certainty(scores, ids, steps, labels=one)
                target.labels[one.name] = one.decode(ids)
                target.probabilities[one.name] = sure
                if one.scheme is not None:
                    target.spans[one.name] = spans
        return found

    def top(self, tokens: Sequence[str], *, column: int, count: int) -> list[tuple[list[str], float]]:
        """The likeliest label sequences of a sentence in one column with their probabilities, falling."""
        if not tokens:
            return [([], 1.0)]
        ((_, columns),) = self.distributions([tokens])
        (scores, steps), one = columns[column], self.labels[column]
        best = k_best_independent(scores, count) if steps is None else k_best(scores, steps, count)
        return [(one.decode(ids), float(np.exp(log))) for ids, log in best]

    def _batches(self, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[list[int], TokenBatch]]:
        """Sentences with tokens in groups of like length, with their batch."""
        types, places, starts = distinct(sentences)
        rows = self.engine.words(types, self.features)
        around = None
        if self.contexts is not None:
            around = self.contexts.around(self._known.of(types, lambda new: held(new, self.features)))
        data = LabelledTokens.unlabelled(places, rows, starts, exact=self.engine.exact, around=around)
        if len(sentences) == 1:  # one that waits for its answer: nothing to arrange
            if places.size:
                yield [0], data.batch(FIRST)
            return
        lengths = starts[1:] - starts[:-1]
        for group, side_by_side in of_like_length(np.flatnonzero(lengths), lengths, rows=ROWS, tokens=TOKENS):
            yield group.tolist(), data.batch(group, rows=side_by_side)


def mixed(members: Scores, contexts: Scores | None, *, share: float) -> Scores:
    """ln p (…, K) by what the members and what contexts say: the product of both, each to the power of its share, over
    its sum."""
    if contexts is None:
        return members
    found = (1 - share) * members + share * contexts
    return np.asarray(found - np.logaddexp.reduce(found, axis=-1, keepdims=True), dtype=np.float32)


def unsmoothed(logs: Scores, share: float) -> Scores:
    """ln p (…, K) of what was learnt with a share of each probability spread over all K labels, as if it had not been.

    Such a model comes to q = (1 - share) p + share / K.
    """
    if not share:
        return np.asarray(logs)
    p = (np.exp(logs.astype(np.float64)) - share / logs.shape[-1]) / (1 - share)
    p = np.maximum(p, FAINT)
    return np.asarray(np.log(p / p.sum(axis=-1, keepdims=True)), dtype=np.float32)


def _rules(labels: LabelSet, crfs: tuple[Transitions, ...]) -> Transitions | None:
    """The steps from label to label that the scheme of a column allows; None: each label stands for itself."""
    if labels.scheme is None and not crfs:
        return None
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
