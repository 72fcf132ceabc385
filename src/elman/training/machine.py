"""What the machine can do: device, number format, speed class, versions. Decided by capability, never by a race.

Knows torch and the processor's flags; knows no network. Used by `models.fitting`.
"""

import logging
import os
import platform
from pathlib import Path
from typing import Any

import torch

from elman.errors import OptionError

log = logging.getLogger("elman")

FLOPS = {("AVX512", "fp32"): 100e9, ("AVX512", "bf16"): 180e9, ("AVX2", "fp32"): 60e9, ("cuda", "fp32"): 8e12,
         ("cuda", "bf16"): 16e12}  # fmt: skip
"""Floating-point operations a second that training reaches, on one thread or one GPU (CPU: measured with
nn.LSTM; GPU: estimates)."""
SECOND_THREAD = 0.85
"""What each further thread adds, as a share of the first."""


def choose_device(wanted: str) -> torch.device:
    """The device of that name; `auto` is the GPU where there is one.

    Raises:
        OptionError: a GPU is asked for and there is none.
    """
    if wanted == "cuda" and not torch.cuda.is_available():
        raise OptionError("no CUDA device is available", where="--device", mend="give --device cpu")
    return torch.device("cuda" if wanted != "cpu" and torch.cuda.is_available() else "cpu")


def choose_precision(wanted: str, device: torch.device) -> str:
    """`fp32` or `bf16`; `auto` is bf16 where the processor multiplies it natively.

    Asking for bf16 elsewhere is granted with a warning: it is many times slower than fp32 there.
    """
    native = _has_bf16(device)
    if wanted == "bf16" and not native:
        log.warning("this processor has no native bf16: products will be many times slower than in fp32")
    return wanted if wanted != "auto" else ("bf16" if native else "fp32")


def flops(device: torch.device, precision: str, threads: int) -> float:
    """Floating-point operations a second that training may expect here, from the table."""
    if device.type == "cuda":
        return FLOPS["cuda", precision]
    capability = torch.backends.cpu.get_cpu_capability()
    one = FLOPS.get((capability, precision), FLOPS["AVX2", "fp32"])
    return one * (1 + SECOND_THREAD * (min(threads, 8) - 1))


def threads() -> int:
    """The engine's threads."""
    return torch.get_num_threads()


def describe(device: torch.device, precision: str) -> dict[str, Any]:
    """What the run's bits depend on beside options and data: versions, processor, threads, device, precision."""
    return {
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "device": device.type,
        "precision": precision,
        "threads": threads(),
    }


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or "AVX2" in os.environ.get("ONEDNN_MAX_CPU_ISA", ""):
        return False
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
