"""The shapes of networks as values: embeddings of symbols, of words and of pairs, recurrent stack, decoder, heads.

Knows no torch, so that help and checks of options are instant. Built by `models`; read by the modules of `nn`.
"""

from dataclasses import dataclass, replace

from elman.errors import OptionError, nearest
from elman.settings import check, option

GATES = {"elman": 1, "gru": 3, "lstm": 4, "mingru": 2}
"""How many blocks of H rows the weights of a cell have."""
CELLS = tuple(GATES)
POOLINGS = ("last", "mean", "max", "attention")
JOINT = "+"
"""What stands between the names of poolings that are joined."""
CLASS_WEIGHTS = ("none", "balanced")
ATTENTIONS = ("none", "dot", "general", "mlp")


@dataclass(frozen=True)
class EmbeddingConfig:
    """The matrix E that turns symbols into vectors."""

    embedding: int = option(128, "width of the symbol vectors E", low=1, high=65536, automatic=True)
    ngrams: int = option(
        1, "longest n-gram whose hashed vector stands beside the symbol's; 1 for none", low=1, high=8, automatic=True
    )
    ngram_width: int = option(32, "width of the vector of an n-gram", low=1, high=4096)
    ngram_bits: int = option(
        16, "a table of n-grams has 2 to the power of this many rows", low=4, high=24, automatic=True
    )
    ngram_dropout: float = option(
        0.0, "share of the n-grams that are dropped, each by itself", low=0, high=0.95, automatic=True
    )
    embedding_dropout: float = option(
        0.0, "share of symbols whose vector is dropped, for a whole batch", low=0, high=0.95, automatic=True
    )
    input_dropout: float = option(0.0, "locked dropout on the inputs of the stack", low=0, high=0.95, automatic=True)

    def __post_init__(self) -> None:
        check(self)

    @property
    def width(self) -> int:
        """Width of what the stack reads."""
        return self.embedding + (self.ngrams - 1) * self.ngram_width


@dataclass(frozen=True)
class StackConfig:
    """Recurrent layers, one on the other, read in one direction or in both."""

    cell: str = option("lstm", "the recurrent cell", choices=CELLS)
    layers: int = option(1, "recurrent layers, one on the other", low=1, high=64, automatic=True)
    hidden: int = option(256, "size of the state of one direction", low=1, high=65536, automatic=True)
    bidirectional: bool = option(False, "read from both ends and join the two readings")
    dropout: float = option(
        0.0,
        "locked dropout between the layers; if given, on inputs and outputs too, unless they are given",
        low=0,
        high=0.95,
        automatic=True,
    )
    weight_drop: float = option(0.0, "share of the recurrent weights U dropped in each step", low=0, high=0.95)

    def __post_init__(self) -> None:
        check(self)
        if self.cell == "mingru" and self.weight_drop > 0:
            raise OptionError("minGRU has no recurrent weights", where="--weight-drop", mend="leave it out")


@dataclass(frozen=True)
class SoftmaxConfig:
    """The output layer of a language model: V, and how the distribution over the vocabulary is factored."""

    tied: bool = option(True, "let the output matrix V be the embedding E", automatic=True)
    adaptive: bool = option(False, "adaptive softmax: frequent symbols first, rare ones in clusters", automatic=True)
    output_dropout: float = option(
        0.0, "locked dropout on the states that the softmax reads", low=0, high=0.95, automatic=True
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class WordEmbeddingConfig:
    """The vectors of words: of known words, of hashed features, and of what a character network has read."""

    word_width: int = option(100, "width of the vectors of known words; 0 for none", low=0, high=65536)
    feature_width: int = option(
        64, "width of the hashed vectors of affixes, n-grams and shapes; 0 for none", low=0, high=4096
    )
    character_width: int = option(32, "width of the vectors of characters", low=1, high=4096)
    character_hidden: int = option(
        0, "size of the state of one direction of the network that reads the characters of a word; 0 for none",
        low=0, high=4096, automatic=True,
    )  # fmt: skip
    word_spread: float = option(0.1, "deviation of the first vectors of words", low=0, high=100, automatic=True)
    feature_spread: float = option(
        0.0, "deviation of the first vectors of hashed features", low=0, high=100, automatic=True
    )
    word_dropout: float = option(
        0.25, "a word that was seen n times in training is unknown with probability a / (a + n); this is a",
        low=0, high=1000, automatic=True,
    )  # fmt: skip
    feature_dropout: float = option(
        0.1, "share of the hashed features that are dropped, each by itself", low=0, high=0.95, automatic=True
    )
    input_dropout: float = option(0.33, "locked dropout on the inputs of the stack", low=0, high=0.95, automatic=True)

    def __post_init__(self) -> None:
        check(self)
        if self.width == 0:
            raise OptionError("nothing is known of a word", where="--word-width", mend="give one width above 0")

    @property
    def width(self) -> int:
        """Width of what the stack reads."""
        return self.word_width + self.feature_width + 2 * self.character_hidden


def taking_turns(config: WordEmbeddingConfig, members: int) -> tuple[WordEmbeddingConfig, ...]:
    """The vectors of words of each of several members that take turns: one has the hashed features, the next one what
    characters spell, so that they make other mistakes."""
    turns = replace(config, character_hidden=0), replace(config, feature_width=0)
    return tuple(turns[k % 2] for k in range(members))


@dataclass(frozen=True)
class LabelHeadConfig:
    """The output layers that put a distribution over labels on every step."""

    crf: bool | None = option(
        None, "score whole sequences of labels, with transitions (default: where labels stand for spans)"
    )
    output_dropout: float = option(
        0.33, "locked dropout on the states that the heads read", low=0, high=0.95, automatic=True
    )
    label_smoothing: float = option(
        0.0, "share of a label's probability that is spread over all labels (not with a CRF)", low=0, high=0.5
    )
    auxiliary_weight: float = option(0.1, "weight of the losses of all label columns but the first", low=0, high=100)
    members: int = option(
        1, "networks side by side, each with vectors, a stack and heads of its own, whose distributions are averaged; "
        "where parts of words are hashed and characters are read too, they take turns: one has those, the next these",
        low=1, high=64, automatic=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class ContextHeadConfig:
    """The path from the words around a token to the scores of its labels, past the recurrent stack."""

    context_width: int = option(16, "width of the vectors of what stands around a token", low=1, high=4096)
    context_dropout: float = option(
        0.1, "share of what stands around a token that is dropped, each by itself", low=0, high=0.95
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class TextBagConfig:
    """The path from the n-grams of a text to the scores of its labels, past the recurrent stack."""

    bag: bool = option(True, "score labels by the n-grams of a text too")
    bag_width: int | None = option(
        None, "width of the vector of an n-gram; 0 for a number for each label", low=0, high=4096, automatic=True
    )
    bag_dropout: float = option(
        0.0, "share of the n-grams of a text that are dropped, each by itself", low=0, high=0.95
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class TextHeadConfig:
    """From the states of all steps to the labels of a text."""

    pooling: str = option(
        "last+mean+max", f"what is read of the states: {', '.join(POOLINGS)}, or several joined with {JOINT}"
    )
    feed_forward_layers: int = option(0, "layers between the pooled states and the labels", low=0, high=16)
    feed_forward: int = option(128, "units of such a layer", low=1, high=65536)
    members: int = option(
        1, "recurrent stacks side by side, each with a head of its own, whose scores are averaged",
        low=1, high=64, automatic=True,
    )  # fmt: skip
    spelling: bool = option(
        False, "read the characters of a text too, by as many stacks as read its words", automatic=True
    )
    output_dropout: float = option(0.5, "dropout on the pooled states, and behind each such layer", low=0, high=0.95)
    label_smoothing: float = option(
        0.0, "share of a label's probability that is spread over all labels", low=0, high=0.5, automatic=True
    )
    class_weights: str = option(
        "none", "weight of a label in training; balanced: the rarer, the more", choices=CLASS_WEIGHTS
    )

    def __post_init__(self) -> None:
        check(self)
        ways = self.pooling.split(JOINT)
        wrong = next((way for way in ways if way not in POOLINGS), None)
        if wrong is not None:
            raise OptionError(f"{wrong!r} is not a pooling", where="--pooling", mend=nearest(wrong, POOLINGS))
        if len(set(ways)) < len(ways):
            raise OptionError("a pooling is named twice", where="--pooling", mend="name each once")


@dataclass(frozen=True)
class PairEmbeddingConfig:
    """The matrices E of source and target symbols, and what of them is dropped."""

    embedding: int = option(256, "width of the symbol vectors E of both sides", low=1, high=65536, automatic=True)
    tied: bool = option(True, "let the output matrix V be the embedding E of the target")
    adaptive: bool = option(
        False, "adaptive softmax: frequent symbols of the target first, rare ones in clusters", automatic=True
    )
    input_dropout: float = option(
        0.3, "locked dropout on the inputs of encoder and decoder", low=0, high=0.95, automatic=True
    )
    symbol_dropout: float = option(
        0.1, "share of the symbols, each by itself, that both sides read as unknown in training",
        low=0, high=0.95, automatic=True,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class DecoderConfig:
    """The recurrent network that writes the target: its layers, what it looks back at, and its loss."""

    decoder_layers: int = option(1, "recurrent layers of the decoder", low=1, high=64, automatic=True)
    attention: str = option("general", "how a decoder state is compared with those of the source", choices=ATTENTIONS)
    input_feeding: bool = option(False, "let the decoder read what it last looked at beside the last symbol")
    copy: bool = option(False, "let the decoder copy symbols of the source, unknown ones too")
    coverage: float = option(
        0.0, "weight of the loss of looking twice at one place; above 0, attention knows where it looked",
        low=0, high=100,
    )  # fmt: skip
    output_dropout: float = option(
        0.3, "locked dropout on the states that the softmax reads", low=0, high=0.95, automatic=True
    )
    label_smoothing: float = option(
        0.1, "share of a symbol's probability that is spread over all symbols", low=0, high=0.5
    )
    scheduled_sampling: float = option(
        0.0, "share of steps at which the decoder reads its own likeliest symbol, at the end of a linear rise",
        low=0, high=1,
    )  # fmt: skip

    def __post_init__(self) -> None:
        check(self)
        if self.attention == "none":
            wants = {"input-feeding": self.input_feeding, "copy": self.copy, "coverage": self.coverage > 0}
            for name, wanted in wants.items():
                if wanted:
                    raise OptionError(
                        "without attention the decoder looks at no place of the source", where=f"--{name}",
                        mend="leave it out, or give an --attention",
                    )  # fmt: skip


@dataclass(frozen=True)
class Seq2SeqShape:
    """All sizes of a seq2seq network.

    Args:
        joint: both sides have one vocabulary and one matrix E. stack: of the encoder; cell, size and what is dropped
            hold for the decoder too.
    """

    source_symbols: int
    target_symbols: int
    joint: bool
    embedding: PairEmbeddingConfig
    stack: StackConfig
    decoder: DecoderConfig

    @property
    def looks_together(self) -> bool:
        """Whether rows that look at the same source can be multiplied with it in one product."""
        return self.decoder.attention in ("dot", "general")

    @property
    def output_width(self) -> int:
        """Of the vectors that the softmax multiplies."""
        return self.embedding.embedding if self.embedding.tied else self.stack.hidden

    def __post_init__(self) -> None:
        if self.joint and self.source_symbols != self.target_symbols:
            raise ValueError(f"one vocabulary of {self.source_symbols} and {self.target_symbols} symbols")
