"""The most that a machine multiplies: products of large matrices of floats, timed in a process of their own.

Knows numpy, whose threads are counted once, when it is loaded: hence the process. Called by
`models.benching.measuring`.
"""

import os
import subprocess
import sys
import time

import numpy as np

SIZE = 1024
"""Rows and columns of the matrices."""
SECONDS = 0.5
VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def peak(threads: int) -> float:
    """Floating-point operations a second, additions and multiplications, on so many threads."""
    environment = {**os.environ, **dict.fromkeys(VARIABLES, str(threads))}
    command = [sys.executable, "-c", "from elman.models.benching.peak import measured; print(measured())"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(done.stdout)


def measured() -> float:
    """The same on the threads that numpy was loaded with, the best of some products."""
    a, b = np.random.default_rng(0).standard_normal((2, SIZE, SIZE)).astype(np.float32)
    best, end = 0.0, time.perf_counter() + SECONDS
    while best == 0 or time.perf_counter() < end:
        begun = time.perf_counter()
        a @ b
        best = max(best, 2 * SIZE**3 / (time.perf_counter() - begun))
    return best
