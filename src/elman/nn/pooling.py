"""From the states of all steps to one vector: the last, the mean, the maximum, or a weighted mean, or several joined.

Knows tensors and lengths. Used by the networks of `models`.
"""

import torch
from torch import Tensor, nn

from elman.nn.cells import State
from elman.nn.config import JOINT, POOLINGS


class Pooling(nn.Module):
    """v = [one vector for each of the chosen ways], from h (B, T, D) of which padding never counts.

        last        the state after the last step; read both ways, [forward; backward], the backward one after the first
        mean, max   over the steps, each number for itself
        attention   sum over t of alpha_t h_t        alpha = softmax over t of a · tanh(h_t)

    A row without steps gives zeros.

    Args:
        ways: names, joined by `+`. width: D. directions: how many of these the rows of a state have a layer.
    Source: attention is that of Zhou et al. 2016, Attention-based bidirectional LSTM, equations 9 to 11; joining is
        the concat pooling of Howard & Ruder 2018 (ULMFiT).
    """

    def __init__(self, ways: str, *, width: int, directions: int) -> None:
        super().__init__()
        self.ways, self.directions = ways.split(JOINT), directions
        self.width = width * len(self.ways)
        assert set(self.ways) <= set(POOLINGS)
        if "attention" in self.ways:
            self.a = nn.Parameter(torch.zeros(width))

    def forward(self, h: Tensor, state: State, lengths: Tensor) -> Tensor:
        """The vectors (B, len(ways) D).

        Args:
            h: (B, T, D), zero at padding. state: that of the stack after reading, its first part (layers * directions,
            B, H). lengths: (B,).
        """
        real = torch.arange(h.shape[1], device=h.device) < lengths[:, None]  # (B, T)
        found = []
        for way in self.ways:
            if way == "last":
                found.append(torch.cat(list(state[0][-self.directions :]), dim=1))
            elif h.shape[1] == 0:
                found.append(h.sum(dim=1))
            elif way == "mean":
                found.append(h.sum(dim=1) / lengths.clamp(min=1)[:, None].to(h.dtype))
            elif way == "max":
                found.append(self._maximum(h, real))
            else:
                found.append(self._attended(h, real))
        return torch.cat(found, dim=1)

    def _maximum(self, h: Tensor, real: Tensor) -> Tensor:
        lowest = h.masked_fill(~real[:, :, None], -torch.inf)  # (B, T, D)
        return torch.where(real[:, :1], lowest.amax(dim=1), 0.0)

    def _attended(self, h: Tensor, real: Tensor) -> Tensor:
        scores = torch.tanh(h) @ self.a  # (B, T)
        alpha = torch.softmax(scores.masked_fill(~real, torch.finfo(scores.dtype).min), dim=1)  # (B, T)
        return torch.einsum("bt,btd->bd", alpha, h)
