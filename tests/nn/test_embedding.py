"""Embeddings against look-ups in the whole matrix, and what dropout masks promise."""

import pytest
import torch

from elman.nn.config import EmbeddingConfig
from elman.nn.dropout import keep_mask, locked_dropout, weight_drop
from elman.nn.embedding import Clusters, Embedding
from elman.nn.init import initialize

IDS = torch.tensor([[0, 5, 39, 12], [7, 7, 20, 8]])


@pytest.mark.parametrize("cutoffs", [(), (8,), (8, 20)])
def test_vectors_are_rows_of_the_matrix(cutoffs: tuple[int, ...]) -> None:
    embedding = Embedding(40, EmbeddingConfig(embedding=64), cutoffs=cutoffs)
    initialize(embedding, torch.Generator().manual_seed(1))
    torch.testing.assert_close(embedding(IDS), embedding.matrix()[IDS])
    assert len({tuple(row) for row in embedding(IDS).flatten(0, 1).tolist()}) == 7  # symbol 7 stands twice


def test_gradients_reach_the_rows_that_were_read_and_no_others() -> None:
    clusters = Clusters(40, 64, (8, 20))
    initialize(clusters, torch.Generator().manual_seed(1))
    clusters(IDS).sum().backward()
    touched = [table.grad.abs().sum(dim=1) > 0 for table in clusters.tables if table.grad is not None]
    assert torch.cat(touched).nonzero()[:, 0].tolist() == sorted(set(IDS.flatten().tolist()))


def test_rare_symbols_have_narrow_tables() -> None:
    assert [table.shape[1] for table in Clusters(40, 256, (8, 20)).tables] == [256, 128, 64]
    assert [table.shape[1] for table in Clusters(40, 40, (8, 20)).tables] == [40, 32, 32]


def test_a_dropped_symbol_is_dropped_wherever_it_stands() -> None:
    embedding = Embedding(40, EmbeddingConfig(embedding=16, embedding_dropout=0.5))
    initialize(embedding, torch.Generator().manual_seed(1))
    found, plain = embedding(IDS, torch.Generator().manual_seed(2)), embedding(IDS)
    ratio = found / plain
    assert torch.equal(ratio[1, 0], ratio[1, 1])
    assert set(ratio.unique().tolist()) == {0.0, 2.0}


def test_a_locked_mask_is_the_same_at_all_steps_and_another_in_each_row() -> None:
    x = torch.ones(6, 9, 50)
    dropped = locked_dropout(x, 0.4, torch.Generator().manual_seed(1))
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped))
    assert not torch.equal(dropped[0], dropped[1])
    assert locked_dropout(x, 0.4, None) is x
    assert weight_drop(x[0], 0.4, None) is x[0] or torch.equal(weight_drop(x[0], 0.4, None), x[0])


def test_masks_keep_the_mean_and_repeat() -> None:
    like = torch.zeros(1)
    masks = [keep_mask((200_000,), 0.3, like=like, generator=torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    assert abs(masks[0].mean().item() - 1) < 0.01
