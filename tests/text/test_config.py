"""Combinations of text settings that make no sense."""

import pytest

from elman.errors import OptionError
from elman.text.config import TextConfig


def test_a_vocabulary_of_bytes_has_one_size() -> None:
    with pytest.raises(OptionError, match=r"^--vocabulary-size: a vocabulary of bytes has one size; leave it out$"):
        TextConfig(tokenizer="byte", vocabulary_size=300)


def test_no_byte_is_too_rare() -> None:
    with pytest.raises(OptionError, match=r"^--minimum-count: every byte is a symbol, however rare; leave it out$"):
        TextConfig(tokenizer="byte", minimum_count=2)
    assert TextConfig(tokenizer="byte").minimum_count is None


def test_bpe_needs_room_for_every_byte() -> None:
    assert TextConfig(tokenizer="bpe", vocabulary_size=259).vocabulary_size == 259
    with pytest.raises(OptionError, match="258 symbols have no room for every byte; give at least 259"):
        TextConfig(tokenizer="bpe", vocabulary_size=258)


def test_the_other_kinds_take_any_size_from_four_on() -> None:
    for kind in ("char", "word"):
        assert TextConfig(tokenizer=kind, vocabulary_size=4).vocabulary_size == 4
