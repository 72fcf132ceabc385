"""Safetensors: the library is the oracle for what is good; everything else is refused by name."""

import json
import os
import random
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from elman.errors import ModelFileError
from elman.files.tensors import TYPES, load_tensors, read_shapes, save_tensors

Arrays = dict[str, NDArray[Any]]


def example() -> Arrays:
    draw = np.random.default_rng(1)
    arrays: Arrays = {dtype: draw.integers(0, 100, (3, 5)).astype(dtype) for dtype in TYPES.values()}
    arrays["E"] = draw.standard_normal((7, 4)).astype(np.float32)
    arrays["turned"] = draw.standard_normal((4, 6)).astype(np.float32).T
    arrays["empty"] = np.zeros((0, 4), np.float32)
    arrays["scalar"] = np.array(3.5, np.float64)
    return arrays


def shapes(arrays: Arrays) -> dict[str, tuple[str, tuple[int, ...]]]:
    return {name: (str(array.dtype), array.shape) for name, array in arrays.items()}


def write_raw(path: Path, header: Any, data: bytes) -> None:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(len(content).to_bytes(8, "little") + content + data)


def entry(shape: list[int], begin: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_what_is_saved_is_what_the_library_reads(tmp_path: Path) -> None:
    save_tensors(tmp_path / "w", example())
    found = load_file(tmp_path / "w")
    assert set(found) == set(example())
    for name, array in example().items():
        np.testing.assert_array_equal(found[name], array, strict=True)


def test_what_is_saved_are_the_bytes_that_the_library_writes(tmp_path: Path) -> None:
    arrays = {**example(), 'a "name"\t名': np.ones(3, np.float16), "0": np.zeros((2, 0, 3), np.int16)}
    save_tensors(tmp_path / "ours", arrays)
    save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, tmp_path / "theirs")
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()


def test_what_the_library_writes_is_read_equal_and_writable(tmp_path: Path) -> None:
    arrays = {name: np.asarray(array, order="C") for name, array in example().items()}
    save_file(arrays, tmp_path / "w", metadata={"format": "np"})
    assert read_shapes(tmp_path / "w") == shapes(arrays)
    found = load_tensors(tmp_path / "w", shapes(arrays))
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
        assert found[name].flags.writeable


def test_saving_replaces_the_file_whole(tmp_path: Path) -> None:
    save_tensors(tmp_path / "w", {"E": np.zeros(3, np.float32)})
    save_tensors(tmp_path / "w", {"E": np.ones(2, np.float32)})
    np.testing.assert_array_equal(load_tensors(tmp_path / "w", {"E": ("float32", (2,))})["E"], [1, 1])
    assert os.listdir(tmp_path) == ["w"]


def test_a_saved_file_may_be_read_by_whom_other_files_may_be_read(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    save_tensors(tmp_path / "w", {"E": np.zeros(3, np.float32)})
    assert (tmp_path / "w").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize(
    ("expected", "fault"),
    [
        ({}, "the tensor 'E' is not one of this model"),
        ({"E": ("float32", (2, 3)), "b": ("float32", (3,))}, "the tensor b is missing"),
        ({"E": ("float32", (3, 2))}, r"the tensor E is float32 \(2, 3\), wanted float32 \(3, 2\)"),
        ({"E": ("float16", (2, 3))}, r"the tensor E is float32 \(2, 3\), wanted float16 \(2, 3\)"),
    ],
)
def test_another_name_type_or_shape_is_told(tmp_path: Path, expected: Any, fault: str) -> None:
    save_tensors(tmp_path / "w", {"E": np.zeros((2, 3), np.float32)})
    with pytest.raises(ModelFileError, match=fault):
        load_tensors(tmp_path / "w", expected)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_value_that_is_not_finite_is_refused_with_its_tensor(tmp_path: Path, dtype: str, value: float) -> None:
    array = np.zeros((3, 4), dtype)
    array[1, 2] = value
    save_tensors(tmp_path / "w", {"b": np.zeros(2, dtype), "U": array})
    with pytest.raises(ModelFileError, match="w: U: a value is not finite"):
        load_tensors(tmp_path / "w", {"b": (dtype, (2,)), "U": (dtype, (3, 4))})


@pytest.mark.parametrize(
    ("header", "data"),
    [
        ({"E": entry([2], 0, 8)}, 7),
        ({"E": entry([2], 0, 8)}, 9),
        ({"E": entry([2], 0, 4)}, 8),
        ({"E": entry([2], 4, 12)}, 12),
        ({"E": entry([2], 8, 0)}, 8),
        ({"E": entry([2], 0, 8), "b": entry([2], 0, 8)}, 8),
        ({"E": entry([2], 0, 8), "b": entry([1], 12, 16)}, 16),
        ({"E": entry([-2], 0, 8)}, 8),
        ({"E": entry([2, -1, -1], 0, 8)}, 8),
        ({"E": entry([True, 2], 0, 8)}, 8),
        ({"E": entry([1 << 40, 1 << 40], 0, 8)}, 8),
        ({"E": entry([1 << 62, 4, 1 << 2], 0, 0)}, 0),
        ({"E": entry([1 << 70], 0, 8)}, 8),
        ({"E": entry([1] * 9, 0, 4)}, 4),
        ({"E": entry([2], 0, 8, "F8_E4M3")}, 8),
        ({"E": entry([2], 0, 8, ["F32"])}, 8),  # type: ignore[arg-type]
        ({"E": {**entry([2], 0, 8), "more": 1}}, 8),
        ({"E": {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]}}, 8),
        ({"E": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 8]}}, 8),
        ({"E": 1}, 8),
        ([], 0),
        (b'{"E": %s, "E": %s}' % ((b'{"dtype":"F32","shape":[2],"data_offsets":[0,8]}',) * 2), 8),
        (b"\x80\x04\x95", 0),
        (b"[" * 100_000, 0),
        (b"", 0),
    ],
)
def test_a_header_that_lies_is_refused(tmp_path: Path, header: Any, data: int) -> None:
    write_raw(tmp_path / "w", header, bytes(data))
    with pytest.raises(ModelFileError):
        read_shapes(tmp_path / "w")
    with pytest.raises(ModelFileError):
        load_tensors(tmp_path / "w", {"E": ("float32", (2,))})


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    arrays = example()
    save_tensors(tmp_path / "w", arrays)
    content = (tmp_path / "w").read_bytes()
    for part in range(64):
        (tmp_path / "w").write_bytes(content[: len(content) * part // 64])
        with pytest.raises(ModelFileError):
            load_tensors(tmp_path / "w", shapes(arrays))


def test_a_flipped_bit_is_refused_or_read_in_the_right_shapes(tmp_path: Path) -> None:
    arrays = example()
    save_tensors(tmp_path / "w", arrays)
    content = (tmp_path / "w").read_bytes()
    draw = random.Random(1)
    refused = 0
    for _ in range(500):
        place, bit = draw.randrange(len(content)), 1 << draw.randrange(8)
        (tmp_path / "w").write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        try:
            assert shapes(load_tensors(tmp_path / "w", shapes(arrays))) == shapes(arrays)
        except ModelFileError:
            refused += 1
    assert refused > 0


def test_hostile_headers_cost_no_memory(tmp_path: Path) -> None:
    many = {f"t{n}": entry([0], 0, 0) for n in range(100_000)}
    write_raw(tmp_path / "many", many, b"")
    (tmp_path / "huge").write_bytes((1 << 40).to_bytes(8, "little") + bytes(100))
    write_raw(tmp_path / "wide", {"E": entry([1 << 34], 0, 1 << 36)}, b"")
    with (tmp_path / "wide").open("r+b") as file:
        file.truncate(1 << 30)
    script = textwrap.dedent("""
        import resource, sys
        from elman.errors import ModelFileError
        from elman.files.tensors import load_tensors
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for name in sys.argv[1:]:
            try:
                load_tensors(name, {"E": ("float32", (1 << 34,))})
                sys.exit("was read")
            except ModelFileError:
                pass
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    """)
    paths = [str(tmp_path / name) for name in ("many", "huge", "wide")]
    done = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 50_000, "kilobytes above what was there before"


def test_links_and_pipes_are_refused(tmp_path: Path) -> None:
    save_tensors(tmp_path / "w", {"E": np.zeros(2, np.float32)})
    (tmp_path / "link").symlink_to("w")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(ModelFileError):
            load_tensors(tmp_path / name, {"E": ("float32", (2,))})
