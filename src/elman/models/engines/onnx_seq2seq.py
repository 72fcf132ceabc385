"""The ONNX engine of seq2seq models: exported graphs behind numpy arrays, with the answers of the torch engine.

Knows graphs and arrays; knows no text and no torch. Called by `models.seq2seq` and `models.translating`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from elman.files.graphs import Door
from elman.models.engines.onnx_session import Session, ids32
from elman.models.folder import Exported
from elman.nn.config import Seq2SeqShape
from elman.nn.cutoffs import tails
from elman.text.vocabulary import UNKNOWN

if TYPE_CHECKING:
    from elman.data.pair_batches import PairBatch

NARROW = "narrow.onnx"
"""The decoder whose softmax goes no further than all symbols need it; the rest of it is beside it."""
Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


@dataclass(frozen=True)
class _Looking:
    """How R texts look back at their sources together.

    Args:
        rows: (R,), the source of each. live: those that are looked at. given: what the graph is given of them.
    """

    rows: Ids
    live: Ids
    given: Mapping[str, NDArray[Any]]


NOTHING = _Looking(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), MappingProxyType({}))
"""How texts looked before they were asked."""


@dataclass(frozen=True)
class OnnxState:
    """Where the decoder is with its R texts.

    Args:
        sources: what it looks back at, by the names of the graph, a row for each source. lengths: of these; copies: the
            target symbol that each of their places stands for. rows: (R,), the source that each text is written from.
            gathered: the sources of the texts; None where that is still to be done. parts: state of the decoder. alpha:
            (R, S), where the last step looked; 0 before the first. looking: how the texts looked back when last asked.
    """

    sources: Mapping[str, Floats]
    lengths: Ids
    copies: Ids | None
    rows: Ids
    gathered: Mapping[str, Floats] | None
    parts: Mapping[str, Floats]
    alpha: Floats
    looking: _Looking = NOTHING


class OnnxSeq2Seq:
    """Runs the graphs of a folder."""

    def __init__(self, shape: Seq2SeqShape, exported: Exported) -> None:
        self._exported, self._shape, config = exported, shape, shape.decoder
        hidden, directions = shape.stack.hidden, 2 if shape.stack.bidirectional else 1
        names = ("h", "c") if shape.stack.cell == "lstm" else ("h",)
        layers = [f"{name}{layer}" for layer in range(config.decoder_layers) for name in names]
        state: Door = ("float32", (None, hidden))
        looked: dict[str, Door] = {}
        if self.attends:
            looked["memory"] = ("float32", (None, None, hidden * directions))
            if config.attention != "dot" or directions == 2:
                looked["keys"] = ("float32", (None, None, hidden))
        self._encoder = Session(
            exported.folder / "encoder.onnx", inputs={"source": ("int64", (None, None)), "lengths": ("int32", (None,))},
            outputs={**dict.fromkeys(layers, state), **looked},
        )  # fmt: skip
        self._state = [*layers, *(["h_tilde"] if config.input_feeding else [])]
        inputs: dict[str, Door] = {"ids": ("int64", (None,)), **dict.fromkeys(self._state, state), **looked}
        outputs: dict[str, Door] = {"logs": ("float32", (None, shape.target_symbols))}
        outputs.update({f"{name}_end": state for name in self._state})
        if self.attends:
            inputs["lengths"], outputs["alpha"] = ("int32", (None,)), ("float32", (None, None))
        if config.coverage > 0:
            inputs["coverage"] = ("float32", (None, None))
        if config.copy:
            outputs["gate"] = ("float32", (None,))
        self._decoder = Session(exported.folder / "decoder.onnx", inputs=inputs, outputs=outputs)
        self._tails = tails(shape.target_symbols, shape.output_width) if NARROW in exported.graphs else []
        if self._tails:
            narrow: dict[str, Door] = {
                f"narrow{k}": ("float32", (None, tail.width)) for k, tail in enumerate(self._tails)
            }
            of_rows: dict[str, Door] = {name: door for name, door in outputs.items() if name != "logs"}
            of_rows |= {"head": ("float32", (None, self._tails[0].first + len(self._tails))), **narrow}
            if shape.looks_together:
                inputs = {**inputs, "index": ("int64", (None, None)), "place": ("int64", (None,))}
            self._narrow = Session(exported.folder / NARROW, inputs=inputs, outputs=of_rows)
            behind: dict[str, Door] = {
                f"tail{k}": ("float32", (None, tail.symbols)) for k, tail in enumerate(self._tails)
            }
            self._behind = Session(exported.folder / "tails.onnx", inputs=narrow, outputs=behind)

    def parameters(self) -> int:
        """The number of weights."""
        return self._exported.parameters

    @property
    def attends(self) -> bool:
        """Whether the decoder looks back at the source."""
        return self._shape.decoder.attention != "none"

    def encode(self, source: Ids, lengths: Ids, copies: Ids | None = None) -> OnnxState:
        """The state before the first step, a text for each row of the source (B, S).

        Args:
            lengths: (B,). copies: (B, S), the target symbol that each place stands for.
        """
        if self._shape.decoder.copy and copies is None:
            raise ValueError("copies: wanted (B, S), got None")
        ids = np.ascontiguousarray(source, dtype=np.int64)
        found = dict(zip(self._encoder.outputs, self._encoder.run(source=ids, lengths=ids32(lengths)), strict=True))
        sources: dict[str, Floats] = {name: found.pop(name) for name in ("memory", "keys") if name in found}
        alpha = np.zeros(ids.shape, dtype=np.float32)
        if self._shape.decoder.input_feeding:
            found["h_tilde"] = np.zeros((len(ids), self._shape.stack.hidden), dtype=np.float32)
        if self._shape.decoder.coverage > 0:
            found["coverage"] = alpha
        copied = copies if self._shape.decoder.copy else None
        return OnnxState(sources, lengths, copied, np.arange(len(ids)), sources, found, alpha)

    def step(self, state: OnnxState, ids: Ids) -> tuple[Floats, OnnxState]:
        """Read one symbol a text, (R,): ln p of the next, (R, N + extra), and the state."""
        given, state = self._gathered(state)
        found, after = self._read(self._decoder, state, ids, given)
        logs = found["logs"]
        if state.copies is not None:
            extra = self._extra(state.copies)
            logs = _copied(logs, found["gate"], after.alpha, state.copies[state.rows], extra=extra)
        return logs, after

    @property
    def tells_best(self) -> bool:
        """Whether there is `best`: the softmax is adaptive, and nothing is copied."""
        return bool(self._tails)

    def best(self, state: OnnxState, ids: Ids, floor: Callable[[Floats], Floats]) -> tuple[Floats, Ids, OnnxState]:
        """Read one symbol a text, (R,): ln p of the next and which it is, (R, m), for all that are not below the floor
        of their text, in rising order of the symbols; and the state.

        No symbol of a cluster is likelier than the cluster: so of those only the ones are computed that are not below
        the floor, for the texts of which this is so.

        Args:
            floor: the floors (R,), given ln p (R, N0) of the frequent symbols.
        """
        given, state = self._grouped(state) if self._shape.looks_together else self._gathered(state)
        found, after = self._read(self._narrow, state, ids, given)
        head, first = found["head"], self._tails[0].first
        least = floor(head[:, :first])[:, None]
        parts = [_above(head[:, :first], least)]
        ways = [np.flatnonzero(head[:, first + k] >= least[:, 0]) for k in range(len(self._tails))]
        if any(len(rows) for rows in ways):
            given = {f"narrow{k}": found[f"narrow{k}"][rows] for k, rows in enumerate(ways)}
            for k, (rows, logs) in enumerate(zip(ways, self._behind.run(**given), strict=True)):
                cluster = head[rows, first + k]
                row, symbol, log = _above(logs, least[rows] - cluster[:, None])
                parts.append((rows[row], self._tails[k].first + symbol, log + cluster[row]))
        return *_side_by_side(parts, rows=len(head)), after

    def _gathered(self, state: OnnxState) -> tuple[dict[str, NDArray[Any]], OnnxState]:
        """What the texts look back at, a row for each text."""
        gathered = state.gathered
        if gathered is None:
            gathered = {name: part[state.rows] for name, part in state.sources.items()}
        given: dict[str, NDArray[Any]] = dict(gathered)
        if self.attends:
            given["lengths"] = ids32(state.lengths[state.rows])
        return given, replace(state, gathered=gathered)

    def _grouped(self, state: OnnxState) -> tuple[Mapping[str, NDArray[Any]], OnnxState]:
        """The same, a row for each source that is still looked at, and which texts look at it."""
        before = state.looking
        if np.array_equal(state.rows, before.rows):
            return before.given, state
        live, which, counts = np.unique(state.rows, return_inverse=True, return_counts=True)
        arrays: Mapping[str, NDArray[Any]]
        if np.array_equal(live, before.live):
            arrays = before.given
        elif len(live) == len(state.lengths):
            arrays = state.sources
        else:
            arrays = {name: part[live] for name, part in state.sources.items()}
        order = np.argsort(which, kind="stable")
        ranks = np.empty(len(which), dtype=np.int64)
        ranks[order] = _ranks(counts)
        most = int(counts.max())
        index = np.zeros((len(live), most), dtype=np.int64)
        index[which, ranks] = np.arange(len(which))
        given = {
            **arrays, "lengths": ids32(state.lengths[live]), "index": index, "place": which * most + ranks,
        }  # fmt: skip
        return given, replace(state, looking=_Looking(state.rows, live, given))

    def _read(
        self, session: Session, state: OnnxState, ids: Ids, given: Mapping[str, NDArray[Any]]
    ) -> tuple[dict[str, Floats], OnnxState]:
        """What a graph of the decoder gives, by name, and the state behind it."""
        known = np.where(ids < self._shape.target_symbols, ids, UNKNOWN)
        found = dict(zip(session.outputs, session.run(ids=known, **given, **state.parts), strict=True))
        alpha = found.get("alpha", state.alpha)
        parts = {name: found[f"{name}_end"] for name in self._state}
        if "coverage" in state.parts:
            parts["coverage"] = state.parts["coverage"] + alpha
        return found, replace(state, parts=parts, alpha=alpha)

    def choose(self, state: OnnxState, rows: Ids) -> OnnxState:
        """The state of some texts (R,), in the given order, the same one perhaps many times."""
        chosen = state.rows[rows]
        parts = {name: part[rows] for name, part in state.parts.items()}
        gathered = state.gathered if np.array_equal(chosen, state.rows) else None
        return replace(state, rows=chosen, gathered=gathered, parts=parts, alpha=state.alpha[rows])

    def attended(self, state: OnnxState) -> tuple[Floats, Ids]:
        """Where the last step looked, (R, S), and how many source places are real, (R,)."""
        return state.alpha, state.lengths[state.rows]

    def nats(self, batch: "PairBatch") -> Floats:
        """-ln p of every gold symbol, (B, T), 0 at padding."""
        state = self.encode(batch.source, batch.source_lengths, batch.copies)
        found = np.zeros(batch.gold.shape, dtype=np.float32)
        for t in range(batch.gold.shape[1]):
            logs, state = self.step(state, batch.target[:, t])
            real = t < batch.target_lengths
            gold = np.where(real, batch.gold[:, t], 0)
            found[:, t] = np.where(real, -logs[np.arange(len(gold)), gold], 0.0)
        return found

    def _extra(self, copies: Ids) -> int:
        """How many symbols copies have beyond the vocabulary."""
        return max(0, int(copies.max(initial=-1)) + 1 - self._shape.target_symbols)


def _above(logs: Floats, least: Floats) -> tuple[Ids, Ids, Floats]:
    """Row, column and value of all that are not below the least of their row (M, 1)."""
    places = (logs >= least).ravel().nonzero()[0]
    rows = places // max(1, logs.shape[1])
    return rows, places - rows * logs.shape[1], logs.ravel()[places]


def _ranks(counts: Ids) -> Ids:
    """0, 1, … for each of some groups that stand one behind the other, of so many members."""
    return np.asarray(np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts))


def _side_by_side(parts: list[tuple[Ids, Ids, Floats]], *, rows: int) -> tuple[Floats, Ids]:
    """Values and symbols (R, m) of parts whose symbols rise from part to part; -inf where a row has fewer."""
    row, symbol, log = (np.concatenate(some) for some in zip(*parts, strict=True))
    order = np.argsort(row, kind="stable")
    row, symbol, log = row[order], symbol[order], log[order]
    counts = np.bincount(row, minlength=rows)
    places = _ranks(counts)
    logs = np.full((rows, int(counts.max(initial=1))), -np.inf, dtype=np.float32)
    symbols = np.zeros(logs.shape, dtype=np.int64)
    logs[row, places], symbols[row, places] = log, symbol
    return logs, symbols


def _copied(logs: Floats, gate: Floats, alpha: Floats, copies: Ids, *, extra: int) -> Floats:
    """ln p of every symbol, (R, N + extra), where some are copied; see `nn.copying`.

    Args:
        logs: (R, N), by the softmax. gate: (R,), g before its sigmoid. alpha, copies: (R, S).
    """
    written = np.where(alpha.sum(axis=1) > 0, -np.logaddexp(0.0, -gate), 0.0)  # ln g
    found = np.full((len(logs), logs.shape[1] + extra), -np.inf, dtype=np.float32)
    found[:, : logs.shape[1]] = logs + written[:, None].astype(np.float32)
    places, rows = np.maximum(copies, 0), np.arange(len(logs))[:, None]  # nothing is looked at where there is padding
    looked = np.zeros(found.shape, dtype=np.float32)
    np.add.at(looked, (rows, places), alpha)
    with np.errstate(divide="ignore"):
        seen = np.log(looked[rows, places])  # (R, S)
    copied = -np.logaddexp(0.0, gate)[:, None]  # ln (1 - g)
    found[rows, places] = np.logaddexp(found[rows, places], (copied + seen).astype(np.float32))
    return found
