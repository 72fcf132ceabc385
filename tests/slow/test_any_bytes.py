"""Any bytes give examples or one error with its place: many tries by hypothesis, and by a fuzzer."""

import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from any_bytes import BYTES, PREDICTIONS, READERS, ROWS, outcome, packed

TESTS = Path(__file__).parents[1]
READ, PREDICTED = 300, 40
"""Tries of hypothesis for every reader and every prediction."""
RUNS = 20_000
"""Tries of the fuzzer, over all readers."""
PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.promises("Any bytes, read in any format or predicted on, give examples or one line with file and place")
@pytest.mark.parametrize("what", [*READERS, *PREDICTIONS])
def test_any_bytes_give_examples_or_one_error(what: str, counted: Callable[[str, int], None]) -> None:
    name, read = READERS.get(what) or PREDICTIONS[what]
    tried = 0

    @settings(
        max_examples=READ if what in READERS else PREDICTED, derandomize=True, database=None, deadline=None,
        phases=PHASES, suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=BYTES)
    def holds(data: bytes) -> None:
        nonlocal tried
        tried += 1
        with tempfile.TemporaryDirectory() as folder:
            outcome(name, read, packed(name, data), Path(folder))

    holds()
    counted("inputs tried" if what in READERS else "inputs predicted on", tried)


@pytest.mark.promises("A fuzzer that follows the branches of the readers finds no input that ends in another error")
def test_a_fuzzer_finds_nothing(tmp_path: Path, counted: Callable[[str, int], None]) -> None:
    if find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has no wheel for this Python, or there was no network")
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for n in range(len(READERS)):
        for k, row in enumerate(ROWS):
            (seeds / f"{n}-{k}").write_bytes(bytes([n]) + row.encode())
    inherited = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # a child's peak begins at its parent's
    done = subprocess.run(
        [sys.executable, TESTS / "fuzzing.py", tmp_path / "files", seeds, f"-runs={RUNS}", "-len_control=0", "-seed=1",
         "-max_len=400", "-timeout=60", f"-rss_limit_mb={inherited + 2048}", f"-artifact_prefix={tmp_path}/"],
        capture_output=True, text=True, timeout=1500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    assert re.search(rf"Done {RUNS} runs", done.stderr), done.stderr[-1000:]
    counted("runs of the fuzzer", RUNS)
