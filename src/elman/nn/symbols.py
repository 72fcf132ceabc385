"""What a language model reads as the input of another network: vectors of symbols and of the n-grams that end there.

Knows ids and tensors; knows no tokenizer. Used by the networks of `models`.
"""

import torch
from torch import Tensor, nn

from elman.nn.config import EmbeddingConfig
from elman.nn.dropout import locked_dropout
from elman.nn.embedding import Embedding
from elman.nn.ngrams import NgramEmbedding


class SymbolEmbedding(nn.Module):
    """x_t = [E[w_t]; the vectors of the hashed n-grams that end at t], of texts that are read from their begin.

    Args:
        symbols: N. cutoffs: keep E in clusters that begin at these symbols. start: the symbol that stands before every
            text. dropout: locked, on all of x.
    """

    def __init__(
        self, config: EmbeddingConfig, *, symbols: int, cutoffs: tuple[int, ...], start: int, dropout: float
    ) -> None:
        super().__init__()
        self.start, self.dropout = start, dropout
        self.symbols = Embedding(symbols, config, cutoffs=cutoffs)
        self.ngrams = None
        if config.ngrams > 1:
            self.ngrams = NgramEmbedding(
                config.ngrams, bits=config.ngram_bits, width=config.ngram_width, dropout=config.ngram_dropout
            )

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights whose gradients are sparse."""
        return () if self.ngrams is None else (self.ngrams.tables,)

    def forward(self, ids: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Vectors (B, T, D) of ids (B, T); with a generator, symbols, n-grams and numbers are dropped."""
        x = self.symbols(ids, generator)  # (B, T, D)
        if self.ngrams is not None:
            before = ids.new_full((ids.shape[0], self.ngrams.context), self.start)
            x = torch.cat([x, self.ngrams(ids, before, generator)], dim=2)  # (B, T, D + n D')
        return locked_dropout(x, self.dropout, generator)
