"""Files with the target of every source added: streaming, in order, in the files' own format.

Knows formats through `data.pairs`, and a reader of sources; knows no network. Called by `Seq2Seq.predict_to`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from elman.data.config import PairReadConfig
from elman.data.formats.jsonl import line_of
from elman.data.pairs import Pair, header_alone, pair_writer, read_pairs
from elman.decoding.config import BeamConfig
from elman.errors import OptionError
from elman.models.translating.config import Seq2SeqOutput
from elman.models.translating.reading import LONGEST_SOURCE, Translation, reader_of, tell_cut
from elman.models.windows import windows
from elman.models.workers import answered

if TYPE_CHECKING:
    from elman.models.seq2seq import Seq2Seq

Found = tuple[Pair, list[Translation]]
SHARE = 256
"""Sources that a process is given at a time, where several answer."""
DIGITS = 6
"""Decimal places of what is written."""


def write_predictions(
    models: "Sequence[Seq2Seq]",
    files: Sequence[Any],
    write: Callable[[str], object],
    *,
    reading: PairReadConfig,
    beam: BeamConfig,
    output: Seq2SeqOutput,
    workers: int,
) -> dict[str, Any]:
    """Write every pair of the files, with one model or several together; returns the counts.

    Raises:
        OptionError: alignments of a model, or of several, that have no attention to tell of.
    """
    reader = reader_of(models)
    reader.check(beam)
    if output.alignments and not reader.attends:
        raise OptionError("there is no attention, or that of several models", where="--alignments", mend="leave it out")
    started = time.monotonic()
    tokens = count = cut = 0

    def found() -> Iterator[Found]:
        nonlocal tokens, count, cut
        pairs = read_pairs(files, reading, targeted=False)
        together = windows(
            pairs, lambda pair: len(pair.source), longest=LONGEST_SOURCE, most=None if workers == 1 else SHARE
        )
        for window, answers in answered(
            together, partial(_found, beam=beam, attended=output.alignments), models=models,
            asked=lambda window: [pair.source for pair in window], workers=workers, alone=1,
        ):  # fmt: skip
            for pair, some in zip(window, answers, strict=True):
                tokens, count = tokens + len(some[0].symbols) + some[0].finished, count + 1
                cut += not some[0].finished
                yield pair, some

    if output.alignments or beam.n_best > 1:
        for pair, some in found():
            write(line_of({"source": pair.source, "line": pair.line, **_object(some, beam, output)}))
    else:
        _write_texts(found(), files, write=write, reading=reading)
    tell_cut(cut, count)
    seconds = time.monotonic() - started
    return {
        "kind": models[0].kind, "seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / max(seconds, 1e-9),
        "parameters": models[0].engine.parameters(), "texts": count, "cut_off": cut,
    }  # fmt: skip


def _found(
    models: "Sequence[Seq2Seq]", sources: list[str], *, beam: BeamConfig, attended: bool
) -> list[list[Translation]]:
    """The best targets of each source."""
    return reader_of(models).translate(sources, beam, attended=attended)


def _write_texts(
    found: Iterator[Found], files: Sequence[Any], *, write: Callable[[str], object], reading: PairReadConfig
) -> None:
    """The best text of each, in the format of the files."""
    added = ("prediction",)
    is_empty = True
    with pair_writer(files, reading, added=added) as lay:
        for pair, some in found:
            write(lay(pair, (some[0].text,)))
            is_empty = False
    if is_empty:
        write(header_alone(files, reading, added=added))


def _object(some: list[Translation], beam: BeamConfig, output: Seq2SeqOutput) -> dict[str, Any]:
    """What is told of a source beside its text: `predictions`, best first, or, of one, what it is made of."""
    told = [_told(one, output) for one in some]
    return {"predictions": told} if beam.n_best > 1 else told[0]


def _told(one: Translation, output: Seq2SeqOutput) -> dict[str, Any]:
    found: dict[str, Any] = {
        "prediction": one.text, "log_probability": round(one.log_probability, DIGITS),
        "score": round(one.score, DIGITS), "finished": one.finished,
    }  # fmt: skip
    if output.alignments and one.attention is not None:
        rows = [[round(float(alpha), DIGITS) for alpha in row] for row in one.attention]
        found |= {"symbols": list(one.symbols), "source_symbols": list(one.source_symbols), "alignment": rows}
    return found
