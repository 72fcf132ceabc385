"""Labels of tokens: spans, the schemes that write them as labels (IOB, IOE, BIOES, BILOU), a column's labels as ids.

Knows strings and arrays; knows no file, no network and no score. Used by the tagger, and by the metrics to read spans.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.errors import InputError, ModelFileError, nearest
from elman.text.characters import utf8
from elman.text.vocabulary import by_count, check_keys, has_surrogate, symbols_from_json

OUTSIDE = "O"
"""The label of a token in no span."""
IGNORED = -1
"""The id of a label that the set does not have."""
MOST_LABELS = 20_000
"""Labels that a set may have: a table of them by themselves must fit into memory."""

_COMMON_LETTERS = str.maketrans("MLU", "IES")


@dataclass(frozen=True)
class Span:
    """Tokens from `start` to before `end` that bear one type, "" where spans have none (word segmentation)."""

    start: int
    end: int
    type: str


@dataclass(frozen=True)
class Scheme:
    """A way to write spans as labels `LETTER-TYPE`, or `LETTER` for spans without a type, and `O` between them.

    Args:
        first, inner, last: letters of the tokens of a span of several. alone: letter of a span of one token.
        touching: where two spans of one type touch, the letter that parts them: "B" on the first token of the second
            (IOB1), "E" on the last token of the first (IOE1); "" where the other letters part them already.
    """

    name: str
    first: str
    inner: str
    last: str
    alone: str
    touching: str = ""

    @property
    def letters(self) -> frozenset[str]:
        """All that a label of a span may begin with."""
        return frozenset({self.first, self.inner, self.last, self.alone, self.touching} - {""})

    def split(self, label: str) -> tuple[str, str] | None:
        """Letter and type of a label, ("O", "") outside; None if the scheme has no such label."""
        if label == OUTSIDE:
            return OUTSIDE, ""
        letter, dash, kind = label.partition("-")
        return (letter, kind) if letter in self.letters and bool(dash) == bool(kind) else None

    def follows(self, before: str, after: str) -> bool:
        """May one label stand right behind another? `O` stands for the begin and the end of a sentence, too."""
        left, right = self.split(before), self.split(after)
        if left is None or right is None:
            return False
        same = left[1] == right[1] and OUTSIDE not in (left[0], right[0])
        goes_on = left[0] in (self.first, self.inner) or left[0] == self.touching == "B"
        continues = right[0] in (self.inner, self.last) or right[0] == self.touching == "E"
        return (same and goes_on and continues) or (self._ends(left[0], same) and self._begins(right[0], same))

    def _begins(self, letter: str, touching: bool) -> bool:
        if letter == OUTSIDE:
            return True
        if self.touching == "B":
            return letter == ("B" if touching else self.first)
        return letter in (self.first, self.alone, self.touching)

    def _ends(self, letter: str, touching: bool) -> bool:
        if letter == OUTSIDE:
            return True
        if self.touching == "E":
            return letter == ("E" if touching else self.last)
        return letter in (self.last, self.alone, self.touching)


BIOES = Scheme("BIOES", "B", "I", "E", "S")
SCHEMES = {
    scheme.name: scheme
    for scheme in (
        Scheme("IOB2", "B", "I", "I", "B"),
        BIOES,
        Scheme("BMES", "B", "M", "E", "S"),
        Scheme("BILOU", "B", "I", "L", "U"),
        Scheme("IOE2", "I", "I", "E", "E"),
        Scheme("IOB1", "I", "I", "I", "I", touching="B"),
        Scheme("IOE1", "I", "I", "I", "I", touching="E"),
    )
}
"""The schemes by name; where labels fit several, the first of them is meant."""


def to_spans(labels: Sequence[str], scheme: Scheme) -> list[Span]:
    """The spans of a sentence, read leniently as conlleval does, so that any labels have a meaning.

    A span begins at a letter that can only begin one (B, S), and at any other behind `O`, behind a span that was closed
    (by E or S), or behind another type; it ends before the next begin or `O`, closed or not. A label that is not of the
    scheme counts as `O`.
    """
    spans: list[Span] = []
    start, closed, kind = -1, True, ""
    for place, label in enumerate([*labels, OUTSIDE]):
        letter, new = scheme.split(label) or (OUTSIDE, "")
        letter = letter.translate(_COMMON_LETTERS)
        if start >= 0 and (closed or letter in "BSO" or new != kind):
            spans.append(Span(start, place, kind))
            start = -1
        if letter != OUTSIDE:
            start = place if start < 0 else start
            closed, kind = letter in "ES", new
    return spans


def from_spans(spans: Sequence[Span], length: int, *, scheme: Scheme) -> list[str]:
    """The labels of a sentence with these spans, which stand in order and do not overlap."""
    labels = [OUTSIDE] * length
    for place, span in enumerate(spans):
        letters = [scheme.first, *[scheme.inner] * (span.end - span.start - 2), scheme.last]
        if span.end - span.start == 1:
            letters = [scheme.alone]
        if scheme.touching == "B" and place and _touch(spans[place - 1], span):
            letters[0] = "B"
        if scheme.touching == "E" and place + 1 < len(spans) and _touch(span, spans[place + 1]):
            letters[-1] = "E"
        labels[span.start : span.end] = [_label(letter, span.type) for letter in letters]
    return labels


def convert(labels: Sequence[str], source: Scheme, *, target: Scheme) -> list[str]:
    """The same spans in another scheme: without loss if the labels are well formed, else as `to_spans` reads them."""
    return from_spans(to_spans(labels, source), len(labels), scheme=target)


def ill_formed(labels: Sequence[str], scheme: Scheme) -> list[int]:
    """Where a label is another than the scheme would write for the spans that `to_spans` reads."""
    written = convert(labels, scheme, target=scheme)
    return [place for place, label in enumerate(labels) if label != written[place]]


def strict_spans(labels: Sequence[str], scheme: Scheme) -> list[Span]:
    """The spans that are written as the scheme has it, no others.

    For IOB2, IOE2, BIOES and BILOU these are the spans of seqeval's strict mode, for IOB1 and IOE1 on well-formed
    labels only: seqeval reads `O B-X I-X` in IOB1 as a span of the last token, here the whole is ill formed.
    """
    wrong = set(ill_formed(labels, scheme))
    return [span for span in to_spans(labels, scheme) if wrong.isdisjoint(range(span.start, span.end))]


def detect_scheme(sequences: Iterable[Sequence[str]]) -> Scheme | None:
    """The scheme in which the fewest labels stand where they may not; None if these are not labels of spans.

    Labels are of spans if there are some with a letter, a dash and a type, or else (word segmentation) two letters or
    more of which one is B, hardly ever where they may not stand. In both cases, nearly all have to be of the scheme:
    one stray label is borne, or one in a hundred; none where no label is `O`.
    """
    return _detect(*_count(sequences))


class SchemeTally:
    """What `detect_scheme` looks at, sentence by sentence.

    Attributes:
        counts: how often each label comes. pairs: how often each behind each other, `O` before and behind a sentence.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()

    def add(self, labels: Sequence[str]) -> None:
        """Count the labels of a sentence."""
        self.counts.update(labels)
        self.pairs.update(zip([OUTSIDE, *labels], [*labels, OUTSIDE], strict=True))

    def scheme(self) -> Scheme | None:
        """As `detect_scheme` of all sentences."""
        return _detect(self.counts, self.pairs)


def strays(sequences: Iterable[Sequence[str]], scheme: Scheme) -> list[tuple[int, int, str]]:
    """Sentence, position and label of each label that is not of the scheme, to be warned of."""
    return [
        (sentence, position, label)
        for sentence, labels in enumerate(sequences)
        for position, label in enumerate(labels)
        if scheme.split(label) is None
    ]


class LabelSet:
    """The labels of one column as ids. The network is given spans in BIOES, whatever the scheme of the file.

    Args:
        name: the column. labels: as they stand in files, all of them labels of the scheme. scheme: that of the files;
            None for labels that are not of spans.
    Attributes:
        internal: the labels of the network by id. With a scheme, `O` if the files have it, and B, I, E, S for each type
            as it first comes among the labels: labels added behind the known ones leave the ids as they were.
    """

    def __init__(self, name: str, labels: Sequence[str], *, scheme: Scheme | None) -> None:
        self.name, self.labels, self.scheme = name, list(labels), scheme
        self.internal = list(labels) if scheme is None else _internal(labels, scheme)
        self._ids = {label: place for place, label in enumerate(self.internal)}

    @classmethod
    def train(cls, sequences: Iterable[Sequence[str]], *, name: str) -> "LabelSet":
        """With the labels of the sequences by falling count, without those that do not fit their scheme.

        Raises:
            InputError: the column has no labels or too many different ones, or one is not Unicode text.
        """
        counts, pairs = _count(sequences)
        return cls(name, [], scheme=_detect(counts, pairs))._with(counts)

    def extended(self, sequences: Iterable[Sequence[str]]) -> "LabelSet":
        """The set with the labels of more sequences behind the known ones.

        Raises:
            InputError: as for `train`, or more than one label in a hundred is not of the scheme.
        """
        counts, _ = _count(sequences)
        if self.scheme is not None and _misfits(counts, self.scheme) > max(1, counts.total() // 100):
            where = f"column {self.name}"
            raise InputError("the labels are of another scheme", where=where, mend=f"write them in {self.scheme.name}")
        return self._with(counts)

    def _with(self, counts: Counter[str]) -> "LabelSet":
        where, known, scheme = f"column {self.name}", set(self.labels), self.scheme
        fitting = (label for label in counts if scheme is None or scheme.split(label) is not None)
        new = {label: counts[label] for label in fitting if label not in known}
        for label in new:
            utf8(label)  # refuses half of a surrogate pair
        extended = LabelSet(self.name, [*self.labels, *by_count(new, size=None)], scheme=scheme)
        if not extended.labels:
            raise InputError("there are no labels", where=where)
        if len(extended.internal) > MOST_LABELS:
            what = f"{len(extended.internal):,} different labels, at most {MOST_LABELS:,} can be learnt"
            raise InputError(what, where=where, mend="choose a column of labels")
        return extended

    def encode(self, labels: Sequence[str]) -> NDArray[np.int64]:
        """The internal ids of a sentence, (T,); `IGNORED` for an unknown label or a span of unknown type.

        With a scheme, spans are read as `to_spans` does, and a label that is not of the scheme is `O`.
        """
        written = labels if self.scheme is None else convert(labels, self.scheme, target=BIOES)
        return np.fromiter((self._ids.get(label, IGNORED) for label in written), dtype=np.int64, count=len(written))

    def decode(self, ids: NDArray[np.int64] | Sequence[int]) -> list[str]:
        """The labels of internal ids (T,), none of them `IGNORED`, in the scheme of the files."""
        written = [self.internal[n] for n in np.asarray(ids).tolist()]
        return written if self.scheme is None else convert(written, BIOES, target=self.scheme)

    def allowed(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        """Which internal labels may begin a sentence (K,), follow one another (K before, K after), end it (K,)."""
        size = len(self.internal)
        if self.scheme is None:
            return np.ones(size, dtype=bool), np.ones((size, size), dtype=bool), np.ones(size, dtype=bool)
        letters = np.array([label[0] for label in self.internal])
        types = np.unique([label[2:] for label in self.internal], return_inverse=True)[1]
        begins, ends = np.isin(letters, ["O", "B", "S"]), np.isin(letters, ["O", "E", "S"])
        within = ~ends[:, None] & ~begins[None, :] & (types[:, None] == types[None, :])  # (K, K)
        return begins, within | (ends[:, None] & begins[None, :]), ends

    def to_json(self) -> dict[str, Any]:
        """The set as a document."""
        return {"name": self.name, "labels": self.labels, "scheme": self.scheme.name if self.scheme else None}

    @classmethod
    def from_json(cls, document: Any, *, where: str) -> "LabelSet":
        """The set that `to_json` wrote.

        Raises:
            ModelFileError: the document is anything else.
        """
        if not isinstance(document, Mapping):
            raise ModelFileError("a label set is not an object", where=where)
        check_keys(document, ("name", "labels", "scheme"), where=where)
        name, chosen = document["name"], document["scheme"]
        if not isinstance(name, str) or has_surrogate(name):
            raise ModelFileError("the name of a label set is not a text", where=where)
        if chosen is not None and (not isinstance(chosen, str) or chosen not in SCHEMES):
            raise ModelFileError(f"unknown scheme {chosen!r}", where=where, mend=nearest(str(chosen), SCHEMES))
        scheme = None if chosen is None else SCHEMES[chosen]
        labels = symbols_from_json(document["labels"], check=lambda label: _fault(label, scheme), where=where)
        label_set = cls(name, labels, scheme=scheme)
        if not 0 < len(label_set.internal) <= MOST_LABELS:
            raise ModelFileError(f"{len(label_set.internal):,} labels, not 1 to {MOST_LABELS:,}", where=where)
        return label_set


def _label(letter: str, kind: str) -> str:
    return f"{letter}-{kind}" if kind else letter


def _touch(left: Span, right: Span) -> bool:
    return left.end == right.start and left.type == right.type


def _count(sequences: Iterable[Sequence[str]]) -> tuple[Counter[str], Counter[tuple[str, str]]]:
    tally = SchemeTally()
    for labels in sequences:
        tally.add(labels)
    return tally.counts, tally.pairs


def _detect(counts: Counter[str], pairs: Counter[tuple[str, str]]) -> Scheme | None:
    wrong = {name: _wrong_pairs(pairs, scheme) for name, scheme in SCHEMES.items()}
    best = min(SCHEMES, key=wrong.__getitem__)
    scheme, bearable = SCHEMES[best], counts.total() // 100
    fitting = {part for part in map(scheme.split, counts) if part is not None and part[0] != OUTSIDE}
    if any(kind for _, kind in fitting):
        bearable = max(1, bearable)
    elif "B" not in {letter for letter, _ in fitting} or len(fitting) < 2 or wrong[best] > 2 * bearable:
        return None
    return scheme if _misfits(counts, scheme) <= (bearable if OUTSIDE in counts else 0) else None


def _wrong_pairs(pairs: Counter[tuple[str, str]], scheme: Scheme) -> int:
    return sum(count for pair, count in pairs.items() if not scheme.follows(*pair))


def _misfits(counts: Counter[str], scheme: Scheme) -> int:
    return sum(count for label, count in counts.items() if scheme.split(label) is None)


def _internal(labels: Sequence[str], scheme: Scheme) -> list[str]:
    written: dict[str, None] = {}
    for label in labels:
        letter, kind = scheme.split(label) or (OUTSIDE, "")
        written |= dict.fromkeys([OUTSIDE] if letter == OUTSIDE else [_label(letter, kind) for letter in "BIES"])
    return list(written)


def _fault(label: str, scheme: Scheme | None) -> str | None:
    if not label:
        return "empty"
    if has_surrogate(label):
        return "half of a surrogate pair"
    return f"not a label of {scheme.name}" if scheme and scheme.split(label) is None else None
