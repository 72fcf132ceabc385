"""Symbols a second when generating, batch 1, ours against the tutorial loop, in one run, interleaved.

    python benchmarks/generation_speed.py [--rounds N] [--threads N]

One layer of 512 and a vocabulary of 10,000. The tutorial calls nn.LSTM with T=1 and nn.Linear for every symbol; ours is
the step that `elman generate` takes, from numpy arrays to numpy arrays, with the full softmax, and with the tied and
adaptive one that elman chooses for so many words; each gives the whole distribution. Both look for the
likeliest symbol, but read on with symbols drawn as the words of a text come, the n-th most frequent with a probability
of about 1 / n: weights that were never trained would go round in a circle of few.
"""

import argparse
import json
import os
import statistics
import time
from functools import partial

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=9)
parser.add_argument("--threads", type=int, default=1)
arguments = parser.parse_args()
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(arguments.threads)

import numpy as np  # noqa: E402 the thread count is set before the engine loads
import torch  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import plain_torch  # noqa: E402
import standard  # noqa: E402
from elman.data.config import ReadConfig  # noqa: E402
from elman.models.config import LanguageModelConfig  # noqa: E402
from elman.models.engines.torch_language_model import TorchLanguageModel, build_network  # noqa: E402
from elman.nn.config import EmbeddingConfig, SoftmaxConfig, StackConfig  # noqa: E402
from elman.text.config import TextConfig  # noqa: E402

H, N, STEPS = 512, 10_000, 60


@torch.no_grad()
def tutorial_steps(model: plain_torch.TutorialModel, drawn: NDArray[np.int64]) -> None:
    """As many symbols as are drawn, by the tutorial loop."""
    state = None
    for symbol in drawn:
        logits, state = model(torch.tensor([[symbol]]), state)
        torch.softmax(logits, dim=-1).argmax(dim=-1)


def our_steps(engine: TorchLanguageModel, drawn: NDArray[np.int64]) -> None:
    """As many symbols as are drawn, by the step that `generate` takes."""
    state = engine.start(1)
    for symbol in drawn:
        logs, state = engine.step(state, np.array([symbol]))
        logs.argmax(axis=1)


def main() -> None:
    """Time both, round by round, and print a line for each kind of softmax."""
    print(standard.measure(1.0).line())
    model = plain_torch.TutorialModel(N, H).eval()
    chooser, shares = np.random.default_rng(1), 1 / np.arange(1, N + 1)
    for tied, adaptive in ((False, False), (True, False), (True, True)):
        config = LanguageModelConfig(
            symbols=N, reading=ReadConfig(continuous=True), text=TextConfig(tokenizer="word"),
            embedding=EmbeddingConfig(embedding=H), stack=StackConfig(hidden=H),
            softmax=SoftmaxConfig(tied=tied, adaptive=adaptive),
        )  # fmt: skip
        engine = TorchLanguageModel(build_network(config, seed=1))
        times: dict[str, list[float]] = {"tutorial": [], "elman": []}
        for count in range(arguments.rounds + 1):
            drawn = chooser.choice(N, size=STEPS, p=shares / shares.sum())
            runs = {"tutorial": partial(tutorial_steps, model, drawn), "elman": partial(our_steps, engine, drawn)}
            for name, run in runs.items():
                begun = time.perf_counter()
                run()
                if count:
                    times[name].append(time.perf_counter() - begun)
        rates = {name: STEPS / statistics.median(values) for name, values in times.items()}
        ratio = statistics.median(a / b for a, b in zip(times["tutorial"], times["elman"], strict=True))
        print(json.dumps({"tied": tied, "adaptive": adaptive, "symbols_per_second": rates, "ratio": ratio}), flush=True)


if __name__ == "__main__":
    main()
