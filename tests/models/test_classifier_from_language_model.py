"""Classifiers that start from a language model: they read its symbols, and know at first what it knows."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.errors import ModelFileError, OptionError
from elman.files.manifest import write_manifest
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import CLASSIFIER as KIND
from elman.text.vocabulary import START
from tiny import CLASSIFIER, SIZE, TAGGER, columns, reviews, table, tagged, write

OPTIONS: dict[str, Any] = {"bag_bits": 10, "batch_size": 4, "input_dropout": 0.0, "output_dropout": 0.0}
TEXTS = ["the film is fine .", "영화는 is not 좋은!", "", "  ", "a", "strange\nthing " * 50, "\ud800 is dull"]
TOKENIZERS = {
    "char": {"ngrams": 3, "ngram_bits": 8, "layers": 2}, "byte": {"cell": "elman"}, "word": {"adaptive": True},
    "bpe": {"layers": 2, "vocabulary_size": 280},
}  # fmt: skip
Pair = tuple[elman.LanguageModel, elman.Classifier]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table of reviews, their texts alone, and what the tests put there."""
    folder = tmp_path_factory.mktemp("start")
    table(folder / "train.tsv", reviews(40))
    table(folder / "dev.tsv", reviews(20, seed=2))
    write(folder / "text.txt", [text for _, text in reviews(40)])
    return folder


def start(place: Path, tokenizer: str) -> Path:
    """The folder of a language model of these symbols."""
    folder = place / tokenizer
    if not folder.exists():
        size = {**SIZE, "minimum_count": None if tokenizer == "byte" else 1, **TOKENIZERS[tokenizer]}
        elman.LanguageModel.train(
            place / "text.txt", dev="none", out=folder, epochs=1, lr=0.02, tokenizer=tokenizer, **size
        )
    return folder


@pytest.fixture(scope="module", params=TOKENIZERS)
def pair(request: pytest.FixtureRequest, place: Path) -> Pair:
    """A language model, and a classifier that was started from it and has learnt nothing yet."""
    folder = start(place, request.param)
    classifier = elman.Classifier.train(
        place / "train.tsv", dev="none", from_=folder, epochs=1, lr=0.0, precision="fp32", **OPTIONS
    )
    return elman.load(folder), classifier


def test_the_forward_states_are_those_of_the_language_model(pair: Pair) -> None:
    lm, classifier = pair
    text = "the film is not fine"
    ids = np.concatenate([[START], lm.tokenizer.encode(text)])[None].astype(np.int64)
    network = classifier.engine.network
    with torch.inference_mode():
        wanted, state = lm.engine.network.states(torch.from_numpy(ids), state=None, lengths=None)
        x = network.vectors(torch.from_numpy(ids))
        found, after = network.stack(x, None, torch.tensor([ids.shape[1]]))
    hidden = lm.config.stack.hidden
    assert found.shape[2] == 2 * hidden
    np.testing.assert_allclose(found[..., :hidden], wanted, atol=1e-6)
    np.testing.assert_allclose(after[0][-2], state[0][-1], atol=1e-6)
    fed = lm.feed(text, final=True).arrays["h"][-1]
    np.testing.assert_allclose(after[0][-2].numpy(), fed, atol=1e-5)
    assert np.abs(found[..., hidden:].numpy()).max() > 0.01


def test_an_answer_is_the_same_alone_and_in_any_company(pair: Pair) -> None:
    classifier = pair[1]
    alone = np.concatenate([classifier.probabilities([text])[1] for text in TEXTS])
    np.testing.assert_allclose(classifier.probabilities(TEXTS)[1], alone, rtol=1e-5)
    np.testing.assert_allclose(classifier.probabilities(TEXTS[::-1])[1][::-1], alone, rtol=1e-5)
    long = [*TEXTS, "x fine " * 1500]
    assert np.isfinite(classifier.probabilities(long)[1]).all()
    np.testing.assert_allclose(classifier.probabilities(long)[1][:-1], alone, rtol=1e-5)
    np.testing.assert_allclose(alone[2], np.array(classifier.labels.counts) / sum(classifier.labels.counts))
    np.testing.assert_array_equal(alone[2], alone[3])


def test_a_folder_is_loaded_shown_judged_and_gone_on_from(pair: Pair, place: Path, tmp_path: Path) -> None:
    lm, classifier = pair
    classifier.save(tmp_path / "c")
    again = elman.load(tmp_path / "c")
    assert (again.config, again.labels) == (classifier.config, classifier.labels)
    np.testing.assert_array_equal(again.probabilities(TEXTS)[1], classifier.probabilities(TEXTS)[1])
    again.save(tmp_path / "twice")
    for name in (*READ, WEIGHTS, *KIND.documents, "tokenizer.json"):
        assert (tmp_path / "twice" / name).read_bytes() == (tmp_path / "c" / name).read_bytes()
    assert f"vocabulary of {lm.tokenizer.size:,}" in again.show() and "started from" in again.show()
    report = again.evaluate(place / "dev.tsv")
    assert report["tokens"] == sum(len(lm.tokenizer.encode(text)) for _, text in reviews(20, seed=2))
    on = elman.Classifier.train(
        place / "train.tsv", dev=place / "dev.tsv", from_=tmp_path / "c", epochs=1, lr=0.0, precision="fp32"
    )
    assert on.config.symbols == classifier.config.symbols and on.tokenizer is not None
    before, after = classifier.engine.arrays(), on.engine.arrays()
    assert all(np.allclose(after[name], before[name], rtol=1e-6, atol=1e-7) for name in before)


def test_it_learns_and_its_run_can_be_repeated(place: Path, tmp_path: Path) -> None:
    folder = start(place, "char")
    files: dict[str, Any] = {"train": place / "train.tsv", "dev": place / "dev.tsv", "from_": folder}
    model = elman.Classifier.train(**files, out=tmp_path / "a", epochs=10, lr=0.03, layer_decay=1.0, **OPTIONS)
    assert model.report["metrics"]["accuracy"] > 0.8
    elman.Classifier.train(**files, out=tmp_path / "b", replay=tmp_path / "a")
    for name in ("weights.safetensors", "tokenizer.json", "labels.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_it_can_look_only_left_and_a_long_text_is_shortened(place: Path) -> None:
    one = elman.Classifier.train(
        place / "train.tsv", dev="none", from_=start(place, "word"), epochs=1, bidirectional=False, longest=4, **OPTIONS
    )
    assert not one.config.stack.bidirectional
    whole = sum(1 + len(text.split()) for _, text in reviews(40))
    assert one.report["tokens"] == sum(1 + min(4, len(text.split())) for _, text in reviews(40)) < whole


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"hidden": 99}, "has hidden 16"),
        ({"cell": "gru"}, "has cell lstm"),
        ({"word_width": 9}, "--word-width: a classifier that starts from a language model reads the symbols"),
        ({"minimum_count": 9}, "--minimum-count"),
        ({"vectors": "text.txt"}, "--vectors"),
    ],
)
def test_what_does_not_go_with_a_language_model_is_refused(place: Path, options: dict[str, Any], told: str) -> None:
    options = {name: place / value if name == "vectors" else value for name, value in options.items()}
    with pytest.raises(OptionError, match=told):
        elman.Classifier.train(place / "train.tsv", dev="none", from_=start(place, "word"), epochs=1, **options)


def test_a_folder_of_another_kind_is_refused(place: Path, tmp_path: Path) -> None:
    elman.Tagger.train(
        columns(tmp_path / "t.bio", tagged(9)), dev="none", out=tmp_path / "tagger", epochs=1, label_columns=["2"],
        **TAGGER,
    )  # fmt: skip
    with pytest.raises(OptionError, match="this is a tagger, not a classifier; name a classifier or a language-model"):
        elman.Classifier.train(place / "train.tsv", from_=tmp_path / "tagger", epochs=1)


def _edit(name: str, change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        document = json.loads((folder / name).read_text(encoding="utf-8"))
        change(document)
        (folder / name).write_text(json.dumps(document), encoding="utf-8")

    return edit


@pytest.mark.parametrize(
    "spoil",
    [
        _edit("config.json", lambda d: d.pop("symbols")),
        _edit("config.json", lambda d: d.update(symbols=3)),
        _edit("config.json", lambda d: d["symbols"].pop("adaptive")),
        _edit("config.json", lambda d: d["symbols"].update(adaptive=1)),
        _edit("config.json", lambda d: d["symbols"].update(symbols=7)),
        _edit("config.json", lambda d: d["symbols"].update(symbols=10**9)),
        _edit("config.json", lambda d: d["symbols"]["embedding"].update(embedding=9)),
        _edit("config.json", lambda d: d["symbols"]["text"].update(tokenizer="word")),
        _edit("tokenizer.json", lambda d: d["symbols"].pop()),
        lambda folder: (folder / "tokenizer.json").unlink(),
    ],
)
def test_a_folder_that_does_not_fit_together_is_refused(
    place: Path, tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    folder = place / "spoilt"
    if not folder.exists():
        elman.Classifier.train(
            place / "train.tsv", dev="none", from_=start(place, "char"), out=folder, epochs=1, **OPTIONS
        )
    shutil.copytree(folder, tmp_path / "m")
    spoil(tmp_path / "m")
    names = (*READ, WEIGHTS, *KIND.documents, "tokenizer.json")
    write_manifest(tmp_path / "m", [name for name in names if (tmp_path / "m" / name).exists()])
    with pytest.raises(ModelFileError) as caught:
        elman.load(tmp_path / "m")
    assert "\n" not in str(caught.value)


def test_a_tokenizer_in_the_folder_of_words_is_refused(place: Path, tmp_path: Path) -> None:
    elman.Classifier.train(place / "train.tsv", dev="none", out=tmp_path / "m", epochs=1, **CLASSIFIER)
    assert "symbols" not in json.loads((tmp_path / "m" / "config.json").read_text(encoding="utf-8"))
    shutil.copy(start(place, "char") / "tokenizer.json", tmp_path / "m")
    assert elman.load(tmp_path / "m").tokenizer is None  # a file that the manifest does not tell of is none of ours
    write_manifest(tmp_path / "m", (*READ, WEIGHTS, *KIND.documents, "tokenizer.json"))
    with pytest.raises(ModelFileError, match="do not go together"):
        elman.load(tmp_path / "m")
