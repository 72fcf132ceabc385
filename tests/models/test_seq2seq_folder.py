"""Folders of seq2seq models: what does not fit together is refused in one line, before anything large is allocated.

What is refused of the folder of any kind is in `test_folder.py`.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from altered import Edit, edited, refusal
from elman.errors import ModelFileError
from elman.files.manifest import write_manifest
from elman.files.tensors import load_tensors, read_shapes, save_tensors
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import SEQ2SEQ as KIND
from tiny import SEQ2SEQ, pair_table, reversed_words

CHECKED = (*READ, WEIGHTS, *KIND.documents)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, elman.Seq2Seq]:
    """A model with one vocabulary for both sides, and one that reads words and writes characters."""
    path = pair_table(tmp_path_factory.mktemp("pairs") / "train.tsv", reversed_words(40))
    common: dict[str, Any] = {"dev": "none", "epochs": 1, **SEQ2SEQ}
    apart = {"source_tokenizer": "word", "minimum_count": 1, "copy": True, "coverage": 0.5}
    return {"shared": elman.Seq2Seq.train(path, **common), "apart": elman.Seq2Seq.train(path, **common, **apart)}


@pytest.fixture(scope="module")
def saved(models: dict[str, elman.Seq2Seq], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the folders of both."""
    place = tmp_path_factory.mktemp("folder")
    for name, model in models.items():
        model.save(place / name)
    return place


def replaced(name: str, document: Any) -> Callable[[Path], object]:
    """A JSON file with another content."""
    return lambda folder: (folder / name).write_text(json.dumps(document), encoding="utf-8")


@pytest.mark.parametrize("name", ["shared", "apart"])
def test_an_honest_copy_is_the_model_that_was_saved(
    models: dict[str, elman.Seq2Seq], saved: Path, tmp_path: Path, name: str
) -> None:
    model, again = models[name], elman.load(saved / name)
    files = {path.name for path in (saved / name).iterdir()}
    assert files == {*CHECKED, "manifest.json", "history.jsonl", "README.md"}
    wanted, got = model.engine.arrays(), again.engine.arrays()
    assert wanted.keys() == got.keys()
    assert all(np.array_equal(wanted[weights], got[weights]) for weights in wanted)
    assert (again.config, again.report) == (model.config, model.report)
    assert (again.source is again.target) == (name == "shared")
    found, others = (list(one.translate(["abc", "zz"], maximum_length=5)) for one in (model, again))
    assert [[(one.text, one.score) for one in some] for some in found] == [
        [(one.text, one.score) for one in some] for some in others
    ]
    again.save(tmp_path / "twice")
    assert all((tmp_path / "twice" / file).read_bytes() == (saved / name / file).read_bytes() for file in CHECKED)


def test_the_card_tells_both_tokenizers(models: dict[str, elman.Seq2Seq], saved: Path) -> None:
    shared, apart = ((saved / name / "README.md").read_text(encoding="utf-8") for name in ("shared", "apart"))
    assert "| reads | characters, one vocabulary of 8 for both sides |" in shared
    assert f"| reads | words ({models['apart'].source.size}) to characters (8) |" in apart
    assert "attention general, copy, coverage 0.5 |" in apart


@pytest.mark.parametrize("name", KIND.documents)
def test_an_altered_document_is_refused(saved: Path, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(saved / "shared", copy)
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    with pytest.raises(ModelFileError, match=name):
        elman.load(copy)


CONFIGS: list[Edit] = [
    lambda d: d.update(source_symbols=9),
    lambda d: d.update(source_symbols=9, target_symbols=9),
    lambda d: d.update(target_symbols=2),
    lambda d: d.update(source_symbols=10**9, target_symbols=10**9),
    lambda d: d.update(source_symbols=10**7, target_symbols=10**7),
    lambda d: d.update(target_symbols="8"),
    lambda d: d.update(target_symbols=True),
    lambda d: d.pop("decoder"),
    lambda d: d.update(more=1),
    lambda d: d.update(stack=[]),
    lambda d: d["text"].update(joint=False),
    lambda d: d["text"].update(source_tokenizer="word"),
    lambda d: d["text"].update(tokenizer="byte"),
    lambda d: d["text"].update(tokenizer="letters"),
    lambda d: d["text"].update(vocabulary_size=-1),
    lambda d: d["embedding"].update(embedding=17),
    lambda d: d["embedding"].update(embedding=65_537),
    lambda d: d["embedding"].update(tied=False),
    lambda d: d["stack"].update(hidden=25),
    lambda d: d["stack"].update(hidden=65_536),
    lambda d: d["stack"].update(cell="gru"),
    lambda d: d["stack"].update(bidirectional=False),
    lambda d: d["stack"].pop("hidden"),
    lambda d: d["decoder"].update(decoder_layers=2),
    lambda d: d["decoder"].update(decoder_layers=64, attention="mlp"),
    lambda d: d["decoder"].update(attention="mlp"),
    lambda d: d["decoder"].update(attention="none"),
    lambda d: d["decoder"].update(attention="none", copy=True),
    lambda d: d["decoder"].update(input_feeding=True),
    lambda d: d["decoder"].update(copy=True),
    lambda d: d["decoder"].update(coverage=1.0),
    lambda d: d["decoder"].update(coverage="much"),
    lambda d: d["reading"].update(source_column="a", target_column="a"),
    lambda d: d["reading"].update(delimiter=3),
]


@pytest.mark.parametrize("edit", CONFIGS)
def test_an_absurd_config_is_refused(saved: Path, tmp_path: Path, edit: Edit) -> None:
    assert refusal(saved / "shared", tmp_path, edited("config.json", edit))


def test_a_shape_that_no_machine_holds_is_refused_before_it_is_made(saved: Path, tmp_path: Path) -> None:
    for number, (part, values) in enumerate(
        {
            "stack": {"hidden": 65_536, "layers": 64},
            "decoder": {"decoder_layers": 64},
            "embedding": {"embedding": 65_536},
        }.items()
    ):

        def swell(document: dict[str, Any], part: str = part, values: dict[str, int] = values) -> None:
            document["stack"]["hidden"] = 16_384
            document[part].update(values)

        assert "weights" in refusal(saved / "shared", tmp_path / str(number), edited("config.json", swell))


def test_a_shared_vocabulary_is_told_by_both_files(saved: Path, tmp_path: Path) -> None:
    own = json.loads((saved / "shared" / "tokenizer.json").read_text(encoding="utf-8"))
    for number, (folder, document) in enumerate([
        ("shared", own), ("shared", {}), ("shared", {"shared": False}), ("shared", {"shared": True, "more": 1}),
        ("apart", {"shared": True}),
    ]):  # fmt: skip
        found = refusal(saved / folder, tmp_path / str(number), replaced("source_tokenizer.json", document))
        assert "the vocabularies are not those of config.json" in found


def test_a_tokenizer_that_is_another_is_refused(saved: Path, tmp_path: Path) -> None:
    for number, (name, edit) in enumerate([
        ("tokenizer.json", lambda d: d["symbols"].append("q")), ("tokenizer.json", lambda d: d["symbols"].pop()),
        ("source_tokenizer.json", lambda d: d["symbols"].append("q")),
        ("source_tokenizer.json", lambda d: d.update(kind="char", symbols=d["symbols"])),
    ]):  # fmt: skip
        assert "tokenizer" in refusal(saved / "apart", tmp_path / str(number), edited(name, edit))
    for number, name in enumerate(KIND.documents, 10):
        assert name in refusal(saved / "apart", tmp_path / str(number), replaced(name, {"kind": "char"}))


@pytest.mark.parametrize("name", KIND.documents)
@pytest.mark.parametrize("content", [[], "shared", None, 3])
def test_a_document_that_is_no_object_is_refused(saved: Path, tmp_path: Path, name: str, content: Any) -> None:
    assert name in refusal(saved / "apart", tmp_path, replaced(name, content))


def test_weights_that_are_not_these_are_refused(saved: Path, tmp_path: Path) -> None:
    changes: dict[str, Edit] = {
        "embedding.E": lambda t: t["embedding.E"].__setitem__((0, 0), np.nan),
        "decoder.attention.W": lambda t: t.pop("decoder.attention.W"),
        "source_embedding.E": lambda t: t.update({"source_embedding.E": t["source_embedding.E"][1:].copy()}),
        "more": lambda t: t.update(more=np.zeros(3, dtype=np.float32)),
    }
    for name, change in changes.items():

        def spoil(folder: Path, change: Edit = change) -> None:
            path = folder / "weights.safetensors"
            tensors = load_tensors(path, read_shapes(path))
            change(tensors)
            save_tensors(path, tensors)

        assert name in refusal(saved / "apart", tmp_path / name, spoil)


def test_a_missing_document_is_refused(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(saved / "apart", copy)
    (copy / "source_tokenizer.json").unlink()
    with pytest.raises(ModelFileError, match=r"source_tokenizer\.json"):
        elman.load(copy)


def test_a_vocabulary_is_shared_where_that_is_true_and_not_one(saved: Path, tmp_path: Path) -> None:
    path = tmp_path / "m"
    shutil.copytree(saved / "shared", path)
    (path / "source_tokenizer.json").write_text('{"shared": 1}', encoding="utf-8")
    write_manifest(path, CHECKED)
    with pytest.raises(ModelFileError, match="vocabularies"):
        elman.load(path)
