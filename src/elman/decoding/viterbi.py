"""The likeliest sequence of labels under a linear chain, for any batch of padded rows.

Knows emissions and the chain's weights as numpy arrays; knows no network, no label's name and no scheme. Used by the
tagger in `models`; `decoding.marginals` and `decoding.k_best` read the same chain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True)
class Transitions:
    """The weights of a chain over K labels: what is impossible weighs -1e4.

    Args:
        begin: (K,). between: (K, K), from row to column. end: (K,). All float32.
    """

    begin: NDArray[np.float32]
    between: NDArray[np.float32]
    end: NDArray[np.float32]

    @staticmethod
    def free(labels: int) -> "Transitions":
        """The chain in which every step weighs 0: each label stands for itself."""
        zeros = np.zeros((labels + 2, labels), dtype=np.float32)  # (K + 2, K)
        return Transitions(zeros[0], zeros[2:], zeros[1])


def viterbi(emissions: Floats, lengths: NDArray[np.int64], transitions: Transitions) -> NDArray[np.int64]:
    """The labels (B, T) of the greatest score of each row, 0 at padding; where no path is possible, the least bad one.

    Of equal ones it is the one with the lowest last label, then the lowest label before it, and so on. Scores are
    float64 sums in the order of the steps: a row has the same labels in any company. Time and memory are linear in T.

    The scores are kept instead of the steps that led to them: a step is found again on the way back, for the one label
    that was chosen, which was measured twice as fast as to note it for every label.

    Args:
        emissions: (B, T, K). lengths: (B,).
    Source: Viterbi 1967, Error bounds for convolutional codes and an asymptotically optimum decoding algorithm.
    """
    B, T, K = emissions.shape
    labels = np.zeros((B, T), dtype=np.int64)
    if B == 0 or T == 0:
        return labels
    between = transitions.between.astype(np.float64)
    best = np.zeros((T, B, K))  # time first from here on
    best[0] = transitions.begin + emissions[:, 0].astype(np.float64)
    for t in range(1, T):
        here = lengths > t if (lengths <= t).any() else slice(None)
        ways = best[t - 1, here].T[:, :, None] + between[:, None]  # (K, b, K), over its first axis the fastest to read
        best[t, here] = ways.max(axis=0) + emissions[here, t]  # (b, K)
    final = lengths - 1
    last = (best[final, np.arange(B)] + transitions.end).argmax(axis=1)  # (B,)
    for t in range(T - 1, -1, -1):
        before = (best[t] + between.T[last]).argmax(axis=1)  # (B,)
        last = np.where(t < final, before, last)  # (B,)
        labels[:, t] = np.where(t <= final, last, 0)
    return labels
