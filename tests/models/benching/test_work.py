"""What is timed of a model, and how many multiplications a token takes, against the weights that there are."""

from pathlib import Path

import numpy as np
import pytest

import elman
import remade
from elman.errors import InputError
from elman.models.benching.work import work_of
from elman.nn.config import CELLS
from tiny import CLASSIFIER, reviews, table, write


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_every_weight_of_a_product_is_multiplied_once_a_token(cell: str, bidirectional: bool) -> None:
    model = remade.tagger(remade.load("tagger"), cell=cell, layers=2, hidden=6, bidirectional=bidirectional, members=3)
    weights = {name: array.size for name, array in model.engine.arrays().items()}
    products = [size for name, size in weights.items() if name.split(".")[-1] in ("W", "U") and ".stack." in name]
    outputs = [size for name, size in weights.items() if ".heads." in name and name.endswith(".V")]
    assert work_of(model, [], {}).multiplications == sum(products) + sum(outputs)


@pytest.mark.parametrize("kind", ["tagger", "classifier", "language-model", "seq2seq"])
def test_texts_are_made_of_what_the_model_knows_and_are_read(kind: str) -> None:
    work = work_of(remade.load(kind), [], {})
    assert len(work.sizes) == 256 and work.tokens([0, 5]) == work.sizes[0] + work.sizes[5] > 0
    work.read([0])
    work.read([3, 0, 255, 7])


def test_of_texts_whose_characters_are_read_too_no_multiplications_are_told(tmp_path: Path) -> None:
    path = table(tmp_path / "t.tsv", reviews(40))
    options = {**CLASSIFIER, "epochs": 1}
    words, spelt = (
        elman.Classifier.train(path, dev="none", spelling=spelling, **options) for spelling in (False, True)
    )
    assert work_of(words, [], {}).multiplications and work_of(spelt, [], {}).multiplications is None


def test_tokens_of_a_file_are_those_that_it_holds(tmp_path: Path) -> None:
    lines, model = ["the cat", "", "a dog sat"], remade.load("language-model")
    work = work_of(model, [write(tmp_path / "new.txt", lines)], {})
    assert list(work.sizes) == [len(model.tokenizer.encode(line)) for line in lines if line]
    work.read(np.arange(len(work.sizes)).tolist())


def test_files_without_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to read"):
        work_of(remade.load("language-model"), [write(tmp_path / "new.txt", ["", ""])], {})
