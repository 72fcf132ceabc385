"""Packed tables: what is stored is what comes back, and nothing else is accepted."""

import numpy as np
import pytest

from elman.errors import ModelFileError
from elman.models.tables import FREE, SHARE, least_rows, pack, packed_shapes, rounded, unpack


def table() -> np.ndarray:
    rows = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    rows[::3] = 0
    return rows


def test_rows_that_were_never_touched_are_not_stored() -> None:
    packed = pack(table(), name="t")
    assert packed["t.rows"].tolist() == [i for i in range(50) if i % 3]
    assert packed["t.values"].dtype == np.int8 and packed["t.values"].shape == (33, 8)


def test_values_come_back_within_half_a_step_of_their_row() -> None:
    wanted = table()
    got = unpack(pack(wanted, name="t"), name="t", shape=(50, 8), where="")
    step = np.abs(wanted).max(axis=1, keepdims=True) / 127
    assert (np.abs(got - wanted) <= 0.5001 * step).all()
    assert not got[::3].any()


def test_rounding_is_what_storing_does_and_is_done_once() -> None:
    once = rounded(table())
    np.testing.assert_array_equal(once, unpack(pack(table(), name="t"), name="t", shape=(50, 8), where=""))
    np.testing.assert_array_equal(rounded(once), once)


def test_an_untouched_table_is_empty_and_comes_back() -> None:
    packed = pack(np.zeros((5, 2), np.float32), name="t")
    assert len(packed["t.rows"]) == 0
    assert not unpack(packed, name="t", shape=(5, 2), where="").any()


@pytest.mark.parametrize("rows", [[3, 2], [2, 2], [-1, 4], [4, 50]])
def test_rows_out_of_order_or_outside_are_refused(rows: list[int]) -> None:
    packed = {
        "t.rows": np.array(rows, np.int32), "t.scales": np.ones(2, np.float32), "t.values": np.ones((2, 8), np.int8),
    }  # fmt: skip
    with pytest.raises(ModelFileError, match="in order or outside"):
        unpack(packed, name="t", shape=(50, 8), where="file")


def test_a_file_with_more_rows_than_the_table_is_refused_before_it_is_read() -> None:
    assert packed_shapes({"t.rows": ("int32", (7,))}, name="t", shape=(50, 8))["t.values"] == ("int8", (7, 8))
    with pytest.raises(ModelFileError, match="51 rows"):
        packed_shapes({"t.rows": ("int32", (51,))}, name="t", shape=(50, 8))


@pytest.mark.parametrize("scale", [3e38, -3e38])
def test_a_scale_whose_values_are_not_finite_is_refused(scale: float) -> None:
    tensors = pack(np.ones((2, 3), np.float32), name="t")
    tensors["t.scales"] = np.array([scale, 1], np.float32)
    with pytest.raises(ModelFileError, match="not finite"):
        unpack(tensors, name="t", shape=(2, 3), where="weights")


def test_tables_beyond_what_is_free_have_rows_in_proportion() -> None:
    free = {"a": (1 << 18, 16), "b": (1 << 18, 48)}
    assert sum(4 * rows * width for rows, width in free.values()) == FREE
    assert least_rows(free) == {"a": 0, "b": 0}
    least = least_rows({**free, "c": (1, 1)})
    for name, (rows, width) in {**free, "c": (1, 1)}.items():
        stored, dense = least[name] * (width + 8), 4 * rows * width  # a row has its number and its scale too
        assert stored * SHARE >= dense > (stored - width - 8) * SHARE


@pytest.mark.parametrize("least", [0, 20, 33, 34, 50])
def test_rows_that_are_stored_for_the_proportion_change_nothing(least: int) -> None:
    packed = pack(table(), name="t", least=least)
    assert len(packed["t.rows"]) == max(33, least)
    assert packed["t.values"].any(axis=1).all()
    for name, (_, shape) in packed_shapes({"t.rows": ("int32", (max(33, least),))}, name="t", shape=(50, 8)).items():
        assert packed[name].shape == shape
    np.testing.assert_array_equal(unpack(packed, name="t", shape=(50, 8), where=""), rounded(table()))


def test_a_file_with_too_few_rows_is_refused_before_it_is_read() -> None:
    found = {"t.rows": ("int32", (7,))}
    assert packed_shapes(found, name="t", shape=(50, 8), least=7)["t.values"] == ("int8", (7, 8))
    with pytest.raises(ModelFileError, match="at least 8 are stored"):
        packed_shapes(found, name="t", shape=(50, 8), least=8)
