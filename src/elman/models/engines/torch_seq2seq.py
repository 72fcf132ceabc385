"""The torch engine of seq2seq models: a trained network behind numpy arrays, without gradients.

Knows the network and arrays; knows no text. Called by `models.seq2seq` and `models.translating`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.models.networks.seq2seq import PairTensors, Seq2SeqNetwork
from elman.models.networks.weights import put_arrays, shapes_of, weight_arrays
from elman.nn.cells import State
from elman.nn.config import Seq2SeqShape
from elman.nn.decoder import Memory

if TYPE_CHECKING:
    from elman.data.pair_batches import PairBatch

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


def build_seq2seq(
    shape: Seq2SeqShape,
    *,
    precision: str = "fp32",
    seed: int | None = None,
    start: Mapping[str, Floats] | None = None,
) -> Seq2SeqNetwork:
    """The network of a shape.

    Args:
        precision: number format of the products. seed: draw its weights from it; None leaves them unset. start: take
            these weights.
    """
    network = Seq2SeqNetwork(shape, precision=precision)
    if start is not None:
        put_arrays(network, start)
    elif seed is not None:
        network.initialize(torch.Generator().manual_seed(seed))
    return network


def seq2seq_shapes(shape: Seq2SeqShape) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network that is not made."""
    return shapes_of(lambda: Seq2SeqNetwork(shape))


def seq2seq_loss(
    network: Seq2SeqNetwork, *, progress: Callable[[], float] | None = None
) -> "Callable[[PairBatch, Any, torch.Generator], tuple[torch.Tensor, int, Any]]":
    """The loss of a batch in training, as the loop wants it: nats and target symbols.

    Args:
        progress: the share of the run that is over, from 0 to 1, along which scheduled sampling rises; None for a
            network at the end of its run.
    """
    device, share = network.device, network.shape.decoder.scheduled_sampling

    def loss(batch: "PairBatch", state: Any, generator: torch.Generator) -> tuple[torch.Tensor, int, Any]:
        sampled = share * (progress() if progress is not None else 1.0)
        nats, count = network.loss(pair_tensors(batch, device), generator, sampled=sampled)
        return nats, count, ()

    return loss


def pair_tensors(batch: "PairBatch", device: torch.device) -> PairTensors:
    """A batch as the network wants it."""

    def tensor(array: Ids) -> torch.Tensor:
        return torch.from_numpy(array).to(device)

    return PairTensors(
        tensor(batch.source), tensor(batch.source_lengths), tensor(batch.target), tensor(batch.gold),
        tensor(batch.target_lengths), None if batch.copies is None else tensor(batch.copies),
    )  # fmt: skip


@dataclass(frozen=True)
class Seq2SeqState:
    """Where the decoder is with its R texts.

    Args:
        sources: the memory, a row for each source. rows: (R,), the source that each text is written from. memory: that
            of the texts, gathered; None where that is still to be done. parts: state of the decoder, rows first. alpha:
            (R, S), where the last step looked; 0 before the first.
    """

    sources: Memory
    rows: Ids
    memory: Memory | None
    parts: State
    alpha: torch.Tensor


class TorchSeq2Seq:
    """Runs a seq2seq network in fp32 unless it was built otherwise."""

    def __init__(self, network: Seq2SeqNetwork) -> None:
        self.network = network
        self.device = network.device

    def parameters(self) -> int:
        """The number of weights."""
        return sum(p.numel() for p in self.network.parameters())

    def arrays(self) -> dict[str, Floats]:
        """The weights by name."""
        return weight_arrays(self.network)

    def nats(self, batch: "PairBatch") -> Floats:
        """-ln p of every gold symbol, (B, T), 0 at padding."""
        with torch.inference_mode():
            found: Floats = self.network.nats(pair_tensors(batch, self.device)).float().cpu().numpy()
            return found

    def encode(self, source: Ids, lengths: Ids, copies: Ids | None = None) -> Seq2SeqState:
        """The state before the first step, a text for each row of the source (B, S).

        Args:
            lengths: (B,). copies: (B, S), the target symbol that each place stands for.
        """
        with torch.inference_mode():
            memory, parts = self.network.encode(
                self._tensor(source), self._tensor(lengths), copies=None if copies is None else self._tensor(copies)
            )
            return Seq2SeqState(memory, np.arange(len(source)), memory, parts, memory.states.new_zeros(source.shape))

    def step(self, state: Seq2SeqState, ids: Ids) -> tuple[Floats, Seq2SeqState]:
        """Read one symbol a text, (R,): ln p of the next, (R, N + extra), and the state."""
        with torch.inference_mode():
            memory = state.memory
            if memory is None:
                memory = state.sources.rows(self._tensor(state.rows))
            logs, parts, alpha = self.network.step(self._tensor(ids), state.parts, memory)
            return logs.float().cpu().numpy(), replace(state, memory=memory, parts=parts, alpha=alpha)

    def choose(self, state: Seq2SeqState, rows: Ids) -> Seq2SeqState:
        """The state of some texts (R,), in the given order, the same one perhaps many times.

        The memory is gathered anew only where a place comes to another source, so not where the beams of a text change
        places among themselves.
        """
        chosen = state.rows[rows]
        with torch.inference_mode():
            index = self._tensor(rows)
            parts, alpha = tuple(part[index] for part in state.parts), state.alpha[index]
        memory = state.memory if np.array_equal(chosen, state.rows) else None
        return Seq2SeqState(state.sources, chosen, memory, parts, alpha)

    tells_best = False
    """Whether the likeliest symbols can be asked for alone."""

    @property
    def attends(self) -> bool:
        """Whether the decoder looks back at the source."""
        return self.network.shape.decoder.attention != "none"

    def attended(self, state: Seq2SeqState) -> tuple[Floats, Ids]:
        """Where the last step looked, (R, S), and how many source places are real, (R,)."""
        found: Floats = state.alpha.float().cpu().numpy()
        return found, state.sources.lengths.cpu().numpy()[state.rows]

    def _tensor(self, array: Ids) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64)).to(self.device)
