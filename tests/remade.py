"""The tiny trained models of the fixtures, and the same words, labels and record around networks of other shapes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import elman
from elman.models.config import ClassifierConfig, LanguageModelConfig, Seq2SeqConfig, TaggerConfig
from elman.models.engines.torch_classifier import TorchClassifier, build_classifier
from elman.models.engines.torch_language_model import TorchLanguageModel, build_network
from elman.models.engines.torch_seq2seq import TorchSeq2Seq, build_seq2seq
from elman.models.engines.torch_tagger import TorchTagger, build_tagger
from elman.models.kinds import KINDS
from elman.models.networks.weights import put_arrays, weight_arrays
from elman.models.tables import rounded
from elman.models.tagging.decoding import LabelReader
from elman.nn.config import ContextHeadConfig
from elman.settings import names
from elman.text.config import ContextConfig
from elman.text.context import Contexts
from elman.text.features import WordFeatures

FOLDERS = Path(__file__).parent / "fixtures" / "format-1"
"""A trained model of each kind."""


def load(kind: str) -> Any:
    """The trained model of a kind."""
    return elman.load(FOLDERS / kind)


def reshaped(config: Any, options: dict[str, Any], **own: Any) -> Any:
    """A config of a model with some fields of its parts, and of its own, changed."""
    parts = {}
    for part in ("reading", "text", "embedding", "stack", "head", "softmax", "skip", "decoder"):
        held = getattr(config, part, None)
        if held is not None:
            parts[part] = replace(held, **{name: options[name] for name in names(type(held)) if name in options})
    assert set(options) <= {name for part in parts.values() for name in names(type(part))}
    return replace(config, **parts, **own)


def drawn(network: Any, kind: str) -> Any:
    """A network whose weights are all drawn, also those that begin at zero, as a folder would hold them."""
    with torch.no_grad():
        for number, parameter in enumerate(network.parameters()):
            generator = torch.Generator().manual_seed(number)
            parameter.normal_(0, parameter.shape[-1] ** -0.5, generator=generator)
    packed, arrays = KINDS[kind].stored_packed, weight_arrays(network)
    put_arrays(network, {name: rounded(array) if name.endswith(packed) else array for name, array in arrays.items()})
    return network


def contexts_of(features: WordFeatures, config: ContextConfig) -> Contexts:
    """What stands around the words of a vocabulary, in the order of their ids and backwards."""
    words = features.vocabulary
    tokens = np.array([*range(len(words)), *range(len(words) - 1, -1, -1)])
    starts = np.array([0, len(words), 2 * len(words)])
    return Contexts.train(words, tokens, starts, features=features, config=config)


def tagger(base: elman.Tagger, *, context: bool = False, **options: Any) -> elman.Tagger:
    own: dict[str, Any] = {}
    contexts = None
    if context:
        contexts = contexts_of(base.features, ContextConfig(context=True, context_minimum=1))
        head = ContextHeadConfig(context_width=8)
        own = {"contexts": contexts.config, "context_head": head, "contexts_known": contexts.rows}
    config: TaggerConfig = reshaped(base.config, options, **own)
    network = drawn(build_tagger(config, base.labels, seen=base.features.counts), "tagger")
    return elman.Tagger(
        config,
        LabelReader(
            TorchTagger(network), base.features, base.labels, smoothing=config.head.label_smoothing, contexts=contexts
        ),
        seen=base.seen,
        record=base.record,
    )


def classifier(base: elman.Classifier, **options: Any) -> elman.Classifier:
    spelling = spelt = spelt_features = None
    if options.get("spelling"):
        letters = dict.fromkeys("".join(base.features.vocabulary), 3)
        spelling = WordFeatures.train(letters, base.config.words)
        spelt, spelt_features = spelling.size, spelling.features
    config: ClassifierConfig = reshaped(base.config, options, spelt=spelt, spelt_features=spelt_features)
    network = drawn(
        build_classifier(config, seen=base.features.counts, spelt=None if spelling is None else spelling.counts),
        "classifier",
    )
    return elman.Classifier(
        config, base.features, labels=base.labels, engine=TorchClassifier(network), record=base.record,
        tokenizer=base.tokenizer, spelling=spelling,
    )  # fmt: skip


def language_model(base: elman.LanguageModel, **options: Any) -> elman.LanguageModel:
    config: LanguageModelConfig = reshaped(base.config, options)
    network = drawn(build_network(config), "language-model")
    return elman.LanguageModel(config, base.tokenizer, TorchLanguageModel(network), record=base.record)


def seq2seq(base: elman.Seq2Seq, **options: Any) -> elman.Seq2Seq:
    config: Seq2SeqConfig = reshaped(base.config, options)
    network = drawn(build_seq2seq(config.shape), "seq2seq")
    return elman.Seq2Seq(config, (base.source, base.target), TorchSeq2Seq(network), record=base.record)
