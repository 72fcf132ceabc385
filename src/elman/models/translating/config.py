"""What a seq2seq model writes and what it is judged by, as values. Knows no network; read by `models` and `cli`."""

from dataclasses import dataclass

from elman.settings import check, option


@dataclass(frozen=True)
class Seq2SeqOutput:
    """What is written beside the text that a seq2seq model gives."""

    alignments: bool = option(
        False, "JSON lines with the symbols of both sides and how much each target symbol looked at each source symbol"
    )

    def __post_init__(self) -> None:
        check(self)


@dataclass(frozen=True)
class Seq2SeqEvaluation:
    """What a seq2seq model is judged by beside its score."""

    against: str | None = option(None, "another model: both scores, and whether the difference may be chance")

    def __post_init__(self) -> None:
        check(self)
