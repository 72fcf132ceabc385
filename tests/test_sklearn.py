"""The estimator, with scikit-learn's own tools: labels that come back as they were given, clones, searches, copies."""

import copy
import pickle
import typing
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MultiLabelBinarizer

from elman.models.kinds import CLASSIFIER as KIND
from elman.settings import names
from elman.sklearn import FILES, ElmanClassifier
from tiny import CLASSIFIER, reviews, table, write

OF_FILES = {
    "format", "encoding", "errors", "text_column", "label_column", "delimiter", "header", "checkpoint_seconds",
}  # fmt: skip
LABELS = [label for label, _ in reviews(48)]
TEXTS = [text for _, text in reviews(48)]


def tiny(**options: Any) -> ElmanClassifier:
    return ElmanClassifier(**{"epochs": 5, "lr": 0.03, "dev": "none", **CLASSIFIER, **options})


@pytest.fixture(scope="module")
def fitted() -> ElmanClassifier:
    return tiny().fit(TEXTS, LABELS)


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """For each of forty texts the words in it that are labels."""
    chosen = [[word for k, word in enumerate(("cat", "dog", "red")) if n >> k & 1] for n in range(40)]
    return [row[::-1] for row in chosen]


def texts_of(rows: list[list[str]]) -> list[str]:
    return [" ".join(["a", *row, "thing"]) for row in rows]


@pytest.fixture(scope="module")
def several(rows: list[list[str]]) -> ElmanClassifier:
    return tiny(multi_label=True, epochs=16).fit(texts_of(rows), rows)


def test_the_parameters_are_the_options_of_training() -> None:
    hints: dict[str, Any] = {}
    for config in KIND.configs.values():
        hints |= typing.get_type_hints(config)
    found = typing.get_type_hints(ElmanClassifier)
    own = [field.name for field in fields(ElmanClassifier)]
    assert own == [*FILES, *(name for name in names(*KIND.configs.values()) if name not in OF_FILES)]
    assert all(found[name] == hints[name] | None for name in own if name not in FILES)
    assert set(ElmanClassifier().get_params()) == set(own)
    assert set(ElmanClassifier().get_params().values()) == {None}


def test_what_is_given_reaches_training_and_what_is_not_is_left_to_it(fitted: ElmanClassifier) -> None:
    options = fitted.model_.record.training["options"]
    given = {name: value for name, value in fitted.get_params().items() if value is not None and name not in FILES}
    assert {name: options[name] for name in given} == given
    assert options["warmup"] == KIND.build({}).train.warmup


@pytest.mark.parametrize(
    "labels",
    [
        LABELS, np.array(LABELS), np.array(LABELS, dtype=object), [int(label == "good") * 10 for label in LABELS],
        [label == "good" for label in LABELS], [f" {label}\n" for label in LABELS],
        np.array([label == "good" for label in LABELS], dtype=np.int8),
    ],
    ids=["list", "array", "objects", "numbers", "true or false", "blanks", "bytes"],
)  # fmt: skip
def test_labels_come_back_as_they_were_given(fitted: ElmanClassifier, labels: Any) -> None:
    model = tiny().fit(np.array(TEXTS), labels)
    wanted = np.unique(np.asarray(labels))
    assert model.classes_.tolist() == wanted.tolist() and model.classes_.dtype == np.asarray(labels).dtype
    found = model.predict(TEXTS)
    assert found.dtype == model.classes_.dtype
    same = np.array(wanted)[[["bad", "good"].index(label) for label in fitted.predict(TEXTS)]]
    assert found.tolist() == same.tolist()
    assert model.score(TEXTS, labels) == np.mean(found == np.asarray(labels)) > 0.8


def test_probabilities_are_those_of_the_model_in_the_order_of_classes() -> None:
    numbers = {"good": 9, "bad": 10}  # sorted as text, "10" is before "9"
    model = tiny().fit(TEXTS, [numbers[label] for label in LABELS])
    assert model.classes_.tolist() == [9, 10] and model.model_.labels.names == ("10", "9")
    p = model.predict_proba(TEXTS[:9])
    np.testing.assert_array_equal(p[:, ::-1], model.model_.probabilities(TEXTS[:9])[1])
    assert model.predict(TEXTS[:9]).tolist() == [[9, 10][k] for k in p.argmax(axis=1)]
    assert roc_auc_score([numbers[label] for label in LABELS], model.predict_proba(TEXTS)[:, 1]) > 0.8


def test_a_label_that_is_set_aside_whole_has_no_probability() -> None:
    labels = list(LABELS)
    labels[19] = "odd"  # every twentieth text
    model = tiny(dev=None, epochs=1).fit(TEXTS, labels)
    assert model.classes_.tolist() == ["bad", "good", "odd"] and model.model_.labels.names == ("bad", "good")
    p = model.predict_proba(TEXTS)
    assert (p[:, 2] == 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_several_labels_are_lists_or_a_matrix(several: ElmanClassifier, rows: list[list[str]]) -> None:
    texts = texts_of(rows)
    matrix = MultiLabelBinarizer().fit_transform(rows)
    assert several.classes_.tolist() == ["cat", "dog", "red"]
    np.testing.assert_array_equal(several.predict(texts), matrix)
    np.testing.assert_array_equal(several.predict_proba(texts) >= 0.5, matrix == 1)
    by_lists = tiny(multi_label=True, epochs=1).fit(texts, rows).predict_proba(texts)
    for given in (matrix, csr_matrix(matrix)):
        model = tiny(multi_label=True, epochs=1).fit(texts, given)
        assert model.classes_.tolist() == [0, 1, 2]
        np.testing.assert_array_equal(model.predict_proba(texts), by_lists)


def test_sets_of_labels_are_right_whole_or_not(several: ElmanClassifier, rows: list[list[str]]) -> None:
    texts = texts_of(rows[:4])
    assert rows[:4] == [[], ["cat"], ["dog"], ["dog", "cat"]]
    wanted = [[], ["cat", "unheard"], ["dog", "dog"], ["dog"]]  # right, wrong, right, wrong
    assert several.score(texts, wanted) == 0.5
    assert several.score(texts, wanted, sample_weight=[1, 5, 1, 1]) == 0.25
    assert several.score(texts, np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 1, 0]])) == 0.75


def test_files_that_are_named_are_read(tmp_path: Path) -> None:
    texts = write(tmp_path / "more.txt", ["a wholly unheard thing is unheard"] * 3)
    vectors = write(tmp_path / "v.vec", ["1 6", "fine 1 2 3 4 5 6"])
    dev = table(tmp_path / "dev.tsv", reviews(9, seed=2))
    model = tiny(epochs=1, dev=dev, vectors=vectors, unlabelled=[texts], pretraining_epochs=1).fit(TEXTS, LABELS).model_
    data = model.record.training["data"]
    assert {name: [file["name"] for file in files] for name, files in data.items()} == {
        "train": ["texts.jsonl"], "dev": ["dev.tsv"], "vectors": ["v.vec"], "unlabelled": ["more.txt"],
    }  # fmt: skip


def test_clones_have_the_parameters_and_not_the_model(fitted: ElmanClassifier) -> None:
    assert is_classifier(fitted)
    other = clone(fitted)
    assert other.get_params() == fitted.get_params() and not hasattr(other, "model_")
    assert repr(ElmanClassifier(hidden=3)) == "ElmanClassifier(hidden=3)"
    np.testing.assert_array_equal(other.fit(TEXTS, LABELS).predict_proba(TEXTS), fitted.predict_proba(TEXTS))
    with pytest.raises(ValueError, match="hiden"):
        other.set_params(hiden=3)


def test_scores_of_parts_are_those_of_models_by_hand() -> None:
    halves = [(np.arange(24, 48), np.arange(24)), (np.arange(24), np.arange(24, 48))]
    wanted = []
    for train, test in halves:
        model = tiny().fit([TEXTS[k] for k in train], [LABELS[k] for k in train])
        wanted.append(accuracy_score([LABELS[k] for k in test], model.predict([TEXTS[k] for k in test])))
    assert cross_val_score(tiny(), TEXTS, LABELS, cv=halves).tolist() == wanted
    assert cross_val_score(tiny(), TEXTS, LABELS, cv=halves, n_jobs=2).tolist() == wanted


def test_a_grid_is_searched_in_a_pipeline() -> None:
    lower = FunctionTransformer(lambda texts: [text.lower() for text in texts])
    steps = make_pipeline(lower, tiny())
    grid = {"elmanclassifier__lr": np.array([0.0, 0.02]), "elmanclassifier__hidden": np.arange(8, 9)}
    search = GridSearchCV(steps, grid, cv=2, scoring="neg_log_loss").fit([text.upper() for text in TEXTS], LABELS)
    assert search.best_params_ == {"elmanclassifier__lr": 0.02, "elmanclassifier__hidden": 8}
    lowered = [text.lower() for text in TEXTS]
    assert search.predict(TEXTS).tolist() == tiny(lr=0.02).fit(lowered, LABELS).predict(lowered).tolist()
    p = cross_val_predict(steps, TEXTS, LABELS, cv=2, method="predict_proba")
    np.testing.assert_allclose(p.sum(axis=1), 1)


def test_a_copy_is_made_of_the_files_of_the_folder(
    fitted: ElmanClassifier, several: ElmanClassifier, tmp_path: Path
) -> None:
    for model in (fitted, several):
        data = pickle.dumps(model)
        for other in (pickle.loads(data), copy.deepcopy(model)):  # noqa: S301 written the line before
            np.testing.assert_array_equal(other.predict_proba(TEXTS), model.predict_proba(TEXTS))
            assert other.get_params() == model.get_params() and other.classes_.tolist() == model.classes_.tolist()
        model.model_.save(tmp_path / "model", overwrite=True)
        files = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
        assert model.__getstate__()["model_"] == files
    assert copy.copy(tiny()).get_params() == tiny().get_params()


def told(texts: Any, labels: Any, **options: Any) -> str:
    """What is said of data or options that cannot be learnt."""
    with pytest.raises(ValueError) as caught:
        tiny(**options).fit(texts, labels)
    return str(caught.value)


def test_what_cannot_be_learnt_is_a_value_error(fitted: ElmanClassifier) -> None:
    assert "inconsistent numbers of samples: [48, 47]" in told(TEXTS, LABELS[:-1])
    assert "X is not a list of texts" in told("a film", ["good"])
    assert "X is not a list of texts" in told(np.array([TEXTS]), LABELS)
    assert "X[1] is of type int" in told(["a", 3], ["x", "y"])
    assert "X: there is no more than one label, good" in told(["a", "b"], ["good", "good"])
    assert "X:2: 'text' has a NUL" in told(["a", "\0"], ["x", "y"])
    assert "continuous" in told(["a", "b"], [0.5, 0.7])
    assert "--hidden: 0 is out of range" in told(TEXTS, LABELS, hidden=0)
    assert "more than 0 and 1" in told(["a", "b"], np.array([[0, 2], [1, 0]]), multi_label=True)
    assert "not a list of labels for every text" in told(["a", "b"], ["cat", "dog"], multi_label=True)
    with pytest.raises(ValueError, match="of type float"):
        fitted.predict([0.5])  # type: ignore[list-item]


def test_a_model_that_was_not_fitted_says_so(fitted: ElmanClassifier) -> None:
    for call in (tiny().predict, tiny().predict_proba, clone(fitted).predict):
        with pytest.raises(NotFittedError):
            call(["a"])
    with pytest.raises(NotFittedError):
        tiny().score(TEXTS, LABELS)


def test_no_texts_have_no_labels(fitted: ElmanClassifier) -> None:
    found: NDArray[np.float64] = fitted.predict_proba([])
    assert found.shape == (0, 2) and fitted.predict([]).tolist() == []
