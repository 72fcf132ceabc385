"""Which kind of model files are for, where the user does not say.

Knows formats and options by name; opens no file. Used by `models.checking.report`.
"""

from collections.abc import Mapping, Sequence
from os.path import isdir
from typing import Any

from elman.data import sentences, sources, texts
from elman.errors import OptionError
from elman.models.kinds import KINDS

OPTIONS = {
    "source_column": "seq2seq", "target_column": "seq2seq", "token_column": "tagger", "multi_label": "classifier",
    "continuous": "language-model",
}  # fmt: skip
"""Options that only files of one kind have."""
BY_FORMAT = {
    "conllu": "tagger", "conll": "tagger", "ft": "classifier", "folder": "classifier", "text": "language-model",
}  # fmt: skip
"""Formats that only one kind is trained on; plain text with targets beside it is told by these."""
LABELLED = ("csv", "tsv", "parquet")
"""Formats in which labels are those of texts."""


def kind_of_files(paths: Sequence[Any], given: Mapping[str, Any], targets: Sequence[Any]) -> str:
    """The kind that files are for, by their formats and by the options that were given for them.

    Raises:
        OptionError: several kinds read such files, or the files are for several. InputError: a suffix is not known.
    """
    for name, kind in OPTIONS.items():
        if name in given:
            return kind
    if targets:
        return "seq2seq"
    found: dict[str, Any] = {}
    for path in paths:
        found.setdefault(_kind_of(path, given), path)
    if len(found) > 1:
        one, two = list(found)[:2]
        raise OptionError(f"a {one} reads {found[one]}, a {two} {found[two]}", where="--kind", mend="give it, or the "
                          "files of one kind alone")  # fmt: skip
    return next(iter(found))


def _kind_of(path: Any, given: Mapping[str, Any]) -> str:
    name, wanted = sources.path_of(path), given.get("format")
    if wanted is None and name != sources.STANDARD_INPUT and isdir(name):
        return "classifier"
    kind = sources.format_named(path, wanted, suffixes={**texts.SUFFIXES, **sentences.SUFFIXES})
    if kind in BY_FORMAT:
        return BY_FORMAT[kind]
    if kind in LABELLED and ("label_column" in given or "label_columns" in given):
        return "classifier"
    raise OptionError(f"several kinds of models read {kind}", where=name,
                      mend=f"give --kind {', '.join(list(KINDS)[:-1])} or {list(KINDS)[-1]}")  # fmt: skip
