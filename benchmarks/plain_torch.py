"""The peer: language models as a tutorial writes them, with torch's own layers and nothing of elman.

`CharacterModel` is the 2 x 256 LSTM that accuracies are compared with; `TutorialModel` is the one layer that speeds are
compared with (nn.Embedding, nn.LSTM, nn.Linear, cross-entropy, default Adam).
"""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn


class TutorialModel(nn.Module):
    """Embedding, LSTM, linear output layer."""

    def __init__(self, symbols: int, hidden: int, *, layers: int = 1) -> None:
        super().__init__()
        self.embedding = nn.Embedding(symbols, hidden)
        self.lstm = nn.LSTM(hidden, hidden, layers, batch_first=True)
        self.output = nn.Linear(hidden, symbols)

    def forward(self, ids: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Logits (B, T, N) and the state after ids (B, T)."""
        h, state = self.lstm(self.embedding(ids), state)
        return self.output(h), state


def train_characters(ids: Tensor, symbols: int, *, seconds: float, seed: int, learning_rate: float = 2e-3) -> nn.Module:
    """A 2 x 256 LSTM on running text: 32 streams, segments of 128 steps, Adam, linear decay to zero at the end."""
    torch.manual_seed(seed)
    model = TutorialModel(symbols, 256, layers=2)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    streams, steps = 32, 128
    length = (len(ids) - 1) // streams
    x = ids[: streams * length].view(streams, length)
    y = ids[1 : streams * length + 1].view(streams, length)
    begun, state, place = time.perf_counter(), None, 0
    while (spent := time.perf_counter() - begun) < seconds:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate * (1 - spent / seconds)
        if place + steps > length:
            state, place = None, 0
        logits, state = model(x[:, place : place + steps], state)
        state = (state[0].detach(), state[1].detach())
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), y[:, place : place + steps].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        place += steps
    return model.eval()


@torch.no_grad()
def nats_in_windows(nats: Callable[[Tensor, Tensor], Tensor], ids: Tensor, *, window: int = 256) -> float:
    """Nats a symbol over windows that each begin from a zero state; the first symbol of a window is not predicted."""
    count = (len(ids) - 1) // window
    x, y = ids[: count * window].view(count, window), ids[1 : count * window + 1].view(count, window)
    total = sum(float(nats(x[i : i + 32], y[i : i + 32]).sum()) for i in range(0, count, 32))
    return total / (count * window)


@torch.no_grad()
def nats_carried(model: nn.Module, ids: Tensor, *, segment: int = 1024) -> float:
    """Nats a symbol over one stream with the state carried; the first symbol is not predicted."""
    total, state = 0.0, None
    for begin in range(0, len(ids) - 1, segment):
        end = min(begin + segment, len(ids) - 1)
        logits, state = model(ids[None, begin:end], state)
        total += float(nn.functional.cross_entropy(logits[0], ids[begin + 1 : end + 1], reduction="sum"))
    return total / (len(ids) - 1)
