"""The decoder, all at once and step by step, against the textbook's steps written one after the other."""

import itertools

import pytest
import torch
from torch import Tensor

from elman.nn.attention import Attention
from elman.nn.cells import STEPS, State, state_names
from elman.nn.config import CELLS, DecoderConfig, StackConfig
from elman.nn.decoder import Decoded, Decoder, Memory

B, T, S, E, H = 3, 4, 5, 4, 6
LENGTHS = torch.tensor([5, 0, 3])
ATTENDING = list(itertools.product(CELLS, [1, 2], ["none", "dot", "general", "mlp"], [False, True]))
FED = [
    (cell, layers, kind, both, feeding, covered)
    for cell, layers, kind in itertools.product(CELLS, [1, 3], ["general", "mlp"])
    for both, feeding, covered in [(True, True, 0.0), (False, False, 1.0), (False, True, 1.0)]
]


def make(cell: str, config: DecoderConfig, *, bidirectional: bool = True, **dropped: float) -> Decoder:
    stack = StackConfig(cell=cell, hidden=H, layers=2, bidirectional=bidirectional, **dropped)
    decoder, generator = Decoder(E, config, stack=stack), torch.Generator().manual_seed(1)
    with torch.no_grad():
        for p in decoder.parameters():
            p.normal_(0, 0.5, generator=generator)
    return decoder


def begin(decoder: Decoder) -> tuple[Tensor, Memory, State]:
    generator = torch.Generator().manual_seed(2)
    directions = decoder.bridge.directions
    h = torch.randn(B, S, H * directions, generator=generator)
    names = state_names(decoder.layer.cell)
    ends = tuple(torch.randn(2 * directions, B, H, generator=generator) for _ in names)
    memory = decoder.remember(h, LENGTHS, copies=None, extra=0)
    return torch.randn(B, T, E, generator=generator), memory, decoder.begin(ends, memory)


def by_textbook(decoder: Decoder, x: Tensor, memory: Memory, state: State) -> tuple[Tensor, Tensor, Tensor]:
    """h_tilde, context and alpha."""
    config, cell, names = decoder.config, decoder.layer.cell, state_names(decoder.layer.cell)
    weights = [decoder.first.layers[0][0].weights()]
    weights += [] if decoder.upper is None else [layer[0].weights() for layer in decoder.upper.layers]
    layers = [state[l * len(names) : (l + 1) * len(names)] for l in range(config.decoder_layers)]  # noqa: E741
    h_tilde, covered, found = torch.zeros(B, H), torch.zeros(B, S), []
    for t in range(T):
        read = torch.cat([x[:, t], h_tilde], dim=1) if config.input_feeding else x[:, t]
        layers[0] = STEPS[cell](read, layers[0], weights[0])
        context, alpha = torch.zeros(B, 0), torch.zeros(B, S)
        if decoder.attention is not None:
            coverage = covered[:, None] if config.coverage else None
            looked = decoder.attention(
                layers[0][0][:, None], memory.states, keys=memory.keys, lengths=LENGTHS, coverage=coverage
            )
            context, alpha = looked[0][:, 0], looked[1][:, 0]
        above = torch.cat([layers[0][0], context], dim=1)
        for l in range(1, len(layers)):  # noqa: E741
            layers[l] = STEPS[cell](above, layers[l], weights[l])
            above = layers[l][0]
        h_tilde = layers[-1][0]
        if decoder.attention is not None:
            h_tilde = torch.tanh(torch.cat([h_tilde, context], dim=1) @ decoder.W.T)
        covered = covered + alpha
        found.append((h_tilde, context, alpha))
    stacked = [torch.stack(parts, dim=1) for parts in zip(*found, strict=True)]
    return stacked[0], stacked[1], stacked[2]


def by_steps(decoder: Decoder, x: Tensor, memory: Memory, state: State) -> list[Decoded]:
    found = []
    for t in range(T):
        decoded, state = decoder.step(x[:, t], memory, state)
        found.append(decoded)
    return found


def hold(decoder: Decoder) -> None:
    """All at once and single steps are the textbook's, and all at once has its gradients."""
    x, memory, state = begin(decoder)
    wanted, got = by_textbook(decoder, x, memory, state), decoder(x, memory, state)
    steps = by_steps(decoder, x, memory, state)
    generator = torch.Generator().manual_seed(3)
    totals = [torch.zeros(()), torch.zeros(())]
    for n in range(3):
        torch.testing.assert_close(got[n], wanted[n], rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(torch.cat([one[n] for one in steps], dim=1), wanted[n], rtol=1e-5, atol=1e-5)
        weight = torch.randn(wanted[n].shape, generator=generator)
        totals = [total + (part * weight).sum() for total, part in zip(totals, (got[n], wanted[n]), strict=True)]
    if got.coverage is not None:
        torch.testing.assert_close(got.coverage, wanted[2].cumsum(dim=1) - wanted[2], rtol=1e-5, atol=1e-5)
    weights = [p for p in decoder.parameters() if p.numel()]
    found = [torch.autograd.grad(one, weights, allow_unused=True, retain_graph=True) for one in totals]
    for a, b in zip(*found, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("cell", "layers", "kind", "bidirectional"), ATTENDING)
def test_the_whole_target_is_its_steps(cell: str, layers: int, kind: str, bidirectional: bool) -> None:
    config = DecoderConfig(decoder_layers=layers, attention=kind)
    hold(make(cell, config, bidirectional=bidirectional))


@pytest.mark.parametrize(("cell", "layers", "kind", "bidirectional", "feeding", "coverage"), FED)
def test_what_a_step_needs_of_the_step_before_is_fed_to_it(
    cell: str, layers: int, kind: str, bidirectional: bool, feeding: bool, coverage: float
) -> None:
    config = DecoderConfig(decoder_layers=layers, attention=kind, input_feeding=feeding, coverage=coverage)
    hold(make(cell, config, bidirectional=bidirectional))


@pytest.mark.parametrize("feeding", [False, True])
@pytest.mark.parametrize("name", ["dropout", "weight_drop"])
def test_dropout_is_repeatable_and_absent_without_a_generator(feeding: bool, name: str) -> None:
    config = DecoderConfig(decoder_layers=2, input_feeding=feeding)
    decoder, plain = make("lstm", config, **{name: 0.5}), make("lstm", config)
    x, memory, state = begin(decoder)
    runs = [decoder(x, memory, state, torch.Generator().manual_seed(seed)).h_tilde for seed in (5, 5, 6)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.allclose(runs[0], runs[2])
    torch.testing.assert_close(decoder(x, memory, state).h_tilde, plain(x, memory, state).h_tilde)


def test_the_bridge_begins_each_layer_from_that_of_its_number_and_the_rest_from_the_last() -> None:
    decoder = make("lstm", DecoderConfig(decoder_layers=3))
    ends = tuple(torch.randn(4, B, H, generator=torch.Generator().manual_seed(n)) for n in (3, 4))
    got, bridge = decoder.bridge(ends), decoder.bridge
    for layer, source in enumerate([0, 1, 1]):
        for n, part in enumerate(ends):
            place = 2 * layer + n
            joined = torch.cat([part[2 * source], part[2 * source + 1]], dim=1)
            wanted = joined @ bridge.W[place].T + bridge.b[place]
            torch.testing.assert_close(got[place], wanted if n else torch.tanh(wanted), rtol=1e-5, atol=1e-6)


def test_products_in_bf16_are_near_those_in_fp32() -> None:
    for feeding in (False, True):
        decoder = make("gru", DecoderConfig(decoder_layers=2, input_feeding=feeding, attention="mlp"))
        x, memory, state = begin(decoder)
        exact = decoder(x, memory, state).h_tilde
        decoder.compute_in(torch.bfloat16)
        assert isinstance(decoder.attention, Attention) and decoder.attention.compute == torch.bfloat16
        rounded = decoder(x, memory, state).h_tilde
        assert 0 < (rounded - exact).abs().max() < 0.1
