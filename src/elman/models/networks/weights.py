"""The weights of any network by name, as numpy arrays: written, read, and their shapes known before there are any.

Knows parameters, not what they are for. Used by the engines, by `models.fitting` and by `models.folder`.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


@torch.no_grad()
def put_arrays(network: nn.Module, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Write weights, by name, into a network."""
    for name, parameter in network.named_parameters():
        parameter.copy_(torch.from_numpy(arrays[name]))


@torch.no_grad()
def put_grown(network: nn.Module, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Write some weights, by name, into a network; where its own are longer, the rest keep their values."""
    own = dict(network.named_parameters())
    for name, array in arrays.items():
        own[name][tuple(slice(size) for size in array.shape)].copy_(torch.from_numpy(array))


def weight_arrays(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The weights of a network by name."""
    return {name: p.detach().float().cpu().numpy() for name, p in network.named_parameters()}


def shapes_of(make: Callable[[], nn.Module]) -> dict[str, tuple[int, ...]]:
    """The name and shape of every weight of a network that is not made: nothing is allocated."""
    with torch.device("meta"):
        network = make()
    return {name: tuple(p.shape) for name, p in network.named_parameters()}
