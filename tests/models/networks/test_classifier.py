"""The network of classifiers: what several members say together."""

import numpy as np
import torch

from elman.data.config import LabelledReadConfig
from elman.data.text_batches import number_texts
from elman.models.config import ClassifierConfig
from elman.models.engines.torch_classifier import TorchClassifier, build_classifier
from elman.nn.config import StackConfig, TextBagConfig, TextHeadConfig, WordEmbeddingConfig
from elman.text.config import BagConfig, WordConfig
from elman.text.features import WordFeatures


def engine(members: int, *, spelling: bool = False) -> tuple[TorchClassifier, WordFeatures, BagConfig]:
    """Three labels, and a few words, which are the characters too where these are read."""
    words, bag = WordConfig(hash_bits=8, minimum_count=1), BagConfig(bag_bits=8)
    features = WordFeatures.train({"a": 2, "cat": 2, "sat": 1}, words)
    config = ClassifierConfig(
        words_known=features.size, characters_known=features.characters, features_known=features.features,
        labels=3, reading=LabelledReadConfig(),
        words=words, bag=bag, embedding=WordEmbeddingConfig(word_width=5, feature_width=4),
        stack=StackConfig(hidden=6, bidirectional=True), skip=TextBagConfig(),
        head=TextHeadConfig(members=members, spelling=spelling), spelt=features.size if spelling else None,
        spelt_features=features.features if spelling else None,
    )  # fmt: skip
    spelt = features.counts if spelling else None
    made = TorchClassifier(build_classifier(config, seen=features.counts, spelt=spelt, seed=1))
    with torch.no_grad():
        assert made.network.bag is not None
        made.network.bag.E.uniform_(generator=torch.Generator().manual_seed(2))
    return made, features, bag


def test_scores_of_several_stacks_are_averaged_beside_those_of_the_bag() -> None:
    made, features, bag = engine(3)
    data = number_texts([["a", "cat"], ["sat"]], features, bag)
    batch = data.batch(np.arange(2))
    network, seen = made.network, []
    hooks = [one.head.register_forward_hook(lambda _, __, s: seen.append(s)) for one in (network, *network.others)]  # type: ignore[union-attr, func-returns-value]
    stacks, of_bag = made.paths(batch)
    for hook in hooks:
        hook.remove()
    assert len(seen) == 3 and not torch.allclose(seen[0], seen[1])
    np.testing.assert_allclose(stacks, np.mean([one[:2].numpy() for one in seen], axis=0), rtol=1e-5, atol=1e-6)
    assert of_bag.shape == (2, 3) and not np.allclose(of_bag, 0)
    alone, _, _ = engine(1)
    assert made.parameters() > alone.parameters() and alone.count == made.count == 2


def test_scores_by_characters_count_as_much_as_those_by_words() -> None:
    made, features, bag = engine(2, spelling=True)
    words, characters = [["a", "cat"], ["sat"]], [["a", "cat", "sat"], ["cat"]]
    batch = number_texts(words, features, bag, spelling=(characters, features)).batch(np.arange(2))
    assert batch.spelling is not None and batch.spelling.lengths[:2].tolist() == [3, 1]
    network, seen = made.network, []
    every = (network, *network.others, *network.spellers)
    hooks = [one.head.register_forward_hook(lambda _, __, s: seen.append(s)) for one in every]  # type: ignore[union-attr, func-returns-value]
    stacks, _ = made.paths(batch)
    for hook in hooks:
        hook.remove()
    assert len(seen) == 4
    np.testing.assert_allclose(stacks, np.mean([one[:2].numpy() for one in seen], axis=0), rtol=1e-5, atol=1e-6)
    other = number_texts(words, features, bag, spelling=([["sat"], ["cat"]], features)).batch(np.arange(2))
    changed = made.paths(other)[0]
    assert not np.allclose(changed[0], stacks[0]) and np.allclose(changed[1], stacks[1], rtol=1e-5, atol=1e-6)
