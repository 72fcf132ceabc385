"""Weights that follow the text that is judged: a step after each segment, and a pull back to where they began.

Knows a network and gradients; knows no text. Used by `models.language_modelling.adapting`.
"""

import torch
from torch import Tensor, nn

# Set by hand, not tuned; what they gave is in docs/log.md.
RATE = 3e-4
DECAY = 2e-3
MEMORY = 0.999


class DynamicWeights:
    """RMS dynamic evaluation.

        theta <- theta - rate g / (sqrt(mean of g^2) + eps) + decay (theta_0 - theta)

    Args:
        frozen: parameters that stay as they are.
    Source: Krause et al. 2018, Dynamic evaluation of neural sequence models, section 4; the mean of squared gradients
        is that of the text judged so far, where theirs is that of the training text, which a model folder has not.
    """

    def __init__(self, network: nn.Module, *, frozen: tuple[nn.Parameter, ...] = ()) -> None:
        self.parameters = [p for p in network.parameters() if not any(p is other for other in frozen)]
        self.start = [p.detach().clone() for p in self.parameters]
        self.squares = [torch.zeros_like(p) for p in self.parameters]
        self.steps = 0

    def learn(self, loss: Tensor) -> None:
        """Move the weights against the gradient of a loss that has been scored."""
        gradients: tuple[Tensor | None, ...] = torch.autograd.grad(loss, self.parameters, allow_unused=True)
        self.steps += 1
        correction = 1 - MEMORY**self.steps
        with torch.no_grad():
            for p, start, square, g in zip(self.parameters, self.start, self.squares, gradients, strict=True):
                if g is None:
                    continue
                square.mul_(MEMORY).addcmul_(g, g, value=1 - MEMORY)
                p.lerp_(start, DECAY)
                p.addcdiv_(g, (square / correction).sqrt_().add_(1e-6), value=-RATE)
