"""The network of a classifier: words or symbols, recurrent stack, pooling, layers, a head; past these a bag of n-grams.

Knows the modules of `nn` and tensors; knows no file and no text. Built by `models`, trained by `training`.
"""

import torch
from torch import Tensor, nn

from elman.models.config import ClassifierConfig
from elman.models.networks.language_model import COMPUTE
from elman.nn.bags import BagTensors, TextBag
from elman.nn.cutoffs import default_cutoffs
from elman.nn.feed_forward import FeedForward
from elman.nn.init import initialize
from elman.nn.labels import LabelHead
from elman.nn.pooling import Pooling
from elman.nn.stack import Stack
from elman.nn.symbols import SymbolEmbedding
from elman.nn.words import WordEmbedding, WordTensors
from elman.text.vocabulary import START

Read = WordTensors | Tensor
"""The texts of a batch: their words, or ids of symbols (B, T)."""


class Member(nn.Module):
    """One more way from the vectors of a text to scores: a stack, pooling, layers and a head.

    Args:
        width: D, of the vectors. compute: number format of the products of the stack.
    """

    def __init__(self, width: int, config: ClassifierConfig, *, compute: torch.dtype) -> None:
        super().__init__()
        self.stack = Stack(width, config.stack, compute=compute)
        head, directions = config.head, self.stack.directions
        self.pooling = Pooling(head.pooling, width=config.stack.hidden * directions, directions=directions)
        self.layers = FeedForward(
            self.pooling.width, layers=head.feed_forward_layers, hidden=head.feed_forward, dropout=head.output_dropout
        )
        self.head = LabelHead(config.labels, self.layers.width)

    def forward(self, x: Tensor, lengths: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Scores (B, K) of texts x (B, T, D); with a generator, parts are dropped."""
        return _scores(self, x, lengths, generator)


class ClassifierNetwork(nn.Module):
    """Scores of the labels of a text by two paths: s = V layers(v) + b with v = pooled h, h = stack(x), x = words, or
    the symbols of a language model; and s = bag(n-grams).

    Each path has a loss of its own, so that neither leans on the other: in a sum that is trained as one, the stack soon
    explains the training texts alone, and the bag learns no more. How they are mixed is chosen afterwards. With several
    members, further stacks read the same vectors, and with spelling as many read the characters of the text, each with
    a loss of its own too; their scores are averaged.

    Args:
        config: all sizes. seen: (words,), how often each word was met in training; spelt: (characters,), likewise,
            where they are read. precision: number format of the products of the stack.
    """

    def __init__(
        self, config: ClassifierConfig, *, seen: Tensor, spelt: Tensor | None = None, precision: str = "fp32"
    ) -> None:
        super().__init__()
        self.config = config
        compute = COMPUTE[precision]
        self.embedding = _embedding(config, compute)
        self.stack = Stack(config.width, config.stack, compute=compute)
        head, directions = config.head, self.stack.directions
        self.pooling = Pooling(head.pooling, width=config.stack.hidden * directions, directions=directions)
        self.layers = FeedForward(
            self.pooling.width, layers=head.feed_forward_layers, hidden=head.feed_forward, dropout=head.output_dropout
        )
        self.head = LabelHead(config.labels, self.layers.width)
        self.others = nn.ModuleList(Member(config.width, config, compute=compute) for _ in range(head.members - 1))
        self.spelling: WordEmbedding | None = None
        if config.spelt is not None:
            assert config.spelt_features is not None
            self.spelling = WordEmbedding(
                config.spelling, words=config.spelt, characters=1, features=config.spelt_features, compute=compute
            )
        width, spelling = config.spelling.width, range(head.members if config.spelt is not None else 0)
        self.spellers = nn.ModuleList(Member(width, config, compute=compute) for _ in spelling)
        self.bag = TextBag(config.labels, config.skip, rows=1 << config.bag.bag_bits) if config.skip.bag else None
        self.seen: Tensor
        self.register_buffer("seen", seen, persistent=False)
        self.spelt: Tensor | None
        self.register_buffer("spelt", spelt, persistent=False)

    @property
    def tables(self) -> tuple[nn.Parameter, ...]:
        """The weights of which a batch touches few rows, whose gradients are sparse."""
        spelling = () if self.spelling is None else self.spelling.tables
        bag = () if self.bag is None else (self.bag.E,)
        return (*self.embedding.tables, *spelling, *bag)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.head.V.device

    def compute_in(self, precision: str) -> None:
        """Make the products in another number format from now on; the weights stay."""
        for member in (self, *self.others, *self.spellers):
            member.stack.compute = COMPUTE[precision]
        if isinstance(self.embedding, WordEmbedding) and hasattr(self.embedding, "reader"):
            self.embedding.reader.compute = COMPUTE[precision]

    def depths(self) -> list[tuple[nn.Parameter, ...]]:
        """All weights by depth, as they are reached from the labels: what stands behind the stack, its layers from the
        last to the first, the embedding."""
        below = [list(layer.parameters()) for layer in reversed(self.stack.layers)]
        below.append(list(self.embedding.parameters()))
        known = {id(p) for part in below for p in part}
        return [tuple(p for p in self.parameters() if id(p) not in known), *map(tuple, below)]

    def initialize(self, generator: torch.Generator) -> None:
        """Draw all weights anew."""
        initialize(self, generator)

    def vectors(self, read: Read, generator: torch.Generator | None = None) -> Tensor:
        """What the stack reads, (B, T, D); with a generator, parts are dropped."""
        found: Tensor = (
            self.embedding(read, self.seen, generator)
            if isinstance(read, WordTensors)
            else self.embedding(read, generator)
        )
        return found

    def paths(
        self,
        read: Read,
        lengths: Tensor,
        bags: BagTensors,
        spelt: tuple[WordTensors, Tensor] | None = None,
        generator: torch.Generator | None = None,
    ) -> list[Tensor]:
        """The scores of the labels, (B, K), by each stack and, last, by the bag, if there is one; with a generator,
        parts are dropped.

        Args:
            read: words, or ids of symbols (B, T), as the embedding wants them. lengths: (B,). spelt: the characters of
                the texts, where they are read, and how many each has, (B,).
        """
        x = self.vectors(read, generator)  # (B, T, D)
        found = [_scores(self, x, lengths, generator), *(member(x, lengths, generator) for member in self.others)]
        if self.spelling is not None:
            assert spelt is not None and self.spelt is not None
            characters, counts = spelt
            x = self.spelling(characters, self.spelt, generator)  # (B, C, D)
            found += [member(x, counts, generator) for member in self.spellers]
        return found if self.bag is None else [*found, self.bag(bags, generator)]


def _scores(
    member: ClassifierNetwork | Member, x: Tensor, lengths: Tensor, generator: torch.Generator | None
) -> Tensor:
    """The scores (B, K) of texts x (B, T, D) by the stack of a network or a further one."""
    h, state = member.stack(x, None, lengths, generator)  # (B, T, H)
    v = member.layers(member.pooling(h, state, lengths), generator)  # (B, D)
    scores: Tensor = member.head(v)  # (B, K)
    return scores


def _embedding(config: ClassifierConfig, compute: torch.dtype) -> WordEmbedding | SymbolEmbedding:
    """What turns the words, or symbols, of a text into vectors."""
    read = config.symbols
    if read is not None:
        return SymbolEmbedding(
            read.embedding, symbols=read.symbols, cutoffs=default_cutoffs(read.symbols) if read.adaptive else (),
            start=START, dropout=config.embedding.input_dropout,
        )  # fmt: skip
    return WordEmbedding(
        config.embedding, words=config.words_known, characters=config.characters_known,
        features=config.features_known, compute=compute,
    )  # fmt: skip


def one_label_loss(scores: Tensor, labels: Tensor, *, smoothing: float, weights: Tensor) -> Tensor:
    """Sum over texts of the weight of its label times -ln p of it, p the softmax of scores (B, K).

    Args:
        labels: (B,). smoothing: share of a label's probability that is spread over all labels (Szegedy et al. 2016).
            weights: (K,).
    """
    nats = nn.functional.cross_entropy(scores, labels, reduction="none", label_smoothing=smoothing)  # (B,)
    return (nats * weights[labels]).sum()


def many_labels_loss(scores: Tensor, truth: Tensor, *, smoothing: float, weights: Tensor) -> Tensor:
    """Sum over texts and labels of -ln of the probability of what is true, p the sigmoids of scores (B, K).

    Args:
        truth: (B, K), 1 where a text has a label, else 0. smoothing: as far is each moved towards one half. weights:
            (2, K), of labels that a text lacks and of those that it has.
    """
    wanted = truth * (1 - smoothing) + smoothing / 2  # (B, K)
    nats = nn.functional.binary_cross_entropy_with_logits(scores, wanted, reduction="none")  # (B, K)
    return (nats * torch.where(truth > 0, weights[1], weights[0])).sum()
