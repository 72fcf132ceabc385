"""What is taken off the score of `O`: chosen for the best F1 on dev, kept with the model, part of no probability."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.data.sentences import read_sentences
from elman.decoding.marginals import marginals
from elman.errors import ModelFileError
from elman.files.manifest import write_manifest
from elman.models.folder import READ
from elman.models.kinds import TAGGER as KIND
from elman.models.tagging.decoding import LabelReader
from elman.models.tagging.judging import TRIED, fitted_outside, judge
from tiny import TAGGER


@pytest.fixture(scope="module")
def model(treebank: dict[str, Path]) -> elman.Tagger:
    """A tagger of spans with one CRF that has learnt little."""
    return elman.Tagger.train(treebank["train spans"], dev=treebank["dev spans"], epochs=2, context=False, **TAGGER)


def reader(model: elman.Tagger, less: float) -> LabelReader:
    return LabelReader(model.engine, model.features, model.labels, outside=[less], contexts=model.reader.contexts)


def test_the_best_of_those_tried_is_chosen(model: elman.Tagger, treebank: dict[str, Path]) -> None:
    sentences = list(read_sentences([treebank["dev spans"]], model.reading(None), labelled=True))
    scores = {
        less: judge(reader(model, less), sentences, model.seen).metrics()[model.labels[0].name]["f1"] for less in TRIED
    }
    (chosen,) = fitted_outside(model.reader, sentences)
    assert scores[chosen] == max(scores.values())
    assert all(scores[less] < scores[chosen] for less in TRIED if less < chosen)
    assert model.reader.outside == [chosen]


def test_the_more_is_taken_off_the_fewer_tokens_are_outside(model: elman.Tagger, treebank: dict[str, Path]) -> None:
    tokens = [list(one.tokens) for one in read_sentences([treebank["dev spans"]], model.reading(None), labelled=False)]
    outside = [
        sum(label == "O" for one in reader(model, less).tagged(tokens) for label in one.labels[model.labels[0].name])
        for less in (0.0, 2.0, 50.0)
    ]
    assert outside == sorted(outside, reverse=True) and outside[0] > outside[-1]


def test_probabilities_are_those_of_the_network(model: elman.Tagger) -> None:
    tokens = ["Kim", "saw", "Seoul"]
    ((_, ((scores, chain),)),) = model.reader.distributions([tokens])
    lengths = np.array([len(tokens)])
    assert chain is not None and len(model.reader.crfs[0]) == 1
    sure = marginals(scores[None], lengths, chain)[0]
    for less in (0.0, 50.0):
        found = reader(model, less)
        (tagged,) = found.tagged([tokens])
        ids = found.best(np.log(sure[None]).astype(np.float32), lengths, column=0)[0]
        assert tagged.labels[model.labels[0].name] == model.labels[0].decode(ids)
        np.testing.assert_allclose(tagged.probabilities[model.labels[0].name], sure[np.arange(3), ids], rtol=1e-5)


@pytest.mark.parametrize("wrong", [None, [], [0.0, 0.0], ["1"], [True], [-1.0], [1e9], [[0.0]]])
def test_what_is_no_number_for_each_column_is_refused(model: elman.Tagger, tmp_path: Path, wrong: Any) -> None:
    model.save(tmp_path / "m")
    shutil.copytree(tmp_path / "m", tmp_path / "copy")
    path = tmp_path / "copy" / "labels.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), "outside": wrong}), encoding="utf-8")
    write_manifest(tmp_path / "copy", (*READ, *KIND.documents))
    with pytest.raises(ModelFileError, match="outside"):
        elman.load(tmp_path / "copy")
    assert elman.load(tmp_path / "m").reader.outside == model.reader.outside
