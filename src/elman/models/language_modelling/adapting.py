"""A language model that goes on learning while it is judged: dynamic evaluation, and the neural cache.

Knows a network and a corpus; every symbol is scored before anything is learnt from it. Called by
`models.language_modelling.judging`; the figures stand apart from the static ones.
"""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from elman.data.batches import Batch, in_order, line_batch
from elman.data.corpus import Corpus
from elman.decoding.cache import NeuralCache
from elman.metrics.perplexity import LanguageModelTally
from elman.models.engines.torch_language_model import adapting_nats
from elman.models.networks.language_model import LanguageModelNetwork, State
from elman.training.dynamic import DynamicWeights

SEGMENT = 32
"""Symbols that are scored before the weights move."""


def adapt(network: LanguageModelNetwork, corpus: Corpus, *, tally: LanguageModelTally) -> dict[str, Any]:
    """The figures of dynamic evaluation, of the neural cache, and of both, on a corpus whose static tally is given.

    Each line begins from a fresh state, but what was learnt stays. The network itself is not changed.
    """
    found: dict[str, Any] = {}
    for name, learning, caching in (("dynamic", True, False), ("cache", False, True), ("both", True, True)):
        adapted = copy.deepcopy(network) if learning else network
        weights = DynamicWeights(adapted, frozen=adapted.tables) if learning else None
        cache = NeuralCache(network.config.stack.hidden) if caching else None
        nats = 0.0
        state: State | None = None
        for batch in _batches(corpus):
            scored, h, state = adapting_nats(adapted, batch, state, weights=weights)
            nats += float((scored if cache is None else cache.mixed(scored, h, batch.targets[0])).sum())
        found[name] = replace(tally, nats=nats).metrics()
    return found


def _batches(corpus: Corpus) -> Iterator[Batch]:
    """The text as it stands, a segment at a time: one row."""
    if corpus.starts is None:
        yield from in_order(corpus, batch_size=1, segment=SEGMENT)
        return
    for line in range(corpus.counts.sequences):
        symbols = int(corpus.starts[line + 1] - corpus.starts[line]) + 1
        for segment in range(-(-symbols // SEGMENT)):
            yield line_batch(corpus, np.array([line]), segment=segment, steps=SEGMENT)
