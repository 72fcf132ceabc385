"""Dropout by masks of our own, drawn from a generator that is handed in: the same seed drops the same.

Knows tensors. No generator means evaluation: nothing is dropped. Called by the modules of `nn` and by
`models.networks`.
"""

import torch
from torch import Tensor


def keep_mask(shape: tuple[int, ...], p: float, *, like: Tensor, generator: torch.Generator) -> Tensor:
    """1 / (1 - p) with probability 1 - p, else 0, so that the mean stays as it was."""
    mask = torch.empty(shape, dtype=like.dtype, device=like.device)
    return mask.bernoulli_(1 - p, generator=generator).div_(1 - p)


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
