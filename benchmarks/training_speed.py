"""Training words a second, ours against the tutorial model of the same sizes, in one run, interleaved.

    python benchmarks/training_speed.py [--rounds N] [--threads N]

One layer of 256, batch 20 x 35, vocabularies of 10,000 and 33,000; ids drawn from Zipf's law, as words are. The
tutorial model is nn.Embedding, nn.LSTM, nn.Linear, cross-entropy and default Adam; ours is what `elman train` runs:
tied adaptive softmax, fused AdamW, gradient clipping and averaged weights counted in.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import torch  # noqa: E402

import plain_torch  # noqa: E402 the thread count is set before the engine loads
import standard  # noqa: E402
from elman.data.config import ReadConfig  # noqa: E402
from elman.models.config import LanguageModelConfig  # noqa: E402
from elman.models.engines.torch_language_model import build_network  # noqa: E402
from elman.nn.config import EmbeddingConfig, SoftmaxConfig, StackConfig  # noqa: E402
from elman.text.config import TextConfig  # noqa: E402
from elman.training.config import TrainConfig  # noqa: E402
from elman.training.loop import Trainer  # noqa: E402
from elman.training.task import Limits, Task  # noqa: E402

B, T, H = 20, 35, 256


def zipf(symbols: int, generator: torch.Generator) -> torch.Tensor:
    """A batch of ids (B, T + 1), the probability of id i in proportion to 1 / (i + 3)."""
    weights = 1.0 / (torch.arange(symbols) + 3.0)
    return torch.multinomial(weights, B * (T + 1), replacement=True, generator=generator).view(B, T + 1)


def tutorial(symbols: int) -> Callable[[torch.Tensor], None]:
    """One training step of the tutorial model."""
    model = plain_torch.TutorialModel(symbols, H)
    optimizer = torch.optim.Adam(model.parameters())

    def step(ids: torch.Tensor) -> None:
        logits, _ = model(ids[:, :-1])
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def ours(symbols: int) -> Callable[[torch.Tensor], None]:
    """One step of the training loop of elman, with everything that it does."""
    config = LanguageModelConfig(
        symbols=symbols,
        reading=ReadConfig(continuous=True),
        text=TextConfig(tokenizer="word"),
        embedding=EmbeddingConfig(embedding=H),
        stack=StackConfig(hidden=H),
        softmax=SoftmaxConfig(tied=True, adaptive=True),
    )
    network = build_network(config, seed=1)
    current: list[torch.Tensor] = []

    class OneBatch:
        def steps(self, epoch: int) -> int:
            return 1_000_000

        def batch(self, epoch: int, step: int) -> torch.Tensor:
            return current[0]

    def loss(ids: torch.Tensor, state: object, generator: torch.Generator) -> object:
        return network.loss(ids[:, :-1], ids[:, 1:], lengths=None, state=None, generator=generator)

    limits = Limits(epochs=1, budget=None, started=time.monotonic())
    trainer = Trainer(Task(network, OneBatch(), loss, None), TrainConfig(epochs=1), limits=limits)

    def step(ids: torch.Tensor) -> None:
        current[:] = [ids]
        trainer.step()

    return step


def main() -> None:
    """Time both, round by round, and print a line for each vocabulary."""
    machine = standard.measure(1.0)
    print(machine.line())
    generator = torch.Generator().manual_seed(1)
    for symbols in (10_000, 33_000):
        steps = {"tutorial": tutorial(symbols), "elman": ours(symbols)}
        times: dict[str, list[float]] = {name: [] for name in steps}
        for count in range(arguments.rounds + 1):
            for name, step in steps.items():
                batches = [zipf(symbols, generator) for _ in range(3)]
                begun = time.perf_counter()
                for ids in batches:
                    step(ids)
                if count:
                    times[name].append((time.perf_counter() - begun) / len(batches))
        rates = {name: B * T / statistics.median(values) for name, values in times.items()}
        ratio = statistics.median(a / b for a, b in zip(times["tutorial"], times["elman"], strict=True))
        print(json.dumps({"vocabulary": symbols, "words_per_second": rates, "ratio": ratio}), flush=True)


if __name__ == "__main__":
    main()
