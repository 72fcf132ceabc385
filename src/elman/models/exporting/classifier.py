"""A classifier exported: its graphs, and a comparison text by text.

Knows the classifier and `export`. Called by `models.exporting.writing`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.texts import read_labelled
from elman.export.onnx_classifier import bag_graph, classifier_graph
from elman.export.onnx_graph import part_of
from elman.export.onnx_words import words_graph
from elman.models.classifier import Classifier
from elman.models.exporting.checking import ROWS, Comparison, spread_of
from elman.models.exporting.tagger import made
from elman.models.folder import stored_tensors
from elman.models.kinds import CLASSIFIER


def graphs(model: Classifier, *, int8: bool) -> dict[str, bytes]:
    """The ONNX files by name."""
    config, weights = model.config, stored_tensors(model.engine.arrays(), packed=CLASSIFIER.packed)
    found = {
        "classifier.onnx": classifier_graph(
            config.stack, weights, head=config.head, width=config.width,
            spelt=None if config.spelt is None else config.spelling.width,
            symbols=None if config.symbols is None else config.symbols.embedding, int8=int8,
        )
    }  # fmt: skip
    if config.symbols is None:
        found["words.onnx"] = words_graph(
            [(config.embedding, part_of(weights, "embedding."))],
            words=config.words_known,
            features=config.features_known,
        )
    if config.spelt is not None:
        assert config.spelt_features is not None
        found["spelling.onnx"] = words_graph(
            [(config.spelling, part_of(weights, "spelling."))],
            words=config.spelt,
            features=config.spelt_features,
        )
    if config.skip.bag:
        found["bag.onnx"] = bag_graph(
            part_of(weights, "bag."), rows=1 << config.bag.bag_bits, width=config.skip.bag_width or config.labels,
            labels=config.labels,
        )  # fmt: skip
    return found


def arrays(model: Classifier) -> dict[str, NDArray[np.float32]]:
    """What is computed without a graph: nothing."""
    return {}


def compare(
    model: Classifier, other: Classifier, *, files: Sequence[Any], reading: Mapping[str, Any] | None
) -> Comparison:
    """Both classifiers on texts of the files, or on some that are made of known words."""
    if files:
        texts = [one.text for one in spread_of(read_labelled(list(files), model.reading(reading), labelled=False))]
    elif model.tokenizer is None:
        texts = [" ".join(words) for words in made(model.features)]
    else:
        texts = made_of_symbols(model.tokenizer.symbols)
    found, cut = Comparison(), [model.reader.cut(text) for text in texts]
    wanted, got = (np.stack(list(each.reader.paths(cut)), axis=1) for each in (model, other))  # (n, paths, K)
    for mine, its in zip(wanted, got, strict=True):
        found.add(mine, its)
    (one, _), (two, _) = (each.reader.probabilities(texts) for each in (model, other))
    found.answer(one.argmax(axis=1).tolist(), two.argmax(axis=1).tolist())
    return found


def made_of_symbols(symbols: Sequence[str]) -> list[str]:
    """Texts of 1 to 64 symbols, the frequent ones, which come first, more often."""
    generator = np.random.default_rng(0)
    often = 1.0 / np.arange(1, len(symbols) - 2)
    found = []
    for number in range(ROWS):
        drawn = generator.choice(np.arange(3, len(symbols)), size=1 + number % 64, p=often / often.sum())
        found.append(" ".join(symbols[k] for k in drawn))
    return found
