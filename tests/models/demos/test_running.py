"""Which demo is run: by the kind that is named, an unknown one answered in one line."""

from pathlib import Path
from typing import Any

import pytest

from elman.errors import OptionError
from elman.models.demos import running, tagger
from elman.models.kinds import KINDS


def test_every_demo_is_of_a_kind_that_there_is() -> None:
    assert set(running.DEMOS) <= set(KINDS)


def test_the_demo_of_the_kind_is_run_with_what_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def given(out: Path | None, **others: Any) -> dict[str, Any]:
        return {"out": out, **others}

    monkeypatch.setattr(tagger, "run", given)
    report = running.run("tagger", out=Path("m"), overwrite=True, progress=None, write=print)
    assert report == {"out": Path("m"), "overwrite": True, "progress": None, "write": print}


def test_an_unknown_kind_is_answered_with_the_nearest() -> None:
    for given, nearest in (("language-modell", "language-model"), ("tager", "tagger")):
        with pytest.raises(OptionError, match=f"did you mean {nearest}"):
            running.run(given, out=None, overwrite=False, progress=None, write=print)
