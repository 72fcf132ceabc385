"""The engine of language models: single steps against the path over whole sequences."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from elman.data.batches import Batch
from elman.data.config import ReadConfig
from elman.models.config import LanguageModelConfig
from elman.models.engines.torch_language_model import FEW_ROWS, SHORT, TorchLanguageModel, batch_nats, build_network
from elman.nn.config import CELLS, EmbeddingConfig, SoftmaxConfig, StackConfig
from elman.text.config import TextConfig

N, T = 60, 6


def make(cell: str, *, adaptive: bool, tied: bool, hidden: int) -> TorchLanguageModel:
    config = LanguageModelConfig(
        symbols=N, reading=ReadConfig(), text=TextConfig(), embedding=EmbeddingConfig(embedding=SHORT, ngrams=2),
        stack=StackConfig(cell=cell, hidden=hidden), softmax=SoftmaxConfig(adaptive=adaptive, tied=tied),
    )  # fmt: skip
    return TorchLanguageModel(build_network(config, seed=1))


@pytest.mark.parametrize("rows", [1, FEW_ROWS, FEW_ROWS + 2])
@pytest.mark.parametrize(("cell", "adaptive", "tied"), list(itertools.product(CELLS, [False, True], [False, True])))
def test_steps_say_what_the_sequence_says(cell: str, adaptive: bool, tied: bool, rows: int) -> None:
    engine = make(cell, adaptive=adaptive, tied=tied, hidden=SHORT + 5)
    ids = np.random.default_rng(1).integers(2, N, size=(rows, T + 1))
    state = engine.start(rows)
    wanted, end = engine.nats(state, ids[:, :-1], targets=ids[:, 1:])
    for t in range(T):
        logs, state = engine.step(state, ids[:, t])
        assert logs.dtype == np.float32 and logs.shape == (rows, N)
        np.testing.assert_allclose(-logs[np.arange(rows), ids[:, t + 1]], wanted[:, t], rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(engine.log_probabilities(state), logs)
    for part, other in zip(state, end, strict=True):
        np.testing.assert_allclose(part, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rows", [1, FEW_ROWS + 1])
def test_steps_read_the_weights_as_they_are(rows: int) -> None:
    engine = make("lstm", adaptive=False, tied=True, hidden=SHORT)
    ids = np.full((rows, 1), 5)
    state = engine.start(rows)
    with torch.no_grad():
        for p in engine.network.parameters():
            p.mul_(-1.5)
    wanted, _ = engine.nats(state, ids, targets=ids)
    np.testing.assert_allclose(-engine.step(state, ids[:, 0])[0][:, 5], wanted[:, 0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_a_batch_goes_on_from_the_rows_that_it_names_or_from_a_fresh_state(cell: str) -> None:
    network = make(cell, adaptive=False, tied=False, hidden=7).network
    ids = np.random.default_rng(1).integers(2, N, size=(3, T + 1))
    lengths = np.full(3, T)
    first = Batch(ids[:, :-1], ids[:, 1:], lengths, None)
    ends = [batch_nats(network, Batch(row[None, :-1], row[None, 1:], lengths[:1], None), None)[1] for row in ids]
    _, state = batch_nats(network, first, None)
    found, _ = batch_nats(network, replace(first, continues=np.array([2, -1, 0])), state)
    wanted = 0.0
    for row, before in zip(ids, (ends[2], None, ends[0]), strict=True):
        alone = Batch(row[None, :-1], row[None, 1:], lengths[:1], None if before is None else np.array([0]))
        wanted += batch_nats(network, alone, before)[0]
    assert found == pytest.approx(wanted, rel=1e-5)
    assert found != pytest.approx(batch_nats(network, replace(first, continues=np.arange(3)), state)[0], rel=1e-5)
