"""Column files: what separates, which column is which, what is a comment, every fault, and round trips to the byte."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.config import TokenReadConfig
from elman.data.formats import conll
from elman.data.paragraphs import Sentence
from elman.data.sources import Source
from elman.errors import InputError

CONLL_2003 = "-DOCSTART- -X- -X- O\n\nEU NNP  B-NP B-ORG\nsays VBZ B-VP O\n\nPeter NNP B-NP B-PER \n"
KLUE = "## kind : CHAR\tNE\n## one\t<경:OG>\n경\tB-OG\n \tO\n# \tO\n\t\n## two\n한\tO\n\n## end\n"


def opened(path: Path, content: str) -> Source:
    path.write_bytes(content.encode())
    return Source(str(path), verbatim=True)


def read(path: Path, content: str, *, labelled: bool = True, **options: Any) -> list[Sentence]:
    return list(conll.read(opened(path, content), TokenReadConfig(**options), labelled=labelled))


def test_blanks_separate_where_no_line_has_a_tab(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.conll", CONLL_2003)
    assert (first.tokens, first.labels) == (("EU", "says"), {"label": ("B-ORG", "O")})
    assert (first.line, first.lines, second.tokens, second.lines) == (3, (3, 4), ("Peter",), (6,))


def test_tabs_separate_where_a_row_has_one_and_a_token_may_be_a_blank(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.conll", KLUE)
    assert (first.tokens, first.labels) == (("경", " ", "# "), {"label": ("B-OG", "O", "O")})
    assert (first.line, first.lines, second.tokens) == (1, (3, 4, 5), ("한",))


def test_a_tab_in_a_comment_does_not_make_tabs_separate(tmp_path: Path) -> None:
    [sentence] = read(tmp_path / "a.conll", "## a\tb\n# c\td\n\t\nx O\n")
    assert sentence.tokens == ("x",)


def test_a_hash_begins_a_comment_only_where_the_line_is_no_row(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.conll", "# sent 1\n# O\n#tag O\n# X\n\n# a b c\ny O\n")
    assert (first.tokens, second.tokens) == (("#", "#tag", "#"), ("y",))


def test_other_line_ends_of_unicode_are_characters(tmp_path: Path) -> None:
    [sentence] = read(tmp_path / "a.conll", "\ufeffa\u2028b O\r\n\u0085 B\r\n\u00a0 C\r\n")
    assert (sentence.tokens, sentence.labels["label"]) == (("a\u2028b", "\u0085", "\u00a0"), ("O", "B", "C"))


def test_columns_go_by_number_from_either_end(tmp_path: Path) -> None:
    [first, _] = read(tmp_path / "a.conll", CONLL_2003, token_column="1", label_columns=("-2", "0"))
    assert (first.tokens, first.labels) == (("NNP", "VBZ"), {"2": ("B-NP", "B-VP"), "0": ("EU", "says")})


def test_a_first_line_may_name_the_columns(tmp_path: Path) -> None:
    content = "# global.columns = ID FORM NER\n# text = a\n1\ta\tO\n"
    source = opened(tmp_path / "a.conll", content)
    assert conll.label_names(source, TokenReadConfig()) == ("NER",)
    [sentence] = conll.read(source, TokenReadConfig(label_columns=("NER", "ID")), labelled=True)
    assert (sentence.tokens, sentence.labels) == (("a",), {"NER": ("O",), "ID": ("1",)})
    text = conll.write(sentence, {"NER": ["B"], "pos": ["N"]}, {"p": [0.5]}, given={})
    assert text == "# global.columns = ID FORM NER pos p\n# text = a\n1\ta\tB\tN\t0.5\n"


def test_names_of_label_columns_are_the_files_own(tmp_path: Path) -> None:
    source = opened(tmp_path / "a.conll", CONLL_2003)
    assert conll.label_names(source, TokenReadConfig(label_columns=("3", "1"))) == ("label", "1")


def test_without_labels_one_column_is_enough(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.conll", "a\nb\n\nc", labelled=False, label_columns=("ner",))
    assert (first.tokens, first.labels, second.tokens) == (("a", "b"), {}, ("c",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a O\nb\n", ":2: 1 column where the first row has 2; separate the columns by blanks"),
        ("a\tO\nb\tO\tx\n", ":2: 3 columns where the first row has 2; separate the columns by tabs"),
        ("a\tO\nb O\n", ":2: 1 column where the first row has 2; separate the columns by tabs"),
        ("a\tO\n\tO\n", ":2:1: the token is empty; write a token in every row"),
        ("a\tO\nbc\t\n", ":2:4: the label is empty; write a label in every row"),
        ("# c\na\nb\n", ":2: one column, and no labels beside the tokens; separate the columns by tabs or blanks"),
        ("a O\nb O\n## x y\n", ":3: 3 columns where the first row has 2"),
        ("# global.columns = A B\na b c\n", ":2: 3 columns where the first line names 2"),
        ("# c\n\n-DOCSTART- O\n", ": there is no sentence in this file"),
        ("\n \n\t\n", ": there is no sentence in this file"),
        ("", ": this file is empty"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.conll", content)
    assert str(caught.value).startswith(str(tmp_path / "a.conll") + message)


def test_a_tab_far_behind_rows_with_blanks_is_a_fault(tmp_path: Path) -> None:
    rows = "abcdefgh O\n" * 99 + "\n"
    content = rows * (1 + (1 << 20) // len(rows)) + "a\tb O\n"
    with pytest.raises(InputError, match=r":96\d01:2: a tab, where blanks separate the columns of the first rows"):
        read(tmp_path / "a.conll", content)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"label_columns": ("2",)}, "there is no column '2'; known are token, label"),
        ({"label_columns": ("lable",)}, "there is no column 'lable'; did you mean label?"),
        ({"label_columns": ("0",)}, "column '0' is in use already"),
        ({"label_columns": ("1", "-1")}, "column '-1' is in use already"),
        ({"token_column": "1"}, "column '-1' is in use already"),
        ({"token_column": "9"}, "there is no column '9'"),
    ],
)
def test_a_column_that_cannot_be_meant_is_refused(tmp_path: Path, option: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.conll", "a O\n", **option)
    assert str(caught.value).startswith(f"{tmp_path / 'a.conll'}:1: {message}")


def filled(sentences: list[Sentence], label: str = "L") -> str:
    return "".join(conll.write(one, {"label": [label] * len(one.tokens)}, {}, given={}) for one in sentences)


def test_labels_are_filled_in_and_all_else_stays(tmp_path: Path) -> None:
    assert filled(read(tmp_path / "a.conll", CONLL_2003)) == CONLL_2003.replace("B-ORG", "L").replace(
        "B-VP O", "B-VP L"
    ).replace("B-PER", "L")
    klue = KLUE.replace("\n", "\r\n")
    assert filled(read(tmp_path / "a.conll", klue)) == klue.replace("B-OG", "L").replace("\tO", "\tL")


def test_columns_that_the_file_has_not_are_added(tmp_path: Path) -> None:
    assert filled(read(tmp_path / "a.conll", "-DOCSTART-\n\na\nb \n\nc\n", labelled=False)) == (
        "-DOCSTART-\n\na L\nb L \n\nc L\n"
    )
    [sentence] = read(tmp_path / "a.conll", "a\tN\r\n")
    text = conll.write(sentence, {"1": ["x"], "label": ["y"]}, {"p": [{"a b": 0.5}]}, given={"1": "-2"})
    assert text == 'a\ty\tx\t{"a\\u0020b":0.5}\r\n'


@pytest.mark.parametrize(("content", "label"), [("a O\n", "b c"), ("a O\n", ""), ("a\tO\n", "b\tc"), ("a O\n", "b\nc")])
def test_a_label_that_no_column_can_hold_is_refused(tmp_path: Path, content: str, label: str) -> None:
    with pytest.raises(InputError, match="cannot stand in a column; take JSON lines"):
        filled(read(tmp_path / "a.conll", content), label)


CELL = st.text(st.sampled_from("aB#-\r한\u0085\u2028"), min_size=1, max_size=3).map(lambda text: text + "x")
BREAK = st.sampled_from(["", "\t", " ", "\n\n", "\n-DOCSTART- O\n", "\n## c\td\n"])


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=3), min_size=1, max_size=4),
    breaks=st.lists(BREAK, min_size=4, max_size=4),
    separator=st.sampled_from(["\t", " ", "   "]),
    end=st.sampled_from(["\n", "\r\n"]),
    begin=st.sampled_from(["", "\ufeff"]),
)
def test_gold_labels_written_back_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[tuple[str, str, str]]], breaks: list[str],
    separator: str, end: str, begin: str,
) -> None:  # fmt: skip
    texts = ["".join(separator.join(row) + "\n" for row in one) for one in rows]
    content = begin + "".join(text + gap + "\n" for text, gap in zip(texts, breaks, strict=False)).replace("\n", end)
    found = read(tmp_path_factory.getbasetemp() / "a.conll", content, label_columns=("1", "2"))
    assert [one.tokens for one in found] == [tuple(row[0] for row in one) for one in rows]
    assert [one.labels["label"] for one in found] == [tuple(row[2] for row in one) for one in rows]
    assert "".join(conll.write(one, one.labels, {}, given={}) for one in found) == content
