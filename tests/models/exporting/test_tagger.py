"""Exported taggers against those that they were made from, in every shape; what is wrong with a folder is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
import remade
from elman.errors import ElmanError, ModelFileError, OptionError
from elman.files.manifest import write_manifest
from elman.models.exporting import checking
from elman.nn.config import CELLS
from tiny import columns, tagged

SENTENCES = [["Ada", "Kim", "sees", "서울을", "."], ["fish"], [], ["the", "cat", "zzz-9", "fish", "."] * 9, ["."]]


@pytest.mark.parametrize(
    "options",
    [
        *({"cell": cell, "bidirectional": True, "layers": 2} for cell in CELLS),
        *({"cell": cell, "crf": True} for cell in CELLS),
        {"members": 3, "crf": False}, {"members": 2, "crf": True}, {"character_hidden": 4, "character_width": 3},
        {"word_width": 0}, {"feature_width": 0}, {"context": True, "crf": True}, {"context": True, "crf": False},
        {"context": True, "crf": False, "label_smoothing": 0.1, "members": 2},
    ],
    ids=lambda options: " ".join(f"{name}={value}" for name, value in options.items()),
)  # fmt: skip
def test_an_exported_tagger_answers_as_the_trained_one(
    options: dict[str, object], model: elman.Tagger, tmp_path: Path
) -> None:
    model = remade.tagger(model, **options)
    report = model.export(tmp_path / "exported")
    assert report["check"]["largest_difference"] < 1e-5 and report["check"]["equal"] == 1.0
    other = elman.load(tmp_path / "exported")
    for column in (one.name for one in model.labels):
        assert other.predict(SENTENCES, column=column) == model.predict(SENTENCES, column=column)
    for one, two in zip(model.tag(SENTENCES), other.tag(SENTENCES), strict=True):
        assert (one.labels, [span[:3] for span in spans(one)]) == (two.labels, [span[:3] for span in spans(two)])
        for name, sure in one.probabilities.items():
            np.testing.assert_allclose(two.probabilities[name], sure, atol=1e-5)


def spans(sentence: elman.models.tagging.decoding.TaggedSentence) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.type) for some in sentence.spans.values() for one in some]


@pytest.fixture(scope="module")
def model() -> elman.Tagger:
    found: elman.Tagger = remade.load("tagger")
    return found


@pytest.fixture(scope="module")
def exported(model: elman.Tagger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("exported") / "m"
    model.export(place)
    return place


def test_company_in_the_batch_does_not_matter(exported: Path) -> None:
    other = elman.load(exported, engine="onnx")
    every = dict(other.reader.distributions(SENTENCES))
    for number, tokens in enumerate(SENTENCES):
        for _, found in other.reader.distributions([tokens]):
            for (alone, _), (among, _) in zip(found, every[number], strict=True):
                np.testing.assert_allclose(alone, among, atol=1e-5)


def test_files_are_judged_and_labelled_as_by_torch(model: elman.Tagger, exported: Path, tmp_path: Path) -> None:
    path, other = columns(tmp_path / "new.bio", tagged(30, seed=5)), elman.load(exported)
    assert other.evaluate(path)["metrics"] == model.evaluate(path)["metrics"]
    written: tuple[list[str], list[str]] = ([], [])
    for one, lines in zip((model, other), written, strict=True):
        one.predict_to([path], lines.append)
    assert written[0] == written[1]


def test_a_file_gives_both_scores(model: elman.Tagger, tmp_path: Path) -> None:
    path = columns(tmp_path / "new.bio", tagged(30, seed=5))
    report = model.export(tmp_path / "m", files=[path], int8=True)
    assert report["int8"] and report["metrics_before"] == model.evaluate(path)["metrics"]
    assert report["metrics"] == elman.load(tmp_path / "m").evaluate(path)["metrics"]


def test_a_copy_that_is_saved_is_the_same_folder(exported: Path, tmp_path: Path) -> None:
    elman.load(exported).save(tmp_path / "copy")
    for path in exported.iterdir():
        assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()
    elman.load(tmp_path / "copy").save(tmp_path / "copy", overwrite=True)
    assert elman.load(tmp_path / "copy").predict(SENTENCES[:1])


def test_the_card_tells_that_it_was_exported(model: elman.Tagger, exported: Path) -> None:
    other = elman.load(exported)
    assert "ONNX graphs, fp32" in other.show() and "ONNX" not in model.show()
    assert other.description()["parameters"] == model.description()["parameters"]
    assert "ONNX graphs" in (exported / "README.md").read_text()


def test_it_can_be_neither_trained_on_nor_exported_again(exported: Path, tmp_path: Path) -> None:
    path = columns(tmp_path / "new.bio", tagged(30, seed=5))
    with pytest.raises(OptionError, match="exported"):
        elman.Tagger.train(path, from_=exported, label_columns=["2", "1"], dev="none", epochs=1)
    with pytest.raises(OptionError, match="exported"):
        elman.load(exported).export(tmp_path / "again")
    with pytest.raises(OptionError, match="exported"):
        elman.load(exported, engine="torch")


def test_a_folder_never_gives_way_to_what_is_exported_from_it(model: elman.Tagger, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    loaded = elman.load(tmp_path / "m")
    with pytest.raises(OptionError, match="this is the folder that is to be exported; give another place"):
        loaded.export(tmp_path / "m", overwrite=True)
    assert elman.load(tmp_path / "m", engine="torch").predict([["Ada"]]) == loaded.predict([["Ada"]])
    for _ in range(2):
        loaded.export(tmp_path / "n", overwrite=True)
    assert elman.load(tmp_path / "n").exported is not None


def test_a_model_that_answers_otherwise_is_not_written(
    model: elman.Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "NEAR", 0.0)
    with pytest.raises(ElmanError, match="nothing was written") as caught:
        model.export(tmp_path / "m")
    assert caught.value.exit_code == 1 and not (tmp_path / "m").exists()
    monkeypatch.setattr(checking, "EQUAL", 1.1)
    with pytest.raises(ElmanError, match="without --int8"):
        model.export(tmp_path / "m", int8=True)
    assert not list(tmp_path.iterdir())


GRAPHS = ("words.onnx", "tagger.onnx")
NAMES = (
    "config.json", "training.json", "export.json", "arrays.safetensors", "words.json", "labels.json", "seen.json",
    *GRAPHS,
)  # fmt: skip


def refusal(exported: Path, tmp_path: Path, change: Callable[[Path], object], *, signed: bool = True) -> str:
    copy = tmp_path / "copy"
    shutil.copytree(exported, copy)
    change(copy)
    if signed:
        write_manifest(copy, [name for name in NAMES if (copy / name).exists()])
    with pytest.raises(ModelFileError) as caught:
        elman.load(copy).predict(SENTENCES)
    assert "\n" not in str(caught.value) and caught.value.exit_code == 2
    shutil.rmtree(copy)
    return str(caught.value)


@pytest.mark.parametrize("name", NAMES)
def test_an_altered_cut_or_missing_file_is_refused(exported: Path, tmp_path: Path, name: str) -> None:
    def flip(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(bytes(data))

    def cut(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    assert name in refusal(exported, tmp_path, flip, signed=False)
    assert name in refusal(exported, tmp_path, cut, signed=False)
    assert name in refusal(exported, tmp_path, lambda folder: (folder / name).unlink(), signed=False)
    if name != "config.json":
        assert refusal(exported, tmp_path, cut)
    if name != "export.json":
        assert refusal(exported, tmp_path, lambda folder: (folder / name).unlink())


def test_graphs_of_another_model_are_refused(model: elman.Tagger, exported: Path, tmp_path: Path) -> None:
    remade.tagger(model, hidden=7, character_hidden=5).export(tmp_path / "other")
    for name in GRAPHS[:1]:
        assert name in refusal(
            exported, tmp_path, lambda folder, name=name: shutil.copy(tmp_path / "other" / name, folder / name)
        )
    assert "words.onnx" in refusal(
        exported, tmp_path, lambda folder: shutil.copy(folder / "tagger.onnx", folder / "words.onnx")
    )


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(to="web"), lambda d: d.update(parameters=-1), lambda d: d.update(parameters=True),
        lambda d: d.update(int8=1), lambda d: d.update(check=None), lambda d: d.pop("check"), lambda d: d.update(x=1),
        lambda d: d["check"].update(rows=-1), lambda d: d["check"].update(equal="1"), lambda d: d["check"].pop("rows"),
        lambda d: d["check"].update(largest_difference=[]), lambda d: d["check"].update(more=1.0),
    ],
)  # fmt: skip
def test_a_wrong_export_json_is_refused(
    exported: Path, tmp_path: Path, edit: Callable[[dict[str, Any]], object]
) -> None:
    def change(folder: Path) -> None:
        document = json.loads((folder / "export.json").read_text())
        edit(document)
        (folder / "export.json").write_text(json.dumps(document))

    assert "export.json" in refusal(exported, tmp_path, change)
