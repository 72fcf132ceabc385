"""Model folders: what is altered, foreign or absurd is refused in one line, before anything large is allocated."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from altered import edited, refusal
from elman.errors import ModelFileError
from elman.files.manifest import write_manifest
from elman.files.tensors import load_tensors, read_shapes, save_tensors
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import LANGUAGE_MODEL
from tiny import SIZE

CHECKED = (*READ, WEIGHTS, *LANGUAGE_MODEL.documents)


@pytest.fixture(scope="module")
def saved(files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model with n-grams."""
    place = tmp_path_factory.mktemp("folder") / "m"
    options = {**SIZE, "ngrams": 3, "ngram_bits": 6}
    elman.LanguageModel.train(files["train"], dev=files["dev"], out=place, epochs=1, **options)
    return place


def sign(folder: Path) -> None:
    """Make the manifest fit what is there, as one would who wants to be believed."""
    write_manifest(folder, CHECKED)


def test_an_honest_copy_loads_with_the_same_weights(saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "copy")
    sign(tmp_path / "copy")
    one, other = elman.load(saved).engine.arrays(), elman.load(tmp_path / "copy").engine.arrays()
    assert all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("name", CHECKED)
def test_an_altered_file_is_refused(saved: Path, tmp_path: Path, name: str) -> None:
    def flip(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(bytes(data))

    assert name in refusal(saved, tmp_path, flip, signed=False)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(format_version=99),
        lambda d: d.update(kind="oracle"),
        lambda d: d.update(symbols=10**15),
        lambda d: d.update(symbols=-1),
        lambda d: d.update(symbols=True),
        lambda d: d.update(extra=1),
        lambda d: d.pop("stack"),
        lambda d: d.update(stack=[]),
        lambda d: d["stack"].update(hidden=10**9),
        lambda d: d["stack"].update(hidden=65_536, layers=64),
        lambda d: d["stack"].update(layers=10**6),
        lambda d: d["stack"].update(cell="lstn"),
        lambda d: d["stack"].update(bidirectional=True),
        lambda d: d["stack"].update(bidirectional=1),
        lambda d: d["stack"].update(dropout="0"),
        lambda d: d["embedding"].update(ngram_bits=60),
        lambda d: d["embedding"].update(ngrams=8, ngram_bits=24, ngram_width=4096),
        lambda d: d["softmax"].update(tied=None),
    ],
)
def test_an_absurd_config_is_refused(saved: Path, tmp_path: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    assert refusal(saved, tmp_path, edited("config.json", edit))


def test_a_tokenizer_of_another_size_or_kind_is_refused(saved: Path, tmp_path: Path) -> None:
    assert "tokenizer has" in refusal(saved, tmp_path, edited("tokenizer.json", lambda d: d["symbols"].pop()))
    shutil.rmtree(tmp_path / "copy")
    assert refusal(saved, tmp_path, edited("tokenizer.json", lambda d: d.update(symbols=["a", "a"])))


def test_weights_that_do_not_fit_the_config_are_refused(saved: Path, tmp_path: Path) -> None:
    assert "wanted float32 (29, 17)" in refusal(
        saved, tmp_path, edited("config.json", lambda d: d["stack"].update(hidden=17))
    )


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(saved: Path, tmp_path: Path, value: float) -> None:
    def spoil(folder: Path) -> None:
        path = folder / "weights.safetensors"
        tensors = load_tensors(path, read_shapes(path))
        tensors["head.b"][0] = value
        save_tensors(path, tensors)

    assert "head.b" in refusal(saved, tmp_path, spoil)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.pop("report"),
        lambda d: d.update(plan="a"),
        lambda d: d.update(plan=[[1, 2]]),
        lambda d: d["machine"].pop("threads"),
        lambda d: d["report"].update(steps="many"),
        lambda d: d["data"].update(train=[{"name": 3}]),
    ],
)
def test_a_record_that_is_not_one_is_refused(
    saved: Path, tmp_path: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    assert "training.json" in refusal(saved, tmp_path, edited("training.json", edit))


def test_names_in_a_record_cannot_act_on_a_terminal(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy)
    edited("training.json", lambda d: d["data"]["train"][0].update(name="\x1b[31mred\nline"))(copy)
    sign(copy)
    assert "\x1b" not in elman.load(copy).show() and "\\x1b" in elman.load(copy).show()


def test_a_missing_folder_or_file_is_told(saved: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="no such folder"):
        elman.load(tmp_path / "nowhere")
    assert "weights" in refusal(saved, tmp_path, lambda f: (f / "weights.safetensors").unlink(), signed=False)


def test_a_config_that_fits_no_file_is_refused_before_its_network_is_made(saved: Path, tmp_path: Path) -> None:
    """Four billion weights pass the limits, but they are not in the file: nothing of that size may be allocated."""
    import resource

    def swell(document: dict[str, Any]) -> None:
        document["stack"].update(hidden=15_000, layers=3)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refusal(saved, tmp_path, edited("config.json", swell))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
