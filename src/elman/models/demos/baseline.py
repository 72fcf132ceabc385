"""What labels can be had of words alone: for each word its most frequent one, or for a text by naive Bayes.

Knows words and labels as strings; knows no model. Used by the demos of taggers and of classifiers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np


class FrequentLabels:
    """The most frequent label of each word in some sentences; of words that are not in them, the most frequent one of
    all words of their shape; of shapes that are not in them either, that of all words.

    Args:
        sentences: tokens and labels of each. Labels as frequent as each other are taken in the order of the alphabet.
    """

    def __init__(self, sentences: Iterable[tuple[Sequence[str], Sequence[str]]]) -> None:
        words: dict[str, Counter[str]] = defaultdict(Counter)
        for tokens, labels in sentences:
            for token, label in zip(tokens, labels, strict=True):
                words[token][label] += 1
        shapes: dict[str, Counter[str]] = defaultdict(Counter)
        for word, counts in words.items():
            shapes[shape(word)].update(counts)
        self._words = {word: _most_frequent(counts) for word, counts in words.items()}
        self._shapes = {name: _most_frequent(counts) for name, counts in shapes.items()}
        self._else = _most_frequent(sum(shapes.values(), Counter()))

    def knows(self, word: str) -> bool:
        """Whether the word was in the sentences."""
        return word in self._words

    def labels(self, tokens: Sequence[str]) -> list[str]:
        """A label for each token."""
        return [self._words.get(word) or self._shapes.get(shape(word), self._else) for word in tokens]


class NaiveBayes:
    """The likeliest label of a text by how often its words are in texts of each label, whatever their order.

        P(label | words) ~ P(label) * product of P(word | label),  P(word | label) = (count + 1) / (all counts + N)

    of the N words that the texts have; other words are passed over. Labels as likely as each other are taken in the
    order of the alphabet.

    Args:
        texts: words and label of each.

    Source: Manning, Raghavan & Schuetze 2008, Introduction to Information Retrieval, section 13.2, equation 13.7.
    """

    def __init__(self, texts: Iterable[tuple[Sequence[str], str]]) -> None:
        given = list(texts)
        self._labels = sorted({label for _, label in given})
        self._places: dict[str, int] = {}
        rows = {label: row for row, label in enumerate(self._labels)}
        numbered = [
            (rows[label], [self._places.setdefault(word, len(self._places)) for word in words])
            for words, label in given
        ]  # fmt: skip
        counts = np.ones((len(self._labels), len(self._places)))
        for row, places in numbered:
            np.add.at(counts[row], places, 1)
        shares = np.bincount([row for row, _ in numbered], minlength=len(self._labels)) / len(given)
        self._prior = np.log(shares)
        self._words = np.log(counts / counts.sum(axis=1, keepdims=True))

    def label(self, words: Sequence[str]) -> str:
        """The label of a text."""
        places = [self._places[word] for word in words if word in self._places]
        return self._labels[int((self._prior + self._words[:, places].sum(axis=1)).argmax())]


def shape(word: str) -> str:
    """The word with one letter for each run: A for upper case, a for other letters, 0 for digits, signs as they are.

    Example:
        >>> [shape(word) for word in ("maxsize", "MAX_SIZE", "_Node2", "==")]
        ['a', 'A_A', '_Aa0', '=']
    """
    classes = ("A" if c.isupper() else "a" if c.isalpha() else "0" if c.isdigit() else c for c in word)
    return "".join(name for name, _ in groupby(classes))


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda label: (-counts[label], label), default="")
