"""The network of taggers: what several members say together."""

from collections.abc import Iterable

import numpy as np
import pytest
import torch

from elman.data.config import TokenReadConfig
from elman.models.config import TaggerConfig
from elman.models.networks.tagger import Allowed, Member, TaggerNetwork
from elman.nn.config import LabelHeadConfig, StackConfig, WordEmbeddingConfig
from elman.nn.words import WordTensors
from elman.text.config import WordConfig

WORDS, K = 7, 4
LENGTHS = torch.tensor([3, 5])


def network(members: int) -> TaggerNetwork:
    """Two columns, the first of them with a CRF."""
    config = TaggerConfig(
        words_known=WORDS, characters_known=3, features_known=256, reading=TokenReadConfig(),
        words=WordConfig(hash_bits=8),
        embedding=WordEmbeddingConfig(word_width=5, feature_width=4), stack=StackConfig(hidden=6, bidirectional=True),
        head=LabelHeadConfig(members=members),
    )  # fmt: skip
    free: Allowed = (torch.ones(K).bool(), torch.ones(K, K).bool(), torch.ones(K).bool())
    made = TaggerNetwork(config, labels=(K, 3), allowed=(free, None), seen=torch.ones(WORDS))
    made.initialize(torch.Generator().manual_seed(1))
    return made


def words() -> WordTensors:
    """Two sentences of three and five words, each with a feature."""
    places = torch.tensor([[0, 1, 2, 0, 0], [3, 4, 5, 6, 0]])
    one = torch.arange(WORDS)
    return WordTensors(places, one, one + 10, one, torch.zeros(WORDS, 1, dtype=torch.long), torch.ones(WORDS).long())


def test_distributions_of_members_are_averaged_and_scores_of_a_crf_stay_apart() -> None:
    made = network(3)
    alone: list[list[torch.Tensor]] = [[], []]
    for member in made.members:
        assert isinstance(member, Member)
        h = member.states(words(), LENGTHS, seen=made.seen)
        for k, head in enumerate(member.heads):
            alone[k].append(head(h))
    first, second = made.emissions(words(), LENGTHS)
    torch.testing.assert_close(first, torch.stack(alone[0]))
    torch.testing.assert_close(second[0].exp(), sum(torch.softmax(one, dim=2) for one in alone[1]) / 3)
    assert made.transitions(1) == []
    every = [member.crf(0).transitions() for member in made.members]  # type: ignore[union-attr, operator]
    for found, wanted in zip(made.transitions(0), every, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("members", [1, 2])
def test_the_likeliest_label_of_each_step_is_that_of_the_distribution(members: int) -> None:
    made = network(members)
    (found,) = made.scores(words(), LENGTHS, [1])
    assert np.array_equal(found.argmax(dim=2), made.emissions(words(), LENGTHS)[1][0].argmax(dim=2))


def test_a_member_learns_as_if_it_were_alone() -> None:
    made, single = network(2), network(1)
    single.members[0].load_state_dict(made.members[0].state_dict())
    labels = torch.randint(0, 3, (2, 2, 5), generator=torch.Generator().manual_seed(3))

    def dense(parameters: Iterable[torch.nn.Parameter], nats: torch.Tensor) -> list[torch.Tensor]:
        return [one.to_dense() for one in torch.autograd.grad(nats, list(parameters))]

    one, count = single.loss(words(), labels, lengths=LENGTHS, generator=torch.Generator().manual_seed(1))
    both, same = made.loss(words(), labels, lengths=LENGTHS, generator=torch.Generator().manual_seed(1))
    assert count == same == int(LENGTHS.sum())
    alone, beside = dense(single.members.parameters(), one), dense(made.members[0].parameters(), 2 * both)
    for wanted, found in zip(alone, beside, strict=True):
        torch.testing.assert_close(found, wanted)


def test_members_share_no_weight() -> None:
    made = network(2)
    first, second = (dict(member.named_parameters()) for member in made.members)
    assert first.keys() == second.keys() and not set(map(id, first.values())) & set(map(id, second.values()))
    assert not torch.equal(first["embedding.E"], second["embedding.E"])
    assert sum(p.numel() for p in made.parameters()) == 2 * sum(p.numel() for p in first.values())
