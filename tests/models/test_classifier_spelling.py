"""Classifiers that read texts by characters beside words: company, folders, and where that cannot be."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import elman
from elman.data.text_batches import build_texts
from elman.data.texts import LabelledText
from elman.errors import ModelFileError, OptionError
from elman.files.manifest import write_manifest
from elman.models.classifier import SPELLING
from elman.models.folder import READ, WEIGHTS
from elman.models.kinds import CLASSIFIER as KIND
from elman.text.config import BagConfig
from tiny import CLASSIFIER, SIZE, reviews, sentences, table, write

TEXTS = [
    "the film is fine .",
    "영화는 not 좋은!",
    "",
    "  ",
    "a",
    "strange\nthing " * 50,
    "\ud800 is dull",
    "日本\tです",
]
CHECKED = (*READ, WEIGHTS, *KIND.documents, SPELLING)


@pytest.fixture(scope="module")
def model(tables: dict[str, Path]) -> elman.Classifier:
    """A classifier that reads both."""
    return elman.Classifier.train(tables["train"], dev=tables["dev"], epochs=2, spelling=True, members=2, **CLASSIFIER)


def test_a_text_has_its_characters_with_single_blanks() -> None:
    texts = [LabelledText(text, ("x",), "f", 1) for text in (" ab  c\n", "\t", "b가")]  # fmt: skip
    found = build_texts(texts, BagConfig(), longest=1, form=str).spelling
    assert "".join(found.types[k] for k in found.tokens) == "ab cb가" and found.starts.tolist() == [0, 4, 6]
    assert found.counts() == {"a": 1, "b": 2, " ": 1, "c": 1, "가": 1}


def test_probabilities_do_not_depend_on_company(model: elman.Classifier) -> None:
    alone = np.concatenate([model.probabilities([text])[1] for text in TEXTS])
    np.testing.assert_allclose(model.probabilities(TEXTS)[1], alone, rtol=1e-5)


def test_characters_change_what_is_said(model: elman.Classifier) -> None:
    words = ["the  film .", "the\nfilm ."]
    assert np.array_equal(*model.probabilities(words)[1])
    joined = model.probabilities(["the film.", "the film ."])[1]  # the same words
    assert not np.allclose(*joined)


def test_a_folder_that_was_saved_gives_the_same(model: elman.Classifier, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    again = elman.load(tmp_path / "m")
    assert np.array_equal(again.probabilities(TEXTS)[1], model.probabilities(TEXTS)[1])
    assert "characters" in dict(again.shape_rows())["network"]


def without(folder: Path) -> None:
    (folder / SPELLING).unlink()
    write_manifest(folder, CHECKED[:-1])


def other(folder: Path) -> None:
    document = json.loads((folder / SPELLING).read_text(encoding="utf-8"))
    document["words"].append("x" * 9)
    document["counts"].append(1)
    (folder / SPELLING).write_text(json.dumps(document), encoding="utf-8")
    write_manifest(folder, CHECKED)


def unread(folder: Path) -> None:
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    document["head"]["spelling"] = False
    (folder / "config.json").write_text(json.dumps(document), encoding="utf-8")
    write_manifest(folder, CHECKED)


def uncounted(folder: Path) -> None:
    document = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    document["spelt"] = 10**12
    (folder / "config.json").write_text(json.dumps(document), encoding="utf-8")
    write_manifest(folder, CHECKED)


@pytest.mark.parametrize("change", [without, other, unread, uncounted])
def test_a_folder_that_does_not_fit_together_is_refused(
    model: elman.Classifier, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    model.save(tmp_path / "m")
    change(tmp_path / "m")
    with pytest.raises(ModelFileError) as caught:
        elman.load(tmp_path / "m")
    assert "\n" not in str(caught.value)


def test_training_goes_on_with_the_characters_that_are_known(model: elman.Classifier, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    path = table(tmp_path / "more.tsv", [*reviews(20, seed=3), ("new", "漢字 전혀")])
    again = elman.Classifier.train(path, dev="none", from_=tmp_path / "m", epochs=1, batch_size=4)
    assert again.spelling is not None and model.spelling is not None
    assert again.spelling.vocabulary == model.spelling.vocabulary and again.config.head.spelling
    with pytest.raises(OptionError, match="--spelling"):
        elman.Classifier.train(path, dev="none", from_=tmp_path / "m", epochs=1, spelling=False)


def test_what_was_learnt_before_is_one_stack(tables: dict[str, Path], tmp_path: Path) -> None:
    write(tmp_path / "texts.txt", sentences(9))
    elman.LanguageModel.train(tmp_path / "texts.txt", dev="none", out=tmp_path / "lm", epochs=1, **SIZE)
    for options in ({"from_": tmp_path / "lm"}, {"unlabelled": tmp_path / "texts.txt"}):
        with pytest.raises(OptionError, match="--spelling"):
            elman.Classifier.train(tables["train"], dev="none", epochs=1, spelling=True, **options)  # type: ignore[arg-type]


def test_texts_of_syllables_are_spelt_unless_told_otherwise(tmp_path: Path) -> None:
    path = table(tmp_path / "k.tsv", [(label, text.replace("film", "영화관이었다")) for label, text in reviews(20)])
    korean = table(tmp_path / "h.tsv", [("a" if k % 2 else "b", "가나다라 마바사아" + "자차" * k) for k in range(20)])
    for file, wanted in ((path, False), (korean, True)):
        assert elman.Classifier.train(file, dev="none", epochs=1, **CLASSIFIER).config.head.spelling == wanted
    assert not elman.Classifier.train(korean, dev="none", epochs=1, spelling=False, **CLASSIFIER).config.spelt
