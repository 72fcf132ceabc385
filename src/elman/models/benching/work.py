"""What is timed of each kind of model: texts of a file, or some that are made of what the model knows, and how it reads
one and many of them.

Knows the kinds of models and how they read files. Called by `models.benching.measuring`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from elman.data.formats import read
from elman.data.pairs import read_pairs
from elman.data.sentences import read_sentences
from elman.data.texts import read_labelled
from elman.errors import InputError
from elman.nn.config import GATES, StackConfig
from elman.text.vocabulary import START

TEXTS, LONGEST = 256, 200
"""Texts that are read, and symbols of each for models that read symbols."""


@dataclass(frozen=True)
class Work:
    """What there is to do.

    Args:
        sizes: tokens of each text, as the kind counts them. read: has the model read the texts at some places.
        multiplications: for each token, where that can be told. unit: what is counted.
    """

    sizes: Sequence[int]
    read: Callable[[Sequence[int]], object]
    multiplications: int | None
    unit: str

    def tokens(self, places: Sequence[int]) -> int:
        """Of some texts."""
        return sum(self.sizes[k] for k in places)


def work_of(model: Any, files: Sequence[Any], reading: Mapping[str, Any]) -> Work:
    """What a model of any kind has to do with files, or without any.

    Raises:
        InputError: the files hold no text.
    """
    return {"tagger": _tagger, "classifier": _classifier, "language-model": _language_model, "seq2seq": _seq2seq}[
        model.kind
    ](model, list(files), reading)


def _tagger(model: Any, files: list[Any], reading: Mapping[str, Any]) -> Work:
    if files:
        found = read_sentences(files, model.reading(reading), labelled=False)
        sentences = [list(one.tokens) for one in _some(found) if one.tokens]
    else:
        sentences = _drawn(model.features.vocabulary)
    config, outputs = model.config, sum(len(one.internal) for one in model.labels)
    each = [_stack(config.stack, read.width) + outputs * _width(config.stack) for read in config.embeddings]
    return Work(_sizes(sentences), lambda places: model.predict([sentences[k] for k in places]), sum(each), "words")


def _classifier(model: Any, files: list[Any], reading: Mapping[str, Any]) -> Work:
    if files:
        texts = [one.text for one in _some(read_labelled(files, model.reading(reading), labelled=False))]
    elif model.tokenizer is None:
        texts = [" ".join(words) for words in _drawn(model.features.vocabulary)]
    else:
        texts = [model.tokenizer.decode(ids) for ids in _ids(model.tokenizer.size)]
    sizes, config = [model.reader.cut(text).size for text in texts], model.config
    # of characters that are read too there are not as many as words
    each = None if config.spelt is not None else config.head.members * _stack(config.stack, config.width)
    return Work(
        _sizes(texts, sizes), lambda places: model.predict([texts[k] for k in places]), each, "words or symbols"
    )


def _language_model(model: Any, files: list[Any], reading: Mapping[str, Any]) -> Work:
    if files:
        lines = _some(read([Path(path) for path in files], model.reading(reading)))
        rows = [model.tokenizer.encode(one.text)[:LONGEST].astype(np.int64) for one in lines if one.text]
    else:
        rows = _ids(model.tokenizer.size)
    engine, config = model.engine, model.config

    def run(places: Sequence[int]) -> None:
        if len(places) == 1:
            _write(engine, rows[places[0]])
        else:
            lengths = np.array([len(rows[k]) for k in places])
            ids = np.zeros((len(places), int(lengths.max())), dtype=np.int64)
            ids[np.arange(ids.shape[1]) < lengths[:, None]] = np.concatenate([rows[k] for k in places])
            engine.nats(None, ids, targets=ids, lengths=lengths)

    each = _stack(config.stack, config.embedding.width)
    known = None if config.softmax.adaptive else each + config.symbols * config.stack.hidden
    return Work(_sizes(rows), run, known, "symbols")


def _write(engine: Any, ids: NDArray[np.int64]) -> None:
    """Symbol by symbol, each with the distribution of the next, as writing does."""
    state = engine.start(1)
    for symbol in ids:
        state = engine.step(state, symbol[None])[1]


def _seq2seq(model: Any, files: list[Any], reading: Mapping[str, Any]) -> Work:
    if files:
        pairs = _some(read_pairs([Path(path) for path in files], model.reading(reading), targeted=False))
        texts = [pair.source for pair in pairs]
    else:
        texts = [model.source.decode(ids) for ids in _ids(model.source.size)]
    sizes = [len(model.source.encode(text)) for text in texts]
    return Work(_sizes(texts, sizes), lambda places: model.predict([texts[k] for k in places]), None, "source symbols")


def _some(items: Any) -> list[Any]:
    return list(islice(items, TEXTS))


def _sizes(texts: Sequence[Any], sizes: Sequence[int] | None = None) -> list[int]:
    found = list(map(len, texts)) if sizes is None else list(sizes)
    if not sum(found):
        raise InputError("there is nothing to read in these files", mend="give files with text, or none")
    return found


def _drawn(vocabulary: Sequence[str]) -> list[list[str]]:
    """Sentences of 1 to 40 words, the frequent ones, which come first, more often."""
    words = list(vocabulary) or ["?"]
    return [[words[k] for k in ids] for ids in _picked(len(words))]


def _ids(symbols: int) -> list[NDArray[np.int64]]:
    """The same of symbols, without the special ones."""
    return [ids + START + 2 for ids in _picked(max(1, symbols - START - 2))]


def _picked(count: int) -> list[NDArray[np.int64]]:
    generator, often = np.random.default_rng(0), 1.0 / np.arange(1, count + 1)
    return [generator.choice(count, size=1 + n % 40, p=often / often.sum()) for n in range(TEXTS)]


def _width(config: StackConfig) -> int:
    return config.hidden * (2 if config.bidirectional else 1)


def _stack(config: StackConfig, width: int) -> int:
    """Multiplications of a token in the products of recurrent layers that read vectors of so many numbers."""
    directions, gates = 2 if config.bidirectional else 1, GATES[config.cell]
    own = 0 if config.cell == "mingru" else config.hidden
    widths = [width, *[_width(config)] * (config.layers - 1)]
    return sum(directions * gates * config.hidden * (one + own) for one in widths)
