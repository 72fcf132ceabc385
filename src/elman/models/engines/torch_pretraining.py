"""The torch engine of pretraining: the loss of a batch of texts without labels, as the loop wants it.

Knows networks and arrays; knows no text. Called by `models.classifying.pretraining`.
"""

from collections.abc import Callable
from typing import Any

import torch

from elman.data.symbol_texts import SymbolBatch
from elman.data.tokens import TokenBatch
from elman.models.engines.torch_classifier import read_tensors
from elman.models.networks.classifier import ClassifierNetwork
from elman.models.networks.pretraining import PretrainingNetwork

Batch = TokenBatch | SymbolBatch


def build_pretraining(network: ClassifierNetwork, *, precision: str, seed: int) -> PretrainingNetwork:
    """The language models of a classifier's network, their softmax drawn from a seed."""
    symbols = network.config.symbols
    known = network.config.words_known if symbols is None else symbols.symbols
    found = PretrainingNetwork(network, known=known, precision=precision)
    found.initialize(torch.Generator().manual_seed(seed))
    return found.to(network.device)


def pretraining_loss(
    network: PretrainingNetwork,
) -> Callable[[Batch, Any, torch.Generator], tuple[torch.Tensor, int, Any]]:
    """The loss of a batch: nats and predictions; no state is carried from text to text."""
    device = network.network.device

    def loss(batch: Batch, state: Any, generator: torch.Generator) -> tuple[torch.Tensor, int, Any]:
        ids = batch.ids if isinstance(batch, SymbolBatch) else batch.rows.words[batch.places]  # (B, T)
        lengths = torch.from_numpy(batch.lengths).to(device)
        numbers = torch.from_numpy(ids).to(device)
        nats, count = network.nats(read_tensors(batch, device), numbers, lengths, generator)
        return nats, count, ()

    return loss
