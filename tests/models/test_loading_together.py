"""A folder is only ever read: by many at once, and where nothing can be written."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import elman
from answers import answers
from loading import FOLDERS, Loader, copy_of


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_read_only_folder_loads_and_stays_as_it_is(kind: str, tmp_path: Path) -> None:
    with copy_of(FOLDERS[kind], tmp_path / "m") as folder:
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        for path in folder.iterdir():
            path.chmod(0o444)
        folder.chmod(0o555)
        elman.load(folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
        folder.chmod(0o755)


def test_two_processes_and_eight_threads_load_at_once() -> None:
    loaders = [Loader(), Loader()]
    folders = list(FOLDERS.values())
    wanted = [answers(elman.load(folder)) for folder in folders]
    with ThreadPoolExecutor(10) as pool:
        elsewhere = [pool.submit(lambda load=load: [load(folder) for folder in folders]) for load in loaders]
        found = list(pool.map(lambda folder: answers(elman.load(folder)), folders))
        assert [one.check().result for some in elsewhere for one in some.result()] == ["loaded"] * 16
    for load in loaders:
        load.close()
    assert found == wanted
