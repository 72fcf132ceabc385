"""Checkpoints that ask for more than they hold are refused before they are read."""

import json
import os
from io import BufferedReader
from pathlib import Path

import pytest
import torch

from elman.errors import ModelFileError
from elman.files import manifest
from elman.training.checkpoint import RECORD, STATE, TENSORS, Checkpoint, read, write
from oversized import sparse


@pytest.fixture
def place(tmp_path: Path) -> Path:
    write(Checkpoint(tmp_path / "c", "part", 1.0, {"told": 1}, {"step": 1}), {"weights.W": torch.ones(3)})
    assert read(tmp_path / "c").tensors()["weights.W"].tolist() == [1, 1, 1]
    return tmp_path / "c"


@pytest.mark.parametrize("name", [RECORD, STATE, TENSORS])
@pytest.mark.parametrize(("size", "told"), [(1 << 40, "at most"), (64 << 20, "three quarters of this file are holes")])
def test_a_file_of_holes_is_refused_unread(
    place: Path, name: str, size: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads((place / "manifest.json").read_text())
    document["files"][name]["bytes"] = size
    (place / "manifest.json").write_text(json.dumps(document))
    sparse(place / name, size, (place / name).read_bytes())
    summed, hostile = manifest.sum_of, (place / name).stat().st_ino

    def read_others(file: BufferedReader) -> str:
        assert os.fstat(file.fileno()).st_ino != hostile
        return summed(file)

    monkeypatch.setattr(manifest, "sum_of", read_others)
    with pytest.raises(ModelFileError, match=told) as caught:
        read(place)
    assert name in str(caught.value)
