"""Folders made to do harm, of every sort and kind: forged manifests, absurd values, pickles, pipes, bloat."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hostile import families, loose_values, spoil
from loading import FOLDERS, Loader, copy_of


@pytest.fixture(scope="module")
def load() -> Iterator[Loader]:
    """A process that loads folders."""
    loader = Loader()
    yield loader
    loader.close()


@pytest.mark.promises(
    "A hostile model folder, exported or not (pickles, links, pipes, holes, absurd configs, bloat, vast tables, false "
    "headers, graphs and manifests) is refused: one line, nothing run, under 1 s and 200 MB"
)
@pytest.mark.parametrize("kind", FOLDERS)
def test_hostile_folders_are_refused(
    kind: str, load: Loader, tmp_path: Path, counted: Callable[[str, int], None]
) -> None:
    for family, cases in families(FOLDERS[kind], tmp_path / "canary").items():
        for name, change in cases:
            with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
                spoil(folder, family, change)
                assert load(folder).check().result == "refused", (family, name)
        counted(f"with {family} refused", len(cases))
    assert not (tmp_path / "canary").exists()
    assert load(FOLDERS[kind]).check().result == "loaded"


@pytest.mark.promises("A model folder with any one value changed is refused or answers, under 1 s and 200 MB")
@pytest.mark.parametrize("kind", FOLDERS)
def test_other_values_harm_nobody(kind: str, load: Loader, tmp_path: Path, counted: Callable[[str, int], None]) -> None:
    cases = list(loose_values(FOLDERS[kind]))
    for _, change in cases:
        with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
            spoil(folder, "loose", change)
            load(folder).check()
    counted("values tried", len(cases))
