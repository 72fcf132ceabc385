"""How files are read and cut into batches, as values. Knows no file; read by `data` and `models`."""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option

FORMATS = ("text", "jsonl", "csv", "tsv", "parquet")


@dataclass(frozen=True)
class ReadConfig:
    """What a file is and where in it the text stands."""

    format: str | None = option(None, "format of the files (else the suffix decides)", choices=FORMATS)
    encoding: str = option("utf-8", "encoding of the files; UTF-8 may begin with a byte order mark")
    text_column: str | None = option(None, "name (or number from 0, with --no-header) of the column with the text")
    delimiter: str | None = option(None, "what separates the columns of a table (else the suffix decides)")
    header: bool = option(True, "the first row of a table names its columns")
    continuous: bool = option(False, "running text: the state is carried over line ends, and line ends are symbols")

    def __post_init__(self) -> None:
        check(self)
        given = self.delimiter
        if given is not None and given != "\\t" and (len(given) != 1 or given in '"\r\n'):
            mend = "give one character, say ';', or \\t for a tab"
            raise OptionError(f"{given!r} cannot separate columns", where="--delimiter", mend=mend)


@dataclass(frozen=True)
class BatchConfig:
    """How many sequences stand side by side, and how far back the gradient reaches."""

    batch_size: int = option(
        32, "sequences (or parallel streams of running text) in a batch", low=1, high=65536, automatic=True
    )
    segment: int = option(128, "steps of truncated backpropagation through time", low=1, high=1_000_000, automatic=True)

    def __post_init__(self) -> None:
        check(self)
