"""How well spans are found: precision, recall and F1, strict and as conlleval counts, over all and for each type.

Knows labels and their scheme only, no model and no file. Filled by the tagger, sentence by sentence.
"""

from collections import Counter
from collections.abc import Sequence

from elman.text.labels import Scheme, Span, strict_spans, to_spans


class SpanTally:
    """Counts of spans of one column; a span is right if one of the same start, end and type is in the gold labels.

    Strict counts only spans written as the scheme has it (`text.labels.strict_spans`, seqeval's strict mode);
    conlleval's also those that an ill-formed sequence can be read as (`text.labels.to_spans`).

    Args:
        scheme: that of the labels, gold and predicted.
    """

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self._strict, self._lenient = _Counts(), _Counts()

    def add(self, gold: Sequence[str], predicted: Sequence[str]) -> None:
        """Count a sentence."""
        assert len(gold) == len(predicted), "a label for every token"
        self._strict.add(strict_spans(gold, self.scheme), strict_spans(predicted, self.scheme))
        self._lenient.add(to_spans(gold, self.scheme), to_spans(predicted, self.scheme))

    def metrics(self) -> dict[str, float]:
        """`precision`, `recall` and `f1`, strict, and `f1_conlleval`: micro averages over all spans, 0 to 1.

        Where there is nothing to divide by (no span predicted, none in the gold labels), a figure is 0.
        """
        strict, lenient = self._strict, self._lenient
        figures = _figures(strict.right.total(), strict.predicted.total(), gold=strict.gold.total())
        loose = _figures(lenient.right.total(), lenient.predicted.total(), gold=lenient.gold.total())
        return {**figures, "f1_conlleval": loose["f1"]}

    def by_type(self) -> dict[str, dict[str, float]]:
        """Strict `precision`, `recall`, `f1` and `support` (spans in the gold labels) of each type that occurs."""
        strict = self._strict
        return {
            kind: {
                **_figures(strict.right[kind], strict.predicted[kind], gold=strict.gold[kind]),
                "support": strict.gold[kind],
            }
            for kind in sorted(strict.gold | strict.predicted)
        }


class _Counts:
    """Spans by type: those of the gold labels, those predicted, and those in both."""

    def __init__(self) -> None:
        self.gold: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.right: Counter[str] = Counter()

    def add(self, gold: Sequence[Span], predicted: Sequence[Span]) -> None:
        self.gold.update(span.type for span in gold)
        self.predicted.update(span.type for span in predicted)
        self.right.update(span.type for span in set(gold) & set(predicted))


def _figures(right: int, predicted: int, *, gold: int) -> dict[str, float]:
    return {
        "precision": right / predicted if predicted else 0.0,
        "recall": right / gold if gold else 0.0,
        "f1": 2 * right / (predicted + gold) if predicted + gold else 0.0,
    }
