"""What labels can be had of each word alone: its most frequent one, or that of the words of its shape.

Knows words and labels as strings; knows no model. Used by the demo of taggers.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby


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
