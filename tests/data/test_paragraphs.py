"""Cutting text at blank lines: no character is lost, and the numbers of lines are right."""

from hypothesis import given
from hypothesis import strategies as st

from elman.data.paragraphs import paragraphs, single_lines


def whole_lines(text: str, sizes: list[int]) -> list[str]:
    """The text in blocks of so many lines, the last size for all that is left."""
    lines = text.split("\n")
    lines = [line + "\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]
    blocks = []
    for size in sizes:
        blocks.append("".join(lines[:size]))
        lines = lines[size:]
    return [block for block in [*blocks, "".join(lines)] if block]


TEXT = st.text(st.sampled_from("ab \t\r\n\u2028"), max_size=30)
SIZES = st.lists(st.integers(1, 3), max_size=5)


@given(text=TEXT, sizes=SIZES)
def test_a_paragraph_ends_with_the_first_blank_line(text: str, sizes: list[int]) -> None:
    found = list(paragraphs(whole_lines(text, sizes)))
    assert "".join(part for _, part in found) == text
    place = 0
    for line, part in found:
        assert line == 1 + text.count("\n", 0, place)
        place += len(part)
        lines = part.split("\n")
        blank = [not one.removesuffix("\r").strip(" \t") for one in lines[:-1]]
        assert not any(blank[:-1])
        assert (blank[-1:] == [True] and lines[-1] == "") or place == len(text)


@given(text=TEXT, sizes=SIZES)
def test_single_lines_keep_their_ends(text: str, sizes: list[int]) -> None:
    found = list(single_lines(whole_lines(text, sizes)))
    assert "".join(part for _, part in found) == text
    assert [line for line, _ in found] == list(range(1, len(found) + 1))
    assert all("\n" not in part[:-1] for _, part in found)
