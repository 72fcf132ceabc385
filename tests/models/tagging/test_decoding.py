"""What labels are read off several stacks and contexts that each have a CRF: against every labelling of a sentence."""

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

import elman
from elman.models.tagging.decoding import LabelReader, unsmoothed
from tiny import TAGGER, conllu, tagged

TOKENS = ["Ada", "Kim", "sees"]


@pytest.fixture(scope="module")
def model(treebank: dict[str, Path]) -> elman.Tagger:
    """A tagger of spans with two stacks that have learnt little."""
    return elman.Tagger.train(treebank["train spans"], dev="none", epochs=2, members=2, **TAGGER)


def mixed_marginals(model: elman.Tagger) -> np.ndarray:
    """The probability of each label at each place, (T, K), by each CRF from all labellings: the mean of both stacks to
    the power of two thirds, times that of contexts to the power of one third."""
    ((_, batch),) = model.reader._batches([TOKENS])
    (emissions,), crfs = model.engine.emissions(batch), model.engine.transitions(0)
    steps, labels = len(TOKENS), emissions.shape[-1]
    found = np.zeros((3, steps, labels))
    for m, crf in enumerate(crfs):
        for path in product(range(labels), repeat=steps):
            score = float(crf.begin[path[0]] + crf.end[path[-1]])
            score += sum(float(emissions[m, 0, t, k]) for t, k in enumerate(path))
            score += sum(float(crf.between[one, other]) for one, other in pairwise(path))
            found[m, np.arange(steps), path] += np.exp(score)
    *stacks, contexts = found / found.sum(axis=2, keepdims=True)
    p = (sum(stacks) / 2) ** (2 / 3) * contexts ** (1 / 3)
    return np.asarray(p / p.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("less", [0.0, 0.7])
def test_the_best_labels_have_the_greatest_product_of_mixed_probabilities(model: elman.Tagger, less: float) -> None:
    (labels,), p = model.labels, mixed_marginals(model)
    logs = np.log(np.maximum(p, 1e-30)) - less * (np.array(labels.internal) == "O")
    begin, between, end = labels.allowed()
    allowed = [
        path
        for path in product(range(p.shape[1]), repeat=len(TOKENS))
        if begin[path[0]] and end[path[-1]] and all(between[a, b] for a, b in pairwise(path))
    ]
    best = max(allowed, key=lambda path: sum(logs[t, k] for t, k in enumerate(path)))
    reader = LabelReader(model.engine, model.features, model.labels, outside=[less], contexts=model.reader.contexts)
    assert reader.labels_of([TOKENS])[0][0].tolist() == list(best)
    (told,) = reader.tagged([TOKENS])
    assert told.labels[labels.name] == labels.decode(np.array(best))


def test_batches_tell_the_mixed_probabilities(model: elman.Tagger) -> None:
    ((group, (logs,), lengths),) = model.reader.log_probability_batches([TOKENS])
    assert group == [0] and lengths[0] == len(TOKENS)
    np.testing.assert_allclose(np.exp(logs[0, : len(TOKENS)]), mixed_marginals(model), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_what_smoothing_spread_is_taken_back(share: float) -> None:
    p = np.random.default_rng(1).dirichlet(np.full(5, 0.3), size=(2, 7))
    logs = np.log((1 - share) * p + share / 5).astype(np.float32)
    np.testing.assert_allclose(np.exp(unsmoothed(logs, share)), p, atol=1e-6)
    np.testing.assert_array_equal(unsmoothed(logs, 0.0), logs)
    flat = unsmoothed(np.log(np.array([[0.98, 0.01, 0.01]], dtype=np.float32)), share)
    assert np.isfinite(flat).all() and np.exp(flat).sum() == pytest.approx(1)
    assert np.exp(unsmoothed(np.zeros((1, 1), dtype=np.float32), share)) == 1


def test_a_tagger_that_learnt_smoothed_labels_is_as_sure_as_it_may_be(tmp_path: Path) -> None:
    path = conllu(tmp_path / "t.conllu", tagged(60))
    options = {**TAGGER, **dict.fromkeys(("input_dropout", "output_dropout", "word_dropout", "feature_dropout"), 0.0)}
    found = elman.Tagger.train(path, dev="none", label_columns=["upos"], epochs=12, lr=0.05, label_smoothing=0.4,
                               **options)  # fmt: skip
    words = [token for token, _, _ in tagged(1)[0]]
    ((_, batch),) = found.reader._batches([words])
    assert np.exp(found.engine.emissions(batch)[0]).max() < 0.75, "what was learnt"
    (told,) = found.reader.tagged([words])
    assert min(told.probabilities["upos"]) > 0.9
    found.save(tmp_path / "m")
    assert next(elman.load(tmp_path / "m").tag([words])).probabilities == told.probabilities
    found.export(tmp_path / "e")
    shipped = next(elman.load(tmp_path / "e").tag([words])).probabilities
    assert shipped["upos"] == pytest.approx(told.probabilities["upos"], abs=1e-5)
