"""The dev text while training: a quick score on a part of it, and the whole score at the end.

Knows a network and a corpus. Used by `models.fitting`; a finished model is judged by
`models.language_modelling.judging`.
"""

from collections.abc import Iterator
from typing import Any

from elman.data.batches import Batch, in_order
from elman.data.corpus import Corpus
from elman.data.segments import stripes
from elman.metrics.perplexity import LanguageModelTally
from elman.models.engines.torch_language_model import batch_nats
from elman.models.networks.language_model import LanguageModelNetwork, State

STRIPES = 16
"""Running text is judged in so many stretches side by side while training: all symbols count, and only the first ones
of each stretch lack what stands before them."""

SHORTEST = 4096
"""Symbols that a stretch has at least: a short text is read as one."""


class DevText:
    """The text that training is judged on.

    Args:
        segment: steps that are read at a time.
    """

    def __init__(self, network: LanguageModelNetwork, corpus: Corpus, *, segment: int) -> None:
        self.network, self.corpus, self.segment = network, corpus, segment
        self.tokens = corpus.counts.tokens

    def loss(self, tokens: int) -> float:
        """Nats a token on about the given number of tokens: the first of each stripe, or the first lines."""
        nats, count = self._sum(tokens)
        return nats / max(count, 1)

    def metrics(self) -> dict[str, Any]:
        """The figures on all of the text."""
        return self.tally().metrics()

    def tally(self) -> LanguageModelTally:
        """The sums over all of the text."""
        nats, count = self._sum(self.tokens)
        assert count == self.tokens
        counts = self.corpus.counts
        return LanguageModelTally(nats, count, counts.words, counts.characters, counts.unknown)

    def _sum(self, tokens: int) -> tuple[float, int]:
        nats, count = 0.0, 0
        state: State | None = None
        for batch in self._batches():
            found, state = batch_nats(self.network, batch, state)
            nats, count = nats + found, count + int(batch.lengths.sum())
            if count >= tokens:
                break
        return nats, count

    def _batches(self) -> Iterator[Batch]:
        if self.corpus.starts is None:
            stretches = max(1, min(STRIPES, self.tokens // SHORTEST))
            return stripes(self.corpus, batch_size=stretches, segment=self.segment)
        return in_order(self.corpus, batch_size=64, segment=self.segment)
