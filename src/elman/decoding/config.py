"""How text is written by a model, as a value. Knows no model; read by `decoding` and `models`."""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option


@dataclass(frozen=True)
class SamplingConfig:
    """How the next symbol is drawn, and when to stop."""

    max_tokens: int = option(200, "most symbols that are written", low=1, high=100_000_000)
    temperature: float = option(1.0, "divides the logits; 0 takes the likeliest symbol", low=0, high=1000)
    top_k: int = option(0, "draw among the k likeliest symbols; 0 for all", low=0, high=10_000_000)
    top_p: float = option(1.0, "draw among the likeliest symbols that hold this probability", low=0, high=1)
    min_p: float = option(
        0.0, "draw among symbols with at least this share of the likeliest one's probability", low=0, high=1
    )
    repetition_penalty: float = option(
        1.0, "symbols already written: positive logits divided by this, negative multiplied", low=0.01, high=100
    )
    no_repeat_ngram: int = option(
        0, "so many symbols in a row are written once in a text; 0 for any number of times", low=0, high=10_000
    )
    minimum_tokens: int = option(0, "symbols before which a text does not end by </s>", low=0, high=100_000_000)
    stop: tuple[str, ...] = option((), "text at which to stop; it is not written (may be given again)")
    samples: int = option(1, "texts written side by side in one batch", low=1, high=65536)
    seed: int = option(1, "seed of what is drawn", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        check(self)
        if self.minimum_tokens > self.max_tokens:
            raise OptionError(
                f"{self.minimum_tokens} symbols at least, but {self.max_tokens} at most",
                where="--minimum-tokens", mend="give no more than --max-tokens",
            )  # fmt: skip


@dataclass(frozen=True)
class BeamConfig:
    """How the best text is searched for: how widely, what is best, and what may not be written."""

    beam: int = option(5, "hypotheses of each text that are followed; 1 takes the likeliest symbol", low=1, high=10_000)
    n_best: int = option(1, "texts that are given for each, best first", low=1, high=10_000)
    length_penalty: float = option(
        1.0, "score = log-probability / (symbols written, </s> counted) to this power", low=0, high=10
    )
    coverage_penalty: float = option(
        0.0, "weight of ln(attention, at most 1), summed over the source, in the score", low=0, high=100
    )
    repetition_penalty: float = option(
        1.0, "log-probabilities of symbols already written are multiplied by this", low=0.01, high=100
    )
    no_repeat_ngram: int = option(
        0, "so many symbols in a row are written once in a text; 0 for any number of times", low=0, high=10_000
    )
    minimum_length: int = option(0, "symbols before which a text does not end", low=0, high=1_000_000)
    maximum_length: int | None = option(
        None, "most symbols of a text, </s> counted (default: by the length of the source)", low=1, high=1_000_000
    )

    def __post_init__(self) -> None:
        check(self)
        if self.n_best > self.beam:
            raise OptionError(
                f"{self.n_best} texts from {self.beam} hypotheses", where="--n-best", mend="give no more than --beam"
            )
        if self.maximum_length is not None and self.minimum_length >= self.maximum_length:
            raise OptionError(
                f"{self.minimum_length} symbols and </s> at least, but {self.maximum_length} at most",
                where="--minimum-length", mend="give less than --maximum-length",
            )  # fmt: skip
