"""A corpus: the ids of all texts in a memory-mapped file, with what was counted on the way.

Knows tokenizers by what they can do, and files through `formats`; knows no batch. Called by `models`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from elman.data.config import ReadConfig
from elman.data.formats import format_of, read_blocks, read_texts
from elman.errors import OptionError
from elman.text.tokenizer import Tokenizer
from elman.text.vocabulary import UNKNOWN

PARTS = (None, "train", "dev")
SHARE = 20
"""Of how many sequences, or characters of running text, one is set aside as the dev part."""
Paths = Sequence[str | PathLike[str]]


@dataclass(frozen=True)
class TextCounts:
    """What a corpus has, as a language model counts it.

    Args:
        sequences: lines; running text is one. tokens: symbols, and in lines one `</s>` each. words: what stands between
            blanks, and line ends. characters: of Unicode, line ends included. unknown: symbols that are `<unk>`.
    """

    sequences: int = 0
    tokens: int = 0
    words: int = 0
    characters: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Corpus:
    """Ids of texts, one behind the other, without special symbols around them.

    Args:
        ids: (symbols,), of the smallest type that holds them. starts: (sequences + 1,), where each line begins in ids,
            and the end; None for running text.
    """

    ids: NDArray[Any]
    starts: NDArray[np.int64] | None
    counts: TextCounts


def training_text(paths: Paths, *, config: ReadConfig, part: str | None = None) -> Iterator[str]:
    """What a tokenizer is learnt from: every line, or blocks of running text; part as in `build_corpus`.

    Raises:
        OptionError: an option for columns is given, and no file has any. Else as `formats.read`.
    """
    check_columns(paths, config)
    if config.continuous:
        yield from _running_part(paths, config, part)
    else:
        for texts in _line_part(paths, config, part):
            yield from texts


def build_corpus(
    paths: Paths,
    tokenizer: Tokenizer,
    *,
    config: ReadConfig,
    folder: str | PathLike[str],
    name: str,
    part: str | None = None,
    limit: int | None = None,
    watch: Callable[[list[str]], None] | None = None,
) -> Corpus:
    """The corpus of files. Its ids are written to `folder/NAME.ids` and mapped; memory does not grow with the text.

    Args:
        part: "train" or "dev" for either side of the split: every twentieth sequence is dev, and of running text the
            last twentieth of the characters, from the line on in which it begins (in a long line from the word on);
            None for all. Running text that is split is read twice.
        limit: take the first texts alone, about so many characters. watch: is shown every list of lines, or block of
            running text, before it is encoded.
    Raises:
        As `formats.read`.
    """
    if part not in PARTS:
        raise ValueError(f"part is {part!r}")
    if config.continuous:
        pieces: Iterable[list[str]] = ([block] for block in _running_part(paths, config, part))
    else:
        pieces = _line_part(paths, config, part)
    if limit is not None:
        pieces = _limited(pieces, limit)
    if watch is not None:
        pieces = _watched(pieces, watch)
    return _write(pieces, tokenizer, continuous=config.continuous, place=Path(folder) / name)


def check_columns(paths: Paths, config: ReadConfig) -> None:
    """Refuse options for columns where no file has any.

    Raises:
        OptionError: one is given, and all files are plain text. InputError: as `formats.format_of`.
    """
    given = {
        "--text-column": config.text_column is not None,
        "--delimiter": config.delimiter is not None,
        "--no-header": not config.header,
    }
    formats = {format_of(path, config) for path in paths}
    if formats == {"text"}:
        for option, is_given in given.items():
            if is_given:
                raise OptionError("plain text has no columns", where=option, mend="leave it out, or give --format")


def id_type(size: int) -> np.dtype[Any]:
    """The smallest type that holds the ids of a vocabulary."""
    return np.dtype(np.uint8 if size <= 1 << 8 else np.uint16 if size <= 1 << 16 else np.int32)


class _Tally:
    """Counts that grow with every piece of text."""

    def __init__(self, *, continuous: bool) -> None:
        self.continuous = continuous
        self.sequences = self.symbols = self.words = self.characters = self.unknown = 0

    def add(self, texts: Sequence[str], ids: NDArray[np.int32]) -> None:
        """Count texts, whose ids are given."""
        self.sequences += len(texts)
        self.symbols += len(ids)
        self.unknown += int(np.count_nonzero(ids == UNKNOWN))
        self.characters += sum(map(len, texts))
        self.words += len(" ".join(texts).split()) if not self.continuous else sum(len(text.split()) for text in texts)
        if self.continuous:
            self.words += sum(text.count("\n") for text in texts)

    def counts(self) -> TextCounts:
        """What was counted; lines have each an end."""
        ends = 0 if self.continuous else self.sequences
        sequences = min(1, self.symbols) if self.continuous else self.sequences
        return TextCounts(sequences, self.symbols + ends, self.words + ends, self.characters + ends, self.unknown)


def _limited(pieces: Iterable[list[str]], limit: int) -> Iterator[list[str]]:
    """The first texts, of about so many characters; running text is cut behind a line end, or else anywhere."""
    left = limit
    for texts in pieces:
        kept: list[str] = []
        for text in texts:
            if left <= 0:
                break
            if len(texts) == 1 and len(text) > left:  # a block of running text, or one long line
                text = text[: text.rfind("\n", 0, left) + 1 or left]
            kept.append(text)
            left -= len(text) + 1
        yield kept
        if left <= 0:
            return


def _watched(pieces: Iterable[list[str]], watch: Callable[[list[str]], None]) -> Iterator[list[str]]:
    for texts in pieces:
        watch(texts)
        yield texts


def _write(pieces: Iterable[list[str]], tokenizer: Tokenizer, *, continuous: bool, place: Path) -> Corpus:
    """Encode pieces of text into the files of a corpus."""
    dtype, tally = id_type(tokenizer.size), _Tally(continuous=continuous)
    ids_path, starts_path = place.with_name(place.name + ".ids"), place.with_name(place.name + ".starts")
    with ExitStack() as stack:
        ids_file: BinaryIO = stack.enter_context(ids_path.open("wb"))
        starts_file = None if continuous else stack.enter_context(starts_path.open("wb"))
        if starts_file is not None:
            np.zeros(1, dtype=np.int64).tofile(starts_file)
        for texts in pieces:
            begin = tally.symbols
            ids, lengths = tokenizer.encode_many(texts)
            tally.add(texts, ids)
            ids_file.write(ids.astype(dtype).data)
            if starts_file is not None:
                starts_file.write((begin + np.cumsum(lengths)).data)
    starts = None if continuous else _mapped(starts_path, np.dtype(np.int64))
    return Corpus(_mapped(ids_path, dtype), starts, tally.counts())


def _mapped(path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
    """The array in a file, read where it is touched; an empty file cannot be mapped."""
    return np.memmap(path, dtype=dtype, mode="r") if path.stat().st_size else np.empty(0, dtype=dtype)


def _line_part(paths: Paths, config: ReadConfig, part: str | None) -> Iterator[list[str]]:
    begin = 0
    for texts in read_texts(paths, config):
        first_dev = (SHARE - 1 - begin) % SHARE
        begin += len(texts)
        if part == "dev":
            texts = texts[first_dev::SHARE]
        elif part == "train":
            del texts[first_dev::SHARE]
        if texts:
            yield texts


def _running_part(paths: Paths, config: ReadConfig, part: str | None) -> Iterator[str]:
    if part is None:
        yield from read_blocks(paths, config)
        return
    total = sum(map(len, read_blocks(paths, config)))
    share = total // SHARE
    limit, begin, is_behind, begins_line = total - share, 0, share == 0, True
    for block in read_blocks(paths, config):
        cut = 0 if is_behind and share else len(block)
        if not is_behind and begin + len(block) > limit:
            cut, is_behind = _cut(block, limit - begin, share=share, begins_line=begins_line), True
        begin, begins_line = begin + len(block), block.endswith("\n")
        mine = block[:cut] if part == "train" else block[cut:]
        if mine:
            yield mine


def _cut(block: str, place: int, *, share: int, begins_line: bool) -> int:
    """Where the line begins in which the place is; if that is more than a share before it, at the last blank.

    Where the share before the place has no blank either, it is the place itself: the dev part is never twice as long.
    """
    lowest = max(0, place - share)
    line = block.rfind("\n", max(0, lowest - 1), place) + 1
    if line or (begins_line and place <= share):
        return line
    blank = block.rfind(" ", lowest, place)
    return place if blank < 0 else blank
