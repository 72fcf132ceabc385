"""The torch engine of language models: a trained network behind numpy arrays, without gradients.

Knows the network and arrays; knows no text. Called by `models.language_model`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.batches import Batch
from elman.models.config import LanguageModelConfig
from elman.models.networks.language_model import LanguageModelNetwork, State
from elman.models.networks.weights import put_arrays, shapes_of, weight_arrays
from elman.nn.stack import Multiply
from elman.text.vocabulary import START
from elman.training.dynamic import DynamicWeights

Arrays = tuple[NDArray[Any], ...]
"""A state: one array (layers, B, H) for each name that the cell has; with n-grams the last symbols (1, B, C) too."""
Ids = NDArray[np.int64]
FEW_ROWS, SHORT = 4, 128
"""Up to so many rows, of at least such a width, are multiplied as single dot products."""


def build_network(
    config: LanguageModelConfig,
    *,
    precision: str = "fp32",
    seed: int | None = None,
    start: "TorchLanguageModel | None" = None,
) -> LanguageModelNetwork:
    """The network that a config describes.

    Args:
        precision: number format of the products. seed: draw its weights from it; None leaves them unset. start: take
            the weights of this engine's network.
    """
    network = LanguageModelNetwork(config, start=START, precision=precision)
    if start is not None:
        put_arrays(network, start.arrays())
    elif seed is not None:
        network.initialize(torch.Generator().manual_seed(seed))
    return network


def training_loss(
    network: LanguageModelNetwork,
) -> Callable[[Batch, State | None, torch.Generator], tuple[torch.Tensor, int, State]]:
    """The loss of a batch in training, as the loop wants it: rows of the state go on where the batch says so."""
    device = network.device

    def loss(batch: Batch, state: State | None, generator: torch.Generator) -> tuple[torch.Tensor, int, State]:
        ids, targets = torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.targets).to(device)
        state = _continued(batch, state, network)
        return network.loss(ids, targets, lengths=_lengths(batch, device), state=state, generator=generator)

    return loss


def weight_shapes(config: LanguageModelConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network that is not made."""
    return shapes_of(lambda: LanguageModelNetwork(config, start=START))


def batch_nats(network: LanguageModelNetwork, batch: Batch, state: State | None) -> tuple[float, State]:
    """Sum of nats over a batch that is judged, and the state after it; `state` is that of the batch before."""
    device = network.device
    with torch.inference_mode():
        ids, targets = torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.targets).to(device)
        nats, _, after = network.nats(
            ids, targets, lengths=_lengths(batch, device), state=_continued(batch, state, network)
        )
    return float(nats.sum(dtype=torch.float64)), after


def adapting_nats(
    network: LanguageModelNetwork, batch: Batch, state: State | None, *, weights: DynamicWeights | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], State]:
    """-ln p of the targets of one row, (T,), the states h that the softmax read, (T, H), and the state.

    Args:
        weights: learn from the row after it was scored; None leaves the network as it is.
    """
    device = network.device
    ids, targets = torch.from_numpy(batch.ids).to(device), torch.from_numpy(batch.targets).to(device)
    with torch.set_grad_enabled(weights is not None):
        nats, h, after = network.nats(ids, targets, lengths=None, state=_continued(batch, state, network))
    if weights is not None:
        weights.learn(nats.mean())
    after = tuple(part.detach() for part in after)
    return nats[0].detach().cpu().numpy(), h[0].detach().cpu().numpy(), after


def _continued(batch: Batch, state: State | None, network: LanguageModelNetwork) -> State | None:
    """The rows of the state that a batch goes on from, those of a fresh state among them."""
    if batch.continues is None or state is None:
        return None
    if np.array_equal(batch.continues, np.arange(state[0].shape[1])):
        return state
    rows = torch.from_numpy(batch.continues).to(network.device)
    fresh = network.zero_state(len(rows))
    is_fresh = (rows < 0)[:, None]  # (B, 1)
    return tuple(
        torch.where(is_fresh, begin, part[:, rows.clamp(min=0)]) for begin, part in zip(fresh, state, strict=True)
    )


def _lengths(batch: Batch, device: torch.device) -> torch.Tensor | None:
    """The lengths of a batch, or None where all steps are real, which is faster."""
    full = bool((batch.lengths == batch.ids.shape[1]).all())
    return None if full else torch.from_numpy(batch.lengths).to(device)


class TorchLanguageModel:
    """Runs a language-model network in fp32 unless it was built otherwise."""

    def __init__(self, network: LanguageModelNetwork) -> None:
        self.network = network
        self.device = network.device
        self.multiply: Multiply = torch.nn.functional.linear
        if self.device.type == "cpu":
            self.multiply = _few_rows
            _to_large_pages(network)
        self.stepper = network.stack.stepper(self.multiply)

    def parameters(self) -> int:
        """The number of weights."""
        return sum(p.numel() for p in self.network.parameters())

    def start(self, rows: int) -> Arrays:
        """The state after the start symbol, for so many rows."""
        ids = self._tensor(np.full(rows, self.network.start))
        with torch.inference_mode():
            return _arrays(self.network.step(ids, self.network.zero_state(rows), stepper=self.stepper))

    def read(self, state: Arrays, ids: Ids) -> Arrays:
        """The state after reading ids (B, T)."""
        with torch.inference_mode():
            return _arrays(self.network.states(self._tensor(ids), state=self._state(state), lengths=None)[1])

    def nats(
        self, state: Arrays | None, ids: Ids, *, targets: Ids, lengths: Ids | None = None
    ) -> tuple[NDArray[np.float32], Arrays]:
        """-ln p of each target, (B, T), 0 at padding, and the state after each row's last real step."""
        with torch.inference_mode():
            nats, _, after = self.network.nats(
                self._tensor(ids),
                self._tensor(targets),
                lengths=None if lengths is None else self._tensor(lengths),
                state=None if state is None else self._state(state),
            )
            return nats.float().cpu().numpy(), _arrays(after)

    def step(self, state: Arrays, ids: Ids) -> tuple[NDArray[np.float32], Arrays]:
        """Read one symbol a row, (B,): log-probabilities of the next, (B, N), and the state."""
        with torch.inference_mode():
            after = self.network.step(self._tensor(ids), self._state(state), stepper=self.stepper)
            return self._log_probabilities(after), _arrays(after)

    def log_probabilities(self, state: Arrays) -> NDArray[np.float32]:
        """Log-probabilities of the next symbol, (B, N), given a state."""
        with torch.inference_mode():
            return self._log_probabilities(self._state(state))

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights by name."""
        return weight_arrays(self.network)

    def _log_probabilities(self, state: State) -> NDArray[np.float32]:
        """(B, N); the h of the last layer is what the softmax reads."""
        return self.network.head.log_probabilities(state[0][-1], self.multiply).cpu().numpy()

    def _tensor(self, array: Ids) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64)).to(self.device)

    def _state(self, state: Arrays) -> tuple[torch.Tensor, ...]:
        return tuple(torch.from_numpy(np.ascontiguousarray(part)).to(self.device) for part in state)


def _arrays(state: tuple[torch.Tensor, ...]) -> Arrays:
    return tuple(part.cpu().numpy() for part in state)


def _to_large_pages(network: torch.nn.Module) -> None:
    """Move the weights to memory of numpy's, which asks the system for large pages where an array is large.

    Torch asks for none. A processor fetches ahead inside a page: a step reads all weights from end to end, in large
    pages a third faster.
    """
    for parameter in network.parameters():
        parameter.data = torch.from_numpy(parameter.detach().numpy().copy())


def _few_rows(x: torch.Tensor, matrix: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """x (B, D) times the transposed matrix (N, D), plus a bias (N,); for few x on a CPU a dot product of each row.

    That costs no more than to read the matrix once, in the order in which it lies in memory; the products of torch's
    libraries, made for many rows, read 10,000 x 512 at a quarter of that speed. Beyond four rows, and for short dot
    products, they are the faster ones; docs/log.md has the figures.
    """
    if len(x) > FEW_ROWS or x.shape[1] < SHORT:
        return torch.nn.functional.linear(x, matrix, bias)
    found = np.ascontiguousarray(np.vecdot(matrix.detach().numpy()[:, None], x.numpy()).T)  # (B, N)
    if bias is not None:
        found += bias.detach().numpy()
    return torch.from_numpy(found)
