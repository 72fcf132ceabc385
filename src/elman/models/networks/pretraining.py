"""The embedding and the stack of a classifier as language models, one for each direction, before they learn labels.

Knows the modules of `nn` and tensors; knows no file and no text. Built by `models.engines.torch_pretraining`.
"""

from typing import cast

import torch
from torch import Tensor, nn

from elman.models.networks.classifier import ClassifierNetwork, Read
from elman.models.networks.language_model import COMPUTE, mask
from elman.nn.cells import state_names
from elman.nn.dropout import locked_dropout
from elman.nn.init import initialize
from elman.nn.kernels import unroll
from elman.nn.softmax import AdaptiveSoftmax, Softmax
from elman.nn.stack import Direction, Stack

BOUNDARY = 0
"""What stands before and behind every text, as a target; what has the number n in a vocabulary is n + 1."""
LARGE = 4000
"""From so many targets on, the softmax is adaptive."""


class PretrainingNetwork(nn.Module):
    """p(w_{t+1} | w_1 … w_t) by the forward direction and p(w_{t-1} | w_t … w_T) by the backward one.

    Read both ways, a further layer of a classifier sees both directions, and so what it would have to predict. Here
    each direction reads its own alone, in all layers; what the weights make of the other one is 0 and stays so.

    Args:
        network: the classifier's; its embedding and stack are trained in their place. known: numbers that a word or
            symbol can have.
    Source: fine-tuning a classifier from a language model is Howard & Ruder 2018 (ULMFiT); one softmax and one
        embedding for two directions that do not see each other is Peters et al. 2018 (ELMo), section 3.1.
    """

    def __init__(self, network: ClassifierNetwork, *, known: int, precision: str = "fp32") -> None:
        super().__init__()
        self.network = network
        make = AdaptiveSoftmax if known + 1 >= LARGE else Softmax
        hidden = network.config.stack.hidden
        self.head = make(known + 1, hidden, embedding=None, compute=COMPUTE[precision])

    def initialize(self, generator: torch.Generator) -> None:
        """Draw the softmax, and part the directions; all else stays."""
        initialize(self.head, generator)
        part_directions(self.network.stack)

    def nats(self, read: Read, ids: Tensor, lengths: Tensor, generator: torch.Generator | None) -> tuple[Tensor, int]:
        """The sum of -ln p over all steps of a batch in all directions, and their count.

        Args:
            ids: (B, T), the numbers of what is read. lengths: (B,).
        """
        stack = self.network.stack
        x = self.network.vectors(read, generator)  # (B, T, D)
        real = mask(lengths, ids.shape[1])  # (B, T)
        sums, count = [], 0
        for d in range(stack.directions):
            h = one_direction(stack, x, d, lengths=lengths, generator=generator)  # (B, T, H)
            nats, many = self.head.loss(h[real], neighbours(ids, lengths, backward=d == 1)[real])
            sums.append(nats)
            count += many
        return torch.stack(sums).sum(), count


def neighbours(ids: Tensor, lengths: Tensor, *, backward: bool) -> Tensor:
    """What follows each step, or stands before it, (B, T): its number plus one, `BOUNDARY` where the text ends."""
    found = torch.full_like(ids, BOUNDARY)
    if backward:
        found[:, 1:] = ids[:, :-1] + 1
        return found
    found[:, :-1] = ids[:, 1:] + 1
    return found.masked_fill(~mask(lengths - 1, ids.shape[1]), BOUNDARY)


def one_direction(
    stack: Stack, x: Tensor, d: int, *, lengths: Tensor, generator: torch.Generator | None = None
) -> Tensor:
    """The states of the last layer in direction d, (B, T, H), where no layer reads the other one."""
    config = stack.config
    zero = tuple(x.new_zeros(x.shape[0], config.hidden) for _ in state_names(config.cell))
    for l, layer in enumerate(stack.layers):  # noqa: E741 the letter of the layer
        weights = cast(Direction, cast(nn.ModuleList, layer)[d]).weights(config.weight_drop, generator)
        if l:
            x = locked_dropout(x, config.dropout, generator)
            weights = weights._replace(W=weights.W[:, d * config.hidden : (d + 1) * config.hidden])
        x, _ = unroll(config.cell, x, zero, weights, lengths=lengths, reverse=d == 1, compute=stack.compute)
    return x


@torch.no_grad()
def part_directions(stack: Stack) -> None:
    """Make 0 what each direction of a further layer makes of the other."""
    hidden = stack.config.hidden
    for layer in list(stack.layers)[1:]:
        for d, direction in enumerate(cast(nn.ModuleList, layer)):
            matrix = cast(Direction, direction).W  # (G H, directions * H)
            matrix[:, : d * hidden] = 0.0
            matrix[:, (d + 1) * hidden :] = 0.0
