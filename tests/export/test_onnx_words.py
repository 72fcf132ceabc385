"""Vectors of words by a graph against those of torch, and the tables in eight bits against the whole ones."""

import numpy as np
import onnxruntime
import pytest
import torch

from elman.export import onnx_words
from elman.export.onnx_words import words_graph
from elman.models.folder import stored_tensors
from elman.models.tables import rounded
from elman.nn.config import WordEmbeddingConfig, taking_turns
from elman.nn.init import initialize
from elman.nn.words import WordEmbedding, WordTensors

WORDS, CHARACTERS, HASHED = 6, 9, 32
SIZES = {"word_width": 4, "feature_width": 3, "character_width": 5, "character_hidden": 2}
FEATURES = [[3, 7, 7], [], [31], [0, 8]]
SPELT = [[1, 2, 3], [], [4], [8, 8]]
IDS = [5, 0, 2, 3]


def drawn(config: WordEmbeddingConfig, seed: int) -> WordEmbedding:
    """Vectors of words whose tables are as a folder has them."""
    network = WordEmbedding(config, words=WORDS, characters=CHARACTERS, features=HASHED, compute=torch.float32)
    initialize(network, torch.Generator().manual_seed(seed))
    with torch.no_grad():
        for number, (name, table) in enumerate(network.named_parameters()):
            if name in ("E", "features"):
                table.normal_(generator=torch.Generator().manual_seed(10 * seed + number))
                table[8 % len(table)] = 0.0  # a row that no folder stores
                table.copy_(torch.from_numpy(rounded(table.numpy())))
    return network


@pytest.mark.parametrize("small", [0, 1 << 20])
@pytest.mark.parametrize(
    ("left_out", "members"),
    [(None, 1), ("word_width", 1), ("feature_width", 1), ("character_hidden", 1), (None, 3), ("word_width", 2)],
)
def test_a_graph_gives_the_vectors_that_torch_gives(
    left_out: str | None, members: int, small: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether tables are unpacked whole or not; of several members those of each in turn."""
    monkeypatch.setattr(onnx_words, "SMALL_TABLE", small)
    sizes = {**SIZES, **({} if left_out is None else {left_out: 0})}
    configs = taking_turns(WordEmbeddingConfig(**sizes), members)
    networks = [drawn(config, seed) for seed, config in enumerate(configs)]
    weights = [
        stored_tensors({name: p.detach().numpy() for name, p in one.named_parameters()}, packed=("E", "features"))
        for one in networks
    ]
    run = onnxruntime.InferenceSession(
        words_graph(list(zip(configs, weights, strict=True)), words=WORDS, features=HASHED),
        providers=["CPUExecutionProvider"],
    )
    characters = np.array([[*spelt, 0, 0, 0][:3] for spelt in SPELT])
    lengths, counts = np.array([len(s) for s in SPELT]), np.array([len(f) for f in FEATURES])
    flat = np.array([row for rows in FEATURES for row in rows])
    given = {
        "words": np.array(IDS), "features": flat, "owners": np.repeat(np.arange(4), counts), "sizes": counts,
        "characters": characters, "character_lengths": lengths.astype(np.int32),
    }  # fmt: skip
    (found,) = run.run(None, {one.name: given[one.name] for one in run.get_inputs()})
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    batch = WordTensors(*map(torch.from_numpy, (np.arange(4)[None], np.array(IDS), flat, starts, characters, lengths)))
    with torch.no_grad():
        wanted = np.concatenate([one(batch, torch.zeros(WORDS))[0].numpy() for one in networks], axis=1)
    np.testing.assert_allclose(found, wanted, atol=1e-6, rtol=0)
