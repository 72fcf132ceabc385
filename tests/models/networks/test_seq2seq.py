"""The network of seq2seq: whole targets against single steps, the loss against its formula, padding and company."""

import dataclasses
import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from elman.models.networks.seq2seq import PairTensors, Seq2SeqNetwork
from elman.nn.config import CELLS, DecoderConfig, PairEmbeddingConfig, Seq2SeqShape, StackConfig
from elman.nn.softmax import AdaptiveSoftmax
from elman.text.vocabulary import START

N, H, E = 11, 6, 4
SOURCE = torch.tensor([[4, 5, 9, 10, 2], [7, 2, 0, 0, 0], [0, 0, 0, 0, 0], [3, 3, 8, 2, 0]])
SOURCE_LENGTHS = torch.tensor([5, 2, 0, 4])
TARGET = torch.tensor([[1, 5, 11, 6], [1, 0, 0, 0], [1, 9, 3, 0], [1, 12, 4, 0]])
GOLD = torch.tensor([[5, 11, 6, 2], [2, 0, 0, 0], [9, 3, 2, 0], [12, 4, 2, 0]])
TARGET_LENGTHS = torch.tensor([4, 1, 3, 3])
COPIES = torch.tensor([[5, 11, 12, 5, 2], [3, 2, -1, -1, -1], [-1, -1, -1, -1, -1], [11, 12, 12, 2, -1]])
CASES = [
    (cell, layers, kind, copy, coverage)
    for cell, layers, kind in itertools.product(CELLS, [1, 2], ["none", "dot", "mlp"])
    for copy, coverage in [(False, 0.0), (True, 0.0), (True, 1.0)]
    if kind != "none" or not copy
]


def pairs(copy: bool) -> PairTensors:
    target, gold = (TARGET, GOLD) if copy else (TARGET * (TARGET < N), GOLD * (GOLD < N))
    return PairTensors(SOURCE, SOURCE_LENGTHS, target, gold, TARGET_LENGTHS, COPIES if copy else None)


def make(
    *,
    cell: str = "lstm",
    joint: bool = True,
    tied: bool = True,
    adaptive: bool = False,
    bidirectional: bool = True,
    **decoder: Any,
) -> Seq2SeqNetwork:
    """A network in which nothing is dropped, all of whose weights are drawn."""
    embedding = PairEmbeddingConfig(embedding=E, tied=tied, adaptive=adaptive, input_dropout=0.0, symbol_dropout=0.0)
    stack = StackConfig(cell=cell, hidden=H, bidirectional=bidirectional)
    shape = Seq2SeqShape(N, N, joint, embedding, stack, DecoderConfig(**{"output_dropout": 0.0, **decoder}))
    network, generator = Seq2SeqNetwork(shape), torch.Generator().manual_seed(1)
    network.initialize(generator)
    with torch.no_grad():
        for p in network.parameters():
            p += 0.5 * torch.randn(p.shape, generator=generator)
    return network


@torch.no_grad()
def by_steps(network: Seq2SeqNetwork, batch: PairTensors) -> tuple[Tensor, list[Tensor]]:
    """-ln p of the gold symbols (B, T), and ln p of all symbols at each step."""
    memory, state = network.encode(batch.source, batch.source_lengths, copies=batch.copies)
    nats, logs = [], []
    for t in range(batch.target.shape[1]):
        log, state, _ = network.step(batch.target[:, t], state, memory)
        nats.append(-log.gather(1, batch.gold[:, t, None])[:, 0])
        logs.append(log)
    real = torch.arange(len(nats)) < batch.target_lengths[:, None]
    return torch.stack(nats, dim=1).masked_fill(~real, 0.0), logs


@pytest.mark.parametrize(("cell", "layers", "kind", "copy", "coverage"), CASES)
def test_whole_targets_are_their_steps_and_distributions_sum_to_one(
    cell: str, layers: int, kind: str, copy: bool, coverage: float
) -> None:
    network = make(cell=cell, decoder_layers=layers, attention=kind, copy=copy, coverage=coverage)
    batch = pairs(copy)
    wanted, logs = by_steps(network, batch)
    torch.testing.assert_close(network.nats(batch), wanted, rtol=1e-5, atol=1e-5)
    for log in logs:
        assert log.shape == (4, N + (2 if copy else 0))
        torch.testing.assert_close(log.exp().sum(dim=1), torch.ones(4), rtol=1e-5, atol=1e-5)
        assert (log[:, START].exp() == 0).all()


@pytest.mark.parametrize(("joint", "tied"), [(False, True), (True, False), (False, False)])
def test_both_sides_have_matrices_of_their_own_or_one(joint: bool, tied: bool) -> None:
    network, batch = make(joint=joint, tied=tied, input_feeding=True), pairs(False)
    torch.testing.assert_close(network.nats(batch), by_steps(network, batch)[0], rtol=1e-5, atol=1e-5)
    before = network.nats(batch)
    with torch.no_grad():
        network.embedding.E[9] += 1.0  # stands in a source, and as a target that is read
    changed = (network.nats(batch) - before).abs().amax(dim=1) > 1e-6
    assert changed.tolist() == [joint or tied, tied, True, tied]
    assert (network.source_embedding is None, hasattr(network.head, "V")) == (joint, not tied)


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize(("joint", "tied"), [(True, True), (False, True), (True, False)])
def test_an_adaptive_softmax_gives_whole_targets_their_steps_too(copy: bool, joint: bool, tied: bool) -> None:
    network, batch = make(adaptive=True, joint=joint, tied=tied, copy=copy, label_smoothing=0.0), pairs(copy)
    assert isinstance(network.head, AdaptiveSoftmax)
    wanted, logs = by_steps(network, batch)
    torch.testing.assert_close(network.nats(batch), wanted, rtol=1e-5, atol=1e-5)
    for log in logs:
        torch.testing.assert_close(log.exp().sum(dim=1), torch.ones(4), rtol=1e-5, atol=1e-5)
        assert (log[:, START].exp() == 0).all()
    total, count = network.loss(batch, generator())
    assert count == 11
    torch.testing.assert_close(total, network.nats(batch).sum(), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("copy", [False, True])
@pytest.mark.parametrize("feeding", [False, True])
def test_padding_and_company_change_nothing(copy: bool, feeding: bool) -> None:
    network = make(copy=copy, input_feeding=feeding, coverage=1.0, attention="mlp")
    batch = pairs(copy)
    together = network.nats(batch)
    for b in range(len(SOURCE)):
        S, T = int(SOURCE_LENGTHS[b]), int(TARGET_LENGTHS[b])  # noqa: N806
        copies = None if batch.copies is None else batch.copies[b : b + 1, :S]
        alone = PairTensors(
            SOURCE[b : b + 1, :S], SOURCE_LENGTHS[b : b + 1], batch.target[b : b + 1, :T], batch.gold[b : b + 1, :T],
            TARGET_LENGTHS[b : b + 1], copies,
        )  # fmt: skip
        torch.testing.assert_close(network.nats(alone)[0], together[b, :T], rtol=1e-5, atol=1e-5)
        assert (together[b, T:] == 0).all()
    other = dataclasses.replace(batch, source=torch.where(SOURCE == 0, 6, SOURCE))
    torch.testing.assert_close(network.nats(other), together, rtol=1e-5, atol=1e-5)


def generator(seed: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("copy", [False, True])
def test_the_loss_without_smoothing_is_the_sum_of_nats(copy: bool) -> None:
    network, batch = make(copy=copy, label_smoothing=0.0), pairs(copy)
    total, count = network.loss(batch, generator())
    assert count == 11
    torch.testing.assert_close(total, network.nats(batch).sum(), rtol=1e-5, atol=1e-4)


def test_smoothing_is_torchs_over_the_symbols_that_are_possible() -> None:
    network, batch = make(label_smoothing=0.2), pairs(False)
    total, _ = network.loss(batch, generator())
    logs, real = by_steps(network, batch)[1], []
    for t, log in enumerate(logs):
        real += [(log[b], batch.gold[b, t]) for b in range(4) if t < TARGET_LENGTHS[b]]
    logits = torch.stack([log for log, _ in real])
    gold = torch.stack([symbol for _, symbol in real])
    possible = [n for n in range(N) if n != START]
    places = torch.tensor([possible.index(int(symbol)) for symbol in gold])
    wanted = torch.nn.functional.cross_entropy(logits[:, possible], places, label_smoothing=0.2, reduction="sum")
    torch.testing.assert_close(total, wanted, rtol=1e-5, atol=1e-4)


def test_coverage_adds_what_is_looked_at_twice() -> None:
    network, batch = make(coverage=0.7, label_smoothing=0.0, input_feeding=True), pairs(False)
    total, _ = network.loss(batch, generator())
    with torch.no_grad():
        memory, state = network.encode(batch.source, batch.source_lengths)
        covered, twice = torch.zeros(4, 5), 0.0
        for t in range(4):
            _, state, alpha = network.step(batch.target[:, t], state, memory)
            for b, s in itertools.product(range(4), range(5)):
                twice += min(float(alpha[b, s]), float(covered[b, s])) * (t < int(TARGET_LENGTHS[b]))
            covered += alpha
    torch.testing.assert_close(total, network.nats(batch).sum() + 0.7 * twice, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("feeding", [False, True])
def test_gradients_of_the_loss_are_finite_differences(feeding: bool) -> None:
    network = make(copy=True, coverage=0.7, attention="mlp", input_feeding=feeding, decoder_layers=2).double()
    network.encoder.compute = network.head.compute = torch.float64
    network.decoder.compute_in(torch.float64)
    batch, h = pairs(True), 1e-6
    total, _ = network.loss(batch, generator())
    weights = dict(network.named_parameters())
    found = dict(zip(weights, torch.autograd.grad(total, list(weights.values())), strict=True))
    drawn = generator()
    with torch.no_grad():
        for name, p in weights.items():
            direction = torch.randn(p.shape, dtype=torch.float64, generator=drawn)
            sides = []
            for sign in (1, -2):
                p += sign * h * direction
                sides.append(network.loss(batch, generator())[0])
            p += h * direction
            wanted = (sides[0] - sides[1]) / (2 * h)
            torch.testing.assert_close((found[name] * direction).sum(), wanted, rtol=1e-5, atol=1e-6, msg=name)


@pytest.mark.parametrize("name", ["input_dropout", "symbol_dropout", "output_dropout", "dropout", "weight_drop"])
def test_what_is_dropped_is_repeatable_and_absent_in_evaluation(name: str) -> None:
    plain, batch = make(decoder_layers=2), pairs(False)
    shape = plain.shape
    parts = {"embedding": shape.embedding, "stack": shape.stack, "decoder": shape.decoder}
    parts = {
        part: dataclasses.replace(config, **{name: 0.5}) if hasattr(config, name) else config  # type: ignore[type-var]
        for part, config in parts.items()
    }
    network = Seq2SeqNetwork(dataclasses.replace(shape, **parts))  # type: ignore[arg-type]
    network.load_state_dict(plain.state_dict())
    losses = [network.loss(batch, generator(seed))[0].item() for seed in (5, 5, 6)]
    assert losses[0] == losses[1] != losses[2]
    assert torch.equal(network.nats(batch), plain.nats(batch))


@pytest.mark.parametrize("copy", [False, True])
def test_a_decoder_that_reads_its_own_symbols_alone_reads_the_likeliest_of_the_first_pass(copy: bool) -> None:
    network, batch = make(copy=copy, label_smoothing=0.0), pairs(copy)
    total, _ = network.loss(batch, generator(), sampled=1.0)
    likeliest = [log.argmax(dim=1) for log in by_steps(network, batch)[1]]
    own = torch.stack([batch.target[:, 0], *likeliest[:-1]], dim=1)
    wanted = network.nats(dataclasses.replace(batch, target=own)).sum()
    torch.testing.assert_close(total, wanted, rtol=1e-5, atol=1e-4)
    some = {network.loss(batch, generator(seed), sampled=0.5)[0].item() for seed in (1, 1, 2, 3)}
    assert 1 < len(some) < 4


def test_the_same_seed_draws_the_same_weights_and_none_but_biases_stay_zero() -> None:
    first, second = (Seq2SeqNetwork(make(copy=True, coverage=1.0, attention="mlp").shape) for _ in range(2))
    for network in (first, second):
        network.initialize(torch.Generator().manual_seed(3))
    for (name, a), b in zip(first.named_parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)
        assert name.rpartition(".")[2] in ("a", "b", "b_u") or (a != 0).all(), name


def test_a_network_that_copies_wants_to_know_what() -> None:
    with pytest.raises(ValueError, match=r"copies: wanted \(B, S\), got None"):
        make(copy=True).nats(pairs(False))
