"""Every reader of files, and prediction of every kind, given bytes of any sort: examples come out, or one error.

Used by hypothesis in the default suite, by hypothesis and by a fuzzer in the slow one.
"""

import gzip
import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

import elman
from elman.data import formats, pairs, sentences, texts
from elman.data.config import LabelledReadConfig, PairReadConfig, ReadConfig, TokenReadConfig
from elman.data.vectors import read_vectors
from elman.errors import InputError, OptionError

Read = Callable[[Path], Any]
FIXTURES = Path(__file__).parent / "fixtures" / "format-1"


def _texts(path: Path, **options: Any) -> list[Any]:
    config = ReadConfig(**options)
    if config.continuous:
        found = list(formats.read([path], config))
        running = "".join(formats.read_blocks([path], config))
        assert running == "".join(one.text + (one.end if one.row is None else "\n") for one in found)
        return found
    examples = list(formats.read([path], config))
    assert [one.text for one in examples] == [text for some in formats.read_texts([path], config) for text in some]
    return examples


def _labelled(path: Path, *, labelled: bool = True, **options: Any) -> list[Any]:
    return list(texts.read_labelled([path], LabelledReadConfig(**options), labelled=labelled))


def _pairs(path: Path, *, targeted: bool = True, **options: Any) -> list[Any]:
    return list(pairs.read_pairs([path], PairReadConfig(**options), targeted=targeted))


def _sentences(path: Path, *, labelled: bool = True, **options: Any) -> list[Any]:
    """Read, and write back with the same labels: the bytes have to be the same."""
    config = TokenReadConfig(**options)
    found = list(sentences.read_sentences([path], config, labelled=labelled))
    if labelled and path.suffix != ".jsonl":  # of a key that stands twice in an object, both values are filled in
        lay = sentences.sentence_writer([path], config, columns=list(found[0].labels))
        written = "".join(lay(one, one.labels, None) for one in found)
        assert written.encode(config.encoding) == path.read_bytes()
    return found


def _side_by_side(path: Path) -> list[Any]:
    return list(pairs.read_pairs([path], PairReadConfig(), targets=[[path]], targeted=True))


def _folder(path: Path) -> list[Any]:
    return _labelled(path.parent.parent)


READERS: dict[str, tuple[str, Read]] = {
    "lines": ("a.txt", _texts), "running text": ("a.txt", partial(_texts, continuous=True)),
    "packed lines": ("a.txt.gz", _texts), "lines in cp949": ("a.txt", partial(_texts, encoding="cp949")),
    "lines in utf-16": ("a.txt", partial(_texts, encoding="utf-16")),
    "lines with bytes replaced": ("a.txt", partial(_texts, errors="replace")),
    "texts in jsonl": ("a.jsonl", _texts), "texts in csv": ("a.csv", _texts), "texts in tsv": ("a.tsv", _texts),
    "texts without header": ("a.csv", partial(_texts, header=False, text_column="0")),
    "texts between semicolons": ("a.csv", partial(_texts, delimiter=";")), "texts in parquet": ("a.parquet", _texts),
    "running text in jsonl": ("a.jsonl", partial(_texts, continuous=True)),
    "labelled jsonl": ("a.jsonl", _labelled), "labelled csv": ("a.csv", _labelled),
    "labelled tsv": ("a.tsv", _labelled),
    "many labels in csv": ("a.csv", partial(_labelled, multi_label=True)),
    "many labels in jsonl": ("a.jsonl", partial(_labelled, multi_label=True)),
    "labelled parquet": ("a.parquet", _labelled), "fasttext": ("a.ft", _labelled),
    "many labels in fasttext": ("a.ft", partial(_labelled, multi_label=True)), "folders": ("x/a.txt", _folder),
    "texts without labels": ("a.ft", partial(_labelled, labelled=False)),
    "pairs in jsonl": ("a.jsonl", _pairs), "pairs in csv": ("a.csv", _pairs), "pairs in tsv": ("a.tsv", _pairs),
    "pairs in parquet": ("a.parquet", _pairs), "lines side by side": ("a.txt", _side_by_side),
    "sources in csv": ("a.csv", partial(_pairs, targeted=False)),
    "conllu": ("a.conllu", _sentences), "conllu without labels": ("a.conllu", partial(_sentences, labelled=False)),
    "columns": ("a.bio", _sentences), "first column": ("a.conll", partial(_sentences, label_columns=("0",),
                                                                         token_column="-1")),
    "packed columns": ("a.bio.gz", partial(_sentences, labelled=False)),
    "token lists": ("a.jsonl", _sentences), "tokens of lines": ("a.txt", partial(_sentences, labelled=False)),
    "vectors": ("a.vec", lambda path: read_vectors(str(path), lambda _: True)),
}  # fmt: skip
"""The name of a file, and what reads it."""


@cache
def model(kind: str) -> Any:
    """The tiny model of a kind that is kept with the tests."""
    return elman.load(FIXTURES / kind)


def _predicted(path: Path, *, kind: str, **options: Any) -> str:
    parts: list[str] = []
    model(kind).predict_to([path], parts.append, **options)
    return "".join(parts)


PREDICTIONS: dict[str, tuple[str, Read]] = {
    f"{kind} {name}": (name, partial(_predicted, kind=kind, **({"maximum_length": 4} if kind == "seq2seq" else {})))
    for kind, names in {
        "language-model": ("a.txt", "a.jsonl", "a.csv"), "tagger": ("a.conllu", "a.bio", "a.jsonl", "a.txt"),
        "classifier": ("a.tsv", "a.jsonl", "a.ft", "a.txt"), "seq2seq": ("a.txt", "a.tsv", "a.jsonl"),
    }.items()
    for name in names
}  # fmt: skip
"""The same for what fills predictions in."""

_PLACE = re.compile(r":\d+(:\d+)?: |: row \d+: |: ")
_NOT_VALID = re.compile(r":\d+: not valid \S+ at byte \d+; ")


def outcome(name: str, read: Read, data: bytes, folder: Path) -> str:
    """Read a file of these bytes: `examples`, or `error` if it is refused as it should be.

    Raises:
        AssertionError: the error is not one line that names the file and, for bytes that are not in the encoding, line
            and byte. Any other error is the reader's fault.
    """
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    try:
        read(path)
    except (InputError, OptionError) as error:
        told = str(error)
        assert told.isprintable() and len(told) < 2000, told
        where = next(one for one in (str(path), str(path.parent), str(folder), "column ") if told.startswith(one))
        rest = told[len(where) :]
        assert where == "column " or _PLACE.match(rest), told
        if "not valid utf-8" in told:
            assert _NOT_VALID.match(rest), told
        return "error"
    return "examples"


_MARKS = (
    "\n", "\n\n", "\r\n", "\r", "\t", " ", ",", ";", '"', '""', "|", "#", "# ", "## ", "_", "-", "{", "}", "[", "]",
    ":",
)  # fmt: skip
_WORDS = (
    "1", "2", "3", "1-2", "1.1", "0", "9", "text", "label", "source", "target", "tokens", "labels", "id", "O", "B-PER",
    "I-PER", "NOUN", "__label__", "__label__a ", "-DOCSTART-", "null", "true", "1e999", "NaN", "\\ud800", "\\u0000",
    "\\n",
)  # fmt: skip
ROWS = (
    "# global.columns = FORM NER\n", '{"text": "a", "label": "b"}\n', '{"source": "a", "target": ["b"]}\n',
    '{"tokens": ["a"], "labels": ["O"]}\n', "text\tlabel\n", "label,text\n", "source\ttarget\n", "a\tb\n", "a b O\n",
    "1\ta\t_\tX\t_\t_\t0\t_\t_\t_\n", "2\tb\t_\tY\t_\t_\t1\t_\t_\t_\n", "1-2\tab" + "\t_" * 8 + "\n",
    "1.1\tc" + "\t_" * 8 + "\n",
)  # fmt: skip
_UNICODE = (
    "한글", "é", "😀", "👩\u200d👩\u200d👧", "\u2028", "\u0085", "\ufeff", "\u202e", "a\u0301\u0323", "\x0b",
    "\x0c", "\x1c",
)  # fmt: skip
GOOD = [piece.encode() for piece in (*_MARKS, *_WORDS, *ROWS, *_UNICODE)]
PIECES = [*GOOD, b"\x00", b"\xff", b"\xed\xa0\x80", b"\xc3", b"\x1f\x8b", b"PAR1"]
"""What files of any format are made of, good and bad."""

BYTES: st.SearchStrategy[bytes] = st.one_of(
    st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=30).map(b"".join),
    st.lists(st.sampled_from(GOOD), max_size=40).map(b"".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(str.encode),
)


def packed(name: str, data: bytes) -> bytes:
    """The bytes as a file of that name wants them: one that is packed gets them packed, but for those of odd length."""
    return gzip.compress(data, mtime=0) if name.endswith(".gz") and len(data) % 2 == 0 else data


def cases() -> Iterator[tuple[str, str, Read]]:
    """Every reader and every prediction: what it is called, its file, what reads it."""
    for what, (name, read) in {**READERS, **{f"predict: {k}": v for k, v in PREDICTIONS.items()}}.items():
        yield what, name, read
