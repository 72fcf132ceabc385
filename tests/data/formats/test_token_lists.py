"""JSON lines of tokens: a good file, every way in which a line can be wrong, and what stays when labels are written."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.config import TokenReadConfig
from elman.data.formats import token_lists
from elman.data.paragraphs import Sentence
from elman.data.sources import Source
from elman.errors import InputError


def read(path: Path, content: str, *, labelled: bool = True, **options: Any) -> list[Sentence]:
    path.write_bytes(content.encode())
    return list(token_lists.read(Source(str(path), verbatim=True), TokenReadConfig(**options), labelled=labelled))


GOOD = (
    '\ufeff{"id":1,"tokens":["a"," "],"labels":["X","Y"]}\r\n\n'
    '{"tokens": []  , "labels": []}\n{"labels": ["Z"], "tokens": ["\\u00e9\u2028"]}'
)


def test_every_object_with_tokens_is_a_sentence(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.jsonl", GOOD)
    assert (first.tokens, first.labels, first.line, first.lines) == (("a", " "), {"labels": ("X", "Y")}, 1, (1, 1))
    assert (second.tokens, second.labels, second.line, second.lines) == (("é\u2028",), {"labels": ("Z",)}, 4, (4,))


def test_other_keys_may_hold_tokens_and_labels(tmp_path: Path) -> None:
    content = '{"w": ["a"], "pos": ["N"], "ner": ["O"]}\n'
    [sentence] = read(tmp_path / "a.jsonl", content, token_column="w", label_columns=("ner", "pos"))
    assert (sentence.tokens, sentence.labels) == (("a",), {"ner": ("O",), "pos": ("N",)})


def test_without_labels_their_key_may_be_missing(tmp_path: Path) -> None:
    [sentence] = read(tmp_path / "a.jsonl", '{"tokens": ["a"]}\n', labelled=False)
    assert sentence.labels == {}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"tokens": ["a"', ":2:16: this is not JSON: Expecting ',' delimiter"),
        ("a O", ":2:1: this is not JSON: Expecting value"),
        ('{"tokens": [NaN]}', ":2: this is not JSON: NaN is not a number that JSON has"),
        ("[" * 100_000, ":2: objects or lists are nested too deep"),
        ('["a"]', ":2: this is JSON, but not an object; write {"),
        ("{}", ":2: there is no key 'tokens'; --token-column names another"),
        ('{"token": ["a"]}', ":2: there is no key 'tokens'; --token-column names another; did you mean token?"),
        ('{"tokens": ["a"]}', ":2: there is no key 'labels'; --label-column names another; known are tokens"),
        ('{"tokens": "a", "labels": ["X"]}', ":2: 'tokens' is not a list; write a list of texts"),
        ('{"tokens": ["a"], "labels": null}', ":2: 'labels' is not a list"),
        ('{"tokens": ["a", 1], "labels": ["X", "Y"]}', ":2: item 1 of 'tokens' is not a text; write it in quotes"),
        ('{"tokens": ["a"], "labels": [["X"]]}', ":2: item 0 of 'labels' is not a text"),
        ('{"tokens": ["a"], "labels": ["X", "Y"]}', ":2: 2 items in 'labels' for 1 tokens; give every token one label"),
        ('{"tokens": ["\\ud800"], "labels": ["X"]}', ":2: item 0 of 'tokens' has a NUL or half of a surrogate pair"),
        ('{"tokens": ["a"], "labels": ["\\u0000"]}', ":2: item 0 of 'labels' has a NUL or half of a surrogate pair"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.jsonl", '{"tokens": ["a"], "labels": ["X"]}\n' + line + "\n")
    assert str(caught.value).startswith(str(tmp_path / "a.jsonl") + message)


def test_labels_are_exchanged_where_they_stand(tmp_path: Path) -> None:
    first, second = read(tmp_path / "a.jsonl", GOOD)
    text = token_lists.write(first, {"labels": ["N", "M"]}, {}, given={})
    text += token_lists.write(second, {"labels": ["한"]}, {}, given={})
    assert text == GOOD.replace('["X","Y"]', '["N", "M"]').replace('"Z"', '"한"')


def test_what_is_not_there_is_added_behind(tmp_path: Path) -> None:
    [sentence] = read(tmp_path / "a.jsonl", '{"tokens" : [ "a" ], "x": {"labels": 1} }\r\n', labelled=False)
    text = token_lists.write(sentence, {"upos": ["N"]}, {"p": [{"N": 0.5}]}, given={"upos": "labels"})
    assert text == '{"tokens" : [ "a" ], "x": {"labels": 1}, "labels": ["N"], "p": [{"N": 0.5}] }\r\n'


TEXT = st.text(st.sampled_from('a"\\{}[],: \n\r\u2028한😀'), max_size=3)
LABEL = st.text(st.sampled_from('a"\\{}[],:\u2028한😀'), min_size=1, max_size=3)
VALUE = st.sampled_from([None, True, -1, 1.5e300, [], {}, [[1], {"labels": ["x"]}], {"tokens": {"a": "}"}}]) | TEXT


@settings(max_examples=50, deadline=None)
@given(
    before=st.dictionaries(TEXT, VALUE, max_size=2),
    pairs=st.lists(st.tuples(TEXT, LABEL, TEXT), min_size=1, max_size=3),
    after=st.dictionaries(TEXT, VALUE, max_size=2),
    indent=st.sampled_from([",", ", ", " , "]),
)
def test_written_objects_differ_in_the_labels_alone(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, object], pairs: list[tuple[str, str, str]],
    after: dict[str, object], indent: str,
) -> None:  # fmt: skip
    tokens, gold, guessed = (list(texts) for texts in zip(*pairs, strict=True))
    row = {**before, "tokens": tokens, "labels": gold, **after}
    content = json.dumps(row, separators=(indent, " : ")) + "\n"
    [sentence] = read(tmp_path_factory.getbasetemp() / "a.jsonl", content)
    assert token_lists.write(sentence, sentence.labels, {}, given={}) == content
    text = token_lists.write(sentence, {"labels": guessed}, {"q": guessed}, given={})
    assert json.loads(text) == {**row, "labels": guessed, "q": guessed}


@pytest.mark.parametrize("label", ["", " ", "B PER", "B\tPER", "B-PER\n", "\r"])
def test_a_label_that_columns_could_not_hold_is_refused_with_its_line(tmp_path: Path, label: str) -> None:
    content = '{"tokens": ["a"], "labels": ["X"]}\n' + json.dumps({"tokens": ["a", "b"], "labels": ["X", label]})
    with pytest.raises(InputError) as caught:
        read(tmp_path / "a.jsonl", content)
    assert str(caught.value).startswith(f"{tmp_path / 'a.jsonl'}:2: {label!r} in 'labels' cannot be a label; write")
    assert len(read(tmp_path / "a.jsonl", content, labelled=False)) == 2
