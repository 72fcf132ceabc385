"""How files are read and cut into batches, as values. Knows no file; read by `data` and `models`."""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option

FORMATS = ("text", "jsonl", "csv", "tsv", "parquet")
LABELLED_FORMATS = (*FORMATS, "ft", "folder")
ERRORS = ("strict", "replace")
ERRORS_HELP = "bytes that are not in the encoding are refused (strict), or read as U+FFFD and counted (replace)"
TOKEN_FORMATS = ("conllu", "conll", "jsonl", "text")


@dataclass(frozen=True)
class ReadConfig:
    """What a file is and where in it the text stands."""

    format: str | None = option(None, "format of the files (else the suffix decides)", choices=FORMATS)
    encoding: str = option("utf-8", "encoding of the files; UTF-8 may begin with a byte order mark")
    errors: str = option("strict", ERRORS_HELP, choices=ERRORS)
    text_column: str | None = option(None, "name (or number from 0, with --no-header) of the column with the text")
    delimiter: str | None = option(None, "what separates the columns of a table (else the suffix decides)")
    header: bool = option(True, "the first row of a table names its columns")
    continuous: bool = option(False, "running text: the state is carried over line ends, and line ends are symbols")

    def __post_init__(self) -> None:
        check(self)
        _check_delimiter(self.delimiter)


@dataclass(frozen=True)
class LabelledReadConfig:
    """What a file of labelled texts is, and where in it the texts and their labels stand."""

    format: str | None = option(None, "format of the files (else the suffix decides)", choices=LABELLED_FORMATS)
    encoding: str = option("utf-8", "encoding of the files; UTF-8 may begin with a byte order mark")
    errors: str = option("strict", ERRORS_HELP, choices=ERRORS)
    text_column: str | None = option(None, "name (or number from 0, with --no-header) of the column with the text")
    label_column: str | None = option(None, "name (or number from 0, with --no-header) of the column with the label")
    delimiter: str | None = option(None, "what separates the columns of a table (else the suffix decides)")
    header: bool = option(True, "the first row of a table names its columns")
    multi_label: bool = option(False, "a text may have several labels, or none: lists; in cells of tables A|B")

    def __post_init__(self) -> None:
        check(self)
        _check_delimiter(self.delimiter)


@dataclass(frozen=True)
class TokenReadConfig:
    """What a file of tokens is, and where in it the tokens and their labels stand."""

    format: str | None = option(None, "format of the files (else the suffix decides)", choices=TOKEN_FORMATS)
    encoding: str = option("utf-8", "encoding of the files; UTF-8 may begin with a byte order mark")
    errors: str = option("strict", ERRORS_HELP, choices=ERRORS)
    token_column: str | None = option(None, "name or number from 0 of the column with the tokens")
    label_columns: tuple[str, ...] = option(
        (), "name or number of a column with labels; repeatable", flag="label-column"
    )

    def __post_init__(self) -> None:
        check(self)
        given = self.label_columns
        twice = next((column for column in given if given.count(column) > 1), None)
        if twice is not None:
            raise OptionError(f"{twice!r} is given twice", where="--label-column", mend="name every column once")


@dataclass(frozen=True)
class BatchConfig:
    """How many sequences stand side by side, and how far back the gradient reaches."""

    batch_size: int = option(
        32, "sequences (or parallel streams of running text) in a batch", low=1, high=65536, automatic=True
    )
    segment: int = option(128, "steps of truncated backpropagation through time", low=1, high=1_000_000, automatic=True)

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class TokenBatchConfig:
    """How many sentences stand side by side, where long ones are cut, and what of them changes in each epoch."""

    batch_size: int = option(32, "sentences in a batch", low=1, high=65536, automatic=True)
    segment: int = option(
        512, "tokens of a sentence that training reads together; a longer one is cut", low=1, high=1_000_000
    )
    swap_spans: float = option(
        0.0, "share of the spans that training replaces, anew in each epoch, by spans of their type, drawn from all",
        low=0, high=1, automatic=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class TextBatchConfig:
    """How many texts stand side by side, and how much of a long one is read in training."""

    batch_size: int = option(32, "texts in a batch", low=1, high=65536, automatic=True)
    longest: int = option(
        400, "words of a text that training reads: of a longer one, three quarters of them from its begin",
        low=4, high=1_000_000,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class PairReadConfig:
    """What a file of pairs of texts is, and where in it the sources and the targets stand."""

    format: str | None = option(None, "format of the files (else the suffix decides)", choices=FORMATS)
    encoding: str = option("utf-8", "encoding of the files; UTF-8 may begin with a byte order mark")
    errors: str = option("strict", ERRORS_HELP, choices=ERRORS)
    source_column: str | None = option(None, "name (or number from 0, with --no-header) of the column with the source")
    target_column: str | None = option(None, "name (or number from 0, with --no-header) of the column with the target")
    delimiter: str | None = option(None, "what separates the columns of a table (else the suffix decides)")
    header: bool = option(True, "the first row of a table names its columns")

    def __post_init__(self) -> None:
        check(self)
        _check_delimiter(self.delimiter)
        if self.source_column is not None and self.source_column == self.target_column:
            raise OptionError(f"{self.source_column!r} holds the source already", where="--target-column",
                              mend="name another column")  # fmt: skip


@dataclass(frozen=True)
class PairBatchConfig:
    """How many pairs stand side by side, and how much of long ones is read in training."""

    batch_tokens: int = option(
        2048, "symbols of targets in a batch, padding counted", low=1, high=1 << 24, automatic=True
    )
    longest_source: int = option(400, "symbols of a source that are read; the rest is cut off", low=1, high=1_000_000)
    longest_target: int = option(
        200, "symbols of a target; training leaves pairs with longer ones out", low=1, high=1_000_000
    )

    def __post_init__(self) -> None:
        check(self)


def _check_delimiter(given: str | None) -> None:
    if given is not None and given != "\\t" and (len(given) != 1 or given in '"\r\n'):
        mend = "give one character, say ';', or \\t for a tab"
        raise OptionError(f"{given!r} cannot separate columns", where="--delimiter", mend=mend)
