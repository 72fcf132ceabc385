"""What stands for a word in a network: its own vector, the sum of its hashed features, what its characters spell.

Knows ids and tensors; what the features of a word are is told by `text.features`. The two large tables have sparse
gradients: `training.optimizer` steps only the rows that a batch has met. Used by the networks of `models`.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.nn.config import StackConfig, WordEmbeddingConfig
from elman.nn.dropout import keep_mask, locked_dropout
from elman.nn.shapes import next_size
from elman.nn.stack import Stack
from elman.nn.tables import bag_sums, table_rows

LENGTHS = (3, 6, 10, 20)
"""The longest words that are read together with shorter ones, and those beyond."""
FEW_STEPS = 4
"""The steps of words that are longer than the shortest three of these are a multiple of it."""
MANY_CHARACTERS = 2048
"""Padding counted, from which on words are read by their length."""


class WordTensors(NamedTuple):
    """The words of a batch: the distinct ones, and which stands where.

    Args:
        places: (B, T), numbers of distinct words. words: (W,), ids of the distinct words. features: (m,), numbers
            of those of all of them, one word after the other. feature_starts: (W,), where those of each begin.
            characters: (W, C), padded. character_lengths: (W,). contexts: (B, T, F), rows of what stands around each
            word (see `nn.context`), where that is read.
    """

    places: Tensor
    words: Tensor
    features: Tensor
    feature_starts: Tensor
    characters: Tensor
    character_lengths: Tensor
    contexts: Tensor | None = None


class WordEmbedding(nn.Module):
    """x_t = [E[w_t]; sum of the vectors of the hashed features of w_t, over the root of their number; the last states
    of a network that reads its characters both ways].

    Args:
        words: size of the vocabulary, the unknown word included. characters: of the alphabet, likewise. features: how
            many hashed ones there are. seen: (words,), how often each word was met in training, for dropping words.
    Source: hashed features are those of Joulin et al. 2017 (fastText); reading characters both ways is Ling et al.
        2015, Finding function in form; dropping words by their frequency is Kiperwasser & Goldberg 2016, section 3.
    """

    def __init__(
        self, config: WordEmbeddingConfig, *, words: int, characters: int, features: int, compute: torch.dtype
    ) -> None:
        super().__init__()
        self.config = config
        if config.word_width:
            self.E = nn.Parameter(torch.zeros(words, config.word_width))
        if config.feature_width:
            self.features = nn.Parameter(torch.zeros(features, config.feature_width))
        if config.character_hidden:
            self.alphabet = nn.Parameter(torch.zeros(characters, config.character_width))
            shape = StackConfig(hidden=config.character_hidden, layers=1, bidirectional=True)
            self.reader = Stack(config.character_width, shape, compute=compute)

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights whose gradients are sparse."""
        return tuple(getattr(self, name) for name in ("E", "features") if hasattr(self, name))

    def forward(self, batch: WordTensors, seen: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Vectors (B, T, D); with a generator, words and features are dropped."""
        parts = []
        if hasattr(self, "E"):
            ids = batch.words[batch.places]  # (B, T)
            if generator is not None and self.config.word_dropout > 0:
                ids = self._dropped(ids, seen, generator)
            parts.append(table_rows(self.E, ids))
        if hasattr(self, "features"):
            parts.append(self._bags(batch, generator)[batch.places])
        if hasattr(self, "alphabet"):
            parts.append(self._spelt(batch)[batch.places])
        x = parts[0] if len(parts) == 1 else torch.cat(parts, dim=2)  # (B, T, D)
        return locked_dropout(x, self.config.input_dropout, generator)

    def _dropped(self, ids: Tensor, seen: Tensor, generator: torch.Generator) -> Tensor:
        """The ids (B, T), some of them 0, the unknown word: the rarer a word, the more often."""
        a = self.config.word_dropout
        p = a / (a + seen[ids].clamp(min=1))  # (B, T)
        kept = torch.rand(p.shape, generator=generator, device=p.device) >= p
        return torch.where(kept, ids, 0)

    def _bags(self, batch: WordTensors, generator: torch.Generator | None) -> Tensor:
        """The sums of the features of the distinct words, (W, D)."""
        starts, m = batch.feature_starts, len(batch.features)
        sizes = torch.diff(starts, append=starts.new_tensor([m]))  # (W,)
        weights = sizes.clamp(min=1).to(self.features.dtype).rsqrt().repeat_interleave(sizes, output_size=m)  # (m,)
        if generator is not None and self.config.feature_dropout > 0:
            weights = weights * keep_mask((m,), self.config.feature_dropout, like=weights, generator=generator)
        return bag_sums(self.features, batch.features, starts, weights)

    def _spelt(self, batch: WordTensors) -> Tensor:
        """What the character network says of the distinct words, (W, 2 H): its last state in each direction.

        On a CPU words of like length are read together where there are many: a single long one would else make all of
        them as long.
        """
        characters, lengths = batch.characters, batch.character_lengths
        if not lengths.is_cpu or characters.numel() < MANY_CHARACTERS:
            return self._read(characters, lengths)
        groups = torch.bucketize(lengths, torch.tensor(LENGTHS))
        order = torch.argsort(groups, stable=True)
        sizes = torch.bincount(groups, minlength=len(LENGTHS) + 1).tolist()
        found = [
            self._read(characters[rows, :longest], lengths[rows])
            for rows, longest in zip(torch.split(order, sizes), (*LENGTHS, None), strict=True)
            if len(rows)
        ]
        back = torch.empty_like(order)
        back[order] = torch.arange(len(order))
        return torch.cat(found)[back]

    def _read(self, characters: Tensor, lengths: Tensor) -> Tensor:
        """The last states (W, 2 H) of the character network on characters (W, C)."""
        words = len(lengths)
        if lengths.is_cpu:
            characters, lengths = _in_few_shapes(characters, lengths)
        x = nn.functional.embedding(characters, self.alphabet)  # (W, C, D)
        _, state = self.reader(x, None, lengths)
        forward, backward = state[0]
        return torch.cat([forward, backward], dim=1)[:words]


def _in_few_shapes(characters: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
    """Characters (W, C) and lengths (W,) with words of length 0 below them, and padding, up to numbers of which there
    are few (see `nn.shapes`)."""
    words, longest = characters.shape
    steps = next((length for length in LENGTHS[:3] if longest <= length), longest + -longest % FEW_STEPS)
    more = next_size(words) - words
    pad = nn.functional.pad
    return pad(characters, (0, steps - longest, 0, more)), pad(lengths, (0, more))
