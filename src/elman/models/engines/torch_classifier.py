"""The torch engine of classifiers: a trained network behind numpy arrays, without gradients.

Knows the network and arrays; knows no text. Called by `models.classifier` and `models.classifying`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.symbol_texts import SymbolBatch
from elman.data.text_batches import TextBatch
from elman.data.tokens import TokenBatch
from elman.models.config import ClassifierConfig
from elman.models.engines.torch_tagger import word_tensors
from elman.models.networks.classifier import ClassifierNetwork, Read, many_labels_loss, one_label_loss
from elman.models.networks.weights import put_grown, shapes_of, weight_arrays
from elman.nn.bags import BagTensors
from elman.nn.words import WordTensors
from elman.text.features import WordFeatures, WordRows

Floats = NDArray[np.float32]


def build_classifier(
    config: ClassifierConfig,
    *,
    seen: NDArray[np.int64],
    spelt: NDArray[np.int64] | None = None,
    precision: str = "fp32",
    seed: int | None = None,
    start: dict[str, Floats] | None = None,
) -> ClassifierNetwork:
    """The network that a config describes.

    Args:
        seen: how often each known word was met in training; spelt: likewise of characters, where they are read.
            precision: number format of the products. seed: draw its
            weights from it; None leaves them unset. start: take these weights; labels that came behind the known ones
            keep what was drawn for them.
    """
    met, letters = (None if some is None else torch.from_numpy(some.astype(np.float32)) for some in (seen, spelt))
    assert met is not None
    network = ClassifierNetwork(config, seen=met, spelt=letters, precision=precision)
    if seed is not None:
        network.initialize(torch.Generator().manual_seed(seed))
    if start is not None:
        put_grown(network, start)
    return network


def classifier_shapes(config: ClassifierConfig) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network that is not made."""
    return shapes_of(lambda: ClassifierNetwork(config, seen=torch.zeros(config.words_known)))


def classifier_loss(
    network: ClassifierNetwork, weights: Floats
) -> Callable[[TextBatch, Any, torch.Generator], tuple[torch.Tensor, int, Any]]:
    """The loss of a batch in training, as the loop wants it: nats and tokens, so that their ratio is nats a text.

    Args:
        weights: of the labels, as the losses of `networks.classifier` want them.
    """
    device, smoothing = network.device, network.config.head.label_smoothing
    loss_of = many_labels_loss if network.config.reading.multi_label else one_label_loss
    weighted = torch.from_numpy(weights).to(device)

    def loss(batch: TextBatch, state: Any, generator: torch.Generator) -> tuple[torch.Tensor, int, Any]:
        targets = torch.from_numpy(batch.targets).to(device)
        paths = network.paths(*_tensors(batch, device), generator=generator)
        losses = [loss_of(s[: len(targets)], targets, smoothing=smoothing, weights=weighted) for s in paths]
        tokens = int(batch.read.lengths.sum())
        share = tokens / (len(targets) * len(losses))  # a text counts as one, be it long or short
        return torch.stack(losses).sum() * share, tokens, ()

    return loss


def _tensors(
    batch: TextBatch, device: torch.device
) -> tuple[Read, torch.Tensor, BagTensors, tuple[WordTensors, torch.Tensor] | None]:
    """A batch as the network wants it."""
    bags = batch.bags
    lengths = torch.from_numpy(batch.read.lengths).to(device)
    parts = (bags.rows.astype(np.int64), bags.starts[:-1], bags.sizes)
    tensors = BagTensors(*(torch.from_numpy(part).to(device) for part in parts))
    spelt = None
    if batch.spelling is not None:
        spelt = word_tensors(batch.spelling, device), torch.from_numpy(batch.spelling.lengths).to(device)
    return read_tensors(batch.read, device), lengths, tensors, spelt


def read_tensors(read: TokenBatch | SymbolBatch, device: torch.device) -> Read:
    """The words or symbols of a batch as the network wants them."""
    return torch.from_numpy(read.ids).to(device) if isinstance(read, SymbolBatch) else word_tensors(read, device)


class TorchClassifier:
    """Runs a classifier's network in fp32 unless it was built otherwise."""

    exact = False

    def __init__(self, network: ClassifierNetwork) -> None:
        self.network = network
        self.device = network.device

    @property
    def count(self) -> int:
        """How many paths there are: the stacks, and the bag."""
        return 1 if self.network.bag is None else 2

    def parameters(self) -> int:
        """The number of weights."""
        return sum(p.numel() for p in self.network.parameters())

    def arrays(self) -> dict[str, Floats]:
        """The weights by name."""
        return weight_arrays(self.network)

    def words(self, words: Sequence[str], features: WordFeatures) -> WordRows:
        """What batches are to hold of different words: all that is known of them."""
        return features.rows(words)

    def characters(self, characters: Sequence[str], features: WordFeatures) -> WordRows:
        """Likewise of characters that are read by themselves."""
        return features.rows(characters)

    def paths(self, batch: TextBatch) -> Floats:
        """The scores of the labels of the real texts of a batch by the stacks together and, if there is one, by the
        bag, before any softmax or sigmoid: (paths, n, K)."""
        with torch.inference_mode():
            every = self.network.paths(*_tensors(batch, self.device))
            stacks = every if self.network.bag is None else every[:-1]
            found = [torch.stack(stacks).mean(dim=0), *every[len(stacks) :]]
            scores: Floats = torch.stack(found)[:, : len(batch.targets)].float().cpu().numpy()
            return scores
