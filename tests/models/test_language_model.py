"""What a user may rely on: scores that agree by every road, states that are values, text that repeats."""

import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import InputError, ModelFileError, OptionError
from elman.models.language_modelling.states import LanguageModelState
from elman.nn.config import CELLS
from tiny import SIZE, sentences, write

TEXT = "the cat sees it. our bird 찾는다 fish."


def test_the_probabilities_of_next_sum_to_one(model: elman.LanguageModel) -> None:
    for state in (None, model.feed(TEXT)):
        found = model.next(state, top=10_000)
        assert math.isclose(sum(p for _, p in found), 1.0, rel_tol=1e-5)
        assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)


def test_score_is_next_symbol_by_symbol(model: elman.LanguageModel) -> None:
    state = None
    for item in model.score(TEXT[:12]):
        found = dict(model.next(state, top=10_000))
        assert math.isclose(item.log_probability, math.log(found[item.symbol]), rel_tol=1e-4, abs_tol=1e-5)
        state = model.feed(item.symbol, state)


def test_feeding_in_pieces_is_feeding_at_once(model: elman.LanguageModel) -> None:
    whole = model.feed(TEXT)
    for cut in (0, 1, 9, len(TEXT)):
        state = model.feed(TEXT[cut:], model.feed(TEXT[:cut]))
        for name, array in whole.arrays.items():
            np.testing.assert_allclose(state.arrays[name], array, rtol=1e-5, atol=1e-6)


def test_a_state_is_a_value(model: elman.LanguageModel) -> None:
    state = model.feed("the cat ")
    kept = {name: array.copy() for name, array in state.arrays.items()}
    first = model.generate("sees", state=state, max_tokens=10)
    model.feed("a dog likes me.", state)
    model.score("it", state)
    assert model.generate("sees", state=state, max_tokens=10) == first
    for name, array in kept.items():
        np.testing.assert_array_equal(state.arrays[name], array)


def test_the_score_of_a_text_goes_on_from_a_state(model: elman.LanguageModel) -> None:
    whole = [item.log_probability for item in model.score(TEXT)]
    state = model.feed(TEXT[:10])
    parts = [item.log_probability for item in model.score(TEXT[10:], state)]
    np.testing.assert_allclose(parts, whole[10:], rtol=1e-4, atol=1e-5)


def test_a_saved_state_goes_on_identically(model: elman.LanguageModel, tmp_path: Path) -> None:
    state = model.feed(TEXT)
    model.save_state(state, tmp_path / "state.safetensors")
    again = model.load_state(tmp_path / "state.safetensors")
    assert again.pending == state.pending
    assert model.generate(state=again, max_tokens=30) == model.generate(state=state, max_tokens=30)


def test_a_state_of_another_model_is_refused(
    model: elman.LanguageModel, files: dict[str, Path], tmp_path: Path
) -> None:
    other = elman.LanguageModel.train(files["train"], epochs=1, dev="none", **{**SIZE, "cell": "gru"})
    other.save_state(other.feed("a"), tmp_path / "other.safetensors")
    with pytest.raises(ModelFileError):
        model.load_state(tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="not one of this model"):
        model.next(other.feed("a"))


def test_evaluate_is_the_sum_over_predict(model: elman.LanguageModel, files: dict[str, Path]) -> None:
    report = model.evaluate(files["dev"])
    logs = [item.log_probability for line in model.predict(files["dev"]) for item in line]
    assert report["tokens"] == len(logs)
    assert math.isclose(report["metrics"]["loss"], -sum(logs) / len(logs), rel_tol=1e-5)
    characters = len(files["dev"].read_text(encoding="utf-8"))
    assert math.isclose(report["metrics"]["bits_per_character"], -sum(logs) / math.log(2) / characters, rel_tol=1e-5)


def test_a_line_is_scored_the_same_in_any_company(files: dict[str, Path]) -> None:
    model = elman.LanguageModel.train(files["train"], epochs=1, dev="none", **SIZE)
    texts = ["a", "the cat sees it.", "책을 " * 90, "me.", "the cat sees it."]
    alone = [next(iter(model.predict([text]))) for text in texts]
    for found, wanted in zip(model.predict(texts), alone, strict=True):
        assert [item.symbol for item in found] == [item.symbol for item in wanted]
        np.testing.assert_allclose(
            [item.log_probability for item in found], [item.log_probability for item in wanted], rtol=1e-5, atol=1e-5
        )


def test_generating_repeats_with_the_seed(model: elman.LanguageModel) -> None:
    first = model.generate("the ", max_tokens=40, seed=5)
    assert first == model.generate("the ", max_tokens=40, seed=5)
    assert first != model.generate("the ", max_tokens=40, seed=6)


def test_streamed_pieces_are_the_text(model: elman.LanguageModel) -> None:
    pieces = model.generate("the ", max_tokens=40, stream=True)
    assert not isinstance(pieces, (str, list))
    assert "".join(pieces) == model.generate("the ", max_tokens=40)


def test_samples_do_not_depend_on_their_number(model: elman.LanguageModel) -> None:
    three, five = (model.generate("the ", max_tokens=25, samples=n) for n in (3, 5))
    assert list(three) == list(five)[:3]
    assert len(set(five)) > 1


def test_greedy_text_takes_the_likeliest_symbol(model: elman.LanguageModel) -> None:
    written, state = "", model.feed("the ")
    for _ in range(8):
        best = next(symbol for symbol, _ in model.next(state) if symbol not in ("<s>", "<unk>"))
        if best == "</s>":
            break
        written += best
        state = model.feed(best, state)
    assert model.generate("the ", max_tokens=8, temperature=0) == written


def test_a_stop_text_ends_the_text_and_is_left_out(model: elman.LanguageModel) -> None:
    whole = model.generate("the ", max_tokens=60, seed=3)
    stop = whole[1:3]
    cut = model.generate("the ", max_tokens=60, seed=3, stop=stop)
    assert cut == whole[: whole.index(stop)]
    pieces = model.generate("the ", max_tokens=60, seed=3, stop=[stop, "zzz"], stream=True)
    assert "".join(pieces) == cut


def test_a_line_model_ends_its_lines_and_knows_their_ends(files: dict[str, Path]) -> None:
    model = elman.LanguageModel.train(files["train"], dev=files["dev"], epochs=24, lr=0.05, evaluations=2, **SIZE)
    texts = model.generate(samples=20, max_tokens=200, temperature=0.5)
    assert all(text.endswith(".") and "\n" not in text for text in texts)
    scored = model.score("the cat sees it.", end=True)
    assert scored[-1].symbol == "</s>" and scored[-1].log_probability > -0.5


@pytest.mark.parametrize(
    ("tokenizer", "continuous"), list(itertools.product(["char", "byte", "word", "bpe"], [False, True]))
)
def test_every_tokenizer_trains_judges_and_writes(
    tokenizer: str, continuous: bool, files: dict[str, Path], tmp_path: Path
) -> None:
    size = {"vocabulary_size": 300} if tokenizer == "bpe" else {}
    model = elman.LanguageModel.train(
        files["train"], dev=files["dev"], epochs=3, tokenizer=tokenizer, continuous=continuous, **size, **SIZE
    )
    logs = [item.log_probability for line in model.predict(files["dev"]) for item in line]
    assert math.isclose(model.evaluate(files["dev"])["metrics"]["loss"], -sum(logs) / len(logs), rel_tol=1e-5)
    assert isinstance(model.generate("the cat ", max_tokens=5), str)
    pieces = model.feed("our bi", None)
    for name, array in model.feed("rd sees", pieces, final=True).arrays.items():
        np.testing.assert_allclose(array, model.feed("our bird sees", final=True).arrays[name], rtol=1e-4, atol=1e-5)
    model.save(tmp_path / "m")
    again = elman.load(tmp_path / "m")
    assert again.generate("the ", max_tokens=20) == model.generate("the ", max_tokens=20)
    assert again.evaluate(files["dev"])["metrics"] == model.evaluate(files["dev"])["metrics"]


@pytest.mark.parametrize("cell", CELLS)
def test_every_cell_learns(cell: str, files: dict[str, Path]) -> None:
    short, long = (
        elman.LanguageModel.train(files["train"], dev=files["dev"], epochs=n, lr=0.03, cell=cell, evaluations=1, **SIZE)
        for n in (1, 10)
    )
    assert long.report["metrics"]["loss"] < short.report["metrics"]["loss"] - 0.5


def test_an_adaptive_tied_softmax_of_words_learns(files: dict[str, Path]) -> None:
    options = {
        **SIZE,
        "embedding": 16,
        "tokenizer": "word",
        "adaptive": True,
        "minimum_count": 1,
        "lr": 0.03,
        "evaluations": 1,
    }
    short, long = (
        elman.LanguageModel.train(files["train"], dev=files["dev"], epochs=n, tied=True, **options) for n in (1, 12)
    )
    assert long.report["metrics"]["perplexity"] < short.report["metrics"]["perplexity"] / 2


def test_dynamic_evaluation_stands_apart_and_changes_nothing(
    model: elman.LanguageModel, files: dict[str, Path]
) -> None:
    before = model.evaluate(files["dev"])
    assert "dynamic" not in before
    report = model.evaluate(files["dev"], dynamic=True)
    assert report["metrics"] == before["metrics"]
    assert set(report["dynamic"]) == {"dynamic", "cache", "both"}
    assert report["dynamic"]["dynamic"]["loss"] < before["metrics"]["loss"]
    assert model.evaluate(files["dev"])["metrics"] == before["metrics"]


def test_predictions_come_back_in_the_files_format(model: elman.LanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id": 1, "text": "the cat"}\n{"id": 2, "text": "책을"}\n', encoding="utf-8")
    lines: list[str] = []
    report = model.predict_to([path], lines.append)
    rows = [json.loads(line) for line in lines]
    assert [row["id"] for row in rows] == [1, 2]
    for row in rows:
        assert len(row["symbols"]) == len(row["log_probabilities"])
        assert math.isclose(row["log_probability"], sum(row["log_probabilities"]), rel_tol=1e-9)
    assert report["lines"] == 2


def test_unknown_characters_are_counted(model: elman.LanguageModel, tmp_path: Path) -> None:
    path = write(tmp_path / "other.txt", ["the cat ☃☃"])
    metrics = model.evaluate(path)["metrics"]
    assert math.isclose(metrics["unknown_rate"], 2 / 11)  # ten characters and one line end, or end mark
    assert math.isfinite(metrics["loss"])


def test_wrong_arguments_are_told(model: elman.LanguageModel, files: dict[str, Path]) -> None:
    with pytest.raises(OptionError, match="did you mean temperature"):
        model.generate(temperatur=1.0)
    with pytest.raises(OptionError, match="did you mean hidden"):
        elman.LanguageModel.train(files["train"], hiden=3)
    with pytest.raises(OptionError, match="only left"):
        elman.LanguageModel.train(files["train"], epochs=1, **{**SIZE, "bidirectional": True})
    with pytest.raises(OptionError, match="at least 1"):
        model.next(top=0)
    with pytest.raises(OptionError, match="one text"):
        model.generate(samples=2, stream=True)
    with pytest.raises(InputError, match="surrogate"):
        model.feed("\ud800")
    for call in (lambda: model.evaluate([]), lambda: model.predict_to([], print), lambda: model.evaluate(None)):
        with pytest.raises(OptionError, match="no file"):
            call()
    for call in (lambda: model.generate(None), lambda: model.feed(b"a"), lambda: model.next({"h": 1})):
        with pytest.raises(InputError):
            call()
    with pytest.raises(OptionError, match="decided in training"):
        model.evaluate(files["dev"], reading={"continuous": not model.config.reading.continuous})
    state = model.feed("a")
    wrong = LanguageModelState({name: array[:, :, :2] for name, array in state.arrays.items()})
    with pytest.raises(InputError, match="not one of this model"):
        model.next(wrong)


def test_a_long_line_is_read_in_bounded_pieces(model: elman.LanguageModel, tmp_path: Path) -> None:
    path = write(tmp_path / "long.txt", [" ".join(sentences(200))])
    logs = [item.log_probability for line in model.predict(path) for item in line]
    assert math.isclose(model.evaluate(path)["metrics"]["loss"], -sum(logs) / len(logs), rel_tol=1e-5)


def test_running_text_is_not_spoilt_by_its_begin(files: dict[str, Path]) -> None:
    """`<s>` is read once, at the head of a text: what it leaves in the state must not weigh on what follows."""
    model = elman.LanguageModel.train(files["train"], dev=files["dev"], epochs=6, lr=0.02, continuous=True, **SIZE)
    ids = model.tokenizer.encode(files["train"].read_text(encoding="utf-8")).astype(np.int64)[None, :600]
    from_start = -np.mean(
        [item.log_probability for item in model.score(files["train"].read_text(encoding="utf-8")[:600])]
    )
    from_zero, _ = model.engine.nats(None, ids[:, :-1], targets=ids[:, 1:])
    assert from_start < from_zero.mean() + 0.1


def test_a_model_of_words_sets_a_blank_behind_the_prompt(files: dict[str, Path]) -> None:
    model = elman.LanguageModel.train(files["train"], dev="none", epochs=1, tokenizer="word", minimum_count=1, **SIZE)
    behind, apart = (model.generate(prompt, max_tokens=4) for prompt in ("the cat", "the cat "))
    assert isinstance(behind, str) and behind.startswith(" ")
    assert behind == f" {apart}"
    assert model.generate(state=model.feed("the cat"), max_tokens=4) == behind


def test_rows_without_a_text_keep_their_place(model: elman.LanguageModel, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("text,y\nthe cat,1\n,2\nit,3\n", encoding="utf-8")
    lines: list[str] = []
    model.predict_to([path], lines.append)
    rows = "".join(lines).splitlines()
    assert len(rows) == 4 and [row.split(",")[1] for row in rows[1:]] == ["1", "2", "3"]
    logs = [item.log_probability for row in model.predict(path) for item in row]
    report = model.evaluate(path)
    assert report["tokens"] == len(logs)
    assert math.isclose(report["metrics"]["loss"], -sum(logs) / len(logs), rel_tol=1e-5)


def test_the_card_of_a_short_dev_text_is_what_evaluate_says(model: elman.LanguageModel, files: dict[str, Path]) -> None:
    found = model.evaluate(files["dev"])["metrics"]["loss"]
    assert math.isclose(model.report["metrics"]["loss"], found, rel_tol=1e-5)


def test_wrong_types_are_told_in_one_line(model: elman.LanguageModel, files: dict[str, Path], tmp_path: Path) -> None:
    state: Any = model.feed("a")
    calls: list[Callable[[Any], object]] = [
        lambda value: model.next(top=value),
        lambda value: model.next(value),
        model.feed,
        model.score,
        model.generate,
        lambda value: list(model.stream("a", value)),
        lambda value: list(model.predict(value)),
        model.evaluate,
        lambda value: model.evaluate(files["dev"], against=value),
        lambda value: model.evaluate(files["dev"], reading=value),
        lambda value: model.predict_to([files["dev"]], print, reading=value),
        lambda value: model.save_state(state, value),
        lambda value: model.save_state(value, tmp_path / "s"),
        model.load_state,
    ]
    for call in calls:
        for value in (2.5, ["x", 1], b"x"):
            with pytest.raises((InputError, OptionError)) as caught:
                call(value)
            assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
