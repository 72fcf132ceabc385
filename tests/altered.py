"""A model folder that someone has altered, and what loading says of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.errors import ModelFileError
from elman.files.manifest import NAME, listed, write_manifest

Change = Callable[[Path], object]
Edit = Callable[[dict[str, Any]], object]


def edited(name: str, edit: Edit) -> Change:
    """A change of a JSON file."""

    def change(folder: Path) -> None:
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        edit(document)
        (folder / name).write_text(json.dumps(document), encoding="utf-8")

    return change


def refusal(saved: Path, tmp_path: Path, change: Change, *, signed: bool = True) -> str:
    """What loading says of a copy that was changed, in one line.

    Args:
        signed: its manifest is made to fit, as one would who wants to be believed.
    """
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy)
    change(copy)
    if signed:
        write_manifest(copy, listed(saved / NAME))
    with pytest.raises(ModelFileError) as caught:
        elman.load(copy)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2
    return str(caught.value)
