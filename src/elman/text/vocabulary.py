"""The vocabulary: symbols in an order, special ones first, then the frequent before the rare.

Knows strings and counts; knows neither how a text is cut into symbols nor any file. Used by the tokenizers, and by all
who need the ids of the special symbols.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from elman.errors import ModelFileError

SPECIALS = ("<unk>", "<s>", "</s>")
UNKNOWN, START, END = range(3)
LARGEST = 10_000_000
"""Symbols that a vocabulary may have."""
PIECE = 1 << 20
"""Characters of short texts that are counted together."""


def by_count(counts: Mapping[str, int], *, size: int | None, minimum: int = 1) -> list[str]:
    """The symbols that are kept, by falling count, those of one count by the symbol itself.

    Args:
        size: how many symbols a vocabulary may have, special ones included; None for no limit. minimum: symbols seen
            less often are left out.
    """
    kept = sorted((-count, symbol) for symbol, count in counts.items() if count >= minimum)
    room = (LARGEST if size is None else size) - len(SPECIALS)
    return [symbol for _, symbol in kept[:room]]


def symbols_from_json(document: Any, *, check: Callable[[str], str | None], where: str) -> list[str]:
    """A list of symbols out of a document that may be wrong.

    Args:
        check: tells what is wrong with a symbol, or None.
    Raises:
        ModelFileError: this is not a list of texts, it is too long, a symbol stands twice, or `check` found a fault.
    """
    if not isinstance(document, list):
        raise ModelFileError("symbols are not a list", where=where)
    if len(document) > LARGEST - len(SPECIALS):
        raise ModelFileError(f"{len(document):,} symbols; at most {LARGEST:,} are read", where=where)
    for place, symbol in enumerate(document):
        fault = check(symbol) if isinstance(symbol, str) else "not a text"
        if fault is not None:
            raise ModelFileError(f"symbol {place} is {fault}", where=where)
    if len(set(document)) != len(document):
        raise ModelFileError(f"the symbol {_twice(document)!r} stands twice", where=where)
    return document


def check_keys(document: Mapping[str, Any], wanted: Iterable[str], *, where: str) -> None:
    """Hold a document to the keys that it has to have.

    Raises:
        ModelFileError: a key is missing or unknown.
    """
    different = sorted(set(document) ^ set(wanted))
    if different:
        raise ModelFileError(f"keys {', '.join(map(repr, different))} are missing or unknown", where=where)


def has_surrogate(text: str) -> bool:
    """Is there half of a surrogate pair, which no UTF-8 can hold?"""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _twice(symbols: list[str]) -> str:
    seen: set[str] = set()
    for symbol in symbols:
        if symbol in seen:
            return symbol
        seen.add(symbol)
    raise AssertionError("no symbol stands twice")


def joined(texts: Iterable[str], *, between: str) -> Iterator[str]:
    """The same texts in fewer and longer pieces: counting has a cost a piece."""
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= PIECE:
            yield between.join(held)
            held, size = [], 0
    if held:
        yield between.join(held)
