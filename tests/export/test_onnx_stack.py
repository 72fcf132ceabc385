"""Stacks of ONNX operators against those of torch, by value, in all their shapes."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from elman.export import onnx_graph, onnx_scan
from elman.export.onnx_graph import Graph
from elman.export.onnx_scan import is_scanned
from elman.export.onnx_stack import joined, stack
from elman.files.graphs import read_graph
from elman.models.engines.onnx_session import OPERATORS
from elman.nn.cells import state_names
from elman.nn.config import CELLS, StackConfig
from elman.nn.init import initialize
from elman.nn.stack import Stack

READINGS = [*((cell, False) for cell in CELLS if cell != "mingru"), ("mingru", True), ("elman", True), ("gru", True)]
"""Cells by the operator that ONNX has for them, and by a scan."""

WIDTH, HIDDEN = 5, 6


def made(cell: str, *, layers: int = 1, bidirectional: bool = False) -> Stack:
    config = StackConfig(cell=cell, layers=layers, hidden=HIDDEN, bidirectional=bidirectional)
    found = Stack(WIDTH, config)
    initialize(found, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for name, weights in found.named_parameters():
            if name.endswith((".b", ".b_u")):
                weights.uniform_(-1, 1, generator=torch.Generator().manual_seed(2))
    return found


def graph_of(network: Stack, *, lengths: bool, carried: bool, int8: bool = False) -> Graph:
    graph = Graph("stack", int8=int8)
    x = graph.op("Transpose", graph.input("x", "float32", ["B", "T", WIDTH]), perm=[1, 0, 2])
    names = state_names(network.config.cell)
    rows = network.config.layers * network.directions
    state = tuple(graph.input(name, "float32", [rows, "B", HIDDEN]) for name in names) if carried else ()
    weights = {name: p.detach().numpy() for name, p in network.named_parameters()}
    real = graph.input("lengths", "int32", ["B"]) if lengths else None
    read = stack(graph, x, network.config, weights=weights, lengths=real, state=state)
    shape = ["B", "T", HIDDEN * network.directions]
    graph.output("y", graph.op("Transpose", joined(graph, read), perm=[1, 0, 2]), dtype="float32", shape=shape)
    for name, part in zip(names, read.state, strict=True):
        graph.output(f"{name}_end", part, dtype="float32", shape=[rows, "B", HIDDEN])
    return graph


def session(network: Stack, *, lengths: bool, carried: bool, int8: bool = False) -> onnxruntime.InferenceSession:
    content = graph_of(network, lengths=lengths, carried=carried, int8=int8).to_bytes()
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def drawn(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def have(cell: str, *, scanned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all layers of a cell scanned, or none."""
    least = 0 if scanned else HIDDEN + 1
    monkeypatch.setattr(onnx_scan, "LEAST", {(cell, int8): least for int8 in (False, True)})


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize(("cell", "scanned"), READINGS)
def test_a_graph_gives_what_torch_gives(
    cell: str, scanned: bool, layers: int, bidirectional: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(cell, scanned=scanned, monkeypatch=monkeypatch)
    network = made(cell, layers=layers, bidirectional=bidirectional)
    x, rows = drawn(4, 7, WIDTH), layers * network.directions
    begin = [drawn(rows, 4, HIDDEN, seed=3 + k) for k in range(len(state_names(cell)))]
    for lengths in (None, np.array([7, 3, 0, 1])):
        for state in (None, begin):
            run = session(network, lengths=lengths is not None, carried=state is not None)
            given = {"x": x, **({} if lengths is None else {"lengths": lengths.astype(np.int32)})}
            given.update({} if state is None else dict(zip(state_names(cell), state, strict=True)))
            with torch.no_grad():
                h, ends = network(
                    torch.from_numpy(x), None if state is None else tuple(map(torch.from_numpy, state)),
                    None if lengths is None else torch.from_numpy(lengths),
                )  # fmt: skip
            found = run.run(None, given)
            for wanted, got in zip([h, *ends], found, strict=True):
                np.testing.assert_allclose(got, wanted.numpy(), atol=2e-6, rtol=0)


@pytest.mark.parametrize(("cell", "scanned"), READINGS)
def test_a_carried_state_stays_right_over_many_steps(cell: str, scanned: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    have(cell, scanned=scanned, monkeypatch=monkeypatch)
    network = made(cell, layers=2)
    run, names = session(network, lengths=False, carried=True), state_names(cell)
    x = drawn(2, 200, WIDTH)
    state = [np.zeros((2, 2, HIDDEN), dtype=np.float32) for _ in names]
    for t in range(200):
        y, *state = run.run(None, {"x": x[:, t : t + 1], **dict(zip(names, state, strict=True))})
    with torch.no_grad():
        h, ends = network(torch.from_numpy(x))
    np.testing.assert_allclose(y[:, 0], h[:, -1].numpy(), atol=1e-5, rtol=0)
    for wanted, got in zip(ends, state, strict=True):
        np.testing.assert_allclose(got, wanted.numpy(), atol=1e-5, rtol=0)


def test_one_graph_reads_rows_and_steps_of_any_number() -> None:
    network = made("lstm", bidirectional=True)
    run = session(network, lengths=True, carried=False)
    for rows, steps in ((1, 1), (3, 9), (17, 2)):
        x = drawn(rows, steps, WIDTH, seed=rows)
        with torch.no_grad():
            h, _ = network(torch.from_numpy(x))
        lengths = np.full(rows, steps, dtype=np.int32)
        np.testing.assert_allclose(run.run(None, {"x": x, "lengths": lengths})[0], h.numpy(), atol=2e-6, rtol=0)


@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_in_int8_states_are_near_those_of_torch(
    cell: str, bidirectional: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(cell, scanned=cell != "lstm", monkeypatch=monkeypatch)
    monkeypatch.setattr(onnx_graph, "SMALL", 0)
    network = made(cell, layers=2, bidirectional=bidirectional)
    run, lengths = session(network, lengths=True, carried=False, int8=True), np.array([7, 3, 5], dtype=np.int32)
    x = drawn(3, 7, WIDTH)
    with torch.no_grad():
        h, _ = network(torch.from_numpy(x), None, torch.from_numpy(lengths))
    found = run.run(None, {"x": x, "lengths": lengths})[0]
    apart = np.abs(found - h.numpy())
    assert 1e-5 < apart.max() < 0.1 and apart.mean() < 0.02


@pytest.mark.parametrize("int8", [False, True])
@pytest.mark.parametrize(("cell", "scanned"), READINGS)
def test_a_graph_is_let_in_where_it_is_opened(
    cell: str, scanned: bool, int8: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    have(cell, scanned=scanned, monkeypatch=monkeypatch)
    monkeypatch.setattr(onnx_graph, "SMALL", 0)
    path = tmp_path / "stack.onnx"
    path.write_bytes(graph_of(made(cell, bidirectional=True), lengths=True, carried=True, int8=int8).to_bytes())
    _, found = read_graph(path, OPERATORS)
    assert (("", "Scan") in found.operators) == scanned


@pytest.mark.parametrize(("cell", "int8", "sizes"), [
    ("elman", False, [127, 128]), ("elman", True, [127, 128]), ("gru", True, [255, 256]), ("mingru", True, [None, 1]),
])  # fmt: skip
def test_what_is_faster_by_a_scan_is_scanned(cell: str, int8: bool, sizes: list[int | None]) -> None:
    below, least = sizes
    assert is_scanned(StackConfig(cell=cell, hidden=least), int8=int8)
    assert below is None or not is_scanned(StackConfig(cell=cell, hidden=below), int8=int8)
    assert not is_scanned(StackConfig(cell="gru", hidden=4096), int8=False)
    assert not is_scanned(StackConfig(cell="lstm", hidden=4096), int8=True)
