"""N-grams: hashes by what they must tell apart, vectors by look-up, and rows that are stepped alone."""

import torch

from elman.nn.ngrams import NgramEmbedding, hash_ngrams, latest

IDS = torch.tensor([[0, 5, 39, 12], [7, 7, 20, 8]])


def test_hashes_depend_on_the_whole_ngram_and_on_nothing_else() -> None:
    recent = torch.tensor([[1, 2, 3], [9, 2, 3]])
    ids = torch.tensor([[4, 5], [4, 5]])
    hashes = hash_ngrams(ids, recent, orders=4, bits=20)
    # Row 0 and row 1 differ three symbols back: only the 4-gram at the first step sees it.
    assert (hashes[:, 0] != hashes[:, 1]).nonzero().tolist() == [[2, 0]]
    assert len(hashes[:, 0].unique()) == 6
    assert hashes.min() >= 0 and hashes.max() < 2**20


def test_hashes_do_not_depend_on_where_a_text_is_cut() -> None:
    ids = torch.randint(0, 50, (2, 30), generator=torch.Generator().manual_seed(1))
    recent = torch.zeros(2, 4, dtype=torch.long)
    whole = hash_ngrams(ids, recent, orders=5, bits=16)
    after = latest(ids[:, :11], recent, lengths=None)
    parts = [hash_ngrams(ids[:, :11], recent, orders=5, bits=16), hash_ngrams(ids[:, 11:], after, orders=5, bits=16)]
    assert torch.equal(torch.cat(parts, dim=2), whole)


def test_hashes_are_spread_over_the_table() -> None:
    ids = torch.arange(60_000)[None] % 65_536 * 977 % 65_521
    counts = torch.bincount(
        hash_ngrams(ids, torch.zeros(1, 1, dtype=torch.long), orders=2, bits=8)[0, 0], minlength=256
    )
    assert counts.min() > 0.6 * 60_000 / 256 and counts.max() < 1.5 * 60_000 / 256


def test_ngram_vectors_stand_side_by_side_in_order() -> None:
    ngrams = NgramEmbedding(3, bits=6, width=2)
    torch.nn.init.normal_(ngrams.tables)
    recent = torch.tensor([[1, 1], [1, 1]])
    rows = hash_ngrams(IDS, recent, orders=3, bits=6)
    wanted = torch.cat([ngrams.tables[rows[0]], ngrams.tables[64 + rows[1]]], dim=2)
    torch.testing.assert_close(ngrams(IDS, recent), wanted)
    ngrams(IDS, recent).sum().backward()
    assert ngrams.tables.grad is not None and ngrams.tables.grad.is_sparse


def test_the_latest_symbols_of_rows_of_uneven_length() -> None:
    recent = torch.tensor([[8, 9], [8, 9]])
    assert latest(IDS, recent, lengths=torch.tensor([1, 0])).tolist() == [[9, 0], [8, 9]]
    assert latest(IDS, recent, lengths=torch.tensor([4, 3])).tolist() == [[39, 12], [7, 20]]


def test_dropped_ngrams_are_dropped_each_by_itself_and_the_mean_stays() -> None:
    ngrams = NgramEmbedding(3, bits=6, width=2, dropout=0.5)
    torch.nn.init.ones_(ngrams.tables)
    ids, recent = torch.zeros(40, 50, dtype=torch.long), torch.zeros(40, 2, dtype=torch.long)
    found = ngrams(ids, recent, torch.Generator().manual_seed(1)).view(40, 50, 2, 2)
    assert torch.equal(found[..., 0], found[..., 1])
    assert set(found.unique().tolist()) == {0.0, 2.0}
    assert abs(found.mean().item() - 1) < 0.05
    assert len(found[0, :, 0, 0].unique()) == 2 and not torch.equal(found[..., 0, 0], found[..., 1, 0])
    assert torch.equal(found, ngrams(ids, recent, torch.Generator().manual_seed(1)).view(40, 50, 2, 2))
    assert ngrams(ids, recent).unique().tolist() == [1.0]
