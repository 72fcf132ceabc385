"""Files with their labels filled in: streaming, in order, in the files' own format or as JSON lines.

Knows formats through `data.sentences`, and a tagger; knows no network. Called by `Tagger.predict_to`.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from os.path import isfile
from typing import TYPE_CHECKING, Any

from elman.data.config import TokenReadConfig
from elman.data.formats.conll import is_number
from elman.data.formats.jsonl import line_of
from elman.data.paragraphs import Sentence
from elman.data.sentences import format_of, label_columns, read_sentences, sentence_writer
from elman.data.sources import path_of
from elman.errors import OptionError
from elman.models.tagging.config import TaggerOutput
from elman.models.tagging.decoding import TaggedSentence
from elman.models.workers import answered

if TYPE_CHECKING:
    from elman.models.tagger import Tagger


def check_given(
    files: Sequence[Any], read: TokenReadConfig, *, reading: Mapping[str, Any], output: TaggerOutput
) -> None:
    """Refuse names of columns that would not be used.

    Args:
        read: how the files are read; reading: what of this the user has said.
    Raises:
        OptionError: plain text has no columns, or labels are not written into any. InputError: there is no column of a
            number that was given.
    """
    formats = {format_of(path, read) for path in files}
    for name, option in (("token_column", "--token-column"), ("label_columns", "--label-column")):
        if reading.get(name) and formats == {"text"}:
            raise OptionError("plain text has no columns", where=option, mend="leave it out, or give --format")
    if reading.get("label_columns") and not output.is_own_format:
        other = "--spans" if output.spans else "--top"
        raise OptionError(f"with {other} no column is filled in", where="--label-column", mend="leave it out")
    if any(is_number(str(name)) for name in reading.get("label_columns", ())):
        for path in (path for path in files if isfile(path_of(path))):
            label_columns([path], read)


def write_predictions(
    model: "Tagger",
    files: Sequence[Any],
    write: Callable[[str], object],
    *,
    reading: TokenReadConfig,
    output: TaggerOutput,
    workers: int,
) -> dict[str, Any]:
    """Write every sentence of the files; returns the counts.

    Raises:
        OptionError: spans are asked for, and no column has any.
    """
    if output.spans and not any(one.scheme for one in model.labels):
        raise OptionError("no column has labels of spans", where="--spans", mend="leave it out")
    started = time.monotonic()
    tokens = count = 0
    sentences = read_sentences(files, reading, labelled=False)
    for sentence, text in _written(model, sentences, files, reading=reading, output=output, workers=workers):
        write(text)
        tokens, count = tokens + len(sentence.tokens), count + 1
    seconds = time.monotonic() - started
    return {
        "kind": model.kind, "seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / max(seconds, 1e-9),
        "parameters": model.engine.parameters(), "sentences": count,
    }  # fmt: skip


def _written(
    model: "Tagger",
    sentences: Iterator[Sentence],
    files: Sequence[Any],
    *,
    reading: TokenReadConfig,
    output: TaggerOutput,
    workers: int,
) -> Iterator[tuple[Sentence, str]]:
    names = [one.name for one in model.labels]
    found = answered(
        model.reader.windows(sentences), partial(_found, output=output), models=[model],
        asked=lambda window: [list(sentence.tokens) for sentence in window], workers=workers,
    )  # fmt: skip
    lay = sentence_writer(files, reading, columns=names) if output.is_own_format else None
    for window, answers in found:
        for sentence, answer in zip(window, answers, strict=True):
            if output.top is not None:
                yield sentence, line_of({"tokens": list(sentence.tokens), "top": answer, "line": sentence.line})
            elif lay is None:
                yield sentence, line_of(_spans(sentence, answer))
            elif output.probabilities:
                sure = {_key(name, names): [round(p, 6) for p in row] for name, row in answer.probabilities.items()}
                yield sentence, lay(sentence, answer.labels, sure)
            else:
                labels = {one.name: one.decode(row) for one, row in zip(model.labels, answer, strict=True)}
                yield sentence, lay(sentence, labels, None)


def _found(models: "Sequence[Tagger]", sentences: list[list[str]], *, output: TaggerOutput) -> list[Any]:
    """What is written of each sentence, as far as a model is needed for it."""
    (model,) = models
    if output.top is not None:
        return [_top(model, tokens, output.top) for tokens in sentences]
    if output.spans or output.probabilities:
        return list(model.reader.tagged(sentences))
    return model.reader.labels_of(sentences)


def _key(name: str, names: Sequence[str]) -> str:
    """What the probability of a label is called."""
    return "probability" if len(names) == 1 else f"probability_{name}"


def _spans(sentence: Sentence, tagged: TaggedSentence) -> dict[str, Any]:
    """The sentence with its spans: tokens joined by blanks, places in tokens and in characters of that text."""
    begins, place = [], 0
    for token in sentence.tokens:
        begins.append(place)
        place += len(token) + 1
    text = " ".join(sentence.tokens)
    found: dict[str, list[dict[str, Any]]] = {}
    for name, spans in tagged.spans.items():
        found[name] = []
        for span in spans:
            begin, end = begins[span.start], begins[span.end - 1] + len(sentence.tokens[span.end - 1])
            found[name].append({
                "text": text[begin:end], "label": span.type, "tokens": [span.start, span.end],
                "characters": [begin, end], "probability": round(span.probability, 6),
            })  # fmt: skip
    only = found[next(iter(found))] if len(found) == 1 else found
    return {"text": text, "spans": only, "line": sentence.line}


def _top(model: "Tagger", tokens: list[str], count: int) -> Any:
    """The likeliest label sequences of a sentence, by column where there are several."""
    found = {
        one.name: [
            {"labels": labels, "probability": probability}
            for labels, probability in model.reader.top(tokens, column=k, count=count)
        ]
        for k, one in enumerate(model.labels)
    }
    return found[model.labels[0].name] if len(found) == 1 else found
