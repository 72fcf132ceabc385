"""Exports are compared on fewer rows than a user's: the weights are drawn, and no row is like another."""

import pytest

from elman.models.exporting import classifier, language_model, seq2seq, tagger

FEW = 24


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    for part in (tagger, language_model, seq2seq, classifier):
        monkeypatch.setattr(part, "ROWS", FEW)
