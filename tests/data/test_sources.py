"""Bytes to text: line ends, byte order marks, encodings, packed files, and every fault with its place."""

import gzip
import io
import os
import sys
import threading
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data import sources
from elman.data.sources import Source, refuse_single_reading
from elman.errors import InputError, OptionError


def text_of(path: Path, encoding: str = "utf-8") -> str:
    return "".join(Source(str(path), encoding).chunks())


def test_lines_end_only_at_line_feeds(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("a\r\nb\rc\u0085d\u2028e\x0bf\x0c\ng\r\r\n\r\n".encode())
    assert text_of(path) == "a\nb\rc\u0085d\u2028e\x0bf\x0c\ng\r\n\n"
    assert list(Source(str(path)).lines()) == ["a", "b\rc\u0085d\u2028e\x0bf\x0c", "g\r", ""]


@pytest.mark.parametrize("ending", ["", "\n", "\r", "\r\n", "\n\n"])
def test_the_end_of_a_file_is_kept_as_it_is(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"a" + ending.encode())
    assert text_of(path) == "a" + ending.replace("\r\n", "\n")


PATTERN = st.text(st.sampled_from("ab\r\n한é😀\ufeff\u2028"), min_size=1)


@given(text=PATTERN, chunk=st.integers(1, 5), encoding=st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32"]))
def test_where_a_file_is_cut_while_reading_does_not_show(text: str, chunk: int, encoding: str) -> None:
    text += "\n" * ("\r" in text and "\n" not in text)
    expected = text.replace("\r\n", "\n").removeprefix("\ufeff")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "CHUNK", chunk)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode(encoding))))
        if not expected:
            with pytest.raises(InputError, match="this file is empty"):
                list(Source("-", encoding).chunks())
            return
        assert "".join(Source("-", encoding).chunks()) == expected


@given(text=PATTERN, chunk=st.integers(1, 5))
def test_blocks_end_at_line_ends(text: str, chunk: int) -> None:
    text += "\n" * ("\r" in text and "\n" not in text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sources, "CHUNK", chunk)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(("x" + text).encode())))
        blocks = list(Source("-").blocks())
    assert "".join(blocks) == ("x" + text).replace("\r\n", "\n")
    assert all(block.endswith("\n") for block in blocks[:-1])


def test_a_byte_order_mark_is_dropped_at_the_begin_only(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffa\ufeff\n\ufeffb".encode())
    assert text_of(path) == "a\ufeff\n\ufeffb"
    path.write_bytes("\ufeff한".encode("utf-16-be"))
    assert text_of(path, "utf-16-be") == "한"
    path.write_bytes("한".encode("utf-16"))
    assert text_of(path, "utf-16") == "한"


def test_korean_in_an_old_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("똠방각하 펲시콜라\n".encode("cp949"))
    assert text_of(path, "cp949") == "똠방각하 펲시콜라\n"


def test_packed_text_is_unpacked_whatever_the_case_of_the_suffix(tmp_path: Path) -> None:
    for name in ("a.txt.gz", "b.TXT.GZ"):
        (tmp_path / name).write_bytes(gzip.compress("가\n".encode()) + gzip.compress(b"b\n"))
        assert text_of(tmp_path / name) == "가\nb\n"


def test_a_pipe_is_read_like_a_file(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(b"a\nb\n",))
    writer.start()
    assert text_of(path) == "a\nb\n"
    writer.join()


MEND = "give --encoding, or --errors replace"


def message(path: Path | str, content: bytes | None = None, encoding: str = "utf-8") -> str:
    if content is not None:
        Path(path).write_bytes(content)
    with pytest.raises(InputError) as caught:
        list(Source(str(path), encoding).blocks())
    return str(caught.value)


def test_what_is_not_in_the_encoding_is_told_with_file_line_and_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert message(path, b"ab\nc\xffd") == f"{path}:2: not valid utf-8 at byte 4; {MEND}"
    assert message(path, b"ab\n\n\xed\x95") == f"{path}:3: not valid utf-8 at byte 4; {MEND}"
    assert message(path, "é".encode() * 10, "ascii") == f"{path}:1: not valid ascii at byte 0; {MEND}"
    assert message(path, b"a\n\x81", "cp949") == f"{path}:2: not valid cp949 at byte 2; {MEND}"


@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "euc-kr", "shift_jis"])
def test_the_place_of_a_fault_does_not_depend_on_how_the_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, encoding: str
) -> None:
    path, good = tmp_path / "a.txt", "aあ\nbい\n".encode(encoding)
    monkeypatch.setattr(sources, "CHUNK", chunk)
    found = message(path, good + b"\xff\xff", encoding)
    assert found == f"{path}:3: not valid {encoding} at byte {len(good)}; {MEND}"


def test_bytes_of_a_packed_file_are_those_of_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    assert message(path, gzip.compress(b"abc\n\xff")) == f"{path}:2: not valid utf-8 at byte 4; {MEND}"


BAD = {
    "utf-8": (b"a\xffb\n\xed\x95\xe2\x82\n", "a\ufffdb\n\ufffd\ufffd\n", 3, (1, 1)),
    "cp949": (b"ab\n\xb0\xa1\xff\xb0\xa1\n\xff", "ab\n가\ufffd가\n\ufffd", 2, (2, 5)),
    "ascii": ("a\né\n".encode(), "a\n\ufffd\ufffd\n", 2, (2, 2)),
}


@pytest.mark.parametrize("chunk", [1, 2, 3, 1000])
@pytest.mark.parametrize("encoding", list(BAD))
def test_what_is_not_in_the_encoding_can_be_replaced_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, chunk: int, encoding: str
) -> None:
    data, text, count, (line, byte) = BAD[encoding]
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    monkeypatch.setattr(sources, "CHUNK", chunk)
    assert "".join(Source(str(path), encoding, "replace").chunks()) == text
    assert [record.getMessage() for record in caplog.records] == [
        f"{path}: {count} places are not valid {encoding} and are read as U+FFFD, the first in line {line}, "
        f"at byte {byte}"
    ]


def test_of_a_good_file_nothing_is_replaced_or_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.txt"
    path.write_text("한\ufffd😀\n", encoding="utf-8")
    assert "".join(Source(str(path), errors="replace").chunks()) == "한\ufffd😀\n"
    assert not caplog.records


@pytest.mark.parametrize("chunk", [1, 2, 1000])
@pytest.mark.parametrize("content", [b"a\rb\r", b"\ra", b"a\r\rb", b"\xef\xbb\xbfa\rb"])
@pytest.mark.parametrize("verbatim", [False, True])
def test_lines_that_end_in_bare_carriage_returns_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, content: bytes, verbatim: bool
) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    monkeypatch.setattr(sources, "CHUNK", chunk)
    with pytest.raises(InputError) as caught:
        list(Source(str(path), verbatim=verbatim).blocks())
    assert str(caught.value) == (
        f"{path}: its lines end in bare carriage returns, which would make it one line; write line feeds instead, say "
        "by tr '\\r' '\\n'"
    )
    assert "".join(Source(str(path), whole=True).chunks()) == content.decode().removeprefix("\ufeff")
    path.write_bytes(content + b"\n")
    assert list(Source(str(path), verbatim=verbatim).blocks())


def test_files_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert message(path, b"a\nb\x00c") == f"{path}:2: there is a NUL: this is a binary file; give a text file"
    assert message(path, b"\x89PNG\r\n\x1a\n\x00\x00") == f"{path}: this is a binary file; give a text file"
    assert message(path, gzip.compress(b"a")) == f"{path}: this is a gzip file; name it .gz"
    assert message(path, "한글".encode("utf-16")) == f"{path}: this is UTF-16; give --encoding utf-16"
    assert message(path, "ab\n".encode("utf-16-le")).endswith("this is a binary file; give --encoding utf-16")


def test_files_with_nothing_in_them(tmp_path: Path) -> None:
    path, packed = tmp_path / "a.txt", tmp_path / "a.txt.gz"
    for content in (b"", b"\xef\xbb\xbf"):
        assert message(path, content) == f"{path}: this file is empty; give a file with text"
    for content in (b"", gzip.compress(b"")):
        assert message(packed, content) == f"{packed}: this file is empty; give a file with text"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    assert message(tmp_path) == f"{tmp_path}: this is a folder; name the files in it"
    assert message(tmp_path / "none.txt") == f"{tmp_path / 'none.txt'}: there is no such file"
    assert message(tmp_path / "none.gz") == f"{tmp_path / 'none.gz'}: there is no such file"
    assert message(f"{tmp_path}/a\x00b") == f"{tmp_path}/a\\x00b: embedded null byte"


def test_standard_input_that_is_closed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert message("-") == "-: standard input is closed; name a file"


def test_what_can_be_read_only_once_is_refused_where_it_would_be_read_twice(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"a\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    refuse_single_reading([tmp_path / "a.txt", tmp_path / "missing", tmp_path])  # the readers tell what is wrong
    for path in ("-", "/dev/null", tmp_path / "pipe", tmp_path / "link"):
        with pytest.raises(InputError) as caught:
            refuse_single_reading([tmp_path / "a.txt", path])
        name = "standard input" if path == "-" else "this"
        assert str(caught.value) == f"{path}: {name} can be read only once; write it to a file"


def test_packed_files_that_are_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    whole = gzip.compress(os.urandom(100_000).hex().encode())
    assert message(path, whole[:-20]) == f"{path}: the gzip data end too early; take a fresh copy"
    assert "this is not a whole gzip file" in message(path, b"plain text")
    assert "this is not a whole gzip file" in message(path, whole[:1000] + b"\xff" * 50 + whole[1050:])


@pytest.mark.parametrize("encoding", ["utf8x", "", "base64", "rot13", "a\x00b"])
def test_an_unknown_encoding_is_refused(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_bytes(b"a")
    with pytest.raises(OptionError, match=r"^--encoding: .* is not an encoding"):
        list(Source(str(tmp_path / "a.txt"), encoding).chunks())


def test_a_line_of_ten_megabytes_is_read_in_linear_time_and_little_memory(tmp_path: Path) -> None:
    def seconds(megabytes: int) -> float:
        path = tmp_path / "long.txt"
        path.write_bytes(b"x" * (megabytes << 20))
        begun = time.process_time()
        assert sum(map(len, Source(str(path)).blocks())) == megabytes << 20
        return time.process_time() - begun

    tracemalloc.start()
    seconds(10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 25 << 20, "the line, once in parts and once joined"
    seconds(5)
    assert seconds(40) < 24 * max(seconds(5), 0.002)
