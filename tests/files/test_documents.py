"""JSON under limits."""

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import ModelFileError
from elman.files.documents import DEEPEST, MOST_ESCAPES, parse_json, read_json, read_object, write_json

scalars = st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
documents = st.recursive(scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20)


@settings(deadline=None)  # it waits for the disk
@given(documents)
def test_what_is_written_is_read_again(tmp_path_factory: pytest.TempPathFactory, document: Any) -> None:
    path = tmp_path_factory.mktemp("documents") / "d.json"
    write_json(path, document)
    assert read_json(path) == document


def test_text_is_written_as_it_stands(tmp_path: Path) -> None:
    write_json(tmp_path / "d.json", {"글": "é"})
    assert '"글": "é"' in (tmp_path / "d.json").read_text(encoding="utf-8")


def test_what_is_not_finite_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "d.json", [float("nan")])
    assert not (tmp_path / "d.json").exists()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "d:1:1: this is not JSON"),
        (b'{"a": 1,\n "b" 2}', "d:2:6: this is not JSON"),
        (b'\xef\xbb\xbf{"a": 1}', "this is not JSON"),
        (b'{"a": 1} {}', "this is not JSON"),
        (b"\x80\x04\x95.", "not valid UTF-8 at byte 0"),
        (b'{"a": "\xff"}', "not valid UTF-8 at byte 7"),
        (b'{"a": 1, "b": 2, "a": 3}', "the key 'a' stands twice"),
        (b"[NaN]", "NaN is not a finite number"),
        (b"[-Infinity]", "-Infinity is not a finite number"),
        (b"[1e400]", "1e400 is not a finite number"),
        (b"[" + b"9" * 5000 + b"]", "integer string conversion"),
        (b'["\\ud800"]', "half of a surrogate pair"),
        (b'{"\\udc00": 1}', "half of a surrogate pair"),
        (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), "nested more than"),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "nested more than"),
        (b"[" * 99_999, "nested more than|this is not JSON"),
        (b"[" * 10_000_000, "more than 100,000 values"),
        (b'["' + b"\\n" * 400_001 + b'"]', "more than 400,000 backslashes"),
        (b'""' * 20_000_000 + b"," * 200_000, "this is not JSON"),
    ],
)
def test_a_bad_document_is_refused_with_its_fault(content: bytes, fault: str) -> None:
    with pytest.raises(ModelFileError, match=fault):
        parse_json(content, where="d")


@given(st.recursive(st.text(',"[{\\\\:', max_size=4), lambda one: st.lists(one) | st.dictionaries(st.text(), one)))
def test_a_document_may_have_as_many_values_as_are_expected_and_no_more(document: Any) -> None:
    def signs(value: Any) -> int:
        held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        return isinstance(value, (dict, list)) + max(len(held) - 1, 0) + sum(map(signs, held))

    content, most = json.dumps(document).encode(), max(signs(document), 1)
    least = -(-content.count(b"\\") // MOST_ESCAPES)
    assert parse_json(content, where="d", most=max(most, least)) == document
    if most > max(least, 1):
        with pytest.raises(ModelFileError, match=f"more than {most - 1:,} values"):
            parse_json(content, where="d", most=most - 1)


@pytest.mark.parametrize(
    "content", [b"[]", b"null", b'"' + b"a" * 100_000 + b'"', b" " * 100_000, b"", b"\xef\xbb\xbf{}"]
)
def test_what_is_no_object_is_not_even_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"d\.json: this is not a JSON object"):
        read_object(tmp_path / "d.json", 1 << 20)


def test_an_object_is_read(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_bytes(b' \r\n\t{"a": [1]}')
    assert read_object(tmp_path / "d.json", 1 << 20) == {"a": [1]}
    with pytest.raises(ModelFileError, match="more than 3 bytes"):
        read_object(tmp_path / "d.json", 3)


def test_a_document_of_the_greatest_depth_is_read() -> None:
    assert parse_json(b"[" * DEEPEST + b"]" * DEEPEST, where="d") == eval_nested(DEEPEST)


def eval_nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parse_json(b'["\\ud83d\\ude00"]', where="d") == ["\N{GRINNING FACE}"]


def test_a_large_document_is_refused_before_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text("[" + "1," * 1000 + "1]")
    with pytest.raises(ModelFileError, match="more than 1,000 bytes"):
        read_json(tmp_path / "d.json", 1000)


@pytest.mark.parametrize(
    ("content", "values"),
    [
        (b"[1,2,3]", 3), (b'{"a": [], "b": {}}', 4), (b'["[,{", ",\\",", "\\\\"]', 3), (b'[",,,,,,,,,,,,,,,,,,,,"]', 1),
        (b'{"a,b": "[[[[[[[[[[[[[["}', 1),
    ],
)  # fmt: skip
def test_values_are_counted_outside_texts(content: bytes, values: int) -> None:
    assert parse_json(content, where="d", most=values) == json.loads(content)
    with pytest.raises(ModelFileError, match=f"there are more than {values - 1} values"):
        parse_json(content, where="d", most=values - 1)


@pytest.mark.parametrize(
    "content",
    [b"[" + b"[]," * 5_000_000 + b"0]", b"," * 10_000_000, b'["' + b'\\"' * 5_000_000 + b"\\", b'"' * 10_000_001],
    ids=["lists", "commas", "open text", "quotes"],
)
def test_a_document_of_too_many_values_is_refused_soon_and_in_little_memory(content: bytes) -> None:
    begun = time.process_time()
    tracemalloc.start()
    with pytest.raises(ModelFileError):
        parse_json(content, where="d", most=0 if content[:1] != b"," else 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * len(content) and time.process_time() - begun < 5
