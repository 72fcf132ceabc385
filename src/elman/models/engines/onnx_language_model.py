"""The ONNX engine of language models: exported graphs behind numpy arrays, with the answers of the torch engine.

Knows graphs and arrays; knows no text and no torch. Called by `models.language_model`.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.files.graphs import Door
from elman.models.config import LanguageModelConfig
from elman.models.engines.ngram_rows import latest, ngram_rows
from elman.models.engines.onnx_session import Session, ids32
from elman.models.engines.vector_memory import VectorMemory
from elman.models.folder import Exported
from elman.nn.config import GATES
from elman.text.vocabulary import START

Arrays = tuple[NDArray[Any], ...]
"""A state: one array (layers, B, H) for each name that the cell has; with n-grams the last symbols (1, B, C) too."""
Ids = NDArray[np.int64]
Floats = NDArray[np.float32]
AT_ONCE = 1 << 22
"""Numbers of a distribution over all symbols that are held at a time."""


class OnnxLanguageModel:
    """Runs the graphs of a folder."""

    def __init__(self, config: LanguageModelConfig, exported: Exported) -> None:
        self._exported, self._config = exported, config
        folder, hidden, layers = exported.folder, config.stack.hidden, config.stack.layers
        self._names = ("h", "c") if config.stack.cell == "lstm" else ("h",)
        inputs: dict[str, Door] = {"ids": ("int64", (None, None))}
        if config.embedding.ngrams > 1:
            inputs["ngrams"] = ("int64", (None, None, config.embedding.ngrams - 1))
        inputs["lengths"] = ("int32", (None,))
        state: Door = ("float32", (layers, None, hidden))
        inputs.update(dict.fromkeys(self._names, state))
        outputs: dict[str, Door] = {"states": ("float32", (None, None, hidden))}
        outputs.update({f"{name}_end": state for name in self._names})
        self._states = Session(folder / "states.onnx", inputs=inputs, outputs=outputs)
        self._step, self._readings = self._open_step(folder, inputs, outputs)
        rows: dict[str, Door] = {"states": ("float32", (None, hidden))}
        self._softmax = Session(
            folder / "softmax.onnx", inputs=rows, outputs={"logs": ("float32", (None, config.symbols))}
        )
        self._targets = None
        if config.softmax.adaptive:
            asked: dict[str, Door] = {**rows, "targets": ("int64", (None,))}
            self._targets = Session(folder / "nats.onnx", inputs=asked, outputs={"logs": ("float32", (None,))})

    def parameters(self) -> int:
        """The number of weights."""
        return self._exported.parameters

    def start(self, rows: int) -> Arrays:
        """The state after the start symbol, for so many rows."""
        return self.read(self._zero(rows), np.full((rows, 1), START))

    def read(self, state: Arrays, ids: Ids) -> Arrays:
        """The state after reading ids (B, T)."""
        return self._read(state, ids, np.full(len(ids), ids.shape[1]))[1]

    def nats(
        self, state: Arrays | None, ids: Ids, *, targets: Ids, lengths: Ids | None = None
    ) -> tuple[Floats, Arrays]:
        """-ln p of each target, (B, T), 0 at padding, and the state after each row's last real step."""
        every = np.full(len(ids), ids.shape[1]) if lengths is None else lengths
        h, after = self._read(self._zero(len(ids)) if state is None else state, ids, every)
        real = np.arange(ids.shape[1]) < every[:, None]  # (B, T)
        found = np.zeros(ids.shape, dtype=np.float32)
        found[real] = -self._logs(h[real], targets[real])
        return found, after

    def step(self, state: Arrays, ids: Ids) -> tuple[Floats, Arrays]:
        """Read one symbol a row, (B,): log-probabilities of the next, (B, N), and the state."""
        config, given = self._config.embedding, dict(zip(self._names, state, strict=False))
        if self._readings is not None:
            given["readings"] = self._memory.of(ids.tolist(), self._read_symbols)
        else:
            given["ids"] = ids[:, None].astype(np.int64)
            given["ngrams"] = ngram_rows(given["ids"], state[-1][0], orders=config.ngrams, bits=config.ngram_bits)
        logs, *after = self._step.run(**given)
        if config.ngrams > 1:
            after.append(latest(given["ids"], state[-1][0], np.ones(len(ids), dtype=np.int64))[None])
        return logs, tuple(after)

    def log_probabilities(self, state: Arrays) -> Floats:
        """Log-probabilities of the next symbol, (B, N), given a state."""
        return self._distribution(np.ascontiguousarray(state[0][-1]))

    def _open_step(
        self, folder: Path, inputs: dict[str, Door], outputs: dict[str, Door]
    ) -> tuple[Session, Session | None]:
        """The graph of one symbol a row, and that of what reading a symbol adds to a step, where there is one.

        Args:
            inputs, outputs: of the graph of many symbols.
        """
        config = self._config
        given = {name: inputs[name] for name in self._names}
        found: dict[str, Door] = {"logs": ("float32", (None, config.symbols))}
        found.update({name: door for name, door in outputs.items() if name != "states"})
        readings = None
        if config.embedding.ngrams == 1:
            width = GATES[config.stack.cell] * config.stack.hidden
            given["readings"] = ("float32", (None, width))
            self._memory: VectorMemory[int] = VectorMemory(width)
            readings = Session(folder / "readings.onnx", inputs={"ids": ("int64", (None,))},
                               outputs={"readings": given["readings"]})  # fmt: skip
        else:
            given["ids"] = ("int64", (None, 1))
            given["ngrams"] = ("int64", (None, 1, config.embedding.ngrams - 1))
        return Session(folder / "step.onnx", inputs=given, outputs=found), readings

    def _read_symbols(self, ids: list[int]) -> Floats:
        """W E[w] + b of the first layer of some symbols."""
        assert self._readings is not None
        return self._readings.run(ids=np.array(ids, dtype=np.int64))[0]

    def _read(self, state: Arrays, ids: Ids, lengths: Ids) -> tuple[Floats, Arrays]:
        """The states that the softmax reads, (B, T, H), and the state after each row's last real step."""
        config, given = self._config.embedding, dict(zip(self._names, state, strict=False))
        if ids.shape[1] == 0:
            return np.zeros((len(ids), 0, self._config.stack.hidden), dtype=np.float32), state
        if config.ngrams > 1:
            given["ngrams"] = ngram_rows(ids, state[-1][0], orders=config.ngrams, bits=config.ngram_bits)
        h, *after = self._states.run(ids=np.ascontiguousarray(ids, dtype=np.int64), lengths=ids32(lengths), **given)
        if config.ngrams > 1:
            after.append(latest(ids, state[-1][0], lengths)[None])
        return h, tuple(after)

    def _logs(self, h: Floats, targets: Ids) -> Floats:
        """ln p of each target (M,), given states (M, H)."""
        found = np.empty(len(h), dtype=np.float32)
        rows = max(1, AT_ONCE // self._config.symbols)
        for begin in range(0, len(h), rows):
            some, asked = h[begin : begin + rows], targets[begin : begin + rows]
            if self._targets is not None:
                found[begin : begin + rows] = self._targets.run(states=some, targets=asked)[0]
            else:
                found[begin : begin + rows] = self._distribution(some)[np.arange(len(some)), asked]
        return found

    def _distribution(self, h: Floats) -> Floats:
        (logs,) = self._softmax.run(states=h)
        return logs

    def _zero(self, rows: int) -> Arrays:
        """The state of so many rows before anything was read."""
        config = self._config
        shape = (config.stack.layers, rows, config.stack.hidden)
        state = tuple(np.zeros(shape, dtype=np.float32) for _ in self._names)
        if config.embedding.ngrams == 1:
            return state
        return *state, np.full((1, rows, config.embedding.ngrams - 1), START)
