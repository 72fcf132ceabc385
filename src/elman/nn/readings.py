"""What reading a symbol adds to a step, W E[w] + b, remembered for the symbols that were read last.

In a text few symbols come often, and W is a seventh to a half of what a step has to read from memory. Knows tensors and
the weights they were made from; forgets all when one of these has changed. Used by the networks of `models`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

MOST = 2048
"""Symbols that are remembered; of more, the one that came first is forgotten."""


class Readings:
    """Rows (G H,) by symbol.

    Args:
        weights: what the rows are made from.
    """

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        self._weights = list(weights)
        self._rows: dict[int, Tensor] = {}
        self._made_from: tuple[tuple[int, int], ...] = ()

    def __deepcopy__(self, memo: dict[int, object]) -> "Readings":
        """A copy for the copied weights, with nothing remembered."""
        return Readings([memo.get(id(weight), weight) for weight in self._weights])  # type: ignore[misc]

    def of(self, ids: Tensor, make: Callable[[Tensor], Tensor]) -> Tensor:
        """The rows (B, G H) of ids (B,); those that are not known are made from their ids by `make`."""
        if torch.is_grad_enabled():
            return make(ids)
        now = tuple((weight.data_ptr(), weight._version) for weight in self._weights)
        if now != self._made_from:
            self._rows, self._made_from = {}, now
        wanted = ids.tolist()
        new = [symbol for symbol in dict.fromkeys(wanted) if symbol not in self._rows]
        if new:
            made = make(torch.tensor(new, device=ids.device))
            for symbol, row in zip(new, made.unbind(), strict=True):
                self._rows[symbol] = row.clone() if len(new) > 1 else row
        rows = torch.stack([self._rows[symbol] for symbol in wanted])
        while len(self._rows) > MOST:
            del self._rows[next(iter(self._rows))]
        return rows
