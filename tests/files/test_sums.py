"""What identifies a data file."""

import hashlib
from pathlib import Path

import pytest

from elman.errors import InputError
from elman.files.sums import file_sums


def test_name_size_and_sum_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("a.txt")
    wanted = {"bytes": 3, "sha256": hashlib.sha256(b"abc").hexdigest()}
    assert file_sums([tmp_path / "a.txt", str(tmp_path / "link")]) == [
        {"name": "a.txt", **wanted}, {"name": "link", **wanted}
    ]  # fmt: skip


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing: there is no such file"):
        file_sums([tmp_path / "missing"])
    with pytest.raises(InputError, match="Is a directory"):
        file_sums([tmp_path])
