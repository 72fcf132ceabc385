"""Model folders that were cut off or whose bits have turned, with an honest and with a forged manifest."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from elman.files.manifest import NAME
from loading import FOLDERS, Loader, copy_of, cut, flipped, read_files, sign

FLIPS, CUTS = 500, 64


@pytest.fixture(scope="module")
def load() -> Iterator[Loader]:
    """A process that loads folders."""
    loader = Loader()
    yield loader
    loader.close()


@pytest.mark.promises("A model folder with a damaged file is refused: one line, no crash, under 1 s and 200 MB")
@pytest.mark.parametrize("kind", FOLDERS)
def test_damage_is_refused(kind: str, load: Loader, tmp_path: Path, counted: Callable[[str, int], None]) -> None:
    with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
        for name in read_files(folder):
            path = folder / name
            whole = path.read_bytes()
            for what, variants in (
                ("flipped bits", flipped(whole, FLIPS, seed=name)), ("truncations", cut(whole, CUTS)),
            ):  # fmt: skip
                for count, content in enumerate(variants, 1):  # noqa: B007 the last one counts
                    path.write_bytes(content)
                    assert load(folder).check().result == "refused", (name, content)
                counted(f"{what} refused", count)
            path.write_bytes(whole)
        assert load(folder).check().result == "loaded"


@pytest.mark.promises("A damaged file whose manifest was forged to fit is refused, or gives a model that answers")
@pytest.mark.parametrize("kind", FOLDERS)
def test_damage_under_a_forged_manifest_harms_nobody(
    kind: str, load: Loader, tmp_path: Path, counted: Callable[[str, int], None]
) -> None:
    with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
        results = Counter[str]()
        for name in (name for name in read_files(folder) if name != NAME):
            path = folder / name
            whole = path.read_bytes()
            for content in (*flipped(whole, FLIPS, seed=name), *cut(whole, CUTS)):
                path.write_bytes(content)
                sign(folder)
                outcome = load(folder).check()
                assert outcome.result == "refused" or len(content) >= len(whole.rstrip()), (name, content)
                results[outcome.result] += 1
            path.write_bytes(whole)
    if kind.startswith("exported"):  # what ONNX Runtime takes depends on its version
        counted("tried on exported folders", results.total())
    else:
        for result, count in results.items():
            counted(result, count)
