"""ROUGE: how many words, pairs of words and words in order a text shares with a reference.

Knows texts only. Used by `metrics.translation`.
"""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from elman.metrics.edits import common_length

ROUGES = ("rouge1", "rouge2", "rougeL")
_WORD = re.compile(r"[^\W_]+")


def rouge(prediction: str, references: Sequence[str]) -> dict[str, float]:
    """`rouge1`, `rouge2` and `rougeL` of a text, each by the reference that is best for it; 0 to 1.

    F1 of what two texts share: words; pairs of words, each as often as in the text that has it less often; the longest
    common subsequence of words, over the whole text. Words are runs of letters and digits (of Unicode) in lower case;
    none is stemmed, none left out. Where a text has no word, or for `rouge2` one word alone, the figure is 0. On ASCII
    text these are the figures of Google's `rouge-score` without stemming.

    Source: Lin 2004, ROUGE: A package for automatic evaluation of summaries, sections 2 and 3.

    Example:
        >>> rouge("Police killed the gunman.", ["police kill the gunman", "the gunman"])
        {'rouge1': 0.75, 'rouge2': 0.5, 'rougeL': 0.75}
    """
    predicted = _words(prediction)
    figures = [_figures(predicted, _words(reference)) for reference in references]
    return {name: max(figure[k] for figure in figures) for k, name in enumerate(ROUGES)}


def _figures(predicted: list[str], reference: list[str]) -> tuple[float, float, float]:
    pairs = list(pairwise(predicted)), list(pairwise(reference))
    return (
        _f1(_shared(predicted, reference), len(predicted) + len(reference)),
        _f1(_shared(*pairs), len(pairs[0]) + len(pairs[1])),
        _f1(common_length(predicted, reference), len(predicted) + len(reference)),
    )


def _shared(first: Sequence[object], second: Sequence[object]) -> int:
    return (Counter(first) & Counter(second)).total()


def _f1(shared: int, total: int) -> float:
    return 2 * shared / total if total else 0.0


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
