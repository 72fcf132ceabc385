"""Files of tokens with labels: which suffix means which format, how sentences are read, and how they are written back.

Knows the table of formats; each is in a file of its own. Called by `models` to train, judge and predict.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

from elman.data.config import TokenReadConfig
from elman.data.formats import conll, conllu, token_lists
from elman.data.paragraphs import Sentence, sentences_of, single_lines
from elman.data.sources import Source, format_named, path_of, refuse_single_reading, source_of
from elman.errors import InputError, OptionError

__all__ = [
    "SUFFIXES", "Lay", "Sentence", "check_columns", "check_numbers", "format_of", "label_columns", "read_sentences",
    "sentence_writer",
]  # fmt: skip

Path = str | PathLike[str]
Lay = Callable[[Sentence, Mapping[str, Sequence[str]], Mapping[str, Any] | None], str]
"""From a sentence, its labels by column and what is extra (by key, a JSON value a token) to the text of it."""
SUFFIXES = {
    ".conllu": "conllu", ".conll": "conll", ".bio": "conll", ".iob": "conll", ".iob2": "conll",
    ".jsonl": "jsonl", ".txt": "text",
}  # fmt: skip
"""Each with `.gz` behind it too."""
_TOKEN = re.compile(r"[^ \t]+")
_BLANK_LINE_LAST = re.compile(r"(?:\A|\n)[ \t]*\r?\n\Z")


def format_of(path: Path, config: TokenReadConfig) -> str:
    """The name of a file's format: as given, or by its suffix; standard input is plain text unless given.

    Raises:
        InputError: this is a folder, or the suffix is not known.
    """
    return format_named(path, config.format, suffixes=SUFFIXES)


def read_sentences(
    paths: Sequence[Path], config: TokenReadConfig, *, labelled: bool, columns: Sequence[str] = ()
) -> Iterator[Sentence]:
    """The sentences of files, one by one.

    Args:
        labelled: read the wanted labels too; else they may be missing. columns: what the columns of labels are called
            in all files; unless given, as the first file calls them.
    Raises:
        InputError, OptionError: a file cannot be read, has no sentence, or is not as its format wants it; file, line
            and, where it can be told, column (the character, from 1) are named.
    """
    names = list(columns)
    for path in paths:
        sentence = None
        for sentence in _sentences(path, config, labelled=labelled):
            names = names or list(sentence.labels)
            if names != list(sentence.labels):
                yield replace(sentence, labels=dict(zip(names, sentence.labels.values(), strict=True)))
            else:
                yield sentence
        if sentence is None:
            raise InputError("there is no sentence in this file", where=path_of(path))


def label_columns(paths: Sequence[Path], config: TokenReadConfig) -> tuple[str, ...]:
    """The names of the columns with the wanted labels, as the first file has them.

    Raises:
        InputError: there is no such column, the format has no labels, or the file cannot be read twice.
    """
    kind, name = format_of(paths[0], config), path_of(paths[0])
    if kind == "text":
        raise _no_labels(name)
    if kind == "conllu":
        return conllu.label_names(config, where=name)
    if kind == "jsonl":
        return token_lists.label_names(config)
    refuse_single_reading([name])
    return conll.label_names(source_of(name, config, verbatim=True), config)


def check_columns(paths: Sequence[Path], config: TokenReadConfig) -> None:
    """Refuse files of several formats whose wanted labels are called otherwise in one than in another.

    A number, and the column that is taken unless one is named, mean other things in CoNLL-U than in column files and
    JSON lines. (Labels that are not named are `label` in column files, `labels` in JSON lines.)

    Raises:
        OptionError: the columns have not the same names. InputError: as `label_columns`.
    """
    kinds = {format_of(path, config) for path in paths}
    if len(kinds) == 1 or (not config.label_columns and "conllu" not in kinds):
        return
    first = label_columns(paths[:1], config)
    for path in paths[1:]:
        names = label_columns([path], config)
        if [name.lower() for name in names] != [name.lower() for name in first]:
            raise OptionError(
                f"files of several formats, and the labels are {', '.join(first)} in {path_of(paths[0])}, but "
                f"{', '.join(names)} in {path_of(path)}", where="--label-column",
                mend=f"give files of one format, or name columns of all of them ({conll.NAMES_LINE} … names them)",
            )  # fmt: skip


def check_numbers(paths: Sequence[Path], config: TokenReadConfig, known: Sequence[str]) -> None:
    """Refuse CoNLL-U where labels are known by the number of the column that they had in a column file.

    Args:
        known: what the columns were called where the labels were learnt.
    Raises:
        OptionError: one of them is a number.
    """
    number = next(filter(conll.is_number, known), None)
    path = next((path for path in paths if number and format_of(path, config) == "conllu"), None)
    if path is not None:
        raise OptionError(f"the labels were learnt from column {number}, which is another in CoNLL-U",
                          where=path_of(path), mend="name theirs with --label-column")  # fmt: skip


def sentence_writer(paths: Sequence[Path], config: TokenReadConfig, *, columns: Sequence[str]) -> Lay:
    """How sentences of the files are written with labels filled in, in the files' own format; plain text as columns.

    Whatever is not a label stays as it was read: comments, ranges, other columns, blank lines and line ends. Between
    files a blank line is added where the first one ends without, and a byte order mark only begins the whole.

    Args:
        columns: names of the columns of labels. Where the config names as many columns, these are, in this order, the
            ones to be filled in.
    Raises:
        OptionError: the files are not of one format. The function raises InputError for a label that the format cannot
            hold.
    """
    kinds = {format_of(path, config) for path in paths}
    if len(kinds) > 1:
        raise OptionError(f"the files are of several formats: {', '.join(sorted(kinds))}", mend="give them apart")
    kind = kinds.pop()
    write = {"conllu": conllu.write, "conll": conll.write, "jsonl": token_lists.write, "text": _write_text}[kind]
    given = dict(zip(columns, config.label_columns, strict=True)) if len(columns) == len(config.label_columns) else {}
    join = _Join(needs_blank_line=kind != "jsonl")

    def lay(sentence: Sentence, labels: Mapping[str, Sequence[str]], extra: Mapping[str, Any] | None = None) -> str:
        named = {name: labels[name] for name in columns}
        return join.joined(sentence, write(sentence, named, extra or {}, given=given))

    return lay


class _Join:
    """What stands between the texts of two files that are written behind each other."""

    def __init__(self, *, needs_blank_line: bool) -> None:
        self._needs_blank_line = needs_blank_line
        self._path, self._line, self._text = "", 0, ""

    def joined(self, sentence: Sentence, text: str) -> str:
        """The text, with what has to stand before it where its file is not that of the text before."""
        before = self._text
        is_other = (sentence.path, sentence.line) <= (self._path, self._line) or sentence.path != self._path
        self._path, self._line, self._text = sentence.path, sentence.line, text[-1000:]
        if not before or not is_other:
            return text
        gap = "" if before.endswith("\n") else "\n"
        if self._needs_blank_line and not _BLANK_LINE_LAST.search(before + gap):
            gap += "\n"
        return gap + text.removeprefix("\ufeff")


def _sentences(path: Path, config: TokenReadConfig, *, labelled: bool) -> Iterator[Sentence]:
    kind = format_of(path, config)
    source = source_of(path, config, verbatim=True)
    if kind == "conllu":
        return conllu.read(source, config, labelled=labelled)
    if kind == "conll":
        return conll.read(source, config, labelled=labelled)
    if kind == "jsonl":
        return token_lists.read(source, config, labelled=labelled)
    if labelled:
        raise _no_labels(source.path)
    return _read_text(source)


def _read_text(source: Source) -> Iterator[Sentence]:
    """A sentence a line, its tokens between blanks or tabs; blank lines are passed over."""

    def parse(lines: list[str], first: int) -> Sentence | None:
        tokens = tuple(_TOKEN.findall(lines[0]))
        return Sentence(tokens, {}, source.path, first, (first,) * len(tokens), None) if tokens else None

    return sentences_of(single_lines(source.blocks()), parse)


def _write_text(
    sentence: Sentence, labels: Mapping[str, Sequence[str]], extra: Mapping[str, Any], *, given: Mapping[str, str]
) -> str:
    """A token a line, its labels and what is extra behind it, between tabs."""
    columns = [sentence.tokens, *labels.values(), *extra.values()]
    where = f"{sentence.path}:{sentence.line}"
    rows = ("\t".join(conll.cell(value, "\t", where=where) for value in row) for row in zip(*columns, strict=True))
    return "\n".join([*rows, "", ""])


def _no_labels(path: str) -> InputError:
    return InputError("plain text has no labels", where=path, mend="give CoNLL-U, columns or JSON lines")
