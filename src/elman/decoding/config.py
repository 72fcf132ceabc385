"""How text is written by a model, as a value. Knows no model; read by `decoding` and `models`."""

from dataclasses import dataclass

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
    stop: tuple[str, ...] = option((), "text at which to stop; it is not written (may be given again)")
    samples: int = option(1, "texts written side by side in one batch", low=1, high=65536)
    seed: int = option(1, "seed of what is drawn", low=0, high=2**63 - 1)

    def __post_init__(self) -> None:
        check(self)
