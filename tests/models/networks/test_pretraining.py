"""The language models inside a classifier's network: against a loop over steps, and blind to what they predict."""

import numpy as np
import pytest
import torch
from torch import nn

from elman.data.config import LabelledReadConfig
from elman.models.config import ClassifierConfig, SymbolConfig
from elman.models.networks import pretraining
from elman.models.networks.classifier import ClassifierNetwork
from elman.models.networks.pretraining import PretrainingNetwork, neighbours, one_direction
from elman.nn.cells import STEPS, state_names
from elman.nn.config import EmbeddingConfig, StackConfig, TextBagConfig, TextHeadConfig, WordEmbeddingConfig
from elman.text.config import BagConfig, TextConfig, WordConfig

SYMBOLS, H = 9, 5
IDS = torch.tensor([[1, 4, 5, 8, 3], [1, 7, 0, 0, 0], [0, 0, 0, 0, 0]])
LENGTHS = torch.tensor([5, 2, 0])


def models(*, layers: int = 2, cell: str = "lstm", both: bool = True) -> PretrainingNetwork:
    """Of a classifier that reads symbols, all weights drawn."""
    config = ClassifierConfig(
        words_known=1, characters_known=1, features_known=256, labels=2, reading=LabelledReadConfig(),
        words=WordConfig(hash_bits=8),
        bag=BagConfig(bag_bits=8), embedding=WordEmbeddingConfig(input_dropout=0.0),
        stack=StackConfig(cell=cell, layers=layers, hidden=H, bidirectional=both), skip=TextBagConfig(bag_width=0),
        head=TextHeadConfig(), symbols=SymbolConfig(SYMBOLS, False, TextConfig(), EmbeddingConfig(embedding=4)),
    )  # fmt: skip
    generator = torch.Generator().manual_seed(3)
    network = ClassifierNetwork(config, seen=torch.zeros(1))
    network.initialize(generator)
    found = PretrainingNetwork(network, known=SYMBOLS)
    found.initialize(generator)
    with torch.no_grad():
        for p in found.head.parameters():
            p.normal_(0, 0.5, generator=generator)
    return found


def by_steps(found: PretrainingNetwork, ids: list[int], *, backward: bool) -> float:
    """The nats of a text in one direction, one step after the other."""
    network, nats = found.network, 0.0
    d, order = (1, ids[::-1]) if backward else (0, ids)
    states = [tuple(torch.zeros(1, H) for _ in state_names(network.stack.config.cell)) for _ in network.stack.layers]
    matrix, bias = found.head.V, found.head.b
    for read, target in zip(order, [*order[1:], -1], strict=True):
        x = network.embedding.symbols.E[read][None]
        for k, layer in enumerate(network.stack.layers):
            weights = layer[d].weights()
            if k:
                weights = weights._replace(W=weights.W[:, d * H : d * H + H])
            states[k] = STEPS[network.stack.config.cell](x, states[k], weights)
            x = states[k][0]
        nats -= torch.log_softmax(x @ matrix.T + bias, dim=1)[0, target + 1].item()
    return nats


@pytest.mark.parametrize(("cell", "layers"), [("lstm", 2), ("gru", 1), ("elman", 3), ("mingru", 2)])
def test_nats_are_those_of_a_loop_over_steps_in_both_directions(cell: str, layers: int) -> None:
    found = models(cell=cell, layers=layers)
    nats, count = found.nats(IDS, IDS, LENGTHS, None)
    wanted = sum(
        by_steps(found, IDS[row, : LENGTHS[row]].tolist(), backward=backward)
        for row in range(2)
        for backward in (False, True)
    )
    assert count == 14 and nats.item() == pytest.approx(wanted, rel=1e-5)


def test_one_direction_alone_is_learnt_where_the_classifier_has_one() -> None:
    found = models(both=False, layers=1)
    nats, count = found.nats(IDS, IDS, LENGTHS, None)
    wanted = sum(by_steps(found, IDS[row, : LENGTHS[row]].tolist(), backward=False) for row in range(2))
    assert count == 7 and nats.item() == pytest.approx(wanted, rel=1e-5)


def test_no_direction_sees_what_it_predicts() -> None:
    found = models(layers=3)
    stack, x = found.network.stack, found.network.vectors(IDS[:1])
    for d, seen, hidden in ((0, slice(0, 3), slice(3, 5)), (1, slice(3, 5), slice(0, 3))):
        changed = x.clone()
        changed[:, hidden] += 7.0
        before, after = (one_direction(stack, one, d, lengths=LENGTHS[:1]) for one in (x, changed))
        assert torch.equal(before[:, seen], after[:, seen]) and not torch.allclose(before[:, hidden], after[:, hidden])


def test_the_classifier_begins_with_the_states_of_its_language_models() -> None:
    network = models(layers=3).network
    x = network.vectors(IDS)
    h, _ = network.stack(x, None, LENGTHS)
    both = [one_direction(network.stack, x, d, lengths=LENGTHS) for d in (0, 1)]
    torch.testing.assert_close(h, torch.cat(both, dim=2), atol=1e-6, rtol=1e-5)


def test_neighbours_are_those_behind_and_before() -> None:
    assert neighbours(IDS, LENGTHS, backward=False)[:2].tolist() == [[5, 6, 9, 4, 0], [8, 0, 0, 0, 0]]
    found = neighbours(IDS, LENGTHS, backward=True)
    assert found[0].tolist() == [0, 2, 5, 6, 9] and found[1, :2].tolist() == [0, 2]


def test_learning_leaves_apart_what_was_parted_and_the_labels_alone() -> None:
    found = models()
    optimizer = torch.optim.AdamW(found.parameters(), lr=0.05, weight_decay=0.1)
    labels = found.network.head.V.clone()
    first = found.nats(IDS, IDS, LENGTHS, None)[0].item()
    for _ in range(30):
        optimizer.zero_grad()
        found.nats(IDS, IDS, LENGTHS, None)[0].backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    assert found.nats(IDS, IDS, LENGTHS, None)[0].item() < 0.2 * first
    layer = found.network.stack.layers[1]
    assert isinstance(layer, nn.ModuleList)
    for d, direction in enumerate(layer):
        other = direction.W.detach().numpy()[:, (1 - d) * H : (2 - d) * H]
        np.testing.assert_array_equal(other, np.zeros_like(other))
    assert torch.equal(labels, found.network.head.V)


def test_a_large_vocabulary_has_an_adaptive_softmax(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretraining, "LARGE", 10)
    found = models()
    nats, count = found.nats(IDS, IDS, LENGTHS, None)
    h = one_direction(found.network.stack, found.network.vectors(IDS), 0, lengths=LENGTHS)
    logs = found.head.log_probabilities(h[0])
    assert count == 14 and torch.isfinite(nats)
    torch.testing.assert_close(logs.exp().sum(dim=1), torch.ones(5))
