"""Files: whole or not there."""

import os
from pathlib import Path

import pytest

from elman.errors import OptionError
from elman.files.replace import aside_of, text_aside_of, write_file


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    place = tmp_path / "f"
    write_file(place, b"old")
    write_file(place, b"new")
    assert place.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["f"]


def test_a_fault_leaves_the_old_file(tmp_path: Path) -> None:
    place = tmp_path / "f"
    write_file(place, b"old")
    with pytest.raises(ValueError, match="broken"), aside_of(place) as aside:
        aside.write_bytes(b"half")
        raise ValueError("broken")
    assert place.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    write_file(tmp_path / "f", b"old")
    (tmp_path / "link").symlink_to("f")
    write_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "f").read_bytes() == b"new"


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(OptionError, match="not a file that can be replaced"):
            write_file(place, b"x")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no such folder"):
        write_file(tmp_path / "missing" / "f", b"x")


@pytest.mark.parametrize("name", ["file.txt/x", "no/x", "x" * 300, "folder"])
def test_a_place_where_nothing_can_be_written_is_a_wrong_request(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("a", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OptionError) as caught, text_aside_of(tmp_path / name) as file:
        file.write("b")
    assert str(caught.value).startswith(str(tmp_path / name)) and caught.value.exit_code == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder"]
