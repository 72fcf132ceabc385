"""How many threads torch uses, for those who measure it with several."""

import torch


def use_threads(count: int) -> None:
    """Have torch use so many threads from now on."""
    torch.set_num_threads(count)
