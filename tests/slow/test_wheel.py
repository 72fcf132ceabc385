"""The built wheel in an environment of its own, in surroundings that are as poor as they can be.

The environment is empty but for the wheel; torch and the other requirements are those of the interpreter that runs the
tests, by a `.pth` file, so that nothing large is fetched. Of them pyarrow and scikit-learn are hidden, as in an install
without extras.
"""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tiny import (
    CLASSIFIER,
    SEQ2SEQ,
    SIZE,
    TAGGER,
    columns,
    pair_table,
    reversed_words,
    reviews,
    sentences,
    table,
    tagged,
    write,
)

ROOT = Path(__file__).parents[2]
HIDDEN = ("pyarrow", "sklearn")
POOR = {
    "HOME": "/dev/null/home", "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0",
    "COLUMNS": "20", "PATH": os.environ.get("PATH", ""), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1",
}  # fmt: skip
READ_ONLY = Path("/sys")
"""A folder in which nobody can write, not even root."""


@pytest.fixture(scope="module")
def elman(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, as the wheel installs it."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir", folder / "dist", ROOT]
    subprocess.run([*pip, "wheel", *options], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    (wheel,) = (folder / "dist").glob("elman-*.whl")
    subprocess.run([*pip, f"--python={python}", "install", "--no-deps", "--no-index", wheel], check=True)
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    place = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    (place / "further.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    for name in HIDDEN:
        told = f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')\n"
        (place / f"{name}.py").write_text(told, encoding="utf-8")
    return folder / "venv" / "bin" / "elman"


def without_network() -> list[str]:
    """What a command is begun with so that it has no network, where the machine allows it."""
    words = ["unshare", "--user", "--map-root-user", "--net"]
    try:
        return words if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0 else []
    except OSError:
        return []


class Shell:
    """Runs commands in poor surroundings; counts them."""

    def __init__(self, elman: Path, temporary: Path) -> None:
        self.elman, self.environment, self.count = elman, {**POOR, "TMPDIR": str(temporary)}, 0
        self.begin = without_network()

    def __call__(self, *words: object, code: int | Sequence[int] = 0, folder: Path = READ_ONLY, text: str = "") -> str:
        """What a command prints, stdout and stderr, which has to end with one of the codes."""
        done = subprocess.run(
            [*self.begin, self.elman, *map(str, words)], cwd=folder, env=self.environment, input=text.encode(),
            capture_output=True, timeout=600, check=False,
        )  # fmt: skip
        told = done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace")
        assert done.returncode in ((code,) if isinstance(code, int) else code), (words, done.returncode, told)
        assert "Traceback" not in told, (words, told)
        self.count += 1
        return told

    def cut_off(self, *words: object) -> None:
        """Run a command of whose output one line is read, and one whose output is closed from the begin."""
        for ending in ("| head -n 1; exit ${PIPESTATUS[0]}", ">&-"):
            done = subprocess.run(
                ["bash", "-c", f'"$@" {ending}', "bash", self.elman, *map(str, words)], env=self.environment,
                cwd=READ_ONLY, capture_output=True, timeout=600, check=False,
            )  # fmt: skip
            assert done.returncode in (0, 141), (words, ending, done)
            assert b"Traceback" not in done.stderr, (words, ending, done)
            self.count += 1


def options(size: dict[str, object]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in size.items()]


@pytest.mark.promises("The built wheel works in a read-only folder without network, home, terminal, UTF-8 and extras")
def test_every_command_behaves_in_poor_surroundings(
    elman: Path, tmp_path: Path, counted: Callable[[str, int], None]
) -> None:
    shell = Shell(elman, tmp_path)
    files = {
        "language-model": (write(tmp_path / "글.txt", sentences(60)), SIZE),
        "tagger": (columns(tmp_path / "글.bio", tagged(60)), TAGGER),
        "classifier": (table(tmp_path / "글.tsv", reviews(60)), CLASSIFIER),
        "seq2seq": (pair_table(tmp_path / "짝.tsv", reversed_words(60)), SEQ2SEQ),
    }  # fmt: skip
    for words in ([], ["--help"], ["--version"], ["train", "--help"], ["predict", "--help"], ["check", "--help"]):
        shell(*words, code=(0, 2))
    for kind, (path, size) in files.items():
        model = tmp_path / f"모델-{kind}"
        shell("check", path, "--kind", kind)
        shell("train", kind, "--train", path, "--out", model, "--epochs", 1, *options(size))
        shell("show", model)
        shell("evaluate", model, path, "--json")
        assert shell("predict", model, path).strip()
        shell("predict", model, path, "--out", tmp_path / f"out-{kind}")
        shell("predict", model, code=(0, 2), text="the cat\n")
        shell.cut_off("predict", model, path)
        parquet = "--format parquet is needed" if kind == "tagger" else "pip install 'elman[parquet]'"
        (tmp_path / "a.parquet").write_bytes(b"PAR1")
        assert kind == "tagger" or parquet in shell("predict", model, tmp_path / "a.parquet", code=2)
        assert kind == "tagger" or parquet in shell("check", tmp_path / "a.parquet", "--kind", kind, code=2)
        if kind in ("language-model", "seq2seq"):
            shell("generate", model, "--prompt", "the", "--max-tokens", 5)
        shell("train", kind, "--train", path, "--out", READ_ONLY / "model", "--epochs", 1, code=(1, 2))
        shell("train", kind, "--train", path, "--out", "model", "--epochs", 1, code=(1, 2))
    python = elman.with_name("python")
    told = subprocess.run([python, "-c", "import elman.sklearn"], env=shell.environment, cwd=READ_ONLY,
                          capture_output=True, text=True, check=False).stderr  # fmt: skip
    assert "pip install 'elman[sklearn]'" in told.splitlines()[-1]
    counted("commands", shell.count)


@pytest.mark.promises("elman demo runs from the built wheel, start to end, in the same surroundings")
def test_the_demo_runs(elman: Path, tmp_path: Path, counted: Callable[[str, int], None]) -> None:
    shell = Shell(elman, tmp_path)
    assert "elman train language-model" in shell("demo")
    counted("demos", shell.count)
