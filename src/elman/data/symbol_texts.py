"""Texts as the symbols of a tokenizer, and batches of them, each behind the mark of its begin.

Knows ids; knows no tokenizer and no label. Used by `data.text_batches`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.examples import numbered_texts
from elman.data.tokens import Ids, rounded
from elman.text.vocabulary import START


@dataclass(frozen=True)
class SymbolBatch:
    """Texts side by side.

    Args:
        ids: (B, T), 0 at padding. lengths: (B,), real steps.
    """

    ids: Ids
    lengths: Ids


@dataclass(frozen=True)
class SymbolTexts:
    """What batches are cut from.

    Args:
        ids: (symbols,), `<s>` before every text. starts: (texts + 1,), where each text begins, and the end. exact: as
            `LabelledTokens` has it.
    """

    ids: NDArray[np.int32]
    starts: Ids
    exact: bool = False

    @classmethod
    def of(cls, texts: Sequence[NDArray[Any]]) -> "SymbolTexts":
        """Those of texts of which each has its ids, without `<s>`."""
        begin = np.array([START], dtype=np.int32)
        parts = [part.astype(np.int32) for text in texts for part in (begin, text)]
        starts = np.cumsum([0, *(1 + len(text) for text in texts)], dtype=np.int64)
        return cls(np.concatenate([np.empty(0, dtype=np.int32), *parts]), starts)

    @classmethod
    def joined(cls, parts: "Sequence[SymbolTexts]") -> "SymbolTexts":
        """Those of several, one behind the other."""
        lengths = [length for part in parts for length in np.diff(part.starts)]
        ids = [np.empty(0, dtype=np.int32), *(part.ids for part in parts)]
        return cls(np.concatenate(ids), np.cumsum([0, *lengths], dtype=np.int64))

    def told(self, texts: Ids) -> str:
        """Some texts, for people."""
        return numbered_texts("texts", texts)

    def batch(self, texts: Ids, *, rows: int = 0) -> SymbolBatch:
        """The batch of some texts, in their order, behind them rows of length 0 up to a round number of rows, at least
        so many, as `LabelledTokens.batch` has them."""
        begins, lengths = np.zeros((2, len(texts) if self.exact else rounded(max(rows, len(texts)))), dtype=np.int64)
        begins[: len(texts)] = self.starts[texts]
        lengths[: len(texts)] = self.starts[texts + 1] - self.starts[texts]
        longest = int(lengths.max(initial=0))
        steps = np.arange(longest if self.exact else rounded(longest))
        real = steps < lengths[:, None]  # (B, T)
        ids = np.zeros(real.shape, dtype=np.int64)
        ids[real] = self.ids[(begins[:, None] + steps)[real]]
        return SymbolBatch(ids, lengths)
