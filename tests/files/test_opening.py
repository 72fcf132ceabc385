"""Regular files only, without hanging."""

import os
import socket
import tracemalloc
from pathlib import Path

import pytest

from elman.errors import ModelFileError
from elman.files.opening import held_bytes, open_regular, read_regular


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    with open_regular(tmp_path / "f") as file:
        assert file.read() == b"abc"
    assert read_regular(tmp_path / "f", 3) == b"abc"


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcd")
    with pytest.raises(ModelFileError, match="more than 3 bytes"):
        read_regular(tmp_path / "f", 3)


def test_a_small_file_takes_little_memory_under_a_high_limit(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcd")
    tracemalloc.start()
    assert read_regular(tmp_path / "f", 1 << 30) == b"abcd"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


def test_what_is_not_a_regular_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("f")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
    for name, what in (
        ("link", "a symbolic link"), ("pipe", "a pipe, socket or device"), ("socket", "a pipe, socket or device"),
        ("", "a folder"), ("missing", "there is no such file"), ("/dev/zero", "a pipe, socket or device"),
    ):  # fmt: skip
        with pytest.raises(ModelFileError, match=what):
            open_regular(tmp_path / name)


@pytest.mark.parametrize("special", ["link", "pipe"])
def test_a_file_that_is_exchanged_before_it_is_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, special: str
) -> None:
    place = tmp_path / "f"
    place.write_bytes(b"abc")
    true_open = os.open

    def exchange_and_open(path: Path, flags: int) -> int:
        place.unlink()
        place.symlink_to("other") if special == "link" else os.mkfifo(place)
        return true_open(path, flags)

    monkeypatch.setattr(os, "open", exchange_and_open)
    with pytest.raises(ModelFileError):
        open_regular(place)


@pytest.mark.parametrize(("places", "held"), [((), 0), ((0,), 4096), ((8192, 1 << 20), 8192), ((0, 4096), 8192)])
def test_what_a_file_holds_is_counted_without_its_holes(tmp_path: Path, places: tuple[int, ...], held: int) -> None:
    with (tmp_path / "f").open("wb") as file:
        for place in places:
            file.seek(place)
            file.write(bytes(4096))
        file.truncate(2 << 20)
    with open_regular(tmp_path / "f") as file:
        assert held_bytes(file) == held
        assert len(file.read()) == 2 << 20


def test_a_file_of_many_pieces_is_not_followed_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.files.opening.MOST_PIECES", 2)
    with (tmp_path / "f").open("wb") as file:
        for place in range(4):
            file.seek(place * 65536)
            file.write(bytes(4096))
    with open_regular(tmp_path / "f") as file:
        assert held_bytes(file) == 8192
