"""The torch engine of taggers: a trained network behind numpy arrays, without gradients.

Knows the network and arrays; knows no text. Called by `models.tagger` and `models.tagging`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.tokens import TokenBatch
from elman.decoding.viterbi import Transitions
from elman.models.config import TaggerConfig
from elman.models.networks.tagger import Allowed, TaggerNetwork
from elman.models.networks.weights import put_grown, shapes_of, weight_arrays
from elman.models.tagging.decoding import has_crf
from elman.nn.words import WordTensors
from elman.text.features import WordFeatures, WordRows
from elman.text.labels import LabelSet


def build_tagger(
    config: TaggerConfig,
    labels: Sequence[LabelSet],
    *,
    seen: NDArray[np.int64],
    precision: str = "fp32",
    seed: int | None = None,
    start: "dict[str, NDArray[np.float32]] | None" = None,
) -> TaggerNetwork:
    """The network that a config and label sets describe.

    Args:
        seen: how often each known word was met in training. precision: number format of the products. seed: draw its
            weights from it; None leaves them unset. start: take these weights; labels that came behind the known ones
            keep what was drawn for them.
    """
    network = _tagger(config, labels, torch.from_numpy(seen.astype(np.float32)), precision)
    if seed is not None:
        network.initialize(torch.Generator().manual_seed(seed))
    if start is not None:
        put_grown(network, start)
    return network


def tagger_shapes(config: TaggerConfig, labels: Sequence[LabelSet]) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network that is not made."""
    return shapes_of(lambda: _tagger(config, labels, torch.zeros(config.words_known), "fp32"))


def _tagger(config: TaggerConfig, labels: Sequence[LabelSet], seen: torch.Tensor, precision: str) -> TaggerNetwork:
    allowed: list[Allowed | None] = []
    for one in labels:
        if not has_crf(one, config.head.crf):
            allowed.append(None)  # without a table of all pairs of labels, of which there may be many
            continue
        begin, follow, end = (torch.from_numpy(part).to(seen.device) for part in one.allowed())
        allowed.append((begin, follow, end))
    sizes = tuple(len(one.internal) for one in labels)
    return TaggerNetwork(config, labels=sizes, allowed=tuple(allowed), seen=seen, precision=precision)


def tagger_loss(network: TaggerNetwork) -> Callable[[TokenBatch, Any, torch.Generator], tuple[torch.Tensor, int, Any]]:
    """The loss of a batch in training, as the loop wants it; no state is carried from sentence to sentence."""
    device = network.device

    def loss(batch: TokenBatch, state: Any, generator: torch.Generator) -> tuple[torch.Tensor, int, Any]:
        labels, lengths = torch.from_numpy(batch.labels).to(device), torch.from_numpy(batch.lengths).to(device)
        nats, count = network.loss(word_tensors(batch, device), labels, lengths=lengths, generator=generator)
        return nats, count, ()

    return loss


def word_tensors(batch: TokenBatch, device: torch.device) -> WordTensors:
    """The words of a batch as the network wants them."""
    rows: WordRows = batch.rows
    sizes = np.diff(rows.character_starts)
    characters = np.zeros((len(sizes), int(sizes.max(initial=0))), dtype=np.int64)
    characters[np.arange(characters.shape[1]) < sizes[:, None]] = rows.characters
    parts = (batch.places, rows.words, rows.features, rows.feature_starts[:-1], characters, sizes)
    known = WordTensors(*(torch.from_numpy(part).to(device) for part in parts))
    return known if batch.contexts is None else known._replace(contexts=torch.from_numpy(batch.contexts).to(device))


class TorchTagger:
    """Runs a tagger's network in fp32 unless it was built otherwise."""

    exact = False

    def __init__(self, network: TaggerNetwork) -> None:
        self.network = network
        self.device = network.device

    def parameters(self) -> int:
        """The number of weights."""
        return sum(p.numel() for p in self.network.parameters())

    def arrays(self) -> dict[str, NDArray[np.float32]]:
        """The weights by name."""
        return weight_arrays(self.network)

    def words(self, words: Sequence[str], features: WordFeatures) -> WordRows:
        """What batches are to hold of different words: all that is known of them."""
        return features.rows(words)

    def emissions(self, batch: TokenBatch) -> list[NDArray[np.float32]]:
        """For each column the scores of its labels, (M, B, T, K): ln p of a softmax, and of contexts where they are
        read; or as the CRF of each member has them, then that of contexts."""
        with torch.inference_mode():
            lengths = torch.from_numpy(batch.lengths).to(self.device)
            found = self.network.emissions(word_tensors(batch, self.device), lengths)
            return [scores.float().cpu().numpy() for scores in found]

    def likeliest(self, batch: TokenBatch, columns: Sequence[int]) -> list[NDArray[np.int64]]:
        """For each of these columns the likeliest label of every step by itself, (B, T), contexts not heeded."""
        with torch.inference_mode():
            lengths = torch.from_numpy(batch.lengths).to(self.device)
            found = self.network.scores(word_tensors(batch, self.device), lengths, columns)
            return [scores.argmax(dim=2).cpu().numpy() for scores in found]

    def transitions(self, column: int) -> tuple[Transitions, ...]:
        """The weights of the CRF of each member in a column; none where it has a softmax alone."""
        with torch.inference_mode():
            found = self.network.transitions(column)
        return tuple(Transitions(*(part.float().cpu().numpy() for part in parts)) for parts in found)
