"""JSON lines of tokens: an object a line, with a list of tokens and lists of as many labels.

Knows JSON and the places of its values; knows no model. Used by `data.sentences`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from elman.data.config import TokenReadConfig
from elman.data.formats.jsonl import object_of
from elman.data.paragraphs import Sentence, sentences_of, single_lines, with_rows
from elman.data.sources import Source
from elman.errors import InputError, nearest
from elman.text.vocabulary import has_surrogate

TOKENS, LABELS = "tokens", "labels"
FORM = '{"tokens": ["…"], "labels": ["…"]}'
_WHITE = re.compile(r"[ \t\n\r]")
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODE = json.JSONDecoder().raw_decode


def read(source: Source, config: TokenReadConfig, *, labelled: bool) -> Iterator[Sentence]:
    """Every object of a file that has tokens; blank lines, and objects with an empty list of them, are passed over.

    Args:
        source: verbatim.
    Raises:
        InputError: a line is not a JSON object, a key is missing, what it holds is not a list of texts, there are
            not as many labels as tokens, or a label is one that columns could not hold: empty, or with blanks in it.
    """
    names = label_names(config) if labelled else ()

    def parse(lines: list[str], first: int) -> Sentence | None:
        line, where = lines[0], f"{source.path}:{first}"
        if not line.strip(" \t\r"):
            return None
        row = object_of(line, where=where, form=FORM)
        tokens = _texts(row, config.token_column or TOKENS, option="--token-column", where=where)
        labels = {name: _texts(row, name, option="--label-column", where=where) for name in names}
        for name, values in labels.items():
            if len(values) != len(tokens):
                raise InputError(f"{len(values)} items in {name!r} for {len(tokens)} tokens", where=where,
                                 mend="give every token one label")  # fmt: skip
            wrong = next((label for label in dict.fromkeys(values) if not label or _WHITE.search(label)), None)
            if wrong is not None:
                raise InputError(f"{wrong[:40]!r} in {name!r} cannot be a label", where=where,
                                 mend="write labels without blanks, tabs and line breaks, and none empty")  # fmt: skip
        if not tokens:
            return None
        return Sentence(tokens, labels, source.path, first, (first,) * len(tokens), None)

    return sentences_of(single_lines(source.blocks()), parse)


def label_names(config: TokenReadConfig) -> tuple[str, ...]:
    """The keys of the wanted labels."""
    return config.label_columns or (LABELS,)


def write(
    sentence: Sentence, labels: Mapping[str, Sequence[str]], extra: Mapping[str, Any], *, given: Mapping[str, str]
) -> str:
    """The text of a sentence with its labels, and what is extra, exchanged or added; all else stays as it is written.

    Args:
        given: the key in this file, by column, where it differs.
    """
    added = {given.get(name, name): list(values) for name, values in labels.items()}
    added |= {key: list(values) for key, values in extra.items()}
    only_line = Sentence(sentence.tokens, {}, sentence.path, sentence.line, (sentence.line,), sentence.source)
    return "\n".join(with_rows(only_line, lambda row, _: _with_values(row, added)))


def _texts(row: Mapping[str, Any], key: str, *, option: str, where: str) -> tuple[str, ...]:
    if key not in row:
        known = f"{option} names another; {nearest(key, row)}" if row else f"{option} names another"
        raise InputError(f"there is no key {key!r}", where=where, mend=known)
    values = row[key]
    if not isinstance(values, list):
        raise InputError(f"{key!r} is not a list", where=where, mend="write a list of texts")
    for n, value in enumerate(values):
        if not isinstance(value, str):
            raise InputError(f"item {n} of {key!r} is not a text", where=where, mend="write it in quotes")
        if "\x00" in value or has_surrogate(value):
            raise InputError(f"item {n} of {key!r} has a NUL or half of a surrogate pair in it", where=where)
    return tuple(values)


def _with_values(row: str, added: Mapping[str, Any]) -> str:
    """The text of an object with values exchanged or, behind the last one, added; an equal value stays as written."""
    parts: list[str] = []
    left = dict(added)
    done = end = 0
    place = _after_space(row, row.index("{") + 1)
    while row[place] != "}":
        key, place = _DECODE(row, place)
        begin = _after_space(row, _after_space(row, place) + 1)
        value, end = _DECODE(row, begin)
        left.pop(key, None)
        if key in added and value != added[key]:
            parts += [row[done:begin], _dumped(added[key])]
            done = end
        place = _after_space(row, end)
        if row[place] == ",":
            place = _after_space(row, place + 1)
    further = "".join(f", {_dumped(key)}: {_dumped(value)}" for key, value in left.items())
    return "".join([*parts, row[done:end], further, row[end:]])


def _after_space(row: str, place: int) -> int:
    found = _SPACE.match(row, place)
    assert found is not None
    return found.end()


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
