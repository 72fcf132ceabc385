"""The sequences of files of each kind, as a check looks at them.

Knows the readers of every kind and reads as training does; knows no tally. Used by `models.checking.report`.
"""

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from elman.data import formats, pairs, sentences, texts
from elman.data.corpus import check_columns
from elman.text.labels import MOST_LABELS, Scheme, SchemeTally
from elman.text.tokens import split_words

_SENTENCE_ID = re.compile(r"^#[ \t]*sent_id[ \t]*=[ \t]*(\S.*?)\s*$", re.MULTILINE)
IDS = ("id", "sent_id")
"""Columns and keys whose values tell sequences apart."""


@dataclass(frozen=True)
class Item:
    """A sequence of a file.

    Args:
        key: what another one has that is the same. lengths: how long it is, by what is counted. labels: by column, one
            of each token, or those of the whole. lines: the line of each label. companion: what another one with the
            same key should have, too. name: its id.
    """

    line: int
    key: Hashable
    lengths: Mapping[str, int]
    is_empty: bool = False
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lines: Sequence[int] = ()
    companion: Hashable = 0
    name: Any = None


@dataclass(frozen=True)
class Files:
    """The files of a kind.

    Args:
        unit: what their sequences are called. read: gives the sequences of the file of a number. formats: of each file.
        schemes: finds the schemes of the columns of labels; none where labels are of no tokens. few: labels of which
            training needs at least so many.
    """

    unit: str
    formats: list[str]
    read: Callable[[int], Iterator[Item]]
    schemes: Callable[[], dict[str, Scheme | None]] = dict
    few: int = 0


def of_language_model(paths: Sequence[Any], reading: Any, targets: Sequence[Sequence[Any]]) -> Files:
    """Lines, those of running text too."""
    check_columns(paths, reading)
    every = replace(reading, continuous=True)  # by lines, blank ones are passed over in silence

    def read(number: int) -> Iterator[Item]:
        for one in formats.read([paths[number]], every):
            is_empty = not one.text or one.text.isspace()
            sizes = {"characters": len(one.text), "words": len(one.text.split())}
            yield Item(one.line, one.text, sizes, is_empty, name=_id(one.row))

    return Files("lines", [formats.format_of(path, reading) for path in paths], read)


def of_tagger(paths: Sequence[Any], reading: Any, targets: Sequence[Sequence[Any]]) -> Files:
    """Sentences."""
    sentences.check_columns(paths, reading)
    columns = sentences.label_columns(paths[:1], reading)

    def sequences(number: int) -> Iterator[Any]:
        return sentences.read_sentences([paths[number]], reading, labelled=True, columns=columns)

    def read(number: int) -> Iterator[Item]:
        for one in sequences(number):
            name = None if one.source is None else _SENTENCE_ID.search(one.source.text)
            yield Item(one.line, one.tokens, {"tokens": len(one.tokens)}, not one.tokens, one.labels, one.lines,
                       tuple(one.labels.values()), None if name is None else name[1])  # fmt: skip

    def schemes() -> dict[str, Scheme | None]:
        tallies = {column: SchemeTally() for column in columns}
        for one in sequences(0):
            for column, tally in tallies.items():
                if len(tally.counts) <= MOST_LABELS:  # else these are none, and there is no end of them
                    tally.add(one.labels[column])
        return {column: tally.scheme() for column, tally in tallies.items()}

    return Files("sentences", [sentences.format_of(path, reading) for path in paths], read, schemes, few=1)


def of_classifier(paths: Sequence[Any], reading: Any, targets: Sequence[Sequence[Any]]) -> Files:
    """Texts."""
    kinds = [texts.format_of(path, reading) for path in paths]

    def read(number: int) -> Iterator[Item]:
        is_folder = kinds[number] == "folder"
        for count, one in enumerate(texts.read_labelled([paths[number]], reading, labelled=True), 1):
            words = len(split_words(one.text))
            sizes = {"words": words, "characters": len(one.text)}
            yield Item(count if is_folder else one.line, one.text, sizes, not words, {"label": one.labels},
                       companion=frozenset(one.labels), name=_id(one.row))  # fmt: skip

    return Files("texts", kinds, read, few=1 if reading.multi_label else 2)


def of_seq2seq(paths: Sequence[Any], reading: Any, targets: Sequence[Sequence[Any]]) -> Files:
    """Pairs."""
    pairs.check_sides(paths, reading, targets=targets, option="--target")

    def read(number: int) -> Iterator[Item]:
        beside = [[files[number]] for files in targets]
        for one in pairs.read_pairs([paths[number]], reading, targets=beside, targeted=True):
            sizes = {
                "source words": len(one.source.split()), "source characters": len(one.source),
                "target words": len(one.targets[0].split()), "target characters": len(one.targets[0]),
            }  # fmt: skip
            is_empty = not one.source.strip() or not one.targets[0].strip()
            yield Item(one.line, one.source, sizes, is_empty, companion=one.targets, name=_id(one.row))

    kinds = ["text" if targets else pairs.format_of(path, reading) for path in paths]
    return Files("pairs", kinds, read)


def _id(row: Mapping[Any, Any] | None) -> Any:
    """The value that tells a row apart from others, if it has one."""
    found = next((row[name] for name in IDS if name in row), None) if row else None
    return found if isinstance(found, (str, int)) and found != "" else None


FILES = {
    "language-model": of_language_model, "tagger": of_tagger, "classifier": of_classifier, "seq2seq": of_seq2seq,
}  # fmt: skip
"""From the files of a kind, its `reading`, and files of targets to what is looked at."""
