"""Sites without Node and without a browser: what is in the folder, what may be replaced, and how faults are told."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

import elman
import remade
from elman.errors import ElmanError, OptionError
from elman.files.atomic import is_elman_folder
from elman.models.exporting import checking, runtime
from elman.models.exporting.site import page_files

CONTENT = {"a.mjs": b"export const a = 1;\n", "b.wasm": b"\0asm"}


@pytest.fixture(autouse=True)
def small_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the fourteen megabytes that a site has."""
    files = {f"site-{name}": (name, hashlib.sha256(data).hexdigest()) for name, data in CONTENT.items()}
    monkeypatch.setattr(runtime, "FILES", files)


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The package of the small runtime."""
    folder = tmp_path / "package"
    (folder / "dist").mkdir(parents=True)
    for name, data in CONTENT.items():
        (folder / "dist" / name).write_bytes(data)
    return folder


def put_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Make a shell script what is found under the name npm; its fourth word is where it is to pack to."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (bin_ / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_}:/usr/bin:/bin")


@pytest.mark.parametrize("inside", ["", "dist"])
def test_a_site_has_the_page_the_model_and_the_runtime(inside: str, unpacked: Path, tmp_path: Path) -> None:
    model = remade.load("tagger")
    report = model.export(tmp_path / "site", to="web", runtime=unpacked / inside)
    found = {
        path.relative_to(tmp_path / "site").as_posix() for path in (tmp_path / "site").rglob("*") if path.is_file()
    }
    wanted = {*page_files(), "text/unicode.json", "runtime/site-a.mjs", "runtime/site-b.wasm", "site.json"}
    assert {path for path in found if not path.startswith("model/")} == wanted
    for name, data in CONTENT.items():
        assert (tmp_path / "site" / "runtime" / f"site-{name}").read_bytes() == data
    document = json.loads((tmp_path / "site" / "site.json").read_text())
    assert set(document["files"]) == found - {"site.json"} and document["kind"] == "tagger"
    for path, entry in document["files"].items():
        assert hashlib.sha256((tmp_path / "site" / path).read_bytes()).hexdigest() == entry["sha256"]
    assert report["to"] == "web" and report["bytes"] == sum((tmp_path / "site" / path).stat().st_size for path in found)
    sentence = [["Ada", "Kim", "sees", "서울을"]]
    assert elman.load(tmp_path / "site" / "model", engine="onnx").predict(sentence) == model.predict(sentence)


def test_a_site_has_no_graph_that_its_page_does_not_run(unpacked: Path, tmp_path: Path) -> None:
    model = remade.seq2seq(remade.load("seq2seq"), copy=False, adaptive=True)
    model.export(tmp_path / "folder")
    model.export(tmp_path / "site", to="web", runtime=unpacked)
    both = {path.name for path in (tmp_path / "folder").glob("*.onnx")}
    assert both - {path.name for path in (tmp_path / "site" / "model").glob("*.onnx")} == {"narrow.onnx", "tails.onnx"}
    elman.load(tmp_path / "site" / "model")


def test_a_site_is_replaced_when_that_is_asked_for_and_nothing_else_is_in_it(unpacked: Path, tmp_path: Path) -> None:
    model, place = remade.load("tagger"), tmp_path / "site"
    model.export(place, to="web", runtime=unpacked)
    with pytest.raises(OptionError, match="--overwrite"):
        model.export(place, to="web", runtime=unpacked)
    model.export(place, to="web", runtime=unpacked, overwrite=True, int8=True)
    assert json.loads((place / "model" / "export.json").read_text())["int8"]
    (place / "runtime" / "own.js").write_text("")
    assert not is_elman_folder(place)
    with pytest.raises(OptionError, match="other content"):
        model.export(place, to="web", runtime=unpacked, overwrite=True)
    (place / "runtime" / "own.js").unlink()
    (place / "link").symlink_to(tmp_path)
    assert not is_elman_folder(place)
    (place / "link").unlink()
    assert is_elman_folder(place)
    model.export(place, overwrite=True)
    assert elman.load(place, engine="onnx")


@pytest.mark.parametrize("content", ["[]", "{}", '{"files": {"../x": {}}}', '{"files": 1}', "x"])
def test_a_folder_with_another_list_is_no_site(content: str, unpacked: Path, tmp_path: Path) -> None:
    remade.load("tagger").export(tmp_path / "site", to="web", runtime=unpacked)
    (tmp_path / "site" / "site.json").write_text(content)
    assert not is_elman_folder(tmp_path / "site")


def refusal(tmp_path: Path, **options: object) -> str:
    before = sorted(tmp_path.iterdir())
    with pytest.raises(OptionError) as caught:
        remade.load("tagger").export(tmp_path / "site", to="web", **options)
    assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
    assert "give --runtime DIR" in str(caught.value)
    assert sorted(tmp_path.iterdir()) == before
    return str(caught.value)


def test_a_wrong_folder_or_file_of_the_runtime_is_refused(unpacked: Path, tmp_path: Path) -> None:
    assert "there is no a.mjs" in refusal(tmp_path, runtime=tmp_path)
    assert "no such folder" in refusal(tmp_path, runtime=tmp_path / "none")
    (unpacked / "dist" / "b.wasm").write_bytes(b"other")
    assert "sha256 sum is another" in refusal(tmp_path, runtime=unpacked)
    (unpacked / "dist" / "b.wasm").unlink()
    (unpacked / "dist" / "b.wasm").mkdir()
    assert "a folder where a file has to be" in refusal(tmp_path, runtime=unpacked)


def test_npm_brings_the_package(unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as package:
        package.add(unpacked, "package")
    put_npm(
        tmp_path, monkeypatch, f'[ "$1 $2" = "pack onnxruntime-web@{runtime.VERSION}" ] && cp {tmp_path}/a.tgz "$4/"'
    )
    remade.load("tagger").export(tmp_path / "site", to="web")
    assert (tmp_path / "site" / "runtime" / "site-b.wasm").read_bytes() == CONTENT["b.wasm"]


def test_what_goes_wrong_with_npm_is_told_in_one_line(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in refusal(tmp_path)
    script = "echo npm error code ENOTFOUND >&2; echo npm error network is not there >&2; exit 1"
    put_npm(tmp_path, monkeypatch, script)
    assert "network is not there" in refusal(tmp_path)
    for script, told in (
        ("exit 3", "it failed"),
        ("exit 0", "nothing came"),
        ('echo x > "$4/a.tgz"', "something else"),
    ):
        (tmp_path / "bin" / "npm").write_text(f"#!/bin/sh\n{script}\n")
        assert told in refusal(tmp_path)
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as package:
        package.add(unpacked / "dist" / "a.mjs", "package/dist/a.mjs")
        package.add(unpacked / "dist" / "a.mjs", "package/dist/b.wasm")
    (tmp_path / "bin" / "npm").write_text(f'#!/bin/sh\ncp {tmp_path}/a.tgz "$4/"\n')
    assert "sha256 sum is another" in refusal(tmp_path)


def test_a_model_that_answers_otherwise_is_not_written(
    unpacked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "NEAR", 0.0)
    with pytest.raises(ElmanError, match="nothing was written"):
        remade.load("tagger").export(tmp_path / "site", to="web", runtime=unpacked)
    assert [path.name for path in tmp_path.iterdir()] == ["package"]
