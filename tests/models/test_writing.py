"""Stop texts and incomplete characters, however the symbols fall."""

import pytest

from elman.models.writing import TextWriter
from elman.text.tokenizer import ByteTokenizer


def written(text: str, stop: tuple[str, ...]) -> tuple[list[str], bool]:
    """The pieces of a text that comes byte by byte, and whether it was stopped."""
    tokenizer = ByteTokenizer()
    writer = TextWriter(tokenizer, 1, stop=stop)
    pieces = []
    for symbol in tokenizer.encode(text):
        pieces.append(writer.push(0, int(symbol)))
        if writer.stopped[0]:
            break
    return pieces + [piece for _, piece in writer.finish()], writer.stopped[0]


@pytest.mark.parametrize(
    ("text", "stop", "wanted"),
    [
        ("abcabd!", ("abd",), "abc"),
        ("aaab", ("aab",), "a"),
        ("한국어 글", (" ",), "한국어"),
        ("no stop here", ("zzz",), "no stop here"),
        ("ends with ab", ("abc",), "ends with ab"),
        ("xyz", ("z", "yz"), "x"),
        ("", ("a",), ""),
        ("abc", (), "abc"),
        ("abc", ("",), "abc"),
    ],
)
def test_the_text_ends_before_the_first_stop_text(text: str, stop: tuple[str, ...], wanted: str) -> None:
    pieces, stopped = written(text, stop)
    assert "".join(pieces) == wanted
    assert stopped == (wanted != text)


def test_nothing_is_held_back_without_need() -> None:
    pieces, _ = written("ab", ("xyz",))
    assert pieces == ["a", "b"]
    assert written("한", ())[0] == ["", "", "한"]
