"""What a user may rely on: labels that agree by every road, probabilities that sum up, files that come back."""

import csv
import io
import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score

import elman
from elman.errors import ElmanError, InputError, OptionError
from elman.models import windows
from elman.text.tokens import split_words
from tiny import CLASSIFIER, reviews, table, write

TEXTS = ["the film is fine .", "영화는 is not 좋은!", "", "  ", '"it" is dull', "a", "strange " * 70]
Many = tuple[elman.Classifier, Path]


def written(model: elman.Classifier, path: Path, **options: Any) -> str:
    parts: list[str] = []
    model.predict_to([path], parts.append, **options)
    return "".join(parts)


def refused(call: Callable[[], Any]) -> str:
    with pytest.raises((InputError, OptionError)) as caught:
        call()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_has_learnt_its_small_grammar_and_the_order_of_words(classifier: elman.Classifier) -> None:
    assert classifier.report["metrics"]["accuracy"] > 0.9
    assert classifier.predict(["영화는 is fine", "영화는 is not fine"]) == ["good", "bad"]


def test_labels_are_those_of_the_highest_probability(classifier: elman.Classifier) -> None:
    names, p = classifier.probabilities(iter(TEXTS))
    assert names == ("bad", "good") and p.shape == (len(TEXTS), 2) and p.dtype == np.float64
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert classifier.predict(TEXTS) == [names[k] for k in p.argmax(axis=1)]
    assert classifier.predict([]) == [] and classifier.probabilities([])[1].shape == (0, 2)


def test_a_text_without_words_has_the_shares_of_the_labels_in_training(
    classifier: elman.Classifier, many: Many
) -> None:
    given = [label for label, _ in reviews(80)]
    wanted = [given.count("bad") / 80, given.count("good") / 80]
    for company in ([], ["the film is fine"]):
        np.testing.assert_allclose(classifier.probabilities(["", *company, " \n"])[1][[0, -1]], [wanted, wanted])
    lines = many[1].read_text(encoding="utf-8").splitlines()
    shares = [sum(f"__label__{name} " in line for line in lines) / len(lines) for name in many[0].labels.names]
    np.testing.assert_allclose(many[0].probabilities([""])[1][0], shares)


def test_several_labels_are_those_of_at_least_the_threshold(many: Many) -> None:
    model, _ = many
    assert model.labels.names == ("animal", "colour", "number")
    texts = ["thing red cat", "two thing", "thing", "blue two dog thing"]
    assert model.predict_many(texts) == [("animal", "colour"), ("number",), (), ("animal", "colour", "number")]
    _, p = model.probabilities(texts)
    assert p.min() >= 0 and p.max() <= 1
    assert model.predict(texts) == [model.labels.names[k] for k in p.argmax(axis=1)]
    for threshold in (0.0, 0.9, 1.0):
        wanted = [tuple(np.array(model.labels.names)[row >= threshold]) for row in p]
        assert model.predict_many(texts, threshold=threshold) == wanted


def test_figures_are_those_of_scikit_learn(classifier: elman.Classifier, tmp_path: Path) -> None:
    rows = [*reviews(30, seed=3), ("good", ""), ("bad", "the film is fine"), ("bad", "funny dull")]
    rows = [(label, text or " ") for label, text in rows]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps({"text": t, "label": name}) + "\n" for name, t in rows), encoding="utf-8")
    report = classifier.evaluate(path)
    gold, texts = [label for label, _ in rows], [text for _, text in rows]
    found, (names, p) = classifier.predict(texts), classifier.probabilities(texts)
    metrics = report["metrics"]
    assert math.isclose(metrics["accuracy"], accuracy_score(gold, found))
    assert math.isclose(metrics["macro_f1"], f1_score(gold, found, average="macro"))
    assert math.isclose(metrics["roc_auc"], roc_auc_score([g == "good" for g in gold], p[:, names.index("good")]))
    assert sum(sum(row.values()) for row in report["details"]["label"]["confusion"].values()) == len(rows)
    wrong = sum(one["count"] for one in report["details"]["label"]["confusions"])
    assert wrong == sum(g != f for g, f in zip(gold, found, strict=True))
    assert report["tokens"] == sum(len(split_words(text)) for text in texts)


def test_another_model_is_compared_text_by_text(
    classifier: elman.Classifier, tables: dict[str, Path], tmp_path: Path
) -> None:
    other = elman.Classifier.train(tables["train"], dev="none", epochs=1, **CLASSIFIER)
    other.save(tmp_path / "other")
    report = classifier.evaluate(tables["dev"], against=tmp_path / "other")
    ours, theirs = (model.evaluate(tables["dev"])["metrics"] for model in (classifier, other))
    against = report["against"]
    assert report["metrics"] == ours and against["metrics"] == theirs and against["items"] == 24
    assert math.isclose(against["difference"], ours["accuracy"] - theirs["accuracy"], abs_tol=1e-12)
    low, high = against["interval"]
    assert low <= against["difference"] <= high and 0 < against["p_value"] <= 1
    same = classifier.evaluate(tables["dev"], against=classifier)["against"]
    assert same["difference"] == 0 and same["p_value"] == 1


def test_only_classifiers_of_one_sort_are_compared(
    classifier: elman.Classifier, many: Many, tagger: elman.Tagger, tables: dict[str, Path]
) -> None:
    for other in (many[0], tagger):
        assert "--against" in refused(lambda other=other: classifier.evaluate(tables["dev"], against=other))


def test_the_share_of_the_bag_is_one_with_which_most_of_dev_is_right(
    classifier: elman.Classifier, tables: dict[str, Path]
) -> None:
    rows = [line.split("\t") for line in tables["dev"].read_text(encoding="utf-8").splitlines()[1:]]
    stack, bag = classifier.reader.paths([classifier.reader.cut(text) for _, text in rows])
    names = classifier.labels.names

    def right(share: float) -> int:
        found = ((1 - share) * stack + share * bag).argmax(axis=1)
        return sum(names[k] == label for k, (label, _) in zip(found, rows, strict=True))

    assert right(classifier.labels.bag_share) == max(right(n / 10) for n in range(11))
    paths = np.stack([stack, bag])
    np.testing.assert_allclose(classifier.labels.sharing(0.25).mixed(paths), 0.75 * stack + 0.25 * bag, rtol=1e-6)
    assert np.array_equal(classifier.labels.sharing(0.25).mixed(paths[:1]), stack)


def test_the_temperature_is_the_one_that_fits_dev_best(classifier: elman.Classifier, tables: dict[str, Path]) -> None:
    gold = [label for label, _ in reviews(24, seed=2)]
    texts = [text for _, text in reviews(24, seed=2)]
    scores = classifier.reader.scores([classifier.reader.cut(text) for text in texts])

    def nats(temperature: float) -> float:
        found: float = log_loss(gold, classifier.labels.at(temperature).probabilities(scores))
        return found

    fitted = classifier.labels.temperature
    assert classifier.report["metrics"]["temperature"] == pytest.approx(fitted)
    assert nats(fitted) <= min(nats(fitted * 1.05), nats(fitted / 1.05)) + 1e-9 or fitted < 0.051
    before = classifier.labels.at(1.0).probabilities(scores)
    assert classifier.report["metrics"]["ece_before"] != classifier.report["metrics"]["ece"] or fitted == 1.0
    assert (before.argmax(axis=1) == classifier.probabilities(texts)[1].argmax(axis=1)).all()
    assert f"temperature {fitted:.3f}" in classifier.show() and "ece_before" in classifier.show()


def test_tables_come_back_with_label_and_probability(classifier: elman.Classifier, tmp_path: Path) -> None:
    rows = [("1", 'the film, "it" is\nfine'), ("2", ""), ("3", "영화는 is dull")]
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("id", "text"), *rows])
    found = list(csv.reader(io.StringIO(written(classifier, path))))
    names, p = classifier.probabilities([text for _, text in rows])
    assert found[0] == ["id", "text", "label", "probability"]
    assert [tuple(row[:2]) for row in found[1:]] == rows
    assert [row[2] for row in found[1:]] == [names[k] for k in p.argmax(axis=1)]
    np.testing.assert_allclose([float(row[3]) for row in found[1:]], p.max(axis=1), atol=1e-6)


def test_a_table_that_has_labels_keeps_them(classifier: elman.Classifier, tmp_path: Path) -> None:
    path = table(tmp_path / "a.tsv", [("bad", "the film is fine")])
    header, row = written(classifier, path).splitlines()
    assert header.split("\t") == ["label", "text", "predicted_label", "probability"]
    assert row.split("\t")[:3] == ["bad", "the film is fine", classifier.predict(["the film is fine"])[0]]
    path.write_text("label\ttext\n", encoding="utf-8")
    assert written(classifier, path) == header + "\n"


def test_plain_text_and_the_likeliest_labels_are_json_lines(classifier: elman.Classifier, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", ["the film is fine", "", "영화는 is dull"])
    lines = [json.loads(line) for line in written(classifier, path).splitlines()]
    names, p = classifier.probabilities([line["text"] for line in lines])
    assert len(lines) == 3
    assert [line["label"] for line in lines] == [names[k] for k in p.argmax(axis=1)]
    top = [json.loads(line)["top"] for line in written(classifier, path, top=5).splitlines()]
    for row, found in zip(p, top, strict=True):
        assert [one["label"] for one in found] == [names[k] for k in np.argsort(-row)]
        np.testing.assert_allclose([one["probability"] for one in found], sorted(row, reverse=True), atol=1e-6)
    assert all(len(json.loads(line)["top"]) == 1 for line in written(classifier, path, top=1).splitlines())


def test_fasttext_lines_come_back_with_labels_in_front(many: Many, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ft", ["red cat thing", "thing", "__label__wrong two thing"])
    assert written(many[0], path).splitlines() == [
        "__label__animal __label__colour red cat thing", "thing", "__label__number two thing",
    ]  # fmt: skip


def test_several_labels_are_lists(many: Many, tmp_path: Path) -> None:
    lines, rows = tmp_path / "a.jsonl", table(tmp_path / "a.tsv", [("x", "red cat thing"), ("y", "thing")])
    lines.write_text('{"text": "red cat thing"}\n{"text": "thing"}\n', encoding="utf-8")
    _, p = many[0].probabilities(["red cat thing"])
    found = [json.loads(line) for line in written(many[0], lines).splitlines()]
    assert [one["label"] for one in found] == [["animal", "colour"], []]
    np.testing.assert_allclose(found[0]["probability"], p[0, :2], atol=1e-6)
    cells = [line.split("\t")[2] for line in written(many[0], rows).splitlines()]
    assert cells == ["predicted_label", "animal|colour", ""]
    assert json.loads(written(many[0], lines, threshold=0.0).splitlines()[1])["label"] == list(many[0].labels.names)


def test_labels_below_a_probability_stay_empty(classifier: elman.Classifier, many: Many, tmp_path: Path) -> None:
    path = write(tmp_path / "a.txt", ["the film is fine", ""])
    sure = json.loads(written(classifier, path).splitlines()[0])["probability"]
    prior = json.loads(written(classifier, path).splitlines()[1])["probability"]
    assert prior < sure
    found = [json.loads(line) for line in written(classifier, path, abstain_below=(sure + prior) / 2).splitlines()]
    assert [one["label"] for one in found] == ["good", ""] and found[1]["probability"] == prior
    lists = [json.loads(line)["label"] for line in written(many[0], path, abstain_below=1.0).splitlines()]
    assert lists == [[], []]


def test_what_cannot_be_asked_is_told(classifier: elman.Classifier, many: Many, tmp_path: Path) -> None:
    path = write(tmp_path / "a.ft", ["red cat"])
    assert "--top and --abstain-below" in refused(lambda: written(classifier, path, top=1, abstain_below=0.5))
    assert "--abstain-below" in refused(lambda: written(classifier, path, abstain_below=0.5))
    assert "use predict" in refused(lambda: classifier.predict_many(["a"]))
    assert "these are not texts" in refused(lambda: classifier.predict("a"))
    assert "these are not texts" in refused(lambda: classifier.predict(3))  # type: ignore[arg-type]
    assert "text 2 is of type int" in refused(lambda: classifier.predict(["a", 3]))  # type: ignore[list-item]
    assert "decided in training" in refused(lambda: classifier.evaluate(path, reading={"multi_label": True}))
    assert "unknown key 'tresh'" in refused(lambda: classifier.evaluate(path, tresh=0.5))


def test_a_file_is_read_in_windows_and_its_order_is_kept(
    classifier: elman.Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [text for _, text in reviews(30, seed=5)] + ["", "x " * 300]
    wanted = classifier.predict(texts)
    path = write(tmp_path / "a.txt", texts)
    monkeypatch.setattr(windows, "WINDOW", 4)
    assert [json.loads(line)["label"] for line in written(classifier, path).splitlines()] == wanted
    monkeypatch.setattr(windows, "LONGEST_WINDOW", 20)
    assert classifier.predict(texts) == wanted


def test_a_text_of_any_length_takes_time_in_proportion(classifier: elman.Classifier) -> None:
    def seconds(words: int) -> float:
        text = "the film is not dull . " * (words // 6)
        found = []
        for _ in range(2):
            begun = time.process_time()
            classifier.predict([text])
            found.append(time.process_time() - begun)
        return min(found)

    seconds(600)
    short, long = seconds(6_000), seconds(24_000)
    assert long < 10 * short


def test_tokens_of_any_form_have_labels(classifier: elman.Classifier) -> None:
    strange = ["\ud800", "\x00", "\u200b" * 9, "한" * 5000, "😀👍🏽", "e\u0301" * 30]
    assert np.isfinite(classifier.probabilities(strange)[1]).all()


def test_what_would_be_ignored_is_refused(
    classifier: elman.Classifier, many: tuple[elman.Classifier, Path], tables: dict[str, Path]
) -> None:
    several, path = many
    calls: list[tuple[Callable[[], object], str]] = [
        (
            lambda: classifier.predict_to([tables["dev"]], print, threshold=0.3),
            "--threshold: this classifier gives one",
        ),
        (lambda: classifier.evaluate(tables["dev"], threshold=0.3), "--threshold: this classifier gives one label"),
        (lambda: several.predict_to([path], print, threshold=0.3, top=2), "--top and --threshold are both given"),
    ]
    for call, told in calls:
        with pytest.raises(OptionError) as caught:
            call()
        assert str(caught.value).startswith(told)


@pytest.mark.parametrize("value", [5, 2.5, ["x", 1], b"x", ""])
def test_wrong_types_are_told_in_one_line(classifier: elman.Classifier, tables: dict[str, Path], value: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: elman.load(value), lambda: classifier.save(value), lambda: elman.Classifier.train(value),
        lambda: elman.Classifier.train(tables["dev"], out=value), lambda: classifier.predict(value),
        lambda: classifier.probabilities(value), lambda: classifier.evaluate(value),
        lambda: classifier.evaluate(tables["dev"], against=value),
        lambda: classifier.evaluate(tables["dev"], reading=value or "x"),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises(ElmanError) as caught:
            call()
        assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
