"""How text is written: what is refused together, and that every field of a search changes what it finds."""

from typing import Any

import numpy as np
import pytest

from elman.decoding.beam import beam_search
from elman.decoding.config import BeamConfig, SamplingConfig
from elman.errors import OptionError
from elman.settings import names
from languages import END, Languages

CHANGES: dict[str, Any] = {
    "beam": 1, "n_best": 3, "length_penalty": 3.0, "coverage_penalty": 9.0, "repetition_penalty": 9.0,
    "no_repeat_ngram": 1, "minimum_length": 6, "maximum_length": 2,
}  # fmt: skip


def test_every_field_of_a_search_changes_what_is_found() -> None:
    def found(**options: Any) -> list[list[tuple[list[int], bool]]]:
        texts = beam_search(
            LANGUAGES.begin(list(range(6))), step=LANGUAGES.step, choose=LANGUAGES.choose, config=BeamConfig(**options),
            end=END, longest=np.full(6, 8), attended=LANGUAGES.attended,
        )  # fmt: skip
        return [[(one.ids.tolist(), one.finished) for one in text] for text in texts]

    assert set(CHANGES) == set(names(BeamConfig))
    for field, value in CHANGES.items():
        assert found(**{field: value}) != found(), field


LANGUAGES = Languages(symbols=5, seed=1)


@pytest.mark.parametrize(
    ("config", "options", "option"),
    [
        (BeamConfig, {"beam": 2, "n_best": 3}, "--n-best"),
        (BeamConfig, {"minimum_length": 4, "maximum_length": 4}, "--minimum-length"),
        (BeamConfig, {"beam": 0}, "--beam"),
        (BeamConfig, {"length_penalty": -0.1}, "--length-penalty"),
        (BeamConfig, {"maximum_length": 0}, "--maximum-length"),
        (SamplingConfig, {"minimum_tokens": 3, "max_tokens": 2}, "--minimum-tokens"),
    ],
)
def test_what_makes_no_sense_is_refused(config: type, options: dict[str, Any], option: str) -> None:
    with pytest.raises(OptionError, match=option):
        config(**options)


def test_the_edges_of_what_makes_sense_are_taken() -> None:
    assert BeamConfig(beam=3, n_best=3, minimum_length=3, maximum_length=4).n_best == 3
    assert SamplingConfig(minimum_tokens=2, max_tokens=2).minimum_tokens == 2
