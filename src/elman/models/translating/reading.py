"""From sources to targets: texts that are read together, numbered, put side by side, searched for, and written out.

Knows tokenizers and engines by what they can do; knows no file. Used by `models.seq2seq` and its package.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.pair_batches import PairBatch, PairCorpus, build_pairs, in_order
from elman.data.pairs import Pair
from elman.decoding.beam import Hypothesis, beam_search
from elman.decoding.config import BeamConfig, SamplingConfig
from elman.decoding.ensemble import all_chosen, averaged
from elman.decoding.stream import write as write_symbols
from elman.errors import OptionError
from elman.models.windows import refuse_long
from elman.models.writing import TextWriter
from elman.text.pairs import decoder_with, symbols_of
from elman.text.tokenizer import Tokenizer
from elman.text.vocabulary import END, START, UNKNOWN

log = logging.getLogger("elman")
Ids = NDArray[np.int64]
SYMBOLS = 2048
"""Symbols of sources side by side, padding counted: hypotheses are as many times more."""
LONGEST_SOURCE = 1 << 16
"""Characters of a source: every hypothesis keeps all of its memory."""
TIMES, MORE = 3, 40
"""A target has at most so many times the symbols of its source, and so many more."""


@dataclass(frozen=True)
class Translation:
    """A target text that was found for a source.

    Args:
        log_probability: ln p of its symbols and of its end. score: what texts of one source are ordered by. finished:
            whether it ends by itself; if not, it was cut at the greatest length. symbols, source_symbols: of both
            sides, `</s>` behind the source. attention: (symbols, source symbols), what each looked at; None without.
    """

    text: str
    log_probability: float
    score: float
    finished: bool
    symbols: tuple[str, ...]
    source_symbols: tuple[str, ...]
    attention: NDArray[np.float32] | None


class PairReader:
    """Finds the targets of sources with one engine or several, whose distributions are averaged.

    Args:
        copy: whether symbols of the source can be copied.
    """

    def __init__(self, engines: Sequence[Any], source: Tokenizer, target: Tokenizer, *, copy: bool) -> None:
        self.engines, self.source, self.target, self.copy = engines, source, target, copy
        words = target.kind == "word" and not copy
        self.forbidden = (START,) if words else (UNKNOWN, START)

    @property
    def attends(self) -> bool:
        """Whether there is one attention to tell of."""
        return len(self.engines) == 1 and bool(self.engines[0].attends)

    def check(self, config: BeamConfig) -> None:
        """Refuse a search that these engines cannot make.

        Raises:
            OptionError: it asks for an attention that there is not.
        """
        if config.coverage_penalty and not self.attends:
            raise OptionError("there is no attention, or that of several models", where="--coverage-penalty",
                              mend="leave it out")  # fmt: skip

    def translate(
        self, sources: Sequence[str], config: BeamConfig, *, attended: bool = True
    ) -> list[list[Translation]]:
        """For each source its best targets, best first.

        Args:
            attended: whether what each symbol looked at is to be told, where there is one attention.
        """
        corpus = self._numbered(sources)
        found: list[list[Translation]] = [[] for _ in sources]
        for batch in in_order(corpus, batch_tokens=SYMBOLS):
            for row, some in zip(batch.rows.tolist(), self._searched(batch, config, attended), strict=True):
                found[row] = [self._told(one, sources[row], corpus.copied_texts(row)) for one in some]
        return found

    def stream(self, source: str, config: SamplingConfig) -> Iterator[tuple[int, str]]:
        """Pairs (number of the sample, piece of its text), as they are written from a source."""
        refuse_long(source, 1, len(source), LONGEST_SOURCE)
        corpus = self._numbered([source])
        extra = corpus.copied_texts(0)
        logs, state = self._begun(corpus.batch(np.zeros(1, dtype=np.int64)))
        rows = np.zeros(config.samples, dtype=np.int64)
        writer = TextWriter(self.target, config.samples, stop=config.stop, extra=extra)
        ids = write_symbols(
            self._choose(state, rows), logs[rows], step=self._step, choose=self._choose, config=config,
            forbidden=self.forbidden, end=END, ended=lambda k, _: writer.stopped[k],
        )  # fmt: skip
        for k, symbol in ids:
            piece = writer.push(k, symbol)
            if piece:
                yield k, piece
        yield from writer.finish()

    def _numbered(self, sources: Sequence[str]) -> PairCorpus:
        pairs = [Pair(text, (), (), "", number) for number, text in enumerate(sources, 1)]
        return build_pairs(pairs, self.source, self.target, longest_source=None, longest_target=None, copy=self.copy)

    def _searched(self, batch: PairBatch, config: BeamConfig, attended: bool) -> list[list[Hypothesis]]:
        is_followed = self.attends and (attended or config.coverage_penalty != 0)
        return beam_search(
            self._begun(batch), step=self._step, choose=self._choose, config=config, end=END,
            longest=TIMES * batch.source_lengths + MORE, forbidden=self.forbidden,
            attended=(lambda states: self.engines[0].attended(states[0])) if is_followed else None,
            best=self._best if len(self.engines) == 1 and self.engines[0].tells_best else None,
        )  # fmt: skip

    def _best(self, states: tuple[Any, ...], ids: Ids, floor: Any) -> tuple[NDArray[np.float32], Ids, tuple[Any, ...]]:
        logs, symbols, state = self.engines[0].best(states[0], ids, floor)
        return logs, symbols, (state,)

    def _begun(self, batch: PairBatch) -> tuple[NDArray[np.float32], tuple[Any, ...]]:
        """The log-probabilities of the first symbols, and the states behind `<s>`."""
        states = tuple(engine.encode(batch.source, batch.source_lengths, batch.copies) for engine in self.engines)
        return self._step(states, np.full(len(batch.source), START))

    def _step(self, states: tuple[Any, ...], ids: Ids) -> tuple[NDArray[np.float32], tuple[Any, ...]]:
        return averaged([engine.step for engine in self.engines])(states, ids)

    def _choose(self, states: tuple[Any, ...], rows: Ids) -> tuple[Any, ...]:
        return all_chosen([engine.choose for engine in self.engines])(states, rows)

    def _told(self, found: Hypothesis, source: str, extra: Sequence[str]) -> Translation:
        ids, known, size = found.ids.tolist(), self.target.symbols, self.target.size
        symbols = tuple(known[k] if k < size else extra[k - size] for k in ids)
        return Translation(
            self._text(ids, extra), found.log_probability, found.score, found.finished, symbols,
            (*symbols_of(self.source, source), "</s>"), found.attention,
        )  # fmt: skip

    def _text(self, ids: Sequence[int], extra: Sequence[str]) -> str:
        decoder = decoder_with(self.target, extra)
        return "".join([*map(decoder.push, ids), decoder.finish()])


def reader_of(models: Sequence[Any]) -> PairReader:
    """What finds targets with one model, or with several of one vocabulary together."""
    first = models[0]
    if len(models) == 1:
        reader: PairReader = first.reader
        return reader
    return PairReader([one.engine for one in models], first.source, first.target, copy=first.config.decoder.copy)


def tell_cut(cut: int, texts: int) -> None:
    """Log how many texts were cut at the greatest length, if any."""
    if cut:
        log.warning("%s of %s texts were cut at the greatest length (--maximum-length)", f"{cut:,}", f"{texts:,}")
