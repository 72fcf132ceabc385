"""Standard minutes: how much longer this machine may take for what a reference machine does in a minute.

Accuracies reached in a given time mean nothing where machines differ by three. The reference trains `torch.nn.LSTM`
(H=256, batch 32 x 64 steps, fp32, one thread) at 26,000 tokens a second; a slower machine gets more time, a faster one
no less.
"""

import platform
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import torch

REFERENCE_TOKENS_PER_SECOND = 26_000


@dataclass(frozen=True)
class Standard:
    """The machine in words, its tokens a second in the reference work, and the factor for budgets."""

    processor: str
    flags: str
    tokens_per_second: float
    factor: float

    def budget(self, minutes: float) -> float:
        """Wall-clock seconds that stand for so many standard minutes."""
        return 60 * minutes * self.factor

    def line(self) -> str:
        """One line to print beside every figure."""
        return (
            f"{self.processor} ({self.flags}), torch {torch.__version__}, {torch.get_num_threads()} threads; "
            f"reference LSTM {self.tokens_per_second:,.0f} tokens/s on one thread: a standard minute is "
            f"{60 * self.factor:.0f} s"
        )


def measure(seconds: float = 2.0) -> Standard:
    """Time the reference work on one thread (the thread count is put back after)."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    net, x = torch.nn.LSTM(256, 256, batch_first=True), torch.randn(32, 64, 256, requires_grad=True)
    rates = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rates) < 5:
        begun = time.perf_counter()
        net(x)[0].sum().backward()
        rates.append(32 * 64 / (time.perf_counter() - begun))
    torch.set_num_threads(threads)
    rate = statistics.median(rates[1:])
    return Standard(_processor(), _flags(), rate, max(1.0, REFERENCE_TOKENS_PER_SECOND / rate))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _flags() -> str:
    try:
        found = set(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split())
    except OSError:
        found = set()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
    present = " ".join(flag for flag in wanted if flag in found)
    return f"{torch.backends.cpu.get_cpu_capability()}; {present or 'no vector flags'}"
