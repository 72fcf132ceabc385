"""Folders of every format version that was ever released are read, and answer what they answered when they were new."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import elman
from answers import QUESTIONS, answers
from elman.errors import ModelFileError
from elman.files.manifest import listed, write_manifest
from elman.models.config import FORMAT_VERSION

FIXTURES = Path(__file__).parents[1] / "fixtures"
VERSIONS = [1]


def test_each_version_up_to_the_newest_has_its_folders() -> None:
    assert list(range(1, FORMAT_VERSION + 1)) == VERSIONS
    assert sorted(path.name for path in FIXTURES.glob("format-*")) == [f"format-{version}" for version in VERSIONS]


@pytest.mark.parametrize("exported", ["", "exported-"])
@pytest.mark.parametrize("kind", QUESTIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_folder_of_a_released_version_gives_the_stored_answers(kind: str, version: int, exported: str) -> None:
    place = FIXTURES / f"format-{version}"
    folder = place / f"{exported}{kind}"
    assert json.loads((folder / "config.json").read_text(encoding="utf-8"))["format_version"] == version
    wanted = json.loads((place / "answers.json").read_text(encoding="utf-8"))[kind]
    found = answers(elman.load(folder))
    assert [names for names, _ in found] == [names for names, _ in wanted]
    for (_, scores), (_, others) in zip(found, wanted, strict=True):
        np.testing.assert_allclose(scores, others, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("version", [0, FORMAT_VERSION + 1, 1.0, True, "1", None])
def test_a_folder_of_an_unknown_version_is_refused_by_its_number(tmp_path: Path, version: object) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(FIXTURES / "format-1" / "tagger", copy)
    document = json.loads((copy / "config.json").read_text(encoding="utf-8"))
    (copy / "config.json").write_text(json.dumps({**document, "format_version": version}), encoding="utf-8")
    write_manifest(copy, listed(copy / "manifest.json"))
    with pytest.raises(ModelFileError, match=f"format version {version!r} is not one that this elman reads"):
        elman.load(copy)
