"""Folders of classifiers: what does not fit together is refused in one line, before anything large is allocated.

What is refused of the folder of any kind is in `test_folder.py`.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from altered import Edit, edited, refusal
from elman.errors import ModelFileError
from elman.files.tensors import load_tensors, read_shapes, save_tensors
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import CLASSIFIER as KIND

CHECKED = (*READ, WEIGHTS, *KIND.documents)


@pytest.fixture(scope="module")
def saved(classifier: elman.Classifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a classifier of two labels."""
    place = tmp_path_factory.mktemp("folder") / "m"
    classifier.save(place)
    return place


def test_a_folder_has_the_files_that_the_kind_names(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == {*CHECKED, "manifest.json", "history.jsonl", "README.md"}


def test_an_honest_copy_is_the_model_that_was_saved(classifier: elman.Classifier, saved: Path, tmp_path: Path) -> None:
    again = elman.load(saved)
    wanted, got = classifier.engine.arrays(), again.engine.arrays()
    assert wanted.keys() == got.keys()
    assert all(np.array_equal(wanted[name], got[name]) for name in wanted)
    assert (again.config, again.labels, again.report) == (classifier.config, classifier.labels, classifier.report)
    texts = ["the film is not fine", "", "영화는 dull"]
    assert np.array_equal(again.probabilities(texts)[1], classifier.probabilities(texts)[1])
    again.save(tmp_path / "twice")
    assert all((tmp_path / "twice" / name).read_bytes() == (saved / name).read_bytes() for name in CHECKED)


@pytest.mark.parametrize("name", KIND.documents)
def test_an_altered_document_is_refused(saved: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(saved, copy)
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(ModelFileError, match=name):
        elman.load(copy)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(words_known=5),
        lambda d: d.update(features_known=5),
        lambda d: d.update(spelt_features=5),
        lambda d: d.update(labels=3),
        lambda d: d.update(labels=0),
        lambda d: d.update(labels=10**12),
        lambda d: d.update(labels=True),
        lambda d: d.pop("bag"),
        lambda d: d.update(skip=[]),
        lambda d: d["stack"].update(hidden=9),
        lambda d: d["stack"].update(bidirectional=False),
        lambda d: d["words"].update(hash_bits=9),
        lambda d: d["bag"].update(bag_bits=9),
        lambda d: d["bag"].update(bag_bits=60),
        lambda d: d["skip"].update(bag=False),
        lambda d: d["skip"].update(bag_width=3),
        lambda d: d["head"].update(pooling="mean"),
        lambda d: d["head"].update(pooling="mean+most"),
        lambda d: d["head"].update(pooling="attention+mean+max"),
        lambda d: d["head"].update(feed_forward_layers=1),
        lambda d: d["head"].update(feed_forward_layers=16, feed_forward=65_536),
        lambda d: d["reading"].update(multi_label="yes"),
        lambda d: d["reading"].update(text_column=3),
    ],
)
def test_an_absurd_config_is_refused(saved: Path, tmp_path: Path, edit: Edit) -> None:
    assert refusal(saved, tmp_path, edited("config.json", edit))


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.clear(),
        lambda d: d.update(more=1),
        lambda d: d.update(labels=[]),
        lambda d: d.update(labels=["bad"], counts=[3]),
        lambda d: d.update(labels=["bad", "bad"]),
        lambda d: d.update(labels=["bad", ""]),
        lambda d: d.update(labels=["bad", 3]),
        lambda d: d["counts"].append(3),
        lambda d: d["counts"].__setitem__(0, -1),
        lambda d: d["counts"].__setitem__(0, 2.5),
        lambda d: d["counts"].__setitem__(0, 10**30),
        lambda d: d.update(counts=7),
        lambda d: d.update(texts=None),
        lambda d: d.update(temperature=0.0),
        lambda d: d.update(temperature=1),
        lambda d: d.update(temperature=1e9),
        lambda d: d.update(temperature="warm"),
        lambda d: d.update(bag_share=1.1),
        lambda d: d.update(bag_share=0),
    ],
)
def test_labels_that_are_none_are_refused(saved: Path, tmp_path: Path, edit: Edit) -> None:
    assert "labels" in refusal(saved, tmp_path, edited("labels.json", edit))


def test_weights_that_are_not_these_are_refused(saved: Path, tmp_path: Path) -> None:
    changes: dict[str, Edit] = {
        "head.V": lambda t: t["head.V"].__setitem__((0, 0), np.nan),
        "head.b": lambda t: t.pop("head.b"),
        "bag.E": lambda t: t["bag.E.rows"].__setitem__(0, 10**6),
    }
    for name, change in changes.items():

        def spoil(folder: Path, change: Edit = change) -> None:
            path = folder / "weights.safetensors"
            tensors = load_tensors(path, read_shapes(path))
            change(tensors)
            save_tensors(path, tensors)

        assert name in refusal(saved, tmp_path / name, spoil)


def test_a_table_that_is_in_no_file_is_refused_before_it_is_made(saved: Path, tmp_path: Path) -> None:
    def swell(document: dict[str, Any]) -> None:
        document["bag"].update(bag_bits=24)
        document["skip"].update(bag_width=64)

    assert "--bag-bits" in refusal(saved, tmp_path, edited("config.json", swell))
