"""What a language model reads, as an input: rows of E, and of the tables of n-grams that are counted by hand."""

import torch

from elman.nn.config import EmbeddingConfig
from elman.nn.ngrams import hash_ngrams
from elman.nn.symbols import SymbolEmbedding

CONFIG = EmbeddingConfig(embedding=3, ngrams=3, ngram_width=2, ngram_bits=4)
IDS = torch.tensor([[1, 5, 4], [1, 3, 0]])


def drawn(dropout: float = 0.0) -> SymbolEmbedding:
    found = SymbolEmbedding(CONFIG, symbols=7, cutoffs=(), start=1, dropout=dropout)
    with torch.no_grad():
        for p in found.parameters():
            p.normal_(generator=torch.Generator().manual_seed(len(p)))
    return found


def test_x_is_the_symbol_and_the_n_grams_that_end_there() -> None:
    found = drawn()
    x = found(IDS)
    tables = found.tables[0]
    for b in range(2):
        for t in range(3):
            before = torch.tensor([1, 1, *IDS[b, :t]])[-2:][None]
            hashes = hash_ngrams(IDS[b : b + 1, t : t + 1], before, orders=3, bits=4)[:, 0, 0]
            wanted = torch.cat([found.symbols.E[IDS[b, t]], tables[hashes[0]], tables[16 + hashes[1]]])
            torch.testing.assert_close(x[b, t], wanted)


def test_dropout_is_locked_and_in_training_alone() -> None:
    found = drawn(0.5)
    torch.testing.assert_close(found(IDS), drawn()(IDS))
    ratio = found(IDS, torch.Generator().manual_seed(1)) / drawn()(IDS)
    assert set(ratio.round(decimals=4).flatten().tolist()) == {0.0, 2.0}
    torch.testing.assert_close(ratio, ratio[:, :1].expand_as(ratio))
