"""Vectors of words against look-ups made one word at a time, and what dropping them does."""

import math

import pytest
import torch
from torch import Tensor

from elman.nn.config import WordEmbeddingConfig
from elman.nn.init import initialize
from elman.nn.words import MANY_CHARACTERS, WordEmbedding, WordTensors

WORDS, CHARACTERS, HASHED = 6, 9, 32
SIZES = {"word_width": 4, "feature_width": 3, "character_width": 5, "character_hidden": 2}
FEATURES = [[3, 7, 7], [], [31], [0, 8]]
SPELT = [[1, 2, 3], [], [4], [8, 8]]
IDS = [5, 0, 2, 3]
PLACES = torch.tensor([[0, 1, 2, 0], [3, 3, 0, 0]])


def make(**options: float) -> WordEmbedding:
    config = WordEmbeddingConfig(
        **{**SIZES, "word_dropout": 0.0, "feature_dropout": 0.0, "input_dropout": 0.0, **options}
    )
    made = WordEmbedding(config, words=WORDS, characters=CHARACTERS, features=HASHED, compute=torch.float32)
    initialize(made, torch.Generator().manual_seed(1))
    if config.feature_width:
        torch.nn.init.normal_(made.features, generator=torch.Generator().manual_seed(2))
    return made


def batch(places: Tensor = PLACES) -> WordTensors:
    """Four distinct words, the second of them empty."""
    sizes = torch.tensor([len(characters) for characters in SPELT])
    padded = torch.tensor([[*characters, 0, 0, 0][:3] for characters in SPELT])
    starts = torch.tensor([0, 3, 3, 4])
    return WordTensors(
        places, torch.tensor(IDS), torch.tensor([row for rows in FEATURES for row in rows]), starts, padded, sizes
    )


def by_hand(made: WordEmbedding, word: int) -> Tensor:
    """The vector of one distinct word, put together part by part."""
    parts = []
    if made.config.word_width:
        parts.append(made.E[IDS[word]])
    if made.config.feature_width:
        bag = sum((made.features[row] for row in FEATURES[word]), torch.zeros(made.config.feature_width))
        parts.append(bag / math.sqrt(max(1, len(FEATURES[word]))))
    if made.config.character_hidden:
        x = made.alphabet[torch.tensor(SPELT[word], dtype=torch.long)][None]  # (1, C, D), without padding
        _, (h, _) = made.reader(x)
        parts += [h[0, 0], h[1, 0]]
    return torch.cat(parts)


@pytest.mark.parametrize("left_out", [None, "word_width", "feature_width", "character_hidden"])
def test_a_vector_is_its_parts_side_by_side_by_value_and_gradient(left_out: str | None) -> None:
    made = make(**({} if left_out is None else {left_out: 0}))
    wanted = torch.stack([torch.stack([by_hand(made, int(word)) for word in row]) for row in PLACES])
    got = made(batch(), torch.ones(WORDS))
    assert got.shape == (2, 4, made.config.width)
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)
    weight = torch.randn(got.shape, generator=torch.Generator().manual_seed(3))
    found = []
    for x in (wanted, got):
        gradients = torch.autograd.grad((x * weight).sum(), list(made.parameters()))
        found.append([gradient.to_dense() for gradient in gradients])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-4, atol=1e-6)


def test_the_gradients_of_the_tables_have_the_rows_that_were_met_and_no_others() -> None:
    made = make()
    assert [id(table) for table in made.tables] == [id(made.E), id(made.features)]
    made(batch(), torch.ones(WORDS)).sum().backward()
    for table, rows in ((made.E, {5, 0, 2, 3}), (made.features, {0, 3, 7, 8, 31})):
        assert table.grad is not None and table.grad.is_sparse
        assert set(table.grad.coalesce().indices()[0].tolist()) == rows


def test_a_word_has_the_same_vector_in_any_company() -> None:
    made = make()
    alone = WordTensors(
        torch.tensor([[0]]), torch.tensor(IDS[3:]), torch.tensor(FEATURES[3]), torch.tensor([0]),
        torch.tensor([SPELT[3]]), torch.tensor([2]),
    )  # fmt: skip
    wanted = made(alone, torch.ones(WORDS))[0, 0]
    torch.testing.assert_close(made(batch(), torch.ones(WORDS))[1, 0], wanted, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("longest", [40, 9])  # words of every group, and fewer steps than a group would have
def test_many_words_that_are_read_by_their_length_are_read_one_by_one_by_value_and_gradient(longest: int) -> None:
    made = make(word_width=0, feature_width=0)
    lengths = torch.randint(0, longest + 1, (300,), generator=torch.Generator().manual_seed(4))
    lengths[0] = longest
    characters = torch.randint(CHARACTERS, (300, longest), generator=torch.Generator().manual_seed(5))
    assert characters.numel() >= MANY_CHARACTERS
    nothing = torch.zeros(0, dtype=torch.long)
    words = WordTensors(torch.arange(300)[None], nothing, nothing, nothing, characters, lengths)
    ends = [
        made.reader(made.alphabet[row[:length]][None])[1][0][:, 0]
        for row, length in zip(characters, lengths, strict=True)
    ]
    wanted, got = torch.stack(ends).flatten(1)[None], made(words, torch.ones(WORDS))
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)
    weight = torch.randn(got.shape, generator=torch.Generator().manual_seed(3))
    found = [torch.autograd.grad((x * weight).sum(), list(made.parameters())) for x in (wanted, got)]
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(b, a, rtol=1e-3, atol=1e-5)


def test_however_many_words_and_characters_there_are_they_are_read_in_few_shapes() -> None:
    made = make(word_width=0, feature_width=0)
    shapes = set()
    made.reader.register_forward_pre_hook(lambda _, given: shapes.add(tuple(given[0].shape[:2])))
    nothing, draw = torch.zeros(0, dtype=torch.long), torch.Generator().manual_seed(4)
    for words in (1, 7, 31, 32, 90, 200):
        for longest in range(1, 33):
            lengths = torch.randint(0, longest + 1, (words,), generator=draw)
            characters = torch.zeros(words, longest, dtype=torch.long)
            made(WordTensors(torch.arange(words)[None], nothing, nothing, nothing, characters, lengths), torch.ones(1))
    assert {steps for _, steps in shapes} == {3, 6, 10, 12, 16, 20, 24, 28, 32}
    assert {rows % 32 for rows, _ in shapes} == {0}


def test_a_word_is_unknown_the_oftener_the_rarer_it_was() -> None:
    made = make(feature_width=0, character_hidden=0, word_dropout=2.0)
    seen = torch.tensor([9.0, 1.0, 6.0, 2.0, 1.0, 0.0])
    found = made(batch(torch.arange(4).repeat(1, 5000)), seen, torch.Generator().manual_seed(5))
    unknown = (found == made.E[0]).all(dim=2).view(-1, 4).double().mean(dim=0)
    # a / (a + n): word 5 was never met, which counts as once: 2/3; 0 is unknown anyway; word 2 six times: 2/8; word 3
    # twice: 2/4. A share of 5,000 varies by less than 0.008.
    for share, wanted in zip(unknown.tolist(), [2 / 3, 1.0, 0.25, 0.5], strict=True):
        assert abs(share - wanted) < 0.03
    assert not (made(batch(), seen) == made.E[0]).all(dim=2)[PLACES != 1].any()


def test_dropped_features_leave_the_mean_and_repeat_with_the_seed() -> None:
    made = make(word_width=0, character_hidden=0, feature_dropout=0.5)
    torch.nn.init.ones_(made.features)
    draws = [
        made(batch(), torch.ones(WORDS), torch.Generator().manual_seed(seed))[0, 0, 0].item() for seed in range(500)
    ]
    # Three features over the root of three: 0, 2, 4 or 6 over it with 1, 3, 3, 1 in 8.
    assert {round(value * math.sqrt(3)) for value in draws} == {0, 2, 4, 6}
    assert abs(sum(draws) / len(draws) - math.sqrt(3)) < 0.2
    again = made(batch(), torch.ones(WORDS), torch.Generator().manual_seed(7))
    assert torch.equal(again, made(batch(), torch.ones(WORDS), torch.Generator().manual_seed(7)))


def test_inputs_are_dropped_alike_at_all_steps_and_not_in_evaluation() -> None:
    made = make(input_dropout=0.5)
    places = torch.zeros(3, 4, dtype=torch.long)
    x = made(batch(places), torch.ones(WORDS), torch.Generator().manual_seed(1))
    assert torch.equal(x, x[:, :1].expand_as(x))
    assert (x == 0).any() and not torch.equal(x[0], x[1])
    torch.testing.assert_close(x[x != 0], (2 * made(batch(places), torch.ones(WORDS)))[x != 0])
