"""The engine of language models: single steps against the path over whole sequences."""

import itertools

import numpy as np
import pytest

from elman.data.config import ReadConfig
from elman.models.config import LanguageModelConfig
from elman.models.engines.torch import TorchLanguageModel, build_network
from elman.nn.config import CELLS, EmbeddingConfig, SoftmaxConfig, StackConfig
from elman.text.config import TextConfig

N, B, T = 60, 2, 6


def make(cell: str, *, adaptive: bool, tied: bool) -> TorchLanguageModel:
    config = LanguageModelConfig(
        symbols=N, reading=ReadConfig(), text=TextConfig(), embedding=EmbeddingConfig(embedding=8, ngrams=2),
        stack=StackConfig(cell=cell, hidden=12), softmax=SoftmaxConfig(adaptive=adaptive, tied=tied),
    )  # fmt: skip
    return TorchLanguageModel(build_network(config, seed=1))


@pytest.mark.parametrize(("cell", "adaptive", "tied"), list(itertools.product(CELLS, [False, True], [False, True])))
def test_steps_say_what_the_sequence_says(cell: str, adaptive: bool, tied: bool) -> None:
    engine = make(cell, adaptive=adaptive, tied=tied)
    ids = np.random.default_rng(1).integers(2, N, size=(B, T + 1))
    start = engine.start(B)
    wanted, end = engine.nats(start, ids[:, :-1], targets=ids[:, 1:])
    state = start
    for t in range(T):
        logs, state = engine.step(state, ids[:, t])
        np.testing.assert_allclose(-logs[np.arange(B), ids[:, t + 1]], wanted[:, t], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(engine.log_probabilities(state), logs)
    for part, other in zip(state, end, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-5, atol=1e-6)


def test_judging_makes_no_copies_of_the_weights() -> None:
    engine = make("lstm", adaptive=False, tied=True)
    ids = np.zeros((B, T), dtype=np.int64)
    engine.nats(engine.read(engine.start(B), ids), ids, targets=ids)
    assert not {"stepper", "output"} & set(vars(engine))
