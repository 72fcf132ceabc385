"""A finished language model on files: its score, and the log-probability of every line and symbol.

Knows models, corpora and formats. Called by `LanguageModel.evaluate`, `.predict` and `.predict_to`.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from elman.data.batches import in_order
from elman.data.config import ReadConfig
from elman.data.corpus import build_corpus
from elman.data.examples import Example
from elman.data.formats import header_alone, read, writer
from elman.errors import InputError
from elman.metrics.perplexity import LanguageModelTally
from elman.models.language_modelling.states import ScoredSymbol
from elman.models.windows import LONGEST, refuse_long
from elman.models.workers import answered
from elman.text.vocabulary import END, START

if TYPE_CHECKING:
    from elman.models.language_model import LanguageModel

WINDOW = 1024
"""Lines that are read ahead, so that lines of like length can stand in one batch; symbols that are read at a time."""
LARGEST_BATCH = 1 << 16
"""Symbols, padding counted, of lines that are read side by side."""


def judge(model: "LanguageModel", files: Sequence[Any], *, reading: ReadConfig, dynamic: bool) -> dict[str, Any]:
    """The report on files, as `elman evaluate --json` prints it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        corpus = build_corpus(files, model.tokenizer, config=reading, folder=Path(folder), name="text")
        if corpus.counts.tokens == 0:
            raise InputError("there is no text to judge on", where=str(files[0]), mend="give a file with text")
        nats = 0.0
        state = None
        for batch in in_order(corpus, batch_size=64, segment=WINDOW):
            carried = None if batch.continues is None or state is None else tuple(p[:, batch.continues] for p in state)
            found, state = model.engine.nats(carried, batch.ids, targets=batch.targets, lengths=batch.lengths)
            nats += float(found.sum(dtype=np.float64))
        counts = corpus.counts
        tally = LanguageModelTally(nats, counts.tokens, counts.words, counts.characters, counts.unknown)
        seconds = time.monotonic() - started
        report: dict[str, Any] = {
            "kind": model.kind, "seconds": seconds, "tokens": tally.tokens,
            "tokens_per_second": tally.tokens / max(seconds, 1e-9), "parameters": model.engine.parameters(),
            "metrics": tally.metrics(),
        }  # fmt: skip
        if dynamic:
            from elman.models.language_modelling.adapting import adapt  # which loads torch

            report["dynamic"] = adapt(model.engine.network, corpus, tally=tally)
    return report


def score_lines(
    model: "LanguageModel", source: Iterable[Any], *, reading: ReadConfig | None, workers: int = 1
) -> Iterator[tuple[Example, "list[ScoredSymbol]"]]:
    """Each line with its symbols and their ln p, in order.

    Args:
        source: files, or with `reading` None the texts themselves. workers: processes that lines are divided among
            which are read each by itself.
    """
    if reading is None:
        examples: Iterator[Example] = (Example(text, "text", n) for n, text in enumerate(source, 1))
        continuous = model.config.reading.continuous
    else:
        examples, continuous = read(list(source), reading, keep_blank=True), reading.continuous
    return _running(model, examples) if continuous else _lines(model, examples, workers=workers)


def _lines(
    model: "LanguageModel", examples: Iterator[Example], *, workers: int
) -> "Iterator[tuple[Example, list[ScoredSymbol]]]":
    """Every line from a fresh state, with its `</s>`; lines of like length stand in one batch. Of a blank text, which
    is not a line, nothing is scored."""
    for window, answers in answered(
        _windows(examples), _nats_of_lines, models=[model], asked=lambda window: [one.text for one in window],
        workers=workers,
    ):  # fmt: skip
        for example, (ids, nats) in zip(window, answers, strict=True):
            yield example, _scored(model, ids, nats)


def _nats_of_lines(
    models: "Sequence[LanguageModel]", texts: list[str]
) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The symbols of each line and its `</s>`, as far as they are scored, and -ln p of each."""
    (model,) = models
    ids = [np.append(model.tokenizer.encode(text).astype(np.int64), END) for text in texts]
    nats: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(ids)
    lines = [i for i, text in enumerate(texts) if text and not text.isspace()]
    for rows in _batches(sorted(lines, key=lambda i: len(ids[i])), ids):
        for row, found in zip(rows, _padded_nats(model, [ids[i] for i in rows]), strict=True):
            nats[row] = found
    return [(symbols[: len(found)], found) for symbols, found in zip(ids, nats, strict=True)]


def _batches(rows: list[int], ids: list[NDArray[np.int64]]) -> Iterator[list[int]]:
    """Rows in order of length, in batches whose padded symbols are bounded."""
    batch: list[int] = []
    for row in rows:
        if batch and (len(batch) == 64 or (len(batch) + 1) * len(ids[row]) > LARGEST_BATCH):
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch


def _padded_nats(model: "LanguageModel", texts: list[NDArray[np.int64]]) -> list[NDArray[np.float32]]:
    """-ln p of the symbols of several texts, read side by side, a segment at a time."""
    lengths = np.array([len(text) for text in texts])
    targets = np.full((len(texts), int(lengths.max())), END)
    for row, text in enumerate(texts):
        targets[row, : len(text)] = text
    ids = np.concatenate([np.full((len(texts), 1), START), targets[:, :-1]], axis=1)  # (B, T)
    found, state = [], None
    for begin in range(0, ids.shape[1], WINDOW):
        part = slice(begin, begin + WINDOW)
        left = np.clip(lengths - begin, 0, WINDOW)
        nats, state = model.engine.nats(state, ids[:, part], targets=targets[:, part], lengths=left)
        found.append(nats)
    joined = np.concatenate(found, axis=1)
    return [joined[row, :length] for row, length in enumerate(lengths)]


def _running(model: "LanguageModel", examples: Iterator[Example]) -> "Iterator[tuple[Example, list[ScoredSymbol]]]":
    """Every line behind all lines before it; its line end is its last symbol."""
    state, previous = None, START
    for window in _windows(examples, characters=WINDOW):
        texts = [model.tokenizer.encode(example.text + example.end).astype(np.int64) for example in window]
        symbols = np.concatenate(texts)
        nats = np.empty(len(symbols), np.float32)
        for begin in range(0, len(symbols), WINDOW):
            targets = symbols[begin : begin + WINDOW]
            ids = np.concatenate([[previous], targets[:-1]])
            found, state = model.engine.nats(state, ids[None], targets=targets[None])
            nats[begin : begin + WINDOW], previous = found[0], int(targets[-1])
        parts = np.split(nats, np.cumsum([len(text) for text in texts])[:-1])
        for example, text, part in zip(window, texts, parts, strict=True):
            yield example, _scored(model, text, part)


def _windows(examples: Iterator[Example], *, characters: int = 1_000_000) -> Iterator[list[Example]]:
    """Lists of lines of at most `WINDOW` lines and about so many characters."""
    window: list[Example] = []
    size = 0
    for number, example in enumerate(examples, 1):
        refuse_long(example, number, len(example.text), LONGEST)
        window.append(example)
        size += len(example.text) + 1
        if len(window) == WINDOW or size >= characters:
            yield window
            window, size = [], 0
    if window:
        yield window


def _scored(model: "LanguageModel", ids: NDArray[np.int64], nats: NDArray[np.float32]) -> "list[ScoredSymbol]":
    symbols = model.tokenizer.symbols
    return [ScoredSymbol(symbols[i], -float(n)) for i, n in zip(ids, nats, strict=True)]


def write_predictions(
    model: "LanguageModel", files: Sequence[Any], write: Callable[[str], object], *, reading: ReadConfig, workers: int
) -> dict[str, Any]:
    """Write every line with its log-probability and those of its symbols; returns the counts.

    Text comes back as JSON lines, JSON lines and tables with `log_probability`, `symbols` and `log_probabilities`
    added to what they hold.
    """
    started = time.monotonic()
    tokens, lines, total = 0, 0, 0.0
    added = ("log_probability", "symbols", "log_probabilities")
    with writer(files, reading, added=added) as lay:
        for example, scored in score_lines(model, files, reading=reading, workers=workers):
            logs = [item.log_probability for item in scored]
            write(lay(example, (sum(logs), [item.symbol for item in scored], logs)))
            tokens, lines, total = tokens + len(scored), lines + 1, total + sum(logs)
    if lines == 0:
        write(header_alone(files, reading, added=added))
    seconds = time.monotonic() - started
    return {
        "kind": model.kind, "seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / max(seconds, 1e-9),
        "parameters": model.engine.parameters(), "lines": lines, "log_probability": total,
    }  # fmt: skip
