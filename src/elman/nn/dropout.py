"""Dropout by masks of our own, drawn from a generator that is handed in: the same seed drops the same.

Knows tensors. No generator means evaluation: nothing is dropped. Called by the modules of `nn` and by
`models.networks`.
"""

import math

import torch
from torch import Tensor

LEVELS = 1 << 16
"""So many probabilities there are of being dropped."""


def keep_mask(shape: tuple[int, ...], p: float, *, like: Tensor, generator: torch.Generator) -> Tensor:
    """1 / (1 - p) with probability 1 - p, else 0, so that the mean stays as it was.

    p is rounded to a multiple of 2^-16: one number of 64 bits is drawn for four places, which takes a fifth of the time
    of a number for each.
    """
    places = math.prod(shape)
    drawn = torch.empty((places + 3) // 4, dtype=torch.int64, device=like.device)
    parts = drawn.random_(-(2**63), None, generator=generator).view(torch.int16)[:places]
    dropped = round(p * LEVELS)
    return (parts >= dropped - LEVELS // 2).to(like.dtype).mul_(LEVELS / (LEVELS - dropped)).view(shape)


def kept(shape: tuple[int, ...], p: float, *, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """A mask as `keep_mask` draws it; without a generator, or where nothing is dropped, ones."""
    if generator is None or p == 0:
        return like.new_ones(shape)
    return keep_mask(shape, p, like=like, generator=generator)


def locked_dropout(x: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    """x (B, T, D) with one mask a row, the same at all its steps.

    Source: Gal & Ghahramani 2016, A theoretically grounded application of dropout in recurrent neural networks.
    """
    if generator is None or p == 0:
        return x
    return x * keep_mask((x.shape[0], 1, x.shape[2]), p, like=x, generator=generator)


def symbol_dropout(ids: Tensor, symbols: int, p: float, *, like: Tensor, generator: torch.Generator) -> Tensor:
    """What the vectors (B, T, D) of ids (B, T) are multiplied with, (B, T, 1): a symbol is dropped wherever it stands.

    Source: Gal & Ghahramani 2016, section 4.2; Merity et al. 2018 (AWD-LSTM).
    """
    return keep_mask((symbols, 1), p, like=like, generator=generator)[ids]


def weight_drop(U: Tensor, p: float, generator: torch.Generator | None) -> Tensor:
    """Recurrent weights of which a share is dropped, the same ones at all steps of the batch.

    Source: Wan et al. 2013 (DropConnect), applied to U by Merity et al. 2018 (AWD-LSTM).
    """
    if generator is None or p == 0:
        return U
    return U * keep_mask(tuple(U.shape), p, like=U, generator=generator)
