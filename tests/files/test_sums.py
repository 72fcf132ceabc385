"""What identifies a data file."""

import hashlib
import os
from pathlib import Path

import pytest

from elman.errors import InputError
from elman.files.documents import write_json
from elman.files.sums import file_sums


def test_name_size_and_sum_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a.txt")
    wanted = {"bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    assert file_sums([tmp_path / "a.txt", str(tmp_path / "link")]) == [
        {"name": "a.txt", **wanted}, {"name": "link", **wanted}
    ]  # fmt: skip


def test_a_name_that_is_not_utf8_can_be_written_as_json(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"bad\xff.txt")
    path.write_bytes(b"abc")
    [found] = file_sums([path])
    assert found["name"] == "bad\\xff.txt"
    write_json(tmp_path / "training.json", found)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing: there is no such file"):
        file_sums([tmp_path / "missing"])
    with pytest.raises(InputError, match="Is a directory"):
        file_sums([tmp_path])
