"""The network of taggers: what several members say together."""

import dataclasses

import numpy as np
import pytest
import torch

from elman.data.config import TokenReadConfig
from elman.errors import OptionError
from elman.models.config import TaggerConfig
from elman.models.networks.tagger import Allowed, Member, TaggerNetwork, generators
from elman.nn.config import ContextHeadConfig, LabelHeadConfig, StackConfig, WordEmbeddingConfig
from elman.nn.words import WordTensors
from elman.text.config import ContextConfig, WordConfig

WORDS, K = 7, 4
HEAD = ContextHeadConfig(context_width=3)
LENGTHS = torch.tensor([3, 5])


def network(
    members: int, *, turns: bool = False, context: bool = False, smoothing: float = 0.0, **embedding: int
) -> TaggerNetwork:
    """Two columns, the first of them with a CRF."""
    config = TaggerConfig(
        words_known=WORDS, characters_known=3, features_known=256, reading=TokenReadConfig(),
        words=WordConfig(hash_bits=8),
        embedding=WordEmbeddingConfig(**{"word_width": 5, "feature_width": 4, **embedding}),
        stack=StackConfig(hidden=6, bidirectional=True),
        head=LabelHeadConfig(members=members, label_smoothing=smoothing), turns=turns or None,
        **({"contexts": ContextConfig(context=True), "context_head": HEAD, "contexts_known": 9} if context else {}),
    )  # fmt: skip
    free: Allowed = (torch.ones(K).bool(), torch.ones(K, K).bool(), torch.ones(K).bool())
    made = TaggerNetwork(config, labels=(K, 3), allowed=(free, None), seen=torch.ones(WORDS))
    made.initialize(torch.Generator().manual_seed(1))
    return made


def words() -> WordTensors:
    """Two sentences of three and five words, each with a feature."""
    places = torch.tensor([[0, 1, 2, 0, 0], [3, 4, 5, 6, 0]])
    one = torch.arange(WORDS)
    known = (places, one, one + 10, one, torch.zeros(WORDS, 1, dtype=torch.long), torch.ones(WORDS).long())
    return WordTensors(*known, contexts=torch.arange(40).reshape(2, 5, 4) % 9)


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


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_what_is_log_linear_in_contexts_stands_beside_the_mean_of_the_members(smoothing: float) -> None:
    made = network(2, context=True, smoothing=smoothing)
    beside = made.log_linear
    assert beside is not None
    with torch.no_grad():
        beside.contexts.E.normal_(generator=torch.Generator().manual_seed(4))
    rows = words().contexts
    assert rows is not None
    v = beside.contexts.E[rows]
    v = (v * (rows > 0)[..., None]).sum(dim=2)  # (B, T, D)
    scores = [v @ head.V.T + head.b for head in beside.heads]
    alone = [member.states(words(), LENGTHS, seen=made.seen) for member in made.members]  # type: ignore[operator]
    apart = [member.heads[1](h) for member, h in zip(made.members, alone, strict=True)]  # type: ignore[index]
    first, second = made.emissions(words(), LENGTHS)
    assert first.shape == (3, 2, 5, K) and len(made.transitions(0)) == 3
    torch.testing.assert_close(first[2], scores[0])
    own = torch.softmax(scores[1], dim=2) * (1 - smoothing) + smoothing / 3
    torch.testing.assert_close(second[0].exp(), sum(torch.softmax(one, dim=2) for one in apart) / 2)
    torch.testing.assert_close(second[1].exp(), own)


def test_what_is_log_linear_learns_from_labels_that_are_not_smoothed() -> None:
    made = network(1, context=True, smoothing=0.3)
    assert made.log_linear is not None
    labels = torch.randint(0, 3, (2, 2, 5), generator=torch.Generator().manual_seed(3))
    nats, _ = made.loss(words(), labels, lengths=LENGTHS, generator=torch.Generator().manual_seed(1))
    nats.backward()  # type: ignore[no-untyped-call]
    head = made.log_linear.heads[1]
    found = head.b.grad
    real = torch.arange(5) < LENGTHS[:, None]
    counts = torch.bincount(labels[1][real], minlength=3)
    wanted = (
        (8 / 3 - counts) * made.config.head.auxiliary_weight / 2
    )  # E is 0: every label has a third; the mean of two
    torch.testing.assert_close(found, wanted)
    assert any(made.log_linear.contexts.E is one for one in made.tables)


def test_a_network_beside_what_is_log_linear_learns_as_if_it_were_alone() -> None:
    made, single = network(1, context=True), network(1)
    single.members[0].load_state_dict(made.members[0].state_dict())
    labels = torch.randint(0, 3, (2, 2, 5), generator=torch.Generator().manual_seed(3))
    own = generators(torch.Generator().manual_seed(1), 2)[0]
    one, _ = single.loss(words(), labels, lengths=LENGTHS, generator=own)
    both, _ = made.loss(words(), labels, lengths=LENGTHS, generator=torch.Generator().manual_seed(1))
    one.backward()  # type: ignore[no-untyped-call]
    (2 * both).backward()  # type: ignore[no-untyped-call]
    for wanted, found in zip(gradients(single.members[0]), gradients(made.members[0]), strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("missing", ["contexts", "context_head", "contexts_known"])
def test_half_of_what_reads_contexts_is_refused(missing: str) -> None:
    config = network(1, context=True).config
    with pytest.raises(OptionError, match="half"):
        dataclasses.replace(config, **{missing: None})
    with pytest.raises(OptionError, match="contexts_known"):
        dataclasses.replace(config, contexts_known=0)
    with pytest.raises(OptionError, match="table of contexts"):
        big = ContextConfig(context=True, most_contexts=1 << 22)
        wide = ContextHeadConfig(context_width=4096)
        dataclasses.replace(config, contexts=big, context_head=wide, contexts_known=1 << 22)


@pytest.mark.parametrize("members", [1, 2])
def test_the_likeliest_label_of_each_step_is_that_of_the_distribution(members: int) -> None:
    made = network(members)
    (found,) = made.scores(words(), LENGTHS, [1])
    assert np.array_equal(found.argmax(dim=2), made.emissions(words(), LENGTHS)[1][0].argmax(dim=2))


def test_a_member_learns_as_if_it_were_alone() -> None:
    made, single = network(2), network(1)
    single.members[0].load_state_dict(made.members[0].state_dict())
    labels = torch.randint(0, 3, (2, 2, 5), generator=torch.Generator().manual_seed(3))

    own = generators(torch.Generator().manual_seed(1), 2)[0]
    one, count = single.loss(words(), labels, lengths=LENGTHS, generator=own)
    both, same = made.loss(words(), labels, lengths=LENGTHS, generator=torch.Generator().manual_seed(1))
    assert count == same == int(LENGTHS.sum())
    one.backward()  # type: ignore[no-untyped-call]
    (2 * both).backward()  # type: ignore[no-untyped-call]
    for wanted, found in zip(gradients(single.members[0]), gradients(made.members[0]), strict=True):
        torch.testing.assert_close(found, wanted)


def gradients(member: torch.nn.Module) -> list[torch.Tensor]:
    """Those of all weights, whole."""
    return [p.grad.to_dense() for p in member.parameters() if p.grad is not None]


def test_members_learn_the_same_in_one_thread_and_in_several() -> None:
    """To the bit: nothing that two threads share is added up."""
    labels = torch.randint(0, 3, (2, 2, 5), generator=torch.Generator().manual_seed(3))
    found = []
    before = torch.get_num_threads()
    try:
        for threads in (1, 2, 3):
            torch.set_num_threads(threads)
            made = network(3)
            nats, _ = made.loss(words(), labels, lengths=LENGTHS, generator=torch.Generator().manual_seed(1))
            nats.backward()  # type: ignore[no-untyped-call]
            found.append([nats.detach(), *(g for member in made.members for g in gradients(member))])
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    sizes = {len(some) for some in found}
    assert sizes == {1 + len(list(made.parameters()))}
    for one, *others in zip(*found, strict=True):
        assert one.any() and all(torch.equal(one, other) for other in others)


def test_a_member_that_fails_in_its_thread_fails_the_loss() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(IndexError):
            network(2).loss(words(), torch.full((2, 2, 5), K), lengths=LENGTHS, generator=torch.Generator())
    finally:
        torch.set_num_threads(before)


def test_members_take_turns_in_reading_features_and_characters() -> None:
    made = network(3, turns=True, character_hidden=3)
    tables = [{name for name, _ in member.embedding.named_parameters()} for member in made.members]
    assert [("features" in some, "alphabet" in some) for some in tables] == [
        (True, False),
        (False, True),
        (True, False),
    ]
    assert [member.stack.width for member in made.members] == [9, 11, 9] and all("E" in some for some in tables)
    for alike, wanted in ((network(2, character_hidden=3), {"features", "alphabet"}), (network(2), {"features"})):
        for member in alike.members:
            assert wanted == {"features", "alphabet"} & {name for name, _ in member.embedding.named_parameters()}
    assert made.emissions(words(), LENGTHS)[0].shape == (3, 2, 5, K)


@pytest.mark.parametrize(("members", "embedding"), [(1, {"character_hidden": 3}), (2, {}),
                                                    (2, {"character_hidden": 3, "feature_width": 0})])  # fmt: skip
def test_who_has_nothing_to_take_turns_with_is_refused(members: int, embedding: dict[str, int]) -> None:
    with pytest.raises(OptionError, match="members cannot take turns"):
        network(members, turns=True, **embedding)


def test_members_share_no_weight() -> None:
    made = network(2)
    first, second = (dict(member.named_parameters()) for member in made.members)
    assert first.keys() == second.keys() and not set(map(id, first.values())) & set(map(id, second.values()))
    assert not torch.equal(first["embedding.E"], second["embedding.E"])
    assert sum(p.numel() for p in made.parameters()) == 2 * sum(p.numel() for p in first.values())
