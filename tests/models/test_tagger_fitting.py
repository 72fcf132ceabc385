"""Training runs of taggers as a user makes them: the same bits, gone on from, interrupted, warned of or refused."""

import json
import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import ElmanError, InputError, OptionError, TrainingError
from elman.models.tagging import preparing
from elman.models.tagging.sizing import Facts, choose
from tiny import SIZE, TAGGER, Tagged, columns, conllu, tagged

FILES = ("weights.safetensors", "words.json", "labels.json", "seen.json", "contexts.json")


def bits(path: Path) -> list[bytes]:
    return [(path / name).read_bytes() for name in FILES]


def logged(caplog: pytest.LogCaptureFixture, run: Callable[[], elman.Tagger]) -> tuple[elman.Tagger, str]:
    """The model of a run and what was logged meanwhile."""
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="elman"):
        return run(), caplog.text


def test_the_same_seed_gives_the_same_bits(treebank: dict[str, Path], tmp_path: Path) -> None:
    dropped = {"word_dropout": 1.0, "feature_dropout": 0.2, "input_dropout": 0.2, "output_dropout": 0.2}
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        elman.Tagger.train(
            treebank["train spans"], dev=treebank["dev spans"], out=tmp_path / name, epochs=1, seed=seed,
            label_columns=["2", "1"], **{**TAGGER, **dropped},
        )  # fmt: skip
    first, again, other = (bits(tmp_path / name) for name in "abc")
    assert first == again
    assert first[0] != other[0]
    labels = [json.loads((tmp_path / name / "labels.json").read_text(encoding="utf-8"))["columns"] for name in "ac"]
    words = [(tmp_path / name / "words.json").read_bytes() for name in "ac"]
    assert labels[0] == labels[1] and words[0] == words[1]


@pytest.mark.usefixtures("own_time")
def test_a_budget_is_kept_and_its_run_can_be_repeated(treebank: dict[str, Path], tmp_path: Path) -> None:
    begun = time.monotonic()
    train, dev = treebank["train spans"], treebank["dev spans"]
    model = elman.Tagger.train(train, dev=dev, out=tmp_path / "a", budget="2s", label_columns=["2"], **TAGGER)
    assert model.record.training["options"]["swap_spans"] > 0
    assert time.monotonic() - begun < 3
    assert model.report["seconds"] > 0.6
    elman.Tagger.train(train, dev=dev, out=tmp_path / "b", replay=tmp_path / "a")
    assert bits(tmp_path / "a") == bits(tmp_path / "b")


def _parts(model: elman.Tagger) -> list[set[str]]:
    """What the vectors of words are made of in each member."""
    names = (name.split(".")[1:4] for name in model.engine.arrays() if ".embedding." in name)
    found: list[set[str]] = [set() for _ in range(model.config.head.members)]
    for member, _, part in names:
        found[int(member)].add(part)
    return found


@pytest.mark.parametrize(
    ("options", "turns"), [({}, True), ({"character_hidden": 0}, False), ({"affixes": 0, "char_ngrams": 0}, False),
                           ({"feature_width": 0}, False)],
)  # fmt: skip
def test_members_take_turns_where_parts_of_words_and_characters_are_read(
    options: dict[str, Any], turns: bool, tmp_path: Path
) -> None:
    path = columns(tmp_path / "a.bio", tagged(12))
    wanted = {**TAGGER, "members": 3, "character_hidden": 3, **options}
    model = elman.Tagger.train(path, dev="none", out=tmp_path / "a", epochs=1, precision="fp32", **wanted)
    first, second, third = _parts(model)
    assert model.config.turns == (turns or None) and first == third
    assert (first, second) == (({"E", "features"}, {"E", "alphabet", "reader"}) if turns else (second, first))
    on = elman.Tagger.train(path, dev="none", from_=tmp_path / "a", epochs=1)
    assert on.config.turns == model.config.turns and _parts(on) == _parts(model)
    again = elman.load(tmp_path / "a")
    sentences = [[token for token, _, _ in row] for row in tagged(12, seed=3)]
    assert again.config == model.config and again.predict(sentences) == model.predict(sentences)
    assert ("one has the hashed features and the next the characters" in again.show()) == turns


@pytest.mark.parametrize("crf", [True, False])
def test_contexts_are_read_unless_told_otherwise(crf: bool, tmp_path: Path) -> None:
    path = columns(tmp_path / "a.bio", tagged(30))
    wanted = {"dev": "none", "epochs": 2, "crf": crf, **TAGGER}
    models = {
        name: elman.Tagger.train(path, out=tmp_path / name, **options, **wanted)
        for name, options in (("with", {}), ("without", {"context": False}))
    }
    sentences = [[token for token, _, _ in row] for row in tagged(12, seed=3)]
    for name, model in models.items():
        read = name == "with"
        again = elman.load(tmp_path / name)
        assert (tmp_path / name / "contexts.json").exists() == read == ("a log-linear one" in again.show())
        assert again.config == model.config and (again.config.contexts is not None) == read
        assert again.predict(sentences) == model.predict(sentences)
        on = elman.Tagger.train(path, dev="none", from_=tmp_path / name, epochs=1)
        assert on.config.contexts == model.config.contexts
        assert (on.reader.contexts is not None) == read
    moved = models["with"].engine.arrays()["log_linear.contexts.E"]
    assert moved[1:].any(axis=1).mean() > 0.9 and not moved[0].any()
    with pytest.raises(OptionError, match="context False"):
        elman.Tagger.train(path, dev="none", from_=tmp_path / "without", epochs=1, context=True)


def test_training_goes_on_from_a_folder_and_labels_are_added(tmp_path: Path) -> None:
    rows = tagged(40)
    without = [row for row in rows if not any(label.endswith("LOC") for _, _, label in row)]
    first = elman.Tagger.train(
        columns(tmp_path / "a.bio", without), dev="none", out=tmp_path / "a", epochs=1, precision="fp32", **TAGGER
    )
    (known,) = first.labels
    still = elman.Tagger.train(columns(tmp_path / "b.bio", rows), dev="none", from_=tmp_path / "a", epochs=1, lr=0.0)
    (grown,) = still.labels
    assert grown.labels[: len(known.labels)] == known.labels
    assert sorted(grown.labels[len(known.labels) :]) == ["B-LOC", "I-LOC"]
    assert grown.internal[: len(known.internal)] == known.internal
    # Without a step, what was known has the weights that it had.
    before, after = first.engine.arrays(), still.engine.arrays()
    for name, array in before.items():
        np.testing.assert_allclose(after[name][tuple(map(slice, array.shape))], array, rtol=1e-6, atol=1e-7)
    assert after["members.0.heads.0.V"].shape[0] == len(grown.internal) > before["members.0.heads.0.V"].shape[0]
    on = elman.Tagger.train(
        tmp_path / "b.bio", dev=columns(tmp_path / "d.bio", tagged(12, seed=2)), from_=tmp_path / "a", epochs=8, lr=0.05
    )
    assert on.evaluate(tmp_path / "d.bio")["details"]["label"]["types"]["LOC"]["recall"] > 0
    assert not on.seen.unseen([token for row in rows for token, _, _ in row]).any()


def test_files_may_call_their_columns_otherwise_than_the_folder_that_is_started_from(tmp_path: Path) -> None:
    rows = tagged(40)
    elman.Tagger.train(columns(tmp_path / "a.bio", rows), dev="none", out=tmp_path / "a", epochs=1, **TAGGER)
    turned = tmp_path / "b.conll"
    text = "\n".join("".join(f"{label} {kind} {token}\n" for token, kind, label in row) for row in rows)
    turned.write_text(text, encoding="utf-8")
    dev = columns(tmp_path / "d.bio", tagged(12, seed=2))
    options: dict[str, Any] = {"dev": "none", "from_": tmp_path / "a", "epochs": 1}
    same = elman.Tagger.train(tmp_path / "a.bio", **options)
    other = elman.Tagger.train(turned, token_column="2", label_columns=["0"], out=tmp_path / "b", **options)
    assert other.labels[0].name == "label" and other.seen.to_json() == same.seen.to_json()
    assert elman.load(tmp_path / "b").evaluate(dev)["metrics"] == same.evaluate(dev)["metrics"]


def test_what_does_not_fit_the_folder_that_is_started_from_is_refused(
    treebank: dict[str, Path], files: dict[str, Path], tmp_path: Path
) -> None:
    elman.Tagger.train(treebank["train spans"], dev="none", out=tmp_path / "a", epochs=1, **TAGGER)
    elman.LanguageModel.train(files["dev"], dev="none", out=tmp_path / "lm", epochs=1, **SIZE)
    rows = [[(a, b, label.replace("B-", "S-").replace("I-", "E-")) for a, b, label in row] for row in tagged(20)]
    other = columns(tmp_path / "other.bio", rows)

    def start(path: Path = treebank["train spans"], folder: str = "a", **options: Any) -> str:
        with pytest.raises((OptionError, InputError)) as caught:
            elman.Tagger.train(path, dev="none", from_=tmp_path / folder, epochs=1, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "has hidden 8" in start(hidden=16)
    assert "has hash_bits 8" in start(hash_bits=9)
    assert "the model has 1 column of labels" in start(label_columns=["1", "2"])
    assert "has crf None" in start(crf=False)
    assert "the labels are of another scheme" in start(other)
    assert "this is a language-model, not a tagger" in start(folder="lm")
    with pytest.raises(ElmanError, match="no such folder"):
        elman.Tagger.train(treebank["train spans"], from_=tmp_path / "none", epochs=1)


def test_a_run_is_repeated_with_its_own_files_and_options_alone(treebank: dict[str, Path], tmp_path: Path) -> None:
    elman.Tagger.train(treebank["train"], dev=treebank["dev"], out=tmp_path / "a", epochs=1, **TAGGER)
    for files, options, told in (
        ((treebank["dev"], treebank["dev"]), {}, "not the files of the run"),
        ((treebank["train"], "none"), {}, "not the files of the run"),
        ((treebank["train"], treebank["dev"]), {"seed": 3}, "leave it out"),
    ):
        with pytest.raises(OptionError, match=told):
            elman.Tagger.train(files[0], dev=files[1], replay=tmp_path / "a", **options)


def test_labels_of_dev_that_training_has_not_are_warned_of_and_wrong(
    treebank: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows: list[Tagged] = [[(token, "X", label) for token, _, label in row] for row in tagged(4, seed=2)]
    dev = conllu(tmp_path / "dev.conllu", rows)
    model, text = logged(caplog, lambda: elman.Tagger.train(treebank["train"], dev=dev, epochs=1, **TAGGER))
    assert "column upos: 1 labels of the dev text are not in the training text (X); they count as wrong" in text
    assert model.report["metrics"]["upos"]["accuracy"] == 0.0
    assert "X" not in model.labels[0].labels


def test_stray_and_ill_formed_labels_are_warned_of_with_their_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = tagged(40)
    rows[5] = [("Ada", "PROPN", "PER"), *rows[5][1:]]
    rows[7] = [("fish", "NOUN", "O"), ("Kim", "PROPN", "I-PER")]
    path = columns(tmp_path / "t.bio", rows)
    begins = 1 + sum(len(row) + 1 for row in rows[:5])
    model, text = logged(caplog, lambda: elman.Tagger.train(path, dev="none", epochs=1, **TAGGER))
    assert f"{path}: token 1 of the sentence that begins in line {begins}: 'PER' is no label of the scheme" in text
    assert re.search(r"[12] labels of column label break the scheme", text)
    assert model.labels[0].scheme is not None and model.labels[0].scheme.name == "IOB2"
    assert "PER" not in model.labels[0].labels


def test_without_dev_every_twentieth_sentence_is_set_aside(
    treebank: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = tagged(60)
    model, text = logged(caplog, lambda: elman.Tagger.train(treebank["train"], epochs=1, **TAGGER))
    assert "every twentieth sentence of the training files is set aside" in text
    assert model.report["tokens"] == sum(len(row) for i, row in enumerate(rows) if i % 20 != 19)
    whole = elman.Tagger.train(treebank["train"], dev="none", epochs=1, **TAGGER)
    assert whole.report["tokens"] == sum(len(row) for row in rows)
    assert whole.report["metrics"] == {}
    few = conllu(tmp_path / "few.conllu", rows[:7])
    model, text = logged(caplog, lambda: elman.Tagger.train(few, epochs=1, **TAGGER))
    assert "too few sentences to set some aside" in text
    assert model.report["metrics"] == {}


def test_each_column_has_a_head_and_its_figures(treebank: dict[str, Path], tmp_path: Path) -> None:
    model = elman.Tagger.train(
        treebank["train"], dev=treebank["dev"], out=tmp_path / "a", label_columns=["xpos", "UPOS"], epochs=1, **TAGGER
    )
    assert list(model.report["metrics"]) == ["xpos", "upos"]
    document = json.loads((tmp_path / "a" / "labels.json").read_text(encoding="utf-8"))
    assert [one["name"] for one in document["columns"]] == ["xpos", "upos"]
    assert sorted(document["columns"][0]["labels"]) == sorted(
        label.lower() for label in document["columns"][1]["labels"]
    )
    assert {name for name in model.engine.arrays() if name.endswith(".V")} == {
        f"{scorer}.heads.{column}.V" for scorer in ("members.0", "log_linear") for column in (0, 1)
    }


@pytest.mark.parametrize("crf", [None, True, False])
def test_a_crf_scores_spans_unless_it_is_asked_for_or_not(treebank: dict[str, Path], crf: bool | None) -> None:
    model = elman.Tagger.train(
        treebank["train spans"], dev="none", label_columns=["2", "1"], epochs=1, crf=crf, **TAGGER
    )
    chains = [bool(model.engine.transitions(column)) for column in (0, 1)]
    assert chains == ([True, False] if crf is None else [crf, crf])
    weights = {name.rpartition(".")[0] for name in model.engine.arrays() if ".crfs." in name}
    assert weights == {
        f"{scorer}.crfs.{column}" for scorer in ("members.0", "log_linear") for column in (0, 1) if chains[column]
    }


def test_dev_may_have_another_form_than_train(treebank: dict[str, Path], tmp_path: Path) -> None:
    rows = tagged(12, seed=2)
    listed = tmp_path / "dev.jsonl"
    objects = [{"tokens": [a for a, _, _ in row], "labels": [label for _, _, label in row]} for row in rows]
    listed.write_text("".join(json.dumps(one) + "\n" for one in objects), encoding="utf-8")
    same, other = (
        elman.Tagger.train(treebank["train spans"], dev=dev, epochs=1, **TAGGER)
        for dev in (treebank["dev spans"], listed)
    )
    assert same.report["metrics"] == other.report["metrics"]


def test_several_files_are_read_one_behind_the_other(treebank: dict[str, Path]) -> None:
    model = elman.Tagger.train([treebank["train"], treebank["dev"]], dev="none", epochs=1, **TAGGER)
    assert model.report["tokens"] == sum(len(row) for row in [*tagged(60), *tagged(12, seed=2)])


def test_history_and_card_tell_the_run(treebank: dict[str, Path], tmp_path: Path) -> None:
    model = elman.Tagger.train(
        treebank["train"], dev=treebank["dev"], out=tmp_path / "a", epochs=2, evaluations=4, **TAGGER
    )
    lines = [json.loads(line) for line in (tmp_path / "a" / "history.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == 4 and lines[-1]["progress"] == 1.0
    page = (tmp_path / "a" / "README.md").read_text(encoding="utf-8")
    accuracy = model.report["metrics"]["upos"]["accuracy"]
    assert "train.conllu" in page and f"upos accuracy {accuracy:.4f}" in page
    assert "1 layer of 8 lstm units read both ways" in model.show()


def test_bad_requests_are_refused_in_one_line_and_leave_nothing(treebank: dict[str, Path], tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("the cat sees\n", encoding="utf-8")
    bare = tmp_path / "bare.conll"
    bare.write_text("the\ncat\n\n", encoding="utf-8")

    def refused(path: Any, **options: Any) -> str:
        with pytest.raises(ElmanError) as caught:
            elman.Tagger.train(path, out=tmp_path / "out", **{"epochs": 1, **TAGGER, **options})
        assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
        assert not (tmp_path / "out").exists()
        return str(caught.value)

    assert "plain text has no labels" in refused(plain)
    assert "no labels beside the tokens" in refused(bare)
    assert "only once" in refused("-", format="conllu")
    assert "there is no column 'uposs'; did you mean upos?" in refused(treebank["train"], label_columns=["uposs"])
    assert "is given twice" in refused(treebank["train"], label_columns=["upos", "upos"])
    spans = treebank["train spans"]
    assert "nothing is smoothed" in refused(spans, label_smoothing=0.1)
    swapped = {"swap_spans": 0.5, "label_columns": ["2", "1"]}
    of_no_type = "--swap-spans: the labels of column {} do not stand for spans of some type; leave it out"
    assert refused(treebank["train"], swap_spans=0.5) == of_no_type.format("upos")
    assert refused(spans, **{**swapped, "label_columns": ["1", "2"]}) == of_no_type.format("1")
    cut = tmp_path / "cut.bio"
    cut.write_text("a B O\nb I B-X\nc B O\n\n", encoding="utf-8")
    assert refused(cut, swap_spans=0.5, label_columns=["1"]) == of_no_type.format("1")
    assert "spans of column 1 would be torn where those of label change places" in refused(cut, **swapped)
    assert "nothing is smoothed" in refused(treebank["train"], label_smoothing=0.1, crf=True)
    many = tmp_path / "many.bio"
    many.write_text("".join(f"word T{n}\n" for n in range(600)), encoding="utf-8")
    assert "more labels than a CRF can have, 512" in refused(many, crf=True)
    assert "'upos' is not a list" in refused(treebank["train"], label_columns="upos")
    assert "[3] is not a list of values of type str" in refused(treebank["train"], label_columns=[3])
    assert "did you mean label_columns" in refused(treebank["train"], label_column=["upos"])
    assert "nothing is known of a word" in refused(treebank["train"], word_width=0, feature_width=0)
    changes_nothing = "--context-width: it changes nothing beside --no-context; leave one of them out"
    assert refused(treebank["train"], context=False, context_width=4) == changes_nothing
    idle = {"feature_width": 0, "feature_dropout": 0.2}
    assert "--feature-dropout: it changes nothing beside --feature-width 0" in refused(treebank["train"], **idle)
    assert "nothing is judged" in refused(treebank["train"], dev="none", patience=2)
    assert "no file is named" in refused([])
    none = "--dev: none stands among files; give it alone; a file of that name is ./none"
    assert refused(treebank["train"], dev=["none", treebank["dev"]]) == none


def test_a_failure_names_files_and_lines(treebank: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("elman.training.optimizer.Optimizer.clip", lambda optimizer: float("nan"))
    with pytest.raises(TrainingError, match="the gradient is not finite at step 0") as caught:
        elman.Tagger.train(treebank["train"], dev=treebank["dev"], epochs=1, **TAGGER)
    lines = treebank["train"].read_text(encoding="utf-8").splitlines()
    found = re.findall(re.escape(str(treebank["train"])) + r":(\d+)", str(caught.value))
    assert len(found) == 3 and all(lines[int(line) - 1].startswith(("# sent_id", "1\t")) for line in found)


def test_sizes_are_chosen_for_the_width_of_the_vectors_that_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen: list[Facts] = []

    def watched(facts: Facts, given: Any) -> Any:
        chosen.append(facts)
        return choose(facts, given)

    monkeypatch.setattr(preparing, "choose", watched)
    (tmp_path / "v.vec").write_text("sees 1 0 0\nbird 0 1 0\n", encoding="utf-8")
    options = {name: value for name, value in TAGGER.items() if name != "word_width"}
    model = elman.Tagger.train(
        columns(tmp_path / "a.bio", tagged(8)), dev="none", vectors=str(tmp_path / "v.vec"), epochs=1, **options
    )
    (facts,) = chosen
    assert (facts.read, facts.words) == (3 + TAGGER["feature_width"], model.features.size * (3 + 8))
