"""First weights: what each kind of matrix must be, and the same from the same seed."""

import math

import pytest
import torch

from elman.nn.config import CELLS, EmbeddingConfig, StackConfig
from elman.nn.embedding import Embedding
from elman.nn.init import initialize
from elman.nn.softmax import AdaptiveSoftmax
from elman.nn.stack import Direction, Stack


def drawn(cell: str, seed: int) -> Stack:
    stack = Stack(9, StackConfig(cell=cell, layers=2, hidden=8, bidirectional=True))
    initialize(stack, torch.Generator().manual_seed(seed))
    return stack


@pytest.mark.parametrize("cell", CELLS)
def test_the_same_seed_gives_the_same_bits_and_another_seed_others(cell: str) -> None:
    first, again, other = (list(drawn(cell, seed).parameters()) for seed in (1, 1, 2))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("cell", ["elman", "gru", "lstm"])
def test_recurrent_weights_are_orthogonal_gate_by_gate(cell: str) -> None:
    for direction in drawn(cell, 1).modules():
        if isinstance(direction, Direction):
            for gate in direction.U.detach().split(8):
                torch.testing.assert_close(gate @ gate.T, torch.eye(8), rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS)
def test_input_weights_are_bounded_and_biases_zero_but_for_the_gate_that_forgets(cell: str) -> None:
    for direction in drawn(cell, 1).modules():
        if isinstance(direction, Direction):
            bound = 1 / math.sqrt(direction.W.shape[1])
            assert 0.9 * bound < direction.W.abs().max() <= bound
            wanted = torch.zeros_like(direction.b)
            if cell == "lstm":
                wanted[8:16] = 1
            assert torch.equal(direction.b, wanted)


def test_rows_of_all_clusters_have_the_same_expected_length_where_they_are_the_output_matrix_too() -> None:
    embedding = Embedding(3000, EmbeddingConfig(embedding=64), cutoffs=(1000, 2000))
    head = AdaptiveSoftmax(3000, 64, embedding=embedding)
    initialize(torch.nn.ModuleList([embedding, head]), torch.Generator().manual_seed(1))
    squares = embedding.matrix().detach().square().sum(dim=1)
    for cluster in squares.split(1000):
        assert 0.8 < cluster.mean() < 1.25  # 1 expected; a projection of 32 x 64 weights varies by 2 / sqrt(2048)
