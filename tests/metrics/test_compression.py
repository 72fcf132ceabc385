"""Compressors against what they must do: little for repetition, less for what they have seen."""

import bz2

from elman.metrics.compression import compression_bits


def test_bits_are_those_of_the_compressed_bytes() -> None:
    text = "한국어 text " * 5
    assert compression_bits(text)["bz2"] == 8 * len(bz2.compress(text.encode(), compresslevel=9)) / len(text)


def test_what_was_given_first_makes_the_text_cheaper() -> None:
    text = "".join(chr(97 + (i * i * 7 + i * 3) % 26) for i in range(2000))
    alone, given = compression_bits(text), compression_bits(text, given=text)
    assert given["xz"] < 0.2 * alone["xz"]
    assert given["gzip"] < 0.2 * alone["gzip"]
