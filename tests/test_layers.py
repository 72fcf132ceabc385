"""The structure: who imports whom, where third-party names are at home, and what loads when."""

import ast
import resource
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from starting import COMPILED

SOURCE = Path(__file__).parents[1] / "src" / "elman"
FILES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))

LAYERS = [
    {"cli", "sklearn"},
    {"models"},
    {"training", "metrics", "decoding", "export"},
    {"data"},
    {"text", "nn", "files"},
    {"settings"},
    {"errors"},
]
"""A part imports from itself and from the layers below its own, never from a neighbour."""

HOMES = {
    "torch": ["nn/", "training/", "models/networks/", "models/engines/"],
    "numpy": [
        "sklearn.py",
        "models/",
        "metrics/",
        "decoding/",
        "data/",
        "text/",
        "nn/tables.py",
        "files/tensors.py",
        "files/graphs.py",
        "files/graph_sizes.py",
        "export/",
    ],
    "onnx": ["export/"],
    "onnxruntime": ["models/engines/onnx_session.py"],
    "tokenizers": ["text/"],
    "pyarrow": ["data/formats/parquet.py"],
    "rich": ["cli/output.py"],
    "sklearn": ["sklearn.py"],
    "sacrebleu": ["metrics/translation.py"],
    "argparse": ["cli/"],
}
"""Names that are imported in these places only; a third-party name that is not here is imported nowhere."""

NN = {"torch", "math", "itertools", "dataclasses", "typing", "collections", "elman"}
CONFIG = {"dataclasses", "typing", "collections", "elman"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "cloudpickle", "yaml"}
UNSAFE_CALLS = {"torch.load", "torch.jit.load", "torch.hub.load", "numpy.load", "np.load", "eval", "exec", "__import__"}


@cache
def parsed(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file."""
    return tuple(ast.walk(ast.parse((SOURCE / path).read_text(encoding="utf-8"))))


def imports(path: Path) -> Iterator[str]:
    """All modules that a file names in an import, wherever it stands."""
    for node in parsed(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            assert node.module is not None
            if node.module == "elman":
                yield from (f"elman.{alias.name}" for alias in node.names)
            else:
                yield node.module


def part(path: Path) -> str:
    return "cli" if path == Path("__main__.py") else path.parts[0].removesuffix(".py")


def rank(name: str) -> int:
    return next(n for n, layer in enumerate(LAYERS) if name in layer)


INSIDE = [path for path in FILES if path != Path("__init__.py")]


@pytest.mark.parametrize("path", INSIDE, ids=str)
def test_a_part_imports_only_from_layers_below(path: Path) -> None:
    for name in imports(path):
        if name == "elman.__version__":
            assert part(path) in ("cli", "models"), f"{path} asks for the version"
        elif name == "elman":
            assert part(path) == "cli", f"{path} imports the front"
        elif name.startswith("elman."):
            other = name.split(".")[1]
            assert other == part(path) or rank(other) > rank(part(path)), f"{path} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_names_are_imported_where_they_are_at_home(path: Path) -> None:
    for name in {name.split(".")[0] for name in imports(path)}:
        homes = HOMES.get(name)
        if homes is None:
            assert name in sys.stdlib_module_names or name == "elman", f"{path} imports {name}, which has no home"
        else:
            assert any(str(path) == home or (home.endswith("/") and str(path).startswith(home)) for home in homes), (
                f"{path} imports {name}, which is at home in {', '.join(homes)}"
            )


@pytest.mark.parametrize("path", [path for path in FILES if part(path) == "nn"], ids=str)
def test_the_mathematics_knows_torch_and_little_else(path: Path) -> None:
    sorts = {"numpy"} if path.name == "tables.py" else set()  # whole numbers in linear time, which torch does not
    assert {name.split(".")[0] for name in imports(path)} <= NN | sorts


@pytest.mark.parametrize("path", [path for path in FILES if path.name == "config.py"], ids=str)
def test_configs_load_nothing(path: Path) -> None:
    assert {name.split(".")[0] for name in imports(path)} <= CONFIG
    inside = {name for name in imports(path) if name.startswith("elman.")}
    assert all(name in ("elman.settings", "elman.errors") or name.endswith(".config") for name in inside)


@pytest.mark.parametrize("path", FILES, ids=str)
def test_nothing_is_unpickled_or_evaluated(path: Path) -> None:
    text = (SOURCE / path).read_text(encoding="utf-8")
    assert not {name.split(".")[0] for name in imports(path)} & UNSAFE_MODULES
    calls = {ast.unparse(node.func) for node in parsed(path) if isinstance(node, ast.Call)}
    assert not calls & UNSAFE_CALLS
    assert "trust_remote_code" not in text
    assert "allow_pickle" not in text


@pytest.mark.parametrize("path", FILES, ids=str)
def test_files_and_functions_keep_their_sizes(path: Path) -> None:
    text = (SOURCE / path).read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in parsed(path):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < 60, f"{path}:{node.lineno} {node.name}"


def test_a_command_is_a_short_file() -> None:
    from elman.cli.main import COMMANDS

    for name in COMMANDS:
        assert (SOURCE / "cli" / f"{name}.py").read_text(encoding="utf-8").count("\n") <= 60


def test_no_part_is_a_drawer_for_everything() -> None:
    names = {word.removesuffix(".py") for path in FILES for word in path.parts}
    assert not names & {"utils", "util", "helpers", "helper", "common", "misc", "tools"}


ELMAN = "import sys; from elman.cli.main import main; code = main(sys.argv[1:])"
SOON = 0.4
"""Seconds; it took 0.31 on a Zen 3 both of whose cores were busy, where torch alone takes more than two."""
LOADED = "; import sys; print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)"


def fresh(code: str, *words: str) -> tuple[set[str], float]:
    """Run code in a new interpreter: the top-level modules that are loaded in the end, and the least of a few times.

    Seconds of the processor, which on an idle machine are those of the clock: other work does not lengthen them.
    """
    seconds = []
    for _ in range(5):
        begun = spent()
        done = subprocess.run(
            [sys.executable, "-c", code + LOADED, *words], capture_output=True, text=True, check=True, env=COMPILED
        )
        seconds.append(spent() - begun)
        if seconds[-1] < SOON:
            break
    return set(done.stderr.splitlines()[-1].split()), min(seconds)


def spent() -> float:
    """Seconds of the processor that ended child processes have taken."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@pytest.mark.parametrize(
    "words",
    [
        ["--help"], ["--version"], [], ["--hlep"], ["trian"], ["train", "--help"], ["train", "lm", "--hiden", "3"],
        ["train", "language-modle", "--train", "a", "--out", "m"], ["generate", "m", "--temperature", "warm"],
        ["train", "language-model", "--train", "a", "--out", "m", "--hidden", "0"], ["predict", "--help"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_help_and_wrong_options_are_instant(words: list[str]) -> None:
    loaded, seconds = fresh(ELMAN, *words)
    assert not loaded & {"torch", "numpy", "rich", "tokenizers", "safetensors", "pyarrow", "sacrebleu"}
    assert seconds < SOON


def test_importing_elman_loads_nothing() -> None:
    before, _ = fresh("pass")
    loaded, seconds = fresh("import elman")
    assert not (loaded - before) - set(sys.stdlib_module_names) - {"elman"}
    assert seconds < SOON


def test_importing_sets_up_no_log() -> None:
    code = "import elman, elman.cli.main, logging; assert not logging.getLogger('elman').handlers"
    assert "elman" in fresh(code)[0]
