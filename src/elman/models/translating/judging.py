"""How good a seq2seq model is on pairs, by itself and beside another one; and while it is trained.

Knows tallies and a reader of sources; knows no file. Used by `models.seq2seq` and `models.translating.preparing`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from elman.data.pair_batches import PairBatch, PairCorpus, in_order
from elman.data.pairs import Pair
from elman.decoding.config import BeamConfig
from elman.metrics.paired import paired_bootstrap
from elman.metrics.translation import TranslationTally, sentence_chrf
from elman.models.translating.reading import LONGEST_SOURCE, PairReader
from elman.models.windows import windows

GREEDY = BeamConfig(beam=1)
LARGEST_BATCH = 2048
"""Symbols of either side that are judged side by side, padding counted."""


@dataclass
class Judged:
    """What judging came to.

    Args:
        tokens: symbols that were written, `</s>` counted. scores: chrF of each text. cut: texts that were cut at the
            greatest length.
    """

    tally: TranslationTally
    tokens: int = 0
    cut: int = 0
    scores: list[float] = field(default_factory=list)

    def details(self) -> dict[str, Any]:
        """What stands behind the figures."""
        return {"signatures": self.tally.signatures(), "cut_off": self.cut}


def judge(reader: PairReader, pairs: Sequence[Pair], config: BeamConfig) -> Judged:
    """The figures of pairs."""
    found = Judged(TranslationTally(words=reader.target.kind == "word"))
    for window in windows(pairs, lambda pair: len(pair.source), longest=LONGEST_SOURCE):
        targets = reader.translate([pair.source for pair in window], config, attended=False)
        for pair, some in zip(window, targets, strict=True):
            best = some[0]
            found.tally.add(best.text, pair.targets, sentences=pair.sentences)
            found.tokens += len(best.symbols) + best.finished
            found.cut += not best.finished
            found.scores.append(sentence_chrf(best.text, pair.targets))
    return found


def compare(first: Judged, reader: PairReader, pairs: Sequence[Pair], config: BeamConfig) -> dict[str, Any]:
    """What `against` holds in a report: the `metrics` of the other model, and the paired bootstrap over texts.

    `difference` and `interval` are of the mean chrF of single texts, the first model less the other: above 0 the first
    is better.
    """
    other = judge(reader, pairs, config)
    return {"metrics": other.tally.metrics(), **paired_bootstrap(first.scores, other.scores)}


class DevPairs:
    """The pairs that training is judged on.

    Args:
        corpus: the same as numbers. nats: -ln p of every gold symbol of a batch, (B, T). make: gives a reader of the
            network as it is at the moment. decoded: so many pairs are translated at the end.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        corpus: PairCorpus,
        *,
        nats: Callable[[PairBatch], Any],
        make: Callable[[], PairReader],
        decoded: int,
    ) -> None:
        self.pairs, self.corpus, self.nats, self.make = pairs, corpus, nats, make
        self.tokens = len(corpus.targets)
        self.shown = pairs[:: max(1, -(-len(pairs) // decoded))]

    def loss(self, tokens: int) -> float:
        """Nats a symbol on about so many target symbols."""
        total, count = 0.0, 0
        for batch in in_order(self.corpus, batch_tokens=LARGEST_BATCH):
            total += float(np.sum(self.nats(batch), dtype=np.float64))
            count += int(batch.target_lengths.sum())
            if count >= tokens:
                break
        return total / max(count, 1)

    def metrics(self) -> dict[str, Any]:
        """The figures of greedy translations, of some of the pairs spread evenly, and `loss` on all of them."""
        found = judge(self.make(), self.shown, GREEDY)
        return {"loss": self.loss(self.tokens), **found.tally.metrics()}
