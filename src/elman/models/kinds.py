"""The kinds of models: the name of each, the configs that its options come from, and what differs by kind.

Knows configs and names; knows no network and loads no engine. Used by `models` and, for its options, by `cli`.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from elman.data.config import (
    BatchConfig,
    LabelledReadConfig,
    PairBatchConfig,
    PairReadConfig,
    ReadConfig,
    TextBatchConfig,
    TokenBatchConfig,
    TokenReadConfig,
)  # fmt: skip
from elman.decoding.config import BeamConfig
from elman.errors import OptionError, nearest
from elman.models.classifying.config import ClassifierEvaluation, ClassifierOutput, TransferConfig
from elman.models.language_modelling.config import LanguageModelEvaluation
from elman.models.tagging.config import TaggerEvaluation, TaggerOutput
from elman.models.translating.config import Seq2SeqEvaluation, Seq2SeqOutput
from elman.nn.config import (
    ContextHeadConfig,
    DecoderConfig,
    EmbeddingConfig,
    LabelHeadConfig,
    PairEmbeddingConfig,
    SoftmaxConfig,
    StackConfig,
    TextBagConfig,
    TextHeadConfig,
    WordEmbeddingConfig,
)  # fmt: skip
from elman.settings import build, names, to_dict, tupled
from elman.text.config import BagConfig, ContextConfig, PairTextConfig, TextConfig, WordConfig
from elman.training.config import TrainConfig


@dataclass(frozen=True)
class LanguageModelOptions:
    """One config of each part of training a language model."""

    train: TrainConfig
    text: TextConfig
    reading: ReadConfig
    batch: BatchConfig
    embedding: EmbeddingConfig
    stack: StackConfig
    softmax: SoftmaxConfig

    def __post_init__(self) -> None:
        if self.stack.bidirectional:
            raise OptionError("a language model looks only left", where="--bidirectional", mend="leave it out")


@dataclass(frozen=True)
class TaggerOptions:
    """One config of each part of training a tagger."""

    train: TrainConfig
    reading: TokenReadConfig
    batch: TokenBatchConfig
    words: WordConfig
    embedding: WordEmbeddingConfig
    stack: StackConfig
    head: LabelHeadConfig
    contexts: ContextConfig
    context_head: ContextHeadConfig


@dataclass(frozen=True)
class ClassifierOptions:
    """One config of each part of training a classifier."""

    train: TrainConfig
    reading: LabelledReadConfig
    batch: TextBatchConfig
    words: WordConfig
    bag: BagConfig
    embedding: WordEmbeddingConfig
    stack: StackConfig
    skip: TextBagConfig
    head: TextHeadConfig
    transfer: TransferConfig


@dataclass(frozen=True)
class Seq2SeqOptions:
    """One config of each part of training a seq2seq model."""

    train: TrainConfig
    text: PairTextConfig
    reading: PairReadConfig
    batch: PairBatchConfig
    embedding: PairEmbeddingConfig
    stack: StackConfig
    decoder: DecoderConfig

    def __post_init__(self) -> None:
        if self.train.table_rate != TrainConfig.table_rate:
            raise OptionError("a seq2seq model has no tables", where="--table-rate", mend="leave it out")


Options = LanguageModelOptions | TaggerOptions | ClassifierOptions | Seq2SeqOptions


@dataclass(frozen=True)
class Kind:
    """A kind of model.

    Args:
        name: as users write it. front: the name of its class at the front. module: where that class is. options: the
            dataclass of its configs. shape: the parts of the options that a folder which training starts from decides
            (what is dropped may differ); held: single fields likewise, of which those of by_file may differ in files
            that are judged or filled in. documents: the JSON files that its folders have beside those of every kind.
            graphs: the ONNX files that all its exported folders have. packed: endings of the names of weights that are
            stored in eight bits, without the rows that training never touched, in graphs too; matrices: of those that
            are stored so beside them, but not in graphs. output: the config of what `predict` writes, if it can be
            chosen; evaluation: likewise of what `evaluate` does; decoding: of how both of them search for a text.
            sampling: defaults of `SamplingConfig` that differ for its `generate`. files: further files that training
            can be given; beside: likewise `evaluate` and `predict`. defaults: values of fields that differ from the
            fields' own. starts: other kinds of which a folder can be started from, each with the fields that it then
            decides. lists: like files, of each of which there may be several. chosen: fields that it chooses for the
            data, where other kinds have a default. foretells: its answers are distributions over what comes next, no
            labels.
    """

    name: str
    front: str
    module: str
    options: type[Any]
    shape: tuple[str, ...]
    held: tuple[str, ...]
    documents: tuple[str, ...]
    packed: tuple[str, ...]
    matrices: tuple[str, ...] = ()
    graphs: tuple[str, ...] = ()
    by_file: tuple[str, ...] = ()
    output: type[Any] | None = None
    evaluation: type[Any] | None = None
    decoding: type[Any] | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    starts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    foretells: bool = False

    @property
    def configs(self) -> dict[str, type]:
        """The config class of each part."""
        return typing.get_type_hints(self.options)

    @property
    def reading(self) -> type[Any]:
        """The config of how its files are read."""
        return self.configs["reading"]

    @property
    def stored_packed(self) -> tuple[str, ...]:
        """Endings of the names of all weights that a folder stores in eight bits."""
        return self.packed + self.matrices

    def build(self, values: Mapping[str, Any]) -> Any:
        """The configs from all their fields in one mapping; what is not named keeps its default.

        Raises:
            OptionError: a name is not a field of any of them, a value is out of range, or some do not go together.
        """
        configs = self.configs
        known = names(*configs.values())
        for name in values:
            if name not in known:
                raise OptionError(f"unknown option {name!r}", mend=nearest(name, known))
        values = {**self.defaults, **values}
        parts: dict[str, Any] = {}
        for part, kind in configs.items():
            own = {name: tupled(values[name]) for name in names(kind) if name in values}
            parts[part] = build(kind, own)
        return self.options(**parts)

    def held_names(self, start: str | None = None) -> list[str]:
        """The fields that a folder which training starts from decides.

        Args:
            start: the kind of the folder, where it is another one.
        """
        if start is not None and start != self.name:
            return list(self.starts[start])
        return [*names(*(self.configs[part] for part in self.shape)), *self.held]


def flat(options: Any) -> dict[str, Any]:
    """All fields of all configs of some options, or of a model's config, in one mapping."""
    parts = [getattr(options, part.name) for part in fields(options)]
    return {name: value for part in parts if is_dataclass(part) for name, value in to_dict(part).items()}


LANGUAGE_MODEL = Kind(
    "language-model", "LanguageModel", "elman.models.language_model", LanguageModelOptions,
    shape=("text", "embedding", "stack", "softmax"), held=("continuous",), documents=("tokenizer.json",),
    packed=("ngrams.tables",), graphs=("states.onnx", "softmax.onnx", "step.onnx"), evaluation=LanguageModelEvaluation,
    foretells=True,
)  # fmt: skip
TAGGER = Kind(
    "tagger", "Tagger", "elman.models.tagger", TaggerOptions,
    shape=("words", "embedding", "stack", "contexts", "context_head"),
    held=("token_column", "label_columns", "crf", "members"), by_file=("token_column", "label_columns"),
    documents=("words.json", "labels.json", "seen.json"), packed=("embedding.E", "embedding.features", "contexts.E"),
    matrices=(".W", ".U", ".V"),
    graphs=("words.onnx", "tagger.onnx"),
    output=TaggerOutput, evaluation=TaggerEvaluation, files=("vectors",),
    defaults={"bidirectional": True}, chosen=("lr", "label_smoothing"),
)  # fmt: skip
CLASSIFIER = Kind(
    "classifier", "Classifier", "elman.models.classifier", ClassifierOptions,
    shape=("words", "bag", "embedding", "stack", "skip"),
    held=("multi_label", "pooling", "feed_forward_layers", "feed_forward", "members", "spelling"),
    documents=("words.json", "labels.json"),
    packed=(
        "embedding.E", "embedding.features", "embedding.ngrams.tables", "spelling.E", "spelling.features", "bag.E",
    ),
    graphs=("classifier.onnx",),
    output=ClassifierOutput, evaluation=ClassifierEvaluation, files=("vectors",),
    defaults={"bidirectional": True, "lr": 4e-3, "table_rate": 5.0, "input_dropout": 0.5},
    starts={"language-model": ("cell", "layers", "hidden")}, lists=("unlabelled",),
)  # fmt: skip
SEQ2SEQ = Kind(
    "seq2seq", "Seq2Seq", "elman.models.seq2seq", Seq2SeqOptions,
    shape=("text", "embedding", "stack"), held=("decoder_layers", "attention", "input_feeding", "copy", "coverage"),
    documents=("tokenizer.json", "source_tokenizer.json"), packed=(), graphs=("encoder.onnx", "decoder.onnx"),
    output=Seq2SeqOutput,
    evaluation=Seq2SeqEvaluation, decoding=BeamConfig, sampling={"temperature": 0.0},
    files=("train_target", "dev_target"), beside=("target", "ensemble"), defaults={"bidirectional": True, "lr": 1e-2},
    foretells=True,
)  # fmt: skip
KINDS = {kind.name: kind for kind in (LANGUAGE_MODEL, TAGGER, CLASSIFIER, SEQ2SEQ)}
