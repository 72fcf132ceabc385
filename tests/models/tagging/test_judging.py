"""What is taken off the score of `O`, and what contexts count: chosen on dev and kept with the model."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.data.sentences import read_sentences
from elman.decoding.marginals import marginals
from elman.errors import ModelFileError
from elman.files.manifest import write_manifest
from elman.models.folder import READ
from elman.models.kinds import TAGGER as KIND
from elman.models.tagging.decoding import SHARE, LabelReader, mixed
from elman.models.tagging.judging import SHARES, TRIED, fitted_outside, fitted_share, judge
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


@pytest.mark.parametrize("column", ["upos", "spans"])
def test_contexts_count_as_much_as_is_best_on_dev(column: str, treebank: dict[str, Path], tmp_path: Path) -> None:
    """Those of a network that has learnt nothing, beside contexts that have, and the other way round."""
    spans = column == "spans"
    train, dev = (treebank[f"{part} spans" if spans else part] for part in ("train", "dev"))
    options: dict[str, Any] = {**TAGGER, "label_columns": ["2" if spans else "upos"], "epochs": 6, "lr": 0.03}
    learnt = elman.Tagger.train(train, dev=dev, out=tmp_path / "m", **options)
    sentences = list(read_sentences([dev], learnt.config.reading, labelled=True))
    figures = {}
    for share in SHARES:
        reader = LabelReader(
            learnt.engine, learnt.features, learnt.labels, contexts=learnt.reader.contexts, share=share
        )
        one = judge(reader, sentences, learnt.seen).metrics()[learnt.labels[0].name]
        figures[share] = one["f1"] if spans else one["accuracy"]
    found = fitted_share(learnt.reader, sentences)
    best = [share for share, figure in figures.items() if figure == max(figures.values())]
    assert found == min(best, key=lambda share: abs(share - SHARE)) == learnt.reader.share
    assert json.loads((tmp_path / "m" / "labels.json").read_text(encoding="utf-8"))["share"] == found
    assert elman.load(tmp_path / "m").reader.share == found


def test_what_never_learnt_does_not_count(treebank: dict[str, Path]) -> None:
    options: dict[str, Any] = {**TAGGER, "label_columns": ["upos"], "epochs": 8, "lr": 0.03}
    learnt = elman.Tagger.train(treebank["train"], dev=treebank["dev"], **options)
    sentences = list(read_sentences([treebank["dev"]], learnt.config.reading, labelled=True))
    network = learnt.engine.network
    assert network.log_linear is not None
    with torch.no_grad():
        network.log_linear.contexts.E.normal_(0, 9, generator=torch.Generator().manual_seed(1))
        assert fitted_share(learnt.reader, sentences) < 0.2
        for p in network.log_linear.parameters():
            p.zero_()  # all labels are alike to it
        assert fitted_share(learnt.reader, sentences) == SHARE, "as good as any"


def test_distributions_are_multiplied_by_their_shares() -> None:
    generator = np.random.default_rng(1)
    p, q = generator.dirichlet(np.ones(4), size=(2, 3, 5))
    found = np.exp(mixed(np.log(p), np.log(q), share=0.25))
    wanted = p**0.75 * q**0.25
    np.testing.assert_allclose(found, wanted / wanted.sum(axis=-1, keepdims=True), rtol=1e-5)
    assert mixed(p, None, share=0.25) is p
