"""CoNLL-U: words, what stands between them, every way in which a file can be wrong, and round trips to the byte."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.config import TokenReadConfig
from elman.data.formats import conllu
from elman.data.paragraphs import Sentence
from elman.data.sources import Source
from elman.errors import InputError

GOOD = (
    "# sent_id = 1\n"
    "0.1\tyes\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "1-2\tdu\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No\n"
    "1\tde\tde\tADP\tE\t_\t3\tcase\t_\t_\n"
    "2\tle\tle\tDET\tR\tDefinite=Def\t3\tdet\t_\t_\n"
    "2.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "2.2\ty\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "3\ta b\u2028c\u0085\tpain\tNOUN\tS\t_\t0\troot\t_\tA=1|B=2\n"
    "\n"
    "\n"
    "# sent_id = 2\n"
    "1\t.\t_\t_\t_\t_\t_\t_\t_\t_\n"
    "\n"
    "# the end\n"
)


def read(path: Path, content: str, *, labelled: bool = True, **options: Any) -> list[Sentence]:
    path.write_bytes(content.encode())
    return list(conllu.read(Source(str(path), verbatim=True), TokenReadConfig(**options), labelled=labelled))


def test_words_are_read_and_what_stands_between_them_is_not(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.conllu", GOOD)
    assert first.tokens == ("de", "le", "a b\u2028c\u0085")
    assert first.labels == {"upos": ("ADP", "DET", "NOUN")}
    assert (first.line, first.lines) == (1, (4, 5, 8))
    assert (second.tokens, second.labels, second.line, second.lines) == ((".",), {"upos": ("_",)}, 11, (12,))


def test_columns_go_by_name_in_any_case_and_by_number(tmp_path: Path) -> None:
    first, _ = read(tmp_path / "a.conllu", GOOD, token_column="Lemma", label_columns=("XPOS", "5", "-1"))
    assert first.tokens == ("de", "le", "pain")
    assert first.labels == {"xpos": ("E", "R", "S"), "feats": ("_", "Definite=Def", "_"), "misc": ("_", "_", "A=1|B=2")}


def test_without_labels_no_column_of_labels_is_looked_for(tmp_path: Path) -> None:
    first, _ = read(tmp_path / "a.conllu", GOOD, labelled=False, label_columns=("ner",))
    assert first.labels == {}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"label_columns": ("upso",)}, "there is no column 'upso'; did you mean upos?"),
        ({"label_columns": ("10",)}, "there is no column '10'; known are id, form"),
        ({"label_columns": ("upos", "3")}, "column '3' is in use already; name every column once"),
        ({"label_columns": ("form",)}, "column 'form' is in use already"),
        ({"token_column": "id"}, "column 'id' is in use already"),
    ],
)
def test_a_column_that_cannot_be_meant_is_refused(tmp_path: Path, option: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.conllu", GOOD, **option)
    assert str(caught.value).startswith(f"{tmp_path / 'a.conllu'}: {message}")


def row(id: str = "2", *, head: str = "1", form: str = "b") -> str:  # noqa: A002 the word of the format
    return f"{id}\t{form}\t_\tX\t_\t_\t{head}\t_\t_\t_\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("2\tb\t_\tX\t_\t_\t1\t_\t_\n", ":3: 9 columns where CoNLL-U has 10; separate the columns by tabs"),
        ("2 b _ X _ _ 1 _ _ _\n", ":3: 1 column where CoNLL-U has 10; separate the columns by tabs"),
        (row().replace("\n", "\t_\n"), ":3: 11 columns where CoNLL-U has 10"),
        (row(form=""), ":3:3: the column form is empty; write _ for nothing"),
        (row("2\tlong").replace("\t_\tX", "\tX").replace("X\t_", "X\t"), ":3:12: the column xpos is empty"),
        (row("3"), ":3:1: the id '3' where 2 should follow; count the words"),
        (row("02"), ":3:1: the id '02' where 2 should follow"),
        (row("x"), ":3:1: the id 'x' where 2 should follow"),
        (row("1"), ":3:1: the id '1' where 2 should follow; count the words of a sentence 1, 2, 3, …, and end it with"),
        (row(head="x"), ":3:13: the head 'x' is not a whole number; write 0 to 2, or _ for nothing"),
        (row(head="3"), ":3:13: the head 3 is no word of the sentence; write 0 to 2"),
        (row(head="-1"), ":3:13: the head '-1' is not a whole number"),
        (row("1-2"), ":3:1: the range 1-2 makes no sense before word 2; begin it at the next word"),
        (row("2-1") + row(), ":3:1: the range 2-1 makes no sense before word 2"),
        (row("2-3") + row("2-2") + row(), ":4:1: the range 2-2 makes no sense before word 2"),
        (row("2-3") + row(), ":3:1: a range up to word 3 in a sentence of 2; end it at a word of the sentence"),
        (row("2.1") + row(), ":3:1: the empty node 2.1 stands where 1.1 would; number empty nodes"),
        (row("1.1") + row("1.1"), ":4:1: the empty node 1.1 stands where 1.2 would"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.conllu", "# c\n" + row("1", head="0") + lines + "\n")
    assert str(caught.value).startswith(str(tmp_path / "a.conllu") + message)


def test_labels_are_filled_in_and_all_else_stays(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.conllu", GOOD.replace("\n", "\r\n"), labelled=False)
    text = conllu.write(first, {"upos": ["A", "B", "C"], "misc": ["M", "", "N"]}, {}, given={})
    text += conllu.write(second, {"upos": ["D"], "misc": ["O"]}, {}, given={})
    wanted = GOOD.replace("\tADP\t", "\tA\t").replace("\tDET\t", "\tB\t").replace("\tNOUN\t", "\tC\t")
    wanted = wanted.replace("case\t_\t_", "case\t_\tM").replace("A=1|B=2", "N")
    wanted = wanted.replace(".\t_\t_\t_\t_\t_\t_\t_\t_", ".\t_\tD\t_\t_\t_\t_\t_\tO")
    assert text == wanted.replace("\n", "\r\n")


def test_what_has_no_column_goes_into_misc(tmp_path: Path) -> None:
    first, _ = read(tmp_path / "a.conllu", GOOD)
    text = conllu.write(first, {"ner": ["O", "O", "B"]}, {"A": [0.5, "p", {"x|y": 1}]}, given={})
    assert [line.split("\t")[9] for line in text.split("\n") if line[:2] in ("1\t", "2\t", "3\t")] == [
        "ner=O|A=0.5", "ner=O|A=p", 'B=2|ner=B|A={"x\\u007cy":1}',
    ]  # fmt: skip


def test_tokens_and_ids_are_never_written_over(tmp_path: Path) -> None:
    _, second = read(tmp_path / "a.conllu", GOOD)
    text = conllu.write(second, {"ner": ["O"], "id": ["7"]}, {}, given={"ner": "form"})
    assert "1\t.\t_\t_\t_\t_\t_\t_\t_\tner=O|id=7\n" in text


def test_a_label_that_no_column_can_hold_is_refused(tmp_path: Path) -> None:
    _, second = read(tmp_path / "a.conllu", GOOD)
    with pytest.raises(InputError, match="cannot stand in a column; take JSON lines"):
        conllu.write(second, {"upos": ["a\tb"]}, {}, given={})


CELL = st.text(st.sampled_from("aB|=#-.1 \r한\u0085\u2028\ufeff"), min_size=1, max_size=4).map(lambda text: text + "x")
COMMENT = st.text(st.sampled_from("a\t=# 한\r\u2028"), max_size=6).map(lambda text: "#" + text)


@st.composite
def sentence(draw: st.DrawFn) -> list[str]:
    """The lines of a sentence, its break included."""
    rows = draw(st.lists(COMMENT, max_size=2))
    words, end = draw(st.integers(1, 4)), 0
    for word in range(1, words + 1):
        if word > end and draw(st.booleans()):
            end = draw(st.integers(word, words))
            rows.append("\t".join([f"{word}-{end}", draw(CELL), *"________"]))
        cells = [draw(CELL) for _ in range(9)]
        cells[5] = draw(st.sampled_from(["_", *map(str, range(words + 1))]))
        rows.append("\t".join([str(word), *cells]))
        rows += ["\t".join([f"{word}.{n}", draw(CELL), *"________"]) for n in range(1, draw(st.integers(1, 3)))]
    return [*rows, *draw(st.sampled_from([[""], ["", ""], ["\t"], ["", "#late", ""]]))]


@settings(max_examples=30, deadline=None)
@given(
    sentences=st.lists(sentence(), min_size=1, max_size=4),
    end=st.sampled_from(["\n", "\r\n"]),
    begin=st.sampled_from(["", "\ufeff", "\ufeff# c\n\n"]),
    cut=st.booleans(),
)
def test_gold_labels_written_back_give_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[str]], end: str, begin: str, cut: bool
) -> None:
    lines = [line for rows in sentences for line in rows]
    content = begin + (end.join(lines).rstrip("\r\n") if cut else end.join([*lines, ""]))
    found = read(tmp_path_factory.getbasetemp() / "a.conllu", content, label_columns=("upos", "misc"))
    words = [line.split("\t") for line in lines if line.partition("\t")[0].isdecimal()]
    assert [token for one in found for token in one.tokens] == [cells[1] for cells in words]
    assert [label for one in found for label in one.labels["misc"]] == [cells[9] for cells in words]
    assert len(found) == len(sentences)
    assert "".join(conllu.write(one, one.labels, {}, given={}) for one in found) == content
