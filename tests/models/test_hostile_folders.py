"""Folders made to do harm: a sample of each sort, each kind of model; `tests/slow` has them all."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from hostile import families, loose_values, spoil
from loading import FOLDERS, Loader, copy_of

SAMPLE = 2


@pytest.fixture(scope="module")
def load() -> Iterator[Loader]:
    """A process that loads folders."""
    loader = Loader()
    yield loader
    loader.close()


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_hostile_folder_is_refused_soon_and_in_little_memory(kind: str, load: Loader, tmp_path: Path) -> None:
    chooser = random.Random(kind)
    for family, cases in families(FOLDERS[kind], tmp_path / "canary").items():
        for name, change in chooser.sample(cases, min(SAMPLE, len(cases))):
            with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
                spoil(folder, family, change)
                assert load(folder).check().result == "refused", (family, name)
    assert not (tmp_path / "canary").exists()
    assert load(FOLDERS[kind]).check().result == "loaded"


@pytest.mark.parametrize("kind", FOLDERS)
def test_another_value_is_refused_or_gives_a_model_that_answers(kind: str, load: Loader, tmp_path: Path) -> None:
    for _, change in random.Random(kind).sample(list(loose_values(FOLDERS[kind])), 2 * SAMPLE):
        with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
            spoil(folder, "loose", change)
            load(folder).check()
