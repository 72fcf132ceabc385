"""How good a tagger is on sentences with labels: the figures of every column, and what is confused.

Knows label sets, tallies and a reader of labels; knows no file. Used by `models.tagger` and `models.tagging.preparing`.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import eq
from typing import Any

from elman.data.paragraphs import Sentence
from elman.metrics.accuracy import AccuracyTally
from elman.metrics.paired import paired_bootstrap
from elman.metrics.spans import SpanTally
from elman.models.tagging.decoding import SHARE, LabelReader, mixed
from elman.text.labels import OUTSIDE, LabelSet, ill_formed
from elman.text.seen import SeenWords

log = logging.getLogger("elman")
SHARES = (0.0, 0.1, 0.2, SHARE, 0.4, 0.5)
"""What contexts may count."""
TRIED = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
"""Nats off the score of `O` that are tried on the dev text."""
LARGEST_FIT = 100_000
"""Tokens of dev text on which they are."""
CONFUSIONS = 10
"""Mistakes that a report names."""


class TaggerTally:
    """The sums of all columns over sentences.

    Attributes:
        right: of each sentence how many labels of the first column are right, and how many there are.
    """

    def __init__(self, labels: Sequence[LabelSet], seen: SeenWords) -> None:
        self.labels, self.seen, self.tokens = list(labels), seen, 0
        self.right: list[tuple[int, int]] = []
        self.accuracy = {one.name: AccuracyTally() for one in self.labels}
        self.spans = {one.name: SpanTally(one.scheme) for one in self.labels if one.scheme is not None}

    def add(self, sentence: Sentence, predicted: Sequence[list[str]]) -> None:
        """Count a sentence: for each column the labels that were predicted."""
        unseen = self.seen.unseen(sentence.tokens).tolist()
        self.tokens += len(sentence.tokens)
        pairs = zip(sentence.labels[self.labels[0].name], predicted[0], strict=True)
        self.right.append((sum(gold == found for gold, found in pairs), len(sentence.tokens)))
        for one, found in zip(self.labels, predicted, strict=True):
            gold = sentence.labels[one.name]
            self.accuracy[one.name].add(gold, found, unseen=unseen)
            if one.name in self.spans:
                self.spans[one.name].add(gold, found)

    def metrics(self) -> dict[str, dict[str, Any]]:
        """For each column `accuracy`, `accuracy_unseen` and, where labels stand for spans, `precision`, `recall`, `f1`
        (strict) and `f1_conlleval`."""
        return {
            name: {**tally.metrics(), **(self.spans[name].metrics() if name in self.spans else {})}
            for name, tally in self.accuracy.items()
        }

    def details(self) -> dict[str, dict[str, Any]]:
        """For each column the mistakes that cost most, and the figures of each type of span."""
        return {
            name: {
                "confusions": [
                    {"gold": gold, "predicted": predicted, "count": count}
                    for gold, predicted, count in tally.confusions(CONFUSIONS)
                ],
                **({"types": self.spans[name].by_type()} if name in self.spans else {}),
            }
            for name, tally in self.accuracy.items()
        }


def judge(reader: LabelReader, sentences: Iterable[Sentence], seen: SeenWords) -> TaggerTally:
    """The tally of sentences with gold labels."""
    tally = TaggerTally(reader.labels, seen)
    for window in reader.windows(sentences):
        found = reader.labels_of([sentence.tokens for sentence in window])
        for sentence, ids in zip(window, found, strict=True):
            predicted = [one.decode(row) for one, row in zip(reader.labels, ids, strict=True)]
            tally.add(sentence, predicted)
    return tally


def warned(sentences: Iterable[Sentence], labels: Sequence[LabelSet]) -> Iterator[Sentence]:
    """The sentences as they come; behind the last one, a warning of labels that are not as the schemes of the model
    write them, as in files of another scheme."""
    wrong: Counter[str] = Counter()
    for sentence in sentences:
        for one in labels:
            if one.scheme is not None:
                wrong[one.name] += len(ill_formed(sentence.labels[one.name], one.scheme))
        yield sentence
    for one in labels:
        if one.scheme is not None and wrong[one.name]:
            log.warning("column %s: %s labels are not as the scheme %s of the model writes them; strictly, their spans "
                        "count for nothing", one.name, f"{wrong[one.name]:,}", one.scheme.name)  # fmt: skip


def compare(first: TaggerTally, reader: LabelReader, sentences: Iterable[Sentence], seen: SeenWords) -> dict[str, Any]:
    """What `against` holds in a report: the `metrics` of the other model, and the paired bootstrap over sentences.

    `difference` and `interval` are of the accuracy of the first column, the first model less the other: above 0 the
    first is better.
    """
    other = judge(reader, sentences, seen)
    ours, theirs = [right for right, _ in first.right], [right for right, _ in other.right]
    counts = [count for _, count in first.right]
    return {"metrics": other.metrics(), **paired_bootstrap(ours, theirs, counts=counts)}


class DevSentences:
    """The sentences that training is judged on.

    Args:
        make: gives a reader of the labels of the network as it is at the moment, given `outside` and `share` (see
            `LabelReader`).
    Attributes:
        outside, share: what `metrics` found best.
    """

    def __init__(
        self, sentences: list[Sentence], make: Callable[[Sequence[float] | None, float], LabelReader], seen: SeenWords
    ) -> None:
        self.sentences, self.make, self.seen = sentences, make, seen
        self.tokens = sum(len(sentence.tokens) for sentence in sentences)
        self.outside: list[float] | None = None
        self.share = SHARE

    def loss(self, tokens: int) -> float:
        """1 less the headline figure of the first column (F1 of spans, else accuracy), on about so many tokens: a part
        of the sentences, spread evenly."""
        step = max(1, round(self.tokens / max(tokens, 1)))
        reader = self.make(None, SHARE)
        figures = judge(reader, self.sentences[::step], self.seen).metrics()[reader.labels[0].name]
        return 1.0 - float(figures.get("f1", figures["accuracy"]))

    def metrics(self) -> dict[str, Any]:
        """The figures on all of the sentences, contexts counting as much as is best for the first column, and with as
        much taken off the score of `O` as gives the best F1, which are kept: a network that has met few spans would
        rather miss one."""
        some = self.sentences[:: max(1, round(self.tokens / LARGEST_FIT))]
        self.share = fitted_share(self.make(None, SHARE), some)
        self.outside = fitted_outside(self.make(None, self.share), some)
        return judge(self.make(self.outside, self.share), self.sentences, self.seen).metrics()


def fitted_share(reader: LabelReader, sentences: Sequence[Sentence]) -> float:
    """What contexts should count: the share with the best headline figure of the first column, strict F1 of spans or
    else accuracy; of several as good the one nearest to `SHARE`."""
    if reader.contexts is None:
        return SHARE
    one = reader.labels[0]
    spans = {share: SpanTally(one.scheme) for share in SHARES} if one.scheme is not None else {}
    right = dict.fromkeys(SHARES, 0)
    for window in reader.windows(iter(sentences)):
        gold = [sentence.labels[one.name] for sentence in window]
        for group, parts, lengths in reader.part_batches([sentence.tokens for sentence in window], column=0):
            for share in SHARES:
                ids = reader.best(mixed(*parts, share=share), lengths, column=0)
                for row, place in enumerate(group):
                    found = one.decode(ids[row, : lengths[row]])
                    right[share] += sum(map(eq, found, gold[place]))
                    if spans:
                        spans[share].add(gold[place], found)
    figures = {share: tally.metrics()["f1"] for share, tally in spans.items()} or right
    return max(SHARES, key=lambda share: (figures[share], -abs(share - SHARE)))


def fitted_outside(reader: LabelReader, sentences: Sequence[Sentence]) -> list[float]:
    """For each column whose labels stand for spans the `outside` (see `LabelReader`) with the best strict F1."""
    columns = [k for k, one in enumerate(reader.labels) if one.scheme is not None and OUTSIDE in one.internal]
    tallies = {(k, less): SpanTally(scheme) for k in columns for less in TRIED if (scheme := reader.labels[k].scheme)}
    for window in reader.windows(iter(sentences)) if columns else ():
        for group, logs, lengths in reader.log_probability_batches([sentence.tokens for sentence in window]):
            for (k, less), tally in tallies.items():
                one, ids = reader.labels[k], reader.best(logs[k], lengths, column=k, outside=less)
                for row, place in enumerate(group):
                    tally.add(window[place].labels[one.name], one.decode(ids[row, : lengths[row]]))
    scores = {key: tally.metrics()["f1"] for key, tally in tallies.items()}
    return [
        max(TRIED, key=lambda less: (scores[k, less], -less)) if k in columns else 0.0
        for k in range(len(reader.labels))
    ]
