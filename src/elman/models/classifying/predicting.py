"""Files with the label and its probability added to every text: streaming, in order, in the files' own format.

Knows formats through `data.texts`, and a classifier; knows no network. Called by `Classifier.predict_to`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from elman.data.config import LabelledReadConfig
from elman.data.formats.jsonl import line_of
from elman.data.texts import LabelledText, format_of, header_alone, label_writer, read_labelled
from elman.errors import OptionError
from elman.models.classifying.config import ClassifierOutput
from elman.models.classifying.judging import chosen
from elman.models.classifying.labels import TextLabels
from elman.models.windows import windows
from elman.models.workers import answered

if TYPE_CHECKING:
    from elman.models.classifier import Classifier

Scored = tuple[LabelledText, NDArray[np.float64]]


def write_predictions(
    model: "Classifier",
    files: Sequence[Any],
    write: Callable[[str], object],
    *,
    reading: LabelledReadConfig,
    output: ClassifierOutput,
    workers: int,
) -> dict[str, Any]:
    """Write every text of the files; returns the counts."""
    started = time.monotonic()
    tokens = count = 0

    def scored() -> Iterator[Scored]:
        nonlocal tokens, count
        found = answered(
            windows(read_labelled(files, reading, labelled=False), lambda text: len(text.text)), _probabilities,
            models=[model], asked=lambda window: [text.text for text in window], workers=workers,
        )  # fmt: skip
        for window, (p, words) in found:
            tokens, count = tokens + words, count + len(window)
            yield from zip(window, p, strict=True)

    if output.top is None:
        _write_labels(model.labels, scored(), files, write=write, reading=reading, output=output)
    else:
        for text, p in scored():
            write(line_of({"text": text.text, "line": text.line, "top": _top(model.labels, p, output.top)}))
    seconds = time.monotonic() - started
    return {
        "kind": model.kind, "seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / max(seconds, 1e-9),
        "parameters": model.engine.parameters(), "texts": count,
    }  # fmt: skip


def _probabilities(models: "Sequence[Classifier]", texts: list[str]) -> tuple[NDArray[np.float64], int]:
    """Those of all labels of each text, and how many words there were."""
    return models[0].reader.probabilities(texts)


def _write_labels(
    labels: TextLabels,
    scored: Iterator[Scored],
    files: Sequence[Any],
    *,
    write: Callable[[str], object],
    reading: LabelledReadConfig,
    output: ClassifierOutput,
) -> None:
    """The texts in the format of their files; those of fastText's have room for the label alone.

    Raises:
        OptionError: a label cannot stay empty in fastText's format.
    """
    is_bare = format_of(files[0], reading) == "ft"
    if is_bare and output.abstain_below is not None and not labels.several:
        raise OptionError("a line of fastText's format has a label", where="--abstain-below", mend="leave it out")
    added = ("label",) if is_bare else ("label", "probability")
    is_empty = True
    with label_writer(files, reading, added=added) as lay:
        for text, p in scored:
            write(lay(text, _values(labels, p, output)[: len(added)]))
            is_empty = False
    if is_empty:
        write(header_alone(files, reading, added=added))


def _values(labels: TextLabels, p: NDArray[np.float64], output: ClassifierOutput) -> tuple[Any, Any]:
    """What is added to a text: its label and the probability of it, or the lists of both where there may be several."""
    lowest = 0.0 if output.abstain_below is None else output.abstain_below
    if labels.several:
        names = list(chosen(p, labels, threshold=max(output.threshold, lowest)))
        return names, [round(float(p[labels.names.index(name)]), 6) for name in names]
    best = int(p.argmax())
    return labels.names[best] if p[best] >= lowest else "", round(float(p[best]), 6)


def _top(labels: TextLabels, p: NDArray[np.float64], count: int) -> list[dict[str, Any]]:
    """The likeliest labels with their probabilities, falling; of equals the first."""
    order = np.argsort(-p, kind="stable")[:count]
    return [{"label": labels.names[k], "probability": round(float(p[k]), 6)} for k in order]
