"""The torch engine of seq2seq against its network: numbers in and out, and texts that change their places."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from elman.models.engines.torch_seq2seq import (
    TorchSeq2Seq,
    build_seq2seq,
    pair_tensors,
    seq2seq_loss,
    seq2seq_shapes,
)
from elman.nn.config import DecoderConfig, PairEmbeddingConfig, Seq2SeqShape, StackConfig

N = 9
SOURCE = np.array([[4, 5, 2], [7, 2, 0], [3, 8, 2]])
LENGTHS = np.array([3, 2, 3])
COPIES = np.array([[5, 9, 2], [3, 2, 0], [10, 9, 2]])
TARGET = np.array([[1, 5, 9, 6], [1, 4, 0, 0], [1, 10, 9, 0]])
GOLD = np.array([[5, 9, 6, 2], [4, 2, 0, 0], [10, 9, 2, 0]])
TARGET_LENGTHS = np.array([4, 2, 3])


def shape(**decoder: Any) -> Seq2SeqShape:
    embedding = PairEmbeddingConfig(embedding=4, input_dropout=0.0, symbol_dropout=0.0)
    config = DecoderConfig(**{"copy": True, "coverage": 1.0, "output_dropout": 0.0, **decoder})
    return Seq2SeqShape(N, N, True, embedding, StackConfig(cell="lstm", hidden=6, bidirectional=True), config)


def batch() -> Any:
    return SimpleNamespace(
        source=SOURCE, source_lengths=LENGTHS, target=TARGET, gold=GOLD, target_lengths=TARGET_LENGTHS, copies=COPIES
    )


def walked(engine: TorchSeq2Seq) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """-ln p of the gold symbols, and what was looked at, step by step."""
    state, nats, looked = engine.encode(SOURCE, LENGTHS, COPIES), [], []
    for t in range(TARGET.shape[1]):
        logs, state = engine.step(state, TARGET[:, t])
        nats.append(-logs[np.arange(3), GOLD[:, t]])
        looked.append(engine.attended(state)[0])
    real = np.arange(TARGET.shape[1]) < TARGET_LENGTHS[:, None]
    return np.where(real, np.stack(nats, axis=1), 0), np.stack(looked, axis=1)


@pytest.mark.parametrize("feeding", [False, True])
def test_steps_give_the_nats_of_the_whole_and_look_at_real_places_alone(feeding: bool) -> None:
    engine = TorchSeq2Seq(build_seq2seq(shape(input_feeding=feeding), seed=1))
    nats, looked = walked(engine)
    np.testing.assert_allclose(engine.nats(batch()), nats, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(looked.sum(axis=2), 1, rtol=1e-5)
    assert (looked[1, :, 2] == 0).all() and engine.attends


def test_texts_may_change_places_and_sources_may_leave() -> None:
    engine = TorchSeq2Seq(build_seq2seq(shape(input_feeding=True), seed=1))
    state = engine.encode(SOURCE, LENGTHS, COPIES)
    _, state = engine.step(state, TARGET[:, 0])
    rows = np.array([2, 0, 0, 2])
    wide = engine.choose(state, rows)
    for there, here in zip(engine.attended(wide), engine.attended(state), strict=True):
        np.testing.assert_array_equal(there, here[rows])
    np.testing.assert_array_equal(engine.attended(wide)[1], [3, 3, 3, 3])
    ids = np.array([5, 4, 10, 5])
    logs, after = engine.step(wide, ids)
    for place, (row, symbol) in enumerate(zip(rows, ids, strict=True)):
        alone, _ = engine.step(engine.choose(state, np.array([row])), np.array([symbol]))
        np.testing.assert_allclose(logs[place], alone[0], rtol=1e-5, atol=1e-5)
    swapped = engine.choose(after, np.array([3, 2, 1, 0]))  # each place keeps its source: nothing is gathered anew
    assert swapped.memory is after.memory
    again, _ = engine.step(swapped, ids[::-1].copy())
    kept, _ = engine.step(after, ids)
    np.testing.assert_allclose(again, kept[::-1], rtol=1e-5, atol=1e-5)
    assert engine.choose(after, np.array([1, 0])).memory is None


def test_a_step_leaves_the_state_that_it_is_given() -> None:
    engine = TorchSeq2Seq(build_seq2seq(shape(), seed=1))
    state = engine.encode(SOURCE, LENGTHS, COPIES)
    first, _ = engine.step(state, TARGET[:, 0])
    second, _ = engine.step(state, TARGET[:, 0])
    np.testing.assert_array_equal(first, second)


def test_weights_go_out_and_come_in_under_the_names_that_are_known_before() -> None:
    engine = TorchSeq2Seq(build_seq2seq(shape(), seed=1))
    arrays = engine.arrays()
    assert {name: array.shape for name, array in arrays.items()} == seq2seq_shapes(shape())
    assert engine.parameters() == sum(array.size for array in arrays.values())
    again = TorchSeq2Seq(build_seq2seq(shape(), start=arrays))
    np.testing.assert_array_equal(again.nats(batch()), engine.nats(batch()))


@dataclass
class Run:
    progress: float


def test_the_loss_samples_more_the_further_the_run_is() -> None:
    network = build_seq2seq(shape(scheduled_sampling=0.8, label_smoothing=0.0), seed=1)
    run = Run(0.0)
    loss = seq2seq_loss(network, progress=lambda: run.progress)
    for progress in (0.0, 0.5, 1.0):
        run.progress = progress
        nats, count, state = loss(batch(), None, torch.Generator().manual_seed(4))
        tensors = pair_tensors(batch(), torch.device("cpu"))
        wanted, _ = network.loss(tensors, torch.Generator().manual_seed(4), sampled=0.8 * progress)
        assert (nats.item(), count, state) == (wanted.item(), 9, ())
    whole = seq2seq_loss(network)(batch(), None, torch.Generator().manual_seed(4))[0]
    assert whole.item() == nats.item()
    run.progress = 0.0
    assert loss(batch(), None, torch.Generator().manual_seed(4))[0].item() != whole.item()
