"""How well texts are made from texts: BLEU, chrF and TER by sacreBLEU, ROUGE, exact matches and edits.

Knows texts only, no model and no file; sacreBLEU is imported when it is needed. Filled by the seq2seq model, text by
text.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from elman.metrics.edits import edit_distance
from elman.metrics.summary import ROUGES, rouge

SACREBLEU = ("bleu", "bleu_lowercase", "chrf", "ter")
LEAD = "_lead1"
"""Stands behind the names of ROUGE's figures where the first sentence of the source is judged."""


class TranslationTally:
    """Texts with their references, from which all figures are made.

    Args:
        words: the symbols of `symbol_error_rate` are words, what stands between blanks; else they are characters.
    """

    def __init__(self, *, words: bool = False) -> None:
        self.words = words
        self._predictions: list[str] = []
        self._references: list[tuple[str, ...]] = []
        self._exact = self._edits = self._symbols = self._leads = 0
        self._rouge, self._lead = dict.fromkeys(ROUGES, 0.0), dict.fromkeys(ROUGES, 0.0)

    def add(self, prediction: str, references: Sequence[str], sentences: Sequence[str] = ()) -> None:
        """Count a text, its references, and, if the source was a list of sentences, these."""
        assert references, "a reference for every text"
        self._predictions.append(prediction)
        self._references.append(tuple(references))
        predicted, golds = self._cut(prediction), [self._cut(reference) for reference in references]
        edits, symbols = min(((edit_distance(predicted, gold), len(gold)) for gold in golds), key=lambda pair: pair[0])
        self._exact += edits == 0
        self._edits += edits
        self._symbols += symbols
        _add(self._rouge, rouge(prediction, references))
        if sentences:
            self._leads += 1
            _add(self._lead, rouge(sentences[0], references))

    def metrics(self) -> dict[str, float | None]:
        """The figures; all None without texts.

        `bleu` (cased), `bleu_lowercase`, `chrf` (chrF2) and `ter` are sacreBLEU's over all texts, 0 to 100 (`ter` from
        0 up; less is better), with its own tokenization (13a for BLEU) and all references of a text. `rouge1`, `rouge2`
        and `rougeL`: the mean over texts of `summary.rouge`, 0 to 1.

        `exact_match`: the share of texts that equal a reference (by words: but for blanks). `word_error_rate`: the
        share of those that equal none, which is what transliteration calls so, where a text is a word.
        `symbol_error_rate`: edits between a text and the reference that it is nearest to (of equals the first), summed
        over all texts, by the symbols of these references, summed; None where these have none.

        If sources were lists of sentences, `rouge1_lead1`, … judge the first sentence of each in place of the
        prediction: what a summary has to beat.
        """
        count = len(self._predictions)
        figures: dict[str, float | None] = dict.fromkeys(SACREBLEU)
        if count:
            figures |= {name: score(name, self._predictions, self._references) for name in SACREBLEU}
        figures |= {name: self._rouge[name] / count if count else None for name in ROUGES}
        figures["exact_match"] = self._exact / count if count else None
        figures["word_error_rate"] = (count - self._exact) / count if count else None
        figures["symbol_error_rate"] = self._edits / self._symbols if self._symbols else None
        if self._leads:
            figures |= {name + LEAD: self._lead[name] / self._leads for name in ROUGES}
        return figures

    def signatures(self) -> dict[str, str]:
        """How sacreBLEU made `bleu`, `bleu_lowercase`, `chrf` and `ter`: its signatures; none without texts."""
        if not self._predictions:
            return {}
        return {name: signature(name, self._references) for name in SACREBLEU}

    def _cut(self, text: str) -> Sequence[str]:
        return text.split() if self.words else text


def score(name: str, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """One of `bleu`, `bleu_lowercase`, `chrf` and `ter` over texts, 0 to 100, by sacreBLEU.

    Args:
        predictions: one text or more. references: those of each text, at least one; the numbers may differ.
    """
    return float(_metric(name).corpus_score(predictions, _streams(references)).score)


def sentence_chrf(prediction: str, references: Sequence[str]) -> float:
    """chrF of one text, the best over its references, 0 to 100, by sacreBLEU."""
    from sacrebleu.metrics.chrf import CHRF

    return float(CHRF().sentence_score(prediction, list(references)).score)


def signature(name: str, references: Sequence[Sequence[str]]) -> str:
    """What sacreBLEU says of how it makes one of its figures with these references."""
    ordered = sorted(references, key=len)
    few = [ordered[0], ordered[-1]]  # it counts the references while it scores: these two tell whether numbers differ
    metric = _metric(name)
    metric.corpus_score(["", ""], _streams(few))
    return str(metric.get_signature())


def _metric(name: str) -> Any:
    """The metric with sacreBLEU's defaults; `force` only keeps it from warnings."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    if name == "chrf":
        return CHRF()
    if name == "ter":
        return TER()
    assert name in SACREBLEU, name
    return BLEU(lowercase=name == "bleu_lowercase", tokenize="13a", force=True)


def _streams(references: Sequence[Sequence[str]]) -> list[list[str | None]]:
    """All first references, all second ones, …, None where a text has no further one."""
    return [list(stream) for stream in zip_longest(*references)]


def _add(sums: dict[str, float], figures: dict[str, float]) -> None:
    for name, value in figures.items():
        sums[name] += value
