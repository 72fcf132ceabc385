"""What a tagger writes beside its labels, and what it is judged by beside its score, as values.

Knows no network; read by `models.tagging` and `cli`.
"""

from dataclasses import dataclass

from elman.errors import OptionError
from elman.settings import check, option


@dataclass(frozen=True)
class TaggerOutput:
    """What is written beside the labels of a tagger."""

    probabilities: bool = option(False, "the probability of every label too")
    spans: bool = option(False, "JSON lines of the spans of each sentence instead of the file's own format")
    top: int | None = option(
        None, "JSON lines of so many of the likeliest label sequences of each sentence", low=1, high=10_000
    )

    def __post_init__(self) -> None:
        check(self)
        if self.top is not None and (self.spans or self.probabilities):
            other = "--spans" if self.spans else "--probabilities"
            raise OptionError(f"--top and {other} are both given", mend="give one of them")
        if self.spans and self.probabilities:
            mend = "leave out --probabilities: every span has its own"
            raise OptionError("--spans and --probabilities are both given", mend=mend)

    @property
    def is_own_format(self) -> bool:
        """Do the files come back in their own format?"""
        return not self.spans and self.top is None


@dataclass(frozen=True)
class TaggerEvaluation:
    """What a tagger is judged by beside its score."""

    against: str | None = option(None, "another model: both scores, and whether the difference may be chance")

    def __post_init__(self) -> None:
        check(self)
