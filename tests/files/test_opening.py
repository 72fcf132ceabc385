"""Regular files only, without hanging."""

import os
import socket
from pathlib import Path

import pytest

from elman.errors import ModelFileError
from elman.files.opening import open_regular, read_regular


def test_a_regular_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    with open_regular(tmp_path / "f") as file:
        assert file.read() == b"abc"
    assert read_regular(tmp_path / "f", 3) == b"abc"


def test_a_file_above_the_limit_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abcd")
    with pytest.raises(ModelFileError, match="more than 3 bytes"):
        read_regular(tmp_path / "f", 3)


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
