"""Folders: whole or not there, and nothing but an elman folder is ever replaced."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from elman.errors import ElmanError, OptionError
from elman.files import atomic
from elman.files.atomic import check_target, is_elman_folder, new_folder, work_folder
from elman.files.manifest import check_manifest, write_manifest

CONFIG = '{"kind": "language-model", "format_version": 1}'
MARK = "README.md"


def make_model(path: Path, mark: str = "old") -> Path:
    path.mkdir(parents=True)
    (path / "config.json").write_text(CONFIG)
    (path / "weights.safetensors").write_bytes(b"")
    (path / "labels.json").write_text("[]")
    (path / MARK).write_text(mark)
    write_manifest(path, ["config.json", "weights.safetensors", "labels.json"])
    return path


def fill(path: Path, *, overwrite: bool = False) -> None:
    with new_folder(path, overwrite=overwrite) as aside:
        (aside / "mark").write_text("new")
        (aside / "inner").mkdir()
        (aside / "inner" / "file").write_text("x")


def test_a_folder_appears_only_when_the_block_has_ended(tmp_path: Path) -> None:
    with new_folder(tmp_path / "m") as aside:
        (aside / "mark").write_text("new")
        assert not (tmp_path / "m").exists()
    assert (tmp_path / "m" / "mark").read_text() == "new"
    assert os.listdir(tmp_path) == ["m"]


def test_folders_above_are_made(tmp_path: Path) -> None:
    fill(tmp_path / "a" / "b" / "m")
    assert (tmp_path / "a" / "b" / "m" / "inner" / "file").read_text() == "x"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    fill(tmp_path / "m")
    assert (tmp_path / "m" / "mark").read_text() == "new"


@pytest.mark.parametrize("fault", [ValueError, KeyboardInterrupt])
def test_a_fault_in_the_block_leaves_nothing_new(tmp_path: Path, fault: type[BaseException]) -> None:
    make_model(tmp_path / "m")
    with pytest.raises(fault), new_folder(tmp_path / "m", overwrite=True) as aside:
        (aside / "mark").write_text("new")
        raise fault
    assert (tmp_path / "m" / MARK).read_text() == "old"
    assert os.listdir(tmp_path) == ["m"]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_overwrite_replaces_an_elman_folder_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_one_step: bool
) -> None:
    if not in_one_step:
        monkeypatch.setattr(atomic, "_exchange", lambda one, other: False)
    make_model(tmp_path / "m")
    fill(tmp_path / "m", overwrite=True)
    assert sorted(os.listdir(tmp_path / "m")) == ["inner", "mark"]
    assert (tmp_path / "m" / "mark").read_text() == "new"
    assert os.listdir(tmp_path) == ["m"]


def test_a_model_is_not_replaced_without_overwrite(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    with pytest.raises(OptionError, match="there is a model in this folder; give another place, or --overwrite"):
        fill(tmp_path / "m")
    assert (tmp_path / "m" / MARK).read_text() == "old"


def test_a_model_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="there is a model"), new_folder(tmp_path / "m"):
        make_model(tmp_path / "m")
    assert (tmp_path / "m" / MARK).read_text() == "old"


@pytest.mark.parametrize("overwrite", [True, False])
@pytest.mark.parametrize(
    "content",
    [
        {"notes.txt": "x"},
        {"config.json": "{}", "manifest.json": ""},
        {"config.json": CONFIG},
        {"config.json": '{"kind": "Deployment"}', "manifest.json": "{}", "photo.jpg": "x"},
        {"config.json": "[1]", "manifest.json": ""},
    ],
)
def test_other_content_is_never_replaced(tmp_path: Path, overwrite: bool, content: dict[str, str]) -> None:
    (tmp_path / "m").mkdir()
    for name, text in content.items():
        (tmp_path / "m" / name).write_text(text)
    with pytest.raises(OptionError, match="this folder has other content"):
        fill(tmp_path / "m", overwrite=overwrite)
    assert sorted(os.listdir(tmp_path / "m")) == sorted(content)


@pytest.mark.parametrize(
    "config", ["[1]", "{", '{"kind": "x"}', '{"kind": 1, "format_version": 1}', '{"kind": "x", "format_version": true}']
)
def test_a_folder_whose_config_is_not_ours_is_never_replaced(tmp_path: Path, config: str) -> None:
    (make_model(tmp_path / "m") / "config.json").write_text(config)
    with pytest.raises(OptionError, match="this folder has other content"):
        fill(tmp_path / "m", overwrite=True)
    assert (tmp_path / "m" / MARK).read_text() == "old"


@pytest.mark.parametrize("names", [[], ["config.json"], ["weights.safetensors"]])
def test_a_folder_whose_manifest_lists_no_model_is_never_replaced(tmp_path: Path, names: list[str]) -> None:
    write_manifest(make_model(tmp_path / "m"), names)
    with pytest.raises(OptionError, match="this folder has other content"):
        fill(tmp_path / "m", overwrite=True)


@pytest.mark.parametrize("name", ["photo.jpg", ".git", "tokenizer.json/notes.txt"])
def test_a_model_with_something_beside_it_is_never_replaced(tmp_path: Path, name: str) -> None:
    other = make_model(tmp_path / "m") / name
    other.parent.mkdir(exist_ok=True)
    other.write_text("x")
    with pytest.raises(OptionError, match="this folder has other content"):
        fill(tmp_path / "m", overwrite=True)
    assert other.read_text() == "x"


def test_a_file_or_a_link_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(make_model(tmp_path / "m"))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name, what in (("file", "this is a file"), ("link", "symbolic link"), ("dangling", "symbolic link")):
        with pytest.raises(OptionError, match=what):
            check_target(tmp_path / name, overwrite=True)


def test_a_place_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OptionError, match="is not a folder"):
        check_target(tmp_path / "file" / "deep" / "m")


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    with pytest.raises(OptionError, match="cannot be written"):
        check_target(tmp_path / "m")


def test_a_mount_point_is_refused() -> None:
    with pytest.raises(OptionError, match="mount point"):
        check_target("/proc", overwrite=True)


def test_what_dead_processes_left_is_swept_and_the_living_kept(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    gone = int(dead.stdout)
    for name in (f".m.tmp-{gone}-ab12", f".m.tmp-{os.getppid()}-ab12", f".other.tmp-{gone}-ab12", ".m.tmp-notes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    fill(tmp_path / "m")
    kept = {"m", f".m.tmp-{os.getppid()}-ab12", f".other.tmp-{gone}-ab12", ".m.tmp-notes"}
    assert set(os.listdir(tmp_path)) == kept


def test_what_a_crash_set_aside_comes_back(tmp_path: Path) -> None:
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    make_model(tmp_path / f".m.old-{int(dead.stdout)}-ab12")
    with pytest.raises(OptionError, match="there is a model"), new_folder(tmp_path / "m"):
        pass
    assert (tmp_path / "m" / MARK).read_text() == "old"


def test_a_killed_writer_leaves_old_or_new_whole(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    script = textwrap.dedent("""
        import sys
        from elman.files.atomic import new_folder
        from elman.files.manifest import write_manifest
        names = ("config.json", "weights.safetensors", "README.md")
        for n in range(100000):
            with new_folder(sys.argv[1], overwrite=True) as aside:
                for name in names:
                    (aside / name).write_text('{"kind": "x", "format_version": %d}' % n)
                write_manifest(aside, names)
            print(n, flush=True)
    """)
    for rounds in range(4):
        child = subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "m")], stdout=subprocess.PIPE)
        with child:
            assert child.stdout is not None
            for _ in range(3 + 2 * rounds):
                child.stdout.readline()
            child.send_signal(signal.SIGKILL)
        assert is_elman_folder(tmp_path / "m")
        names = ("config.json", "weights.safetensors", "README.md")
        check_manifest(tmp_path / "m", names, limit=1 << 20)
        assert len({(tmp_path / "m" / name).read_text() for name in names}) == 1
    fill(tmp_path / "m", overwrite=True)
    assert os.listdir(tmp_path) == ["m"]


def test_a_full_disk_is_one_line_and_leaves_the_old_model(tmp_path: Path) -> None:
    make_model(tmp_path / "m")
    script = textwrap.dedent("""
        import resource, sys
        from elman.errors import ElmanError
        from elman.files.atomic import new_folder
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            with new_folder(sys.argv[1], overwrite=True) as aside:
                (aside / "weights").write_bytes(bytes(5000))
        except ElmanError as error:
            print(error)
            sys.exit(error.exit_code)
    """)
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "m")], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, f"{tmp_path / 'm'}: cannot be written: File too large\n")
    assert (tmp_path / "m" / MARK).read_text() == "old"
    assert os.listdir(tmp_path) == ["m"]


def test_a_work_folder_stands_beside_the_target_and_is_gone_at_the_end(tmp_path: Path) -> None:
    with work_folder(tmp_path / "m") as folder:
        assert folder.parent == tmp_path
        (folder / "ids").write_bytes(b"x")
    assert os.listdir(tmp_path) == []


def test_a_work_folder_without_target_is_gone_at_the_end() -> None:
    with work_folder(None) as folder:
        (folder / "ids").write_bytes(b"x")
    assert not folder.exists()


def test_faults_that_are_not_of_writing_pass_through(tmp_path: Path) -> None:
    with pytest.raises(BrokenPipeError), work_folder(tmp_path / "m"):
        raise BrokenPipeError
    with pytest.raises(ElmanError, match="no space"), work_folder(tmp_path / "m"):
        raise OSError(28, "no space")


@pytest.mark.parametrize("name", ["file.txt/x/y", "x" * 300])
def test_a_place_where_no_folder_can_be_is_a_wrong_request(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("a", encoding="utf-8")
    for make in (new_folder, work_folder):
        with pytest.raises(OptionError) as caught, make(tmp_path / name):
            pass
        assert str(caught.value).startswith(str(tmp_path / name))
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
