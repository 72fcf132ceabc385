"""What reading a symbol adds is made once, made anew when weights change, and forgotten in the end."""

import copy

import pytest
import torch
from torch import Tensor, nn

from elman.nn import readings
from elman.nn.readings import Readings


class Pair(nn.Module):
    """E and W, and what was asked of them."""

    def __init__(self) -> None:
        super().__init__()
        self.E, self.W = nn.Parameter(torch.randn(9, 3)), nn.Parameter(torch.randn(4, 3))
        self.readings = Readings([self.E, self.W])
        self.asked: list[int] = []

    def read(self, ids: list[int]) -> Tensor:
        def make(new: Tensor) -> Tensor:
            self.asked += new.tolist()
            return self.E[new] @ self.W.T

        with torch.no_grad():
            found = self.readings.of(torch.tensor(ids), make)
            torch.testing.assert_close(found, self.E[ids] @ self.W.T)
        return found


def test_a_symbol_is_made_once_whatever_the_rows() -> None:
    pair = Pair()
    for ids in ([3], [3, 5, 3], [5, 3]):
        pair.read(ids)
    assert pair.asked == [3, 5]


@pytest.mark.parametrize("change", ["in place", "replaced"])
def test_changed_weights_are_noticed(change: str) -> None:
    pair = Pair()
    pair.read([1, 2])
    with torch.no_grad():
        if change == "in place":
            pair.W.mul_(2)
        else:
            pair.W.data = torch.randn(4, 3)
    pair.read([1, 2])
    assert pair.asked == [1, 2, 1, 2]


def test_a_copy_remembers_for_its_own_weights() -> None:
    pair = Pair()
    pair.read([1])
    other = copy.deepcopy(pair)
    with torch.no_grad():
        other.E.zero_()
    assert not other.read([1]).any()
    assert pair.read([1]).any()
    assert pair.asked == [1]


def test_what_was_read_stays_as_it_was() -> None:
    pair = Pair()
    pair.read([1]).zero_()
    assert pair.read([1]).any()
    assert pair.asked == [1]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "MOST", 2)
    pair = Pair()
    for ids in ([1], [2], [3], [2], [1]):
        pair.read(ids)
    assert pair.asked == [1, 2, 3, 1]


def test_gradients_are_not_cut_off() -> None:
    pair = Pair()
    found = pair.readings.of(torch.tensor([2]), lambda new: pair.E[new] @ pair.W.T)
    found.sum().backward()
    assert pair.W.grad is not None and pair.W.grad.abs().sum() > 0
