"""Vectors of what stands around words: sums of rows, of which the first is nothing."""

import torch

from elman.nn.config import ContextHeadConfig
from elman.nn.context import ContextVectors

ROWS = torch.tensor([[[1, 2, 0], [3, 3, 0]], [[0, 0, 0], [2, 0, 1]]], dtype=torch.int32)  # (B, T, F)


def made(dropout: float = 0.0) -> ContextVectors:
    vectors = ContextVectors(ContextHeadConfig(context_width=4, context_dropout=dropout), rows=5)
    with torch.no_grad():
        vectors.E.normal_(generator=torch.Generator().manual_seed(1))
    return vectors


def test_vectors_are_sums_of_rows_and_row_0_adds_nothing() -> None:
    vectors = made()
    found = vectors(ROWS)
    for b, t in ((0, 0), (0, 1), (1, 0), (1, 1)):
        wanted = sum((vectors.E[int(row)] for row in ROWS[b, t] if row), torch.zeros(4))
        torch.testing.assert_close(found[b, t], wanted)


def test_only_the_rows_that_were_met_have_a_gradient() -> None:
    vectors = made()
    vectors(ROWS).sum().backward()
    gradient = vectors.E.grad
    assert gradient is not None and gradient.is_sparse
    assert gradient.to_dense()[:, 0].tolist() == [0, 2, 2, 2, 0]


def test_rows_are_dropped_in_training_alone_and_the_mean_stays() -> None:
    vectors = made(0.5)
    generator = torch.Generator().manual_seed(2)
    found = torch.stack([vectors(ROWS, generator) for _ in range(2000)])
    torch.testing.assert_close(found.mean(dim=0), vectors(ROWS), atol=0.12, rtol=0)
    assert found.std(dim=0)[0].min() > 0.05
    torch.testing.assert_close(vectors(ROWS), made()(ROWS))
