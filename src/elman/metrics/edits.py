"""How far one sequence is from another: the least number of edits, and the longest common subsequence.

Knows sequences of anything that can be compared and hashed. Used by `metrics.translation` and `metrics.summary`.
"""

from collections.abc import Hashable, Sequence

Symbols = Sequence[Hashable]


def edit_distance(first: Symbols, second: Symbols) -> int:
    """The least number of insertions, deletions and substitutions that make one of the other (Levenshtein 1966).

    A column of the textbook's table is two whole numbers: a bit a row says whether the value there is one more, or one
    less, than in the row above.

    Source: Hyyrö 2003, A bit-vector algorithm for computing Levenshtein and Damerau edit distances, figure 3, after
    Myers 1999.

    Example:
        >>> edit_distance("kitten", "sitting")
        3
    """
    if not first:
        return len(second)
    places, whole, last = _places(first), (1 << len(first)) - 1, 1 << (len(first) - 1)
    more, less, distance = whole, 0, len(first)
    for symbol in second:
        here = places.get(symbol, 0)
        diagonal = (((here & more) + more) ^ more) | here | less  # rows whose value is that left above
        across_more = less | (whole & ~(diagonal | more))
        across_less = diagonal & more
        distance += bool(across_more & last) - bool(across_less & last)
        across_more, across_less = across_more << 1 | 1, across_less << 1
        more = (across_less | ~(diagonal | across_more)) & whole
        less = across_more & diagonal & whole
    return distance


def common_length(first: Symbols, second: Symbols) -> int:
    """The length of the longest common subsequence.

    Source: Hyyrö 2004, Bit-parallel LCS-length computation revisited, figure 3.

    Example:
        >>> common_length("police killed the gunman".split(), "police kill the gunman".split())
        3
    """
    places, whole = _places(first), (1 << len(first)) - 1
    column = whole  # a bit of 0 for every row whose value is one more than in the row above
    for symbol in second:
        here = column & places.get(symbol, 0)
        column = ((column + here) | (column - here)) & whole
    return len(first) - column.bit_count()


def _places(symbols: Symbols) -> dict[Hashable, int]:
    """For each symbol a number with a bit of 1 for every place where it stands."""
    places: dict[Hashable, int] = {}
    for place, symbol in enumerate(symbols):
        places[symbol] = places.get(symbol, 0) | 1 << place
    return places
