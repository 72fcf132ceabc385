"""Folders of taggers: what is altered, cut off or foreign is refused in one line, before anything large is made."""

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
from elman.models.kinds import TAGGER as KIND
from tiny import SIZE

CHECKED = (*READ, WEIGHTS, *KIND.documents, "contexts.json")


@pytest.fixture(scope="module")
def saved(tagger: elman.Tagger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tagger of two columns, one with a CRF."""
    place = tmp_path_factory.mktemp("folder") / "m"
    tagger.save(place)
    return place


def test_a_folder_has_the_files_that_the_kind_names(saved: Path) -> None:
    assert {path.name for path in saved.iterdir()} == {*CHECKED, "manifest.json", "history.jsonl", "README.md"}


def test_an_honest_copy_is_the_model_that_was_saved(tagger: elman.Tagger, saved: Path, tmp_path: Path) -> None:
    shutil.copytree(saved, tmp_path / "copy")
    write_manifest(tmp_path / "copy", CHECKED)
    again = elman.load(tmp_path / "copy")
    wanted, got = tagger.engine.arrays(), again.engine.arrays()
    assert wanted.keys() == got.keys()
    assert all(np.array_equal(wanted[name], got[name]) for name in wanted)
    assert (again.config, again.documents(), again.report) == (tagger.config, tagger.documents(), tagger.report)
    again.save(tmp_path / "twice")
    assert all((tmp_path / "twice" / name).read_bytes() == (saved / name).read_bytes() for name in CHECKED)


@pytest.mark.parametrize("name", CHECKED)
def test_an_altered_file_is_refused(saved: Path, tmp_path: Path, name: str) -> None:
    def flip(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(bytes(data))

    assert name in refusal(saved, tmp_path, flip, signed=False)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("name", CHECKED)
def test_a_truncated_or_missing_file_is_refused(saved: Path, tmp_path: Path, name: str, signed: bool) -> None:
    def cut(folder: Path) -> None:
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: len(data) // 2])

    assert name in refusal(saved, tmp_path, cut, signed=signed)
    shutil.rmtree(tmp_path / "copy")
    if not signed:
        assert name in refusal(saved, tmp_path, lambda folder: (folder / name).unlink(), signed=False)


def test_a_folder_of_another_kind_under_this_name_is_refused(
    saved: Path, files: dict[str, Path], tmp_path: Path
) -> None:
    elman.LanguageModel.train(files["dev"], dev="none", out=tmp_path / "lm", epochs=1, **SIZE)
    for source, name in ((saved, "language-model"), (tmp_path / "lm", "tagger")):
        copy = tmp_path / f"as {name}"
        shutil.copytree(source, copy)
        edited("config.json", lambda d, name=name: d.update(kind=name))(copy)
        names = [path.name for path in copy.iterdir() if path.name in {*CHECKED, "tokenizer.json"}]
        write_manifest(copy, names)
        with pytest.raises(ModelFileError):
            elman.load(copy)


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.update(format_version=99),
        lambda d: d.update(kind="oracle"),
        lambda d: d.update(kind=["tagger"]),
        lambda d: d.update(words_known=10**15),
        lambda d: d.update(words_known=0),
        lambda d: d.update(words_known=True),
        lambda d: d.update(words_known=5),
        lambda d: d.update(features_known=5),
        lambda d: d.update(features_known=0),
        lambda d: d.update(features_known=257),
        lambda d: d.update(characters_known=10**6),
        lambda d: d.update(extra=1),
        lambda d: d.pop("words"),
        lambda d: d.update(embedding=[]),
        lambda d: d["stack"].update(hidden=10**9),
        lambda d: d["stack"].update(hidden=65_536, layers=64),
        lambda d: d["stack"].update(hidden=9),
        lambda d: d["stack"].update(cell="gru"),
        lambda d: d["stack"].update(bidirectional=False),
        lambda d: d["words"].update(hash_bits=60),
        lambda d: d["words"].update(hash_bits=9),
        lambda d: d["words"].update(jamo=False),
        lambda d: d["embedding"].update(word_width=0),
        lambda d: d["embedding"].update(word_width=7),
        lambda d: d["embedding"].update(feature_width=65_537),
        lambda d: d["embedding"].update(character_hidden=3),
        lambda d: d.pop("contexts"),
        lambda d: d.pop("contexts_known"),
        lambda d: d.update(contexts_known=d["contexts_known"] + 1),
        lambda d: d.update(contexts_known=0),
        lambda d: d["contexts"].update(context=False),
        lambda d: d["contexts"].update(most_contexts=1),
        lambda d: d["context_head"].update(context_width=17),
        lambda d: d["head"].update(crf="yes"),
        lambda d: d["head"].update(crf=False),
        lambda d: d["head"].update(crf=True),
        lambda d: d["reading"].update(label_columns=[]),
        lambda d: d["reading"].update(label_columns=["1", "label"]),
        lambda d: d["reading"].update(label_columns="label"),
        lambda d: d["reading"].update(label_columns=[3, {}]),
        lambda d: d["reading"].update(token_column=3),
    ],
)
def test_an_absurd_config_is_refused(saved: Path, tmp_path: Path, edit: Edit) -> None:
    assert refusal(saved, tmp_path, edited("config.json", edit))


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("labels.json", lambda d: d.update(columns=[])),
        ("labels.json", lambda d: d.update(columns={})),
        ("labels.json", lambda d: d.clear()),
        ("labels.json", lambda d: d.pop("share")),
        ("labels.json", lambda d: d.update(share=1.5)),
        ("labels.json", lambda d: d.update(share=True)),
        ("labels.json", lambda d: d.update(share="0.2")),
        ("labels.json", lambda d: d["columns"].pop()),
        ("labels.json", lambda d: d["columns"].append(3)),
        ("labels.json", lambda d: d["columns"].reverse()),
        ("labels.json", lambda d: d["columns"][0].update(name="other")),
        ("labels.json", lambda d: d["columns"][0].update(scheme="IOB3")),
        ("labels.json", lambda d: d["columns"][0].update(scheme=None)),
        ("labels.json", lambda d: d["columns"][1]["labels"].append("NEW")),
        ("labels.json", lambda d: d["columns"][1]["labels"].append("NOUN")),
        ("labels.json", lambda d: d["columns"][1]["labels"].__setitem__(0, "")),
        ("labels.json", lambda d: d["columns"][1].update(labels=[f"L{n}" for n in range(19_000)])),
        ("words.json", lambda d: d["words"].pop()),
        ("words.json", lambda d: d["words"].append("more")),
        ("words.json", lambda d: d["counts"].append(-1)),
        ("words.json", lambda d: d["counts"].__setitem__(0, 2.5)),
        ("words.json", lambda d: d["characters"].append("ab")),
        ("words.json", lambda d: d["characters"].append("ß")),
        ("words.json", lambda d: d["config"].update(affixes=3)),
        ("words.json", lambda d: d["config"].update(affixes="3")),
        ("words.json", lambda d: d.pop("config")),
        ("seen.json", lambda d: d.update(crc32="%")),
        ("seen.json", lambda d: d.update(crc32=3)),
        ("seen.json", lambda d: d.clear()),
        ("contexts.json", lambda d: d.update(contexts=d["contexts"][:-4])),
        ("contexts.json", lambda d: d.update(contexts="")),
        ("contexts.json", lambda d: d.update(more=1)),
        ("contexts.json", lambda d: d.clear()),
        ("training.json", lambda d: d.pop("report")),
        ("training.json", lambda d: d.update(plan=[[1, 2]])),
    ],
)
def test_a_document_that_does_not_fit_is_refused(saved: Path, tmp_path: Path, name: str, edit: Edit) -> None:
    assert refusal(saved, tmp_path, edited(name, edit))


@pytest.mark.parametrize("name", ["labels.json", "words.json", "seen.json", "contexts.json"])
@pytest.mark.parametrize("content", ["[]", "3", "null", '{"a": NaN}', "{", "", "[" * 100_000])
def test_a_document_that_is_no_object_is_refused(saved: Path, tmp_path: Path, name: str, content: str) -> None:
    assert name in refusal(saved, tmp_path, lambda folder: (folder / name).write_text(content, encoding="utf-8"))


def spoilt(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    """A change of the tensors."""

    def spoil(folder: Path) -> None:
        path = folder / "weights.safetensors"
        tensors = load_tensors(path, read_shapes(path))
        change(tensors)
        save_tensors(path, tensors)

    return spoil


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("members.0.heads.0.V", lambda t: t["members.0.heads.0.V.scales"].__setitem__(0, np.nan)),
        ("members.0.stack.layers.0.0.U", lambda t: t["members.0.stack.layers.0.0.U.rows"].__setitem__(0, 10**6)),
        ("members.0.crfs.0.A", lambda t: t["members.0.crfs.0.A"].__setitem__((0, 0), np.inf)),
        ("members.0.heads.1.b", lambda t: t.pop("members.0.heads.1.b")),
        ("log_linear.heads.0.V", lambda t: t["log_linear.heads.0.V.scales"].__setitem__(0, np.nan)),
        ("log_linear.contexts.E", lambda t: t["log_linear.contexts.E.rows"].__setitem__(0, 10**6)),
        ("log_linear.contexts.E", lambda t: t["log_linear.contexts.E.scales"].__setitem__(0, np.inf)),
        ("more", lambda t: t.update(more=np.zeros(3, dtype=np.float32))),
        ("members.0.embedding.E", lambda t: t["members.0.embedding.E.scales"].__setitem__(0, np.nan)),
        ("members.0.embedding.E", lambda t: t["members.0.embedding.E.rows"].__setitem__(0, 10**6)),
        (
            "members.0.embedding.features",
            lambda t: t.update(
                {"members.0.embedding.features.rows": t["members.0.embedding.features.rows"][::-1].copy()}
            ),
        ),
        (
            "members.0.embedding.E",
            lambda t: t.update({"members.0.embedding.E.values": t["members.0.embedding.E.values"].astype(np.float32)}),
        ),
    ],
)
def test_weights_that_are_not_these_are_refused(
    saved: Path, tmp_path: Path, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    assert name in refusal(saved, tmp_path, spoilt(change))


def test_a_folder_has_matrices_in_eight_bits_and_is_read_with_plain_ones_too(saved: Path, tmp_path: Path) -> None:
    folder, arrays = tmp_path / "m", elman.load(saved).engine.arrays()
    plain = {name: array for name, array in arrays.items() if name.endswith((".W", ".U", ".V"))}
    parts = {f"{name}.{part}" for name in plain for part in ("rows", "scales", "values")}

    def unpacked(tensors: dict[str, Any]) -> None:
        assert plain and parts <= set(tensors)
        for name in parts:
            del tensors[name]
        tensors.update(plain)

    shutil.copytree(saved, folder)
    spoilt(unpacked)(folder)
    write_manifest(folder, CHECKED)
    assert (folder / WEIGHTS).stat().st_size > (saved / WEIGHTS).stat().st_size
    read = elman.load(folder).engine.arrays()
    assert read.keys() == arrays.keys() and all(np.array_equal(read[name], arrays[name]) for name in arrays)


def test_a_table_that_is_in_no_file_is_refused_before_it_is_made(saved: Path, tmp_path: Path) -> None:
    """A table of hashed rows may be stored in few bytes: one of a billion weights must not be believed."""
    import resource

    def swell(folder: Path) -> None:
        for name, edit in (
            ("config.json", lambda d: (d["words"].update(hash_bits=24), d["embedding"].update(feature_width=64))),
            ("config.json", lambda d: d.update(features_known=1 << 24)),
            ("words.json", lambda d: d["config"].update(hash_bits=24)),
        ):
            edited(name, edit)(folder)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert "--hash-bits" in refusal(saved, tmp_path, swell)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
