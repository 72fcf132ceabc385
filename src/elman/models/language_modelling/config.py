"""What judging a language model does beside its score, as a value. Knows no network; read by `models` and `cli`."""

from dataclasses import dataclass

from elman.settings import check, option


@dataclass(frozen=True)
class LanguageModelEvaluation:
    """What a language model is judged by beside its score."""

    dynamic: bool = option(False, "also let it learn from what it has scored (a figure of its own)")
    against: str | None = option(None, "another model: both scores, and whether the difference may be chance")

    def __post_init__(self) -> None:
        check(self)
