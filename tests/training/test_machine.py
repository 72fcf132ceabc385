"""What is chosen for a machine, by what it says that it can do."""

import logging

import pytest
import torch

from elman.errors import OptionError
from elman.training import machine

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("capability", "flags", "limit", "precision"),
    [
        ("AVX512", "avx512f avx512_bf16", "", "bf16"),
        ("AVX512", "avx512f amx_bf16", "", "bf16"),
        ("AVX512", "avx512f avx512_vnni", "", "fp32"),
        ("AVX2", "avx512f avx512_bf16", "", "fp32"),
        ("AVX512", "avx512f avx512_bf16", "AVX2", "fp32"),
    ],
)
def test_bf16_is_chosen_only_where_it_is_native(
    capability: str, flags: str, limit: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(machine.Path, "read_text", lambda *_, **__: f"flags : {flags}")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", limit)
    assert machine.choose_precision("auto", CPU) == precision
    assert machine.choose_precision("fp32", CPU) == "fp32"


def test_bf16_elsewhere_is_granted_with_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    with caplog.at_level(logging.WARNING, logger="elman"):
        assert machine.choose_precision("bf16", CPU) == "bf16"
    assert "no native bf16" in caplog.text


def test_an_absent_gpu_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert machine.choose_device("auto") == CPU
    with pytest.raises(OptionError, match="--device"):
        machine.choose_device("cuda")


def test_threads_and_precision_raise_what_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    one, two = (machine.flops(CPU, "fp32", n) for n in (1, 2))
    assert one < two < 2 * one
    assert machine.flops(CPU, "bf16", 1) > one
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "DEFAULT")
    assert machine.flops(CPU, "fp32", 1) < one
