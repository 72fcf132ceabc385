"""The neural cache: symbols that lately followed like states are likelier to follow this one.

Knows states, symbols and -ln p as numpy arrays; knows no network. Used by `models.language_modelling.adapting`.
"""

import numpy as np
from numpy.typing import NDArray


class NeuralCache:
    """A memory of the latest states h and of the symbol that followed each, mixed into a model's distribution.

        p(w) = (1 - share) p_model(w) + share p_cache(w)        p_cache(w) in proportion to
        sum over the remembered (h_i, w_i = w) of exp(sharpness h . h_i)

    Args:
        hidden: H. size: how many states are remembered. share, sharpness: of the mixture (set by hand, not tuned; what
            they gave is in docs/log.md).
    Source: Grave, Joulin & Usunier 2017, Improving neural language models with a continuous cache.
    """

    def __init__(self, hidden: int, *, size: int = 2000, share: float = 0.1, sharpness: float = 0.5) -> None:
        self.size, self.share, self.sharpness = size, share, sharpness
        self.states = np.empty((0, hidden), dtype=np.float32)
        self.symbols = np.empty(0, dtype=np.int64)

    def mixed(
        self, nats: NDArray[np.float32], h: NDArray[np.float32], targets: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """-ln p of the targets (T,) under the mixture, given the model's (T,) and the states h (T, H).

        Each symbol is scored by what came before it alone, then remembered.
        """
        T, kept = len(targets), len(self.symbols)
        states, symbols = np.concatenate([self.states, h]), np.concatenate([self.symbols, targets])
        places, now = np.arange(kept + T)[None], kept + np.arange(T)[:, None]
        is_before = (places < now) & (places >= now - self.size)  # (T, kept + T)
        scores = np.where(is_before, self.sharpness * (h @ states.T).astype(np.float64), -np.inf)
        weights = np.exp(scores - np.maximum(scores.max(axis=1, keepdims=True), -1e300))
        total = weights.sum(axis=1)
        recalled = (weights * (symbols[None] == targets[:, None])).sum(axis=1)
        p_model = np.exp(-nats.astype(np.float64))
        mixture = (1 - self.share) * p_model + self.share * recalled / np.maximum(total, 1e-300)
        self.states, self.symbols = states[-self.size :], symbols[-self.size :]
        return -np.log(np.where(total > 0, mixture, p_model))
