"""Sums and sizes: whatever was altered is found before it is used."""

import hashlib
import json
import os
import pickle
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from elman.errors import ModelFileError
from elman.files import manifest
from elman.files.manifest import write_manifest

NAMES = ("config.json", "weights.safetensors")


def check_manifest(folder: Path, names: Sequence[str]) -> None:
    manifest.check_manifest(folder, names, limit=1 << 30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text('{"kind": "language-model"}')
    (tmp_path / "weights.safetensors").write_bytes(bytes(range(256)) * 4)
    write_manifest(tmp_path, NAMES)
    return tmp_path


def test_a_manifest_holds_sum_and_size(folder: Path) -> None:
    entry = json.loads((folder / "manifest.json").read_text())["files"]["weights.safetensors"]
    assert entry == {"sha256": hashlib.sha256(bytes(range(256)) * 4).hexdigest(), "bytes": 1024}
    check_manifest(folder, NAMES)


def test_files_that_are_not_required_may_change(folder: Path) -> None:
    (folder / "README.md").write_text("edited freely")
    (folder / "weights.safetensors").unlink()
    check_manifest(folder, ["config.json"])


@pytest.mark.parametrize("name", [*NAMES, "manifest.json"])
def test_every_truncation_is_found(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    for part in range(64):
        (folder / name).write_bytes(content[: len(content) * part // 64])
        with pytest.raises(ModelFileError):
            check_manifest(folder, NAMES)


@pytest.mark.parametrize("name", [*NAMES, "manifest.json"])
def test_every_flipped_bit_is_found(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    draw = random.Random(1)
    for _ in range(500):
        place, bit = draw.randrange(len(content)), 1 << draw.randrange(8)
        (folder / name).write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        with pytest.raises(ModelFileError):
            check_manifest(folder, NAMES)


class Canary:
    """Tells when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", [*NAMES, "manifest.json"])
def test_a_pickle_in_place_of_a_file_is_refused_and_not_run(folder: Path, name: str) -> None:
    canary = folder / "canary"
    (folder / name).write_bytes(pickle.dumps(Canary(canary)))
    with pytest.raises(ModelFileError):
        check_manifest(folder, NAMES)
    assert not canary.exists()


@pytest.mark.parametrize("name", [*NAMES, "manifest.json"])
def test_links_pipes_and_folders_are_refused(folder: Path, name: str) -> None:
    place, moved = folder / name, folder / "moved"
    place.rename(moved)
    place.symlink_to(moved)
    with pytest.raises(ModelFileError, match="symbolic link"):
        check_manifest(folder, NAMES)
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(ModelFileError, match="pipe"):
        check_manifest(folder, NAMES)
    place.unlink()
    place.mkdir()
    with pytest.raises(ModelFileError, match="folder"):
        check_manifest(folder, NAMES)


@pytest.mark.parametrize(
    "name", ["../config.json", "/etc/passwd", "a/b", "a\\b", ".hidden", "", "..", "a\0b", "a\nb", "a\x1b[2J", "x" * 300]
)
def test_a_name_that_is_not_plain_is_refused(folder: Path, name: str) -> None:
    document = json.loads((folder / "manifest.json").read_text())
    document["files"][name] = {"sha256": "0" * 64, "bytes": 1}
    (folder / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(ModelFileError, match="not the plain name of a file"):
        check_manifest(folder, NAMES)


@pytest.mark.parametrize(
    "document",
    [
        [], {}, {"files": []}, {"files": {"config.json": 1}}, {"files": {"config.json": {"sha256": "0"}}},
        {"files": {"config.json": {"sha256": 0, "bytes": 1}}}, {"files": {}, "more": 1}, {"files": {}},
        {"files": {"config.json": {"sha256": "0", "bytes": True}}},
    ],
)  # fmt: skip
def test_a_manifest_of_another_form_is_refused(folder: Path, document: object) -> None:
    (folder / "manifest.json").write_text(json.dumps(document))
    with pytest.raises(ModelFileError):
        check_manifest(folder, NAMES)


def test_what_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="there is no such folder"):
        check_manifest(tmp_path / "missing", NAMES)
    with pytest.raises(ModelFileError, match="this is not a folder"):
        check_manifest(folder / "config.json", NAMES)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(ModelFileError, match=r"weights\.safetensors: there is no such file"):
        check_manifest(folder, NAMES)
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelFileError, match=r"there is no manifest\.json; give a model folder"):
        check_manifest(folder, NAMES)


def forged(folder: Path, size: int, *, data: Sequence[int] = ()) -> None:
    """Weights of a size, all holes but for a page at some places, and a manifest that tells of that size."""
    with (folder / "weights.safetensors").open("wb") as file:
        for place in data:
            file.seek(place)
            file.write(b"x" * 4096)
        file.truncate(size)
    document = json.loads((folder / "manifest.json").read_text())
    document["files"]["weights.safetensors"]["bytes"] = size
    (folder / "manifest.json").write_text(json.dumps(document))


@pytest.fixture
def unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sums up a file from now on fails."""

    def read(file: object) -> str:
        pytest.fail("the file was read")

    monkeypatch.setattr(manifest, "sum_of", read)


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("size", [1 << 40, (1 << 30) + 1])
def test_a_file_above_the_limit_is_refused_unread(folder: Path, size: int) -> None:
    forged(folder, size)
    with pytest.raises(ModelFileError, match=rf"{size:,} bytes; such a file has 1,073,741,824 at most"):
        check_manifest(folder, NAMES[1:])


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("data", [(), (0,), (0, 8 << 20, 512 << 20), ((1 << 30) - 4096,)])
def test_a_file_that_is_mostly_holes_is_refused_unread(folder: Path, data: Sequence[int]) -> None:
    forged(folder, 1 << 30, data=data)
    with pytest.raises(ModelFileError, match="more than three quarters of this file are holes"):
        check_manifest(folder, NAMES[1:])


def test_a_file_with_some_holes_is_read(folder: Path) -> None:
    with (folder / "weights.safetensors").open("wb") as file:
        file.truncate(4 << 20)
        file.seek(1 << 20)
        file.write(b"x" * (2 << 20))
    write_manifest(folder, NAMES)
    check_manifest(folder, NAMES)
