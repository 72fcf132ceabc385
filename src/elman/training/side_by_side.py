"""Parts of a network that share no weight, each learning in a thread of its own.

Knows losses as functions, and torch's threads; knows no network. Called by those of `models.networks` that have several
members: small products gain more from a core for each member than from all cores for one member after the other.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from threading import Barrier
from typing import Any

import torch
from torch import Tensor


def side_by_side(parts: Sequence[Callable[[], Tensor]]) -> list[Tensor]:
    """What each part gives, a number with a gradient, in as many threads as torch may use.

    `backward` of any sum of these goes through the parts in threads too, and adds to `.grad` of their weights, as it
    does without threads; other ways to ask for gradients find none there. The numbers do not depend on how many
    threads there are, as long as torch has no more than there are parts.
    """
    threads = torch.get_num_threads()
    workers = min(threads, len(parts))
    if workers < 2:
        return [part() for part in parts]
    pool = _pool(workers, threads // workers)
    torch.set_num_threads(threads)  # of this thread, and of those that are begun later
    anchor = torch.zeros((), requires_grad=True)
    return list(_Apart.apply(pool, list(pool.map(_called, parts)), anchor))  # type: ignore[no-untyped-call]


class _Apart(torch.autograd.Function):
    """Losses as they are; their gradients go the ways that led to them in the threads of the pool."""

    @staticmethod
    def forward(ctx: Any, pool: ThreadPoolExecutor, losses: list[Tensor], anchor: Tensor) -> tuple[Tensor, ...]:
        ctx.pool, ctx.losses = pool, losses
        return tuple(loss.detach() for loss in losses)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, None, None]:
        list(ctx.pool.map(torch.autograd.backward, ctx.losses, gradients))
        return None, None, None


def _called(part: Callable[[], Tensor]) -> Tensor:
    return part()


@lru_cache(maxsize=4)
def _pool(workers: int, threads: int) -> ThreadPoolExecutor:
    """Threads of Python that stay, each of which lets torch use so many."""
    pool = ThreadPoolExecutor(workers, "member", initializer=torch.set_num_threads, initargs=(threads,))
    met = Barrier(workers)
    list(pool.map(lambda _: met.wait(), range(workers)))  # all have begun
    return pool
