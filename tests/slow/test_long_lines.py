"""Lines of megabytes: what they take grows with them and no faster, or they are refused with their limit."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from any_bytes import FIXTURES
from elman.models.kinds import KINDS

TESTS = Path(__file__).parents[1]
MILLION = 1_000_000
PREDICTED = {"language-model": 50_000, "tagger": 250_000, "classifier": MILLION, "seq2seq": 16_000}
"""Characters of the shortest of three lines; the others have two and four times as many, and are still read."""
TRAINED = dict.fromkeys(KINDS, MILLION)
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
SOME_SECONDS, SOME_BYTES = 1.0, 1 << 26
"""What is no longer the line's: a kernel that is made, a module that is loaded."""
BYTES_EACH = 4096
"""Bytes of memory that a character of a line may take: hypotheses of a beam each keep all of a source."""


def cost(command: str, kind: str, count: int, folder: Path) -> tuple[float, float]:
    """Seconds and bytes that a line of so many characters takes."""
    words = [sys.executable, TESTS / "long_lines.py", command, kind, str(count), folder]
    done = subprocess.run(words, env=ENVIRONMENT, capture_output=True, text=True, check=True, timeout=1200)
    seconds, size = map(float, done.stdout.split())
    return seconds, size


@pytest.mark.promises(
    "A line of megabytes takes time and memory in proportion to its length, in training and prediction"
)
@pytest.mark.parametrize("command", ["train", "predict"])
@pytest.mark.parametrize("kind", list(KINDS))
def test_what_a_line_takes_grows_with_its_length(
    kind: str, command: str, tmp_path: Path, counted: Callable[[str, int], None]
) -> None:
    shortest = (TRAINED if command == "train" else PREDICTED)[kind]
    costs = [cost(command, kind, times * shortest, tmp_path) for times in (1, 2, 4)]
    (first, _), (_, _), (last, size) = costs
    assert last < 4 * 1.6 * first + SOME_SECONDS, costs
    assert size < 4 * shortest * BYTES_EACH + SOME_BYTES * 8, costs
    counted("lines read", len(costs))


@pytest.mark.promises(
    "A line of ten million characters is refused by prediction with its limit, from a file and a pipe"
)
@pytest.mark.parametrize("kind", list(KINDS))
def test_prediction_tells_its_limit(kind: str, tmp_path: Path, counted: Callable[[str, int], None]) -> None:
    path = tmp_path / "a.txt"
    line = "a b " * (10 * MILLION // 4)
    path.write_text(line + "\n", encoding="utf-8")
    for name in (str(path), "-"):
        words = [sys.executable, "-m", "elman", "predict", str(FIXTURES / kind), name]
        with path.open("rb") as file:
            done = subprocess.run(words, env=ENVIRONMENT, stdin=file, capture_output=True, text=True, check=False,
                                  timeout=300)  # fmt: skip
        assert (done.returncode, done.stdout) == (2, ""), done.stderr
        assert done.stderr.startswith(f"{name}:1: ") and "in one text, at most" in done.stderr
        assert done.stderr.count("\n") == 1
    counted("lines refused", 2)
