"""Translations: sacreBLEU's figures as it gives them itself, matches and edits counted by hand."""

import random

import pytest
import sacrebleu

from elman.metrics.edits import edit_distance
from elman.metrics.summary import rouge
from elman.metrics.translation import TranslationTally, score

WORDS = ["The", "the", "cat", "Cat", "sat", ",", "on", "a", "MAT", ".", "dog's", "«été»", "3,5", "고양이"]


def random_texts(count: int, *, references: int, seed: int) -> tuple[list[str], list[list[str]]]:
    """Predictions, and for each up to so many references, which differ from it here and there."""
    draw = random.Random(seed)
    predictions, golds = [], []
    for _ in range(count):
        words = draw.choices(WORDS, k=draw.randint(4, 12))
        predictions.append(" ".join(words))
        golds.append([
            " ".join(word if draw.random() < 0.8 else draw.choice(WORDS) for word in words)
            for _ in range(draw.randint(1, references))
        ])  # fmt: skip
    return predictions, golds


def tallied(predictions: list[str], references: list[list[str]], *, words: bool = False) -> TranslationTally:
    tally = TranslationTally(words=words)
    for prediction, golds in zip(predictions, references, strict=True):
        tally.add(prediction, golds)
    return tally


@pytest.mark.parametrize("most", [1, 3])
def test_figures_over_all_texts_are_those_of_sacrebleu(most: int) -> None:
    predictions, references = random_texts(60, references=most, seed=most)
    assert len({len(golds) for golds in references}) == most
    streams = [[golds[k] if k < len(golds) else None for golds in references] for k in range(most)]
    metrics = tallied(predictions, references).metrics()
    expected = {
        "bleu": sacrebleu.corpus_bleu(predictions, streams),
        "bleu_lowercase": sacrebleu.corpus_bleu(predictions, streams, lowercase=True),
        "chrf": sacrebleu.corpus_chrf(predictions, streams),
        "ter": sacrebleu.corpus_ter(predictions, streams),
    }
    assert {name: metrics[name] for name in expected} == {name: found.score for name, found in expected.items()}
    assert metrics["bleu"] != metrics["bleu_lowercase"]
    assert score("chrf", predictions, references) == metrics["chrf"]


@pytest.mark.parametrize(("references", "told"), [([["a"], ["b"]], "1"), ([["a", "b"]] * 2, "2"),
                                                  ([["a"], ["a", "b"], ["a"]], "var")])  # fmt: skip
def test_signatures_tell_the_references_and_the_version(references: list[list[str]], told: str) -> None:
    version = sacrebleu.__version__
    found = tallied(["a"] * len(references), references).signatures()
    assert found == {
        "bleu": f"nrefs:{told}|case:mixed|eff:no|tok:13a|smooth:exp|version:{version}",
        "bleu_lowercase": f"nrefs:{told}|case:lc|eff:no|tok:13a|smooth:exp|version:{version}",
        "chrf": f"nrefs:{told}|case:mixed|eff:yes|nc:6|nw:0|space:no|version:{version}",
        "ter": f"nrefs:{told}|case:lc|tok:tercom|norm:no|punct:yes|asian:no|version:{version}",
    }


def test_perfect_and_empty_texts() -> None:
    metrics = tallied(["the cat sat on the mat ."], [["the cat sat on the mat ."]]).metrics()
    assert [metrics[name] for name in ("bleu", "chrf", "ter")] == pytest.approx([100, 100, 0])
    metrics = tallied([""], [["the cat"]]).metrics()
    assert [metrics[name] for name in ("bleu", "chrf", "ter", "exact_match")] == [0, 0, 100, 0]
    assert metrics["symbol_error_rate"] == 1


def test_edits_by_hand() -> None:
    tally = TranslationTally()
    tally.add("kitten", ["sitting", "kitte"])  # 3 and 1 edits: the second, of 5 symbols
    tally.add("abc", ["xbc", "abcd", "abc"])  # equal to the third, of 3
    tally.add("ab", ["a", "abc"])  # 1 edit either way: the first, of 1
    metrics = tally.metrics()
    assert metrics["symbol_error_rate"] == pytest.approx((1 + 0 + 1) / (5 + 3 + 1))
    assert metrics["exact_match"] == pytest.approx(1 / 3)
    assert metrics["word_error_rate"] == pytest.approx(2 / 3)


def test_symbols_may_be_words() -> None:
    golds = [["HH AH0 L OW1"], ["W ER1 L D"]]
    metrics = tallied(["HH  AH0 L OW0", "W  ER1 L D "], golds, words=True).metrics()
    assert [metrics[name] for name in ("symbol_error_rate", "exact_match", "word_error_rate")] == [1 / 8, 0.5, 0.5]
    metrics = tallied(["W  ER1 L D "], golds[1:]).metrics()
    assert [metrics[name] for name in ("symbol_error_rate", "exact_match")] == [2 / 9, 0]


def test_figures_of_single_texts_are_averaged() -> None:
    predictions, references = random_texts(30, references=2, seed=7)
    metrics = tallied(predictions, references).metrics()
    for name in ("rouge1", "rouge2", "rougeL"):
        found = [rouge(prediction, golds)[name] for prediction, golds in zip(predictions, references, strict=True)]
        assert metrics[name] == pytest.approx(sum(found) / 30)
        assert f"{name}_lead1" not in metrics
    least = [min((edit_distance(p, gold), len(gold)) for gold in golds)[0]
             for p, golds in zip(predictions, references, strict=True)]  # fmt: skip
    assert metrics["symbol_error_rate"] == pytest.approx(sum(least) / tallied_symbols(predictions, references))


def tallied_symbols(predictions: list[str], references: list[list[str]]) -> int:
    """Characters of the references that are nearest, of equals the first."""
    nearest = [
        min(golds, key=lambda gold: edit_distance(p, gold)) for p, golds in zip(predictions, references, strict=True)
    ]
    return sum(map(len, nearest))


def test_the_first_sentence_of_the_source_is_judged_beside() -> None:
    tally = TranslationTally()
    tally.add("x", ["a cat sat"], ["A cat sat .", "It slept ."])
    tally.add("x", ["dogs bark"], ["A dog barks .", "Dogs bark ."])
    tally.add("x", ["no list of sentences"])
    metrics = tally.metrics()
    assert [metrics[f"{name}_lead1"] for name in ("rouge1", "rouge2", "rougeL")] == [0.5, 0.5, 0.5]
    assert metrics["rouge1"] == 0


def test_without_texts_there_are_no_figures() -> None:
    tally = TranslationTally()
    metrics = tally.metrics()
    assert list(metrics) == [
        "bleu", "bleu_lowercase", "chrf", "ter", "rouge1", "rouge2", "rougeL", "exact_match", "word_error_rate",
        "symbol_error_rate",
    ]  # fmt: skip
    assert set(metrics.values()) == {None}
    assert tally.signatures() == {}


def test_references_without_symbols_have_no_rate_of_them() -> None:
    metrics = tallied([""], [[""]]).metrics()
    assert (metrics["exact_match"], metrics["symbol_error_rate"]) == (1, None)
