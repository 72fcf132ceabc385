"""What a user does with a seq2seq model: training from every form of file, asking, judging, keeping, ensembles."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import elman
from elman.errors import InputError, OptionError
from tiny import SEQ2SEQ, pair_table, reversed_words, write


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Words, each with its letters turned round."""
    place = tmp_path_factory.mktemp("pairs") / "train.tsv"
    return pair_table(place, reversed_words(600))


@pytest.fixture(scope="module")
def model(pairs: Path) -> elman.Seq2Seq:
    return elman.Seq2Seq.train(pairs, dev="none", epochs=12, lr=0.01, **SEQ2SEQ)


def test_what_was_learnt_is_written_for_words_that_were_never_seen(model: elman.Seq2Seq) -> None:
    seen = {source for source, _ in reversed_words(600)}
    new = [(source, target) for source, target in reversed_words(200, seed=9) if source not in seen]
    found = model.predict([source for source, _ in new])
    assert np.mean([one == target for one, (_, target) in zip(found, new, strict=True)]) > 0.8


def test_all_forms_of_file_give_the_same_model(pairs: Path, tmp_path: Path) -> None:
    rows = reversed_words(40)
    tsv = pair_table(tmp_path / "a.tsv", rows)
    csv = tmp_path / "a.csv"
    csv.write_text("x,b,a\n" + "".join(f"1,{target},{source}\n" for source, target in rows), encoding="utf-8")
    jsonl = tmp_path / "a.jsonl"
    jsonl.write_text("".join(json.dumps({"src": s, "tgt": [t, "other"]}) + "\n" for s, t in rows), encoding="utf-8")
    sources, targets = write(tmp_path / "a.x", [s for s, _ in rows]), tmp_path / "a.y.gz"
    targets.write_bytes(gzip.compress("".join(f"{t}\n" for _, t in rows).encode()))
    common: dict[str, Any] = {"dev": "none", "epochs": 1, **SEQ2SEQ}
    wanted = elman.Seq2Seq.train(tsv, **common).engine.arrays()
    others = [
        elman.Seq2Seq.train(csv, source_column="a", target_column="b", **common),
        elman.Seq2Seq.train(jsonl, **common),
        elman.Seq2Seq.train(sources, train_target=targets, **common),
    ]
    for other in others:
        arrays = other.engine.arrays()
        assert all(np.array_equal(arrays[name], array) for name, array in wanted.items())


def test_unequal_numbers_of_lines_are_refused_with_both(tmp_path: Path) -> None:
    sources, targets = write(tmp_path / "a.txt", ["a", "b", "c"]), write(tmp_path / "b.txt", ["a", "b"])
    with pytest.raises(InputError, match=r"3.*2|2.*3"):
        elman.Seq2Seq.train(sources, train_target=targets, dev="none", epochs=1, **SEQ2SEQ)


@pytest.mark.parametrize("options", [
    {"attention": "none"}, {"attention": "dot", "decoder_layers": 2}, {"attention": "mlp", "input_feeding": True},
    {"copy": True, "coverage": 0.5}, {"tokenizer": "word", "copy": True}, {"tokenizer": "byte", "cell": "gru"},
    {"source_tokenizer": "char", "tokenizer": "word"}, {"joint": False, "bidirectional": False, "cell": "elman"},
    {"tokenizer": "bpe", "vocabulary_size": 300, "cell": "mingru"},
])  # fmt: skip
def test_a_folder_answers_as_the_model_that_was_saved(pairs: Path, tmp_path: Path, options: dict[str, Any]) -> None:
    made = elman.Seq2Seq.train(pairs, dev="none", epochs=1, **{**SEQ2SEQ, **options})
    made.save(tmp_path / "m")
    again = elman.load(tmp_path / "m")
    texts = ["abc", "", "hhh", "zzq 한글"]
    for one, other in zip(made.translate(texts), again.translate(texts), strict=True):
        assert [found.text for found in one] == [found.text for found in other]
        assert one[0].log_probability == pytest.approx(other[0].log_probability, rel=1e-6)


@pytest.mark.parametrize("beam", [1, 4])
def test_company_does_not_change_an_answer(model: elman.Seq2Seq, beam: int) -> None:
    texts = ["a", "edcba" * 3, "", "cab", "q?", "abcabcabc"]
    together = list(model.translate(texts, beam=beam, n_best=min(beam, 2)))
    for text, some in zip(texts, together, strict=True):
        (alone,) = model.translate([text], beam=beam, n_best=min(beam, 2))
        assert [found.text for found in alone] == [found.text for found in some]
        np.testing.assert_allclose(
            [found.log_probability for found in alone], [found.log_probability for found in some], rtol=1e-5
        )
        assert alone[0].attention is not None and some[0].attention is not None
        np.testing.assert_allclose(alone[0].attention, some[0].attention, atol=1e-5)


def test_a_beam_of_one_is_what_is_generated_greedily(model: elman.Seq2Seq) -> None:
    for text in ("abc", "edcb", ""):
        assert model.generate(text) == model.predict([text], beam=1)[0]
        assert "".join(model.generate(text, stream=True)) == model.generate(text)


def test_log_probabilities_are_those_of_the_network(model: elman.Seq2Seq) -> None:
    from elman.data.pair_batches import build_pairs
    from elman.data.pairs import Pair

    (some,) = model.translate(["abcde"], beam=4, n_best=4)
    for found in some:
        pair = Pair("abcde", (found.text,), (), "", 1)
        corpus = build_pairs([pair], model.source, model.target, longest_source=None, longest_target=None, copy=False)
        nats = model.engine.nats(corpus.batch(np.zeros(1, dtype=np.int64)))
        if found.finished:
            assert found.log_probability == pytest.approx(-float(nats.sum()), rel=1e-4)
    scores = [found.score for found in some if found.finished]
    assert scores == sorted(scores, reverse=True)


def test_unknown_words_pass_through_by_copying(tmp_path: Path) -> None:
    rows = [(f"say w{k} now", f"w{k}") for k in range(300)]
    path = pair_table(tmp_path / "a.tsv", rows)
    options = {**SEQ2SEQ, "tokenizer": "word", "minimum_count": 2, "copy": True, "symbol_dropout": 0.0}
    made = elman.Seq2Seq.train(path, dev="none", epochs=15, lr=0.01, **options)
    assert made.predict(["say quux now", "say 한글 now"]) == ["quux", "한글"]
    assert made.generate("say quux now") == "quux"


def test_no_unknown_symbol_is_written_unless_words_are_and_nothing_is_copied(pairs: Path) -> None:
    for options in ({"tokenizer": "char"}, {"tokenizer": "word", "copy": True}):
        made = elman.Seq2Seq.train(pairs, dev="none", epochs=1, **{**SEQ2SEQ, **options})
        texts = made.predict(["xyz", "ßßß", "abc"], beam=3)
        assert not any("<unk>" in text or "\ufffd" in text for text in texts)


def test_a_report_has_the_figures_of_the_contract(model: elman.Seq2Seq, pairs: Path) -> None:
    report = model.evaluate(pairs, beam=2)
    assert {"kind", "seconds", "tokens", "tokens_per_second", "parameters", "metrics", "details"} == set(report)
    wanted = {"bleu", "bleu_lowercase", "chrf", "ter", "rouge1", "rouge2", "rougeL", "exact_match", "word_error_rate",
              "symbol_error_rate"}  # fmt: skip
    assert set(report["metrics"]) == wanted
    found = model.predict([source for source, _ in reversed_words(600)], beam=2)
    right = np.mean([one == target for one, (_, target) in zip(found, reversed_words(600), strict=True)])
    assert report["metrics"]["exact_match"] == pytest.approx(right)
    assert report["details"]["signatures"]["bleu"].startswith("nrefs:1|case:mixed")


def test_several_references_count(model: elman.Seq2Seq, tmp_path: Path) -> None:
    sources = write(tmp_path / "s.txt", ["abc", "abd"])
    answers = model.predict(["abc", "abd"])
    one, other = write(tmp_path / "1.txt", [answers[0], "q"]), write(tmp_path / "2.txt", ["q", answers[1]])
    assert model.evaluate(sources, target=[[one], [other]])["metrics"]["exact_match"] == 1.0
    assert model.evaluate(sources, target=one)["metrics"]["exact_match"] == 0.5


def test_a_model_against_itself_is_no_better(model: elman.Seq2Seq, pairs: Path, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    report = model.evaluate(pairs, beam=1, against=tmp_path / "m")
    assert report["against"]["metrics"] == report["metrics"]
    assert report["against"]["difference"] == 0 and report["against"]["interval"] == [0, 0]


def test_an_ensemble_of_one_model_and_itself_says_what_it_says(
    model: elman.Seq2Seq, pairs: Path, tmp_path: Path
) -> None:
    model.save(tmp_path / "m")
    alone: list[str] = []
    both: list[str] = []
    model.predict_to([pairs], alone.append)
    model.predict_to([pairs], both.append, ensemble=[tmp_path / "m"])
    assert alone == both
    other = elman.Seq2Seq.train(pairs, dev="none", epochs=1, **{**SEQ2SEQ, "tokenizer": "byte"})
    with pytest.raises(OptionError, match="vocabulary"):
        model.predict_to([pairs], both.append, ensemble=[other])


def test_predictions_come_back_in_the_format_of_the_file(model: elman.Seq2Seq, tmp_path: Path) -> None:
    answers = model.predict(["abc", "bd"])
    cases = {
        "a.txt": ("abc\nbd\n", "".join(f"{answer}\n" for answer in answers)),
        "a.tsv": ("source\tn\nabc\t1\nbd\t2\n", f"source\tn\tprediction\nabc\t1\t{answers[0]}\nbd\t2\t{answers[1]}\n"),
    }
    for name, (content, wanted) in cases.items():
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        written: list[str] = []
        report = model.predict_to([path], written.append)
        assert "".join(written) == wanted
        assert report["texts"] == 2


def test_alignments_are_the_attention_of_each_symbol(model: elman.Seq2Seq, tmp_path: Path) -> None:
    written: list[str] = []
    model.predict_to([write(tmp_path / "a.txt", ["abc"])], written.append, alignments=True, n_best=2)
    (row,) = map(json.loads, written)
    assert len(row["predictions"]) == 2
    for one in row["predictions"]:
        assert one["source_symbols"] == ["a", "b", "c", "</s>"]
        alignment = np.array(one["alignment"])
        assert alignment.shape == (len(one["symbols"]), 4)
        np.testing.assert_allclose(alignment.sum(axis=1), 1, atol=1e-4)


def test_attention_is_asked_for_only_where_it_counts(
    model: elman.Seq2Seq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["abc", "ba", "cab"]
    for penalty in (0.0, 1.0):
        wanted = [found[0].text for found in model.translate(texts, beam=3, coverage_penalty=penalty)]
        assert model.predict(texts, beam=3, coverage_penalty=penalty) == wanted

    def asked(*_: Any) -> Any:
        raise AssertionError("attention was asked for")

    path = pair_table(tmp_path / "t.tsv", [(text, text[::-1]) for text in texts])
    monkeypatch.setattr(type(model.engine), "attended", asked)
    model.predict(texts)
    model.evaluate(path)
    model.predict_to([path], lambda _: None)
    for wish in (lambda: model.predict(texts, coverage_penalty=1.0), lambda: list(model.translate(texts))):
        with pytest.raises(AssertionError, match="attention was asked for"):
            wish()


def test_what_is_cut_is_told(model: elman.Seq2Seq, caplog: pytest.LogCaptureFixture) -> None:
    (some,) = model.translate(["abcdeabc"], maximum_length=2)
    assert not some[0].finished and len(some[0].symbols) == 2
    assert "cut at the greatest length" in caplog.text


def test_the_same_seed_gives_the_same_bits_and_a_budget_can_be_repeated(pairs: Path, tmp_path: Path) -> None:
    def bits(name: str) -> bytes:
        return (tmp_path / name / "weights.safetensors").read_bytes()

    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        elman.Seq2Seq.train(pairs, out=tmp_path / name, epochs=1, seed=seed, **SEQ2SEQ)
    assert bits("a") == bits("b") != bits("c")
    elman.Seq2Seq.train(pairs, out=tmp_path / "d", budget="3s", **SEQ2SEQ)
    elman.Seq2Seq.train(pairs, out=tmp_path / "e", replay=tmp_path / "d")
    assert bits("d") == bits("e")


def test_training_goes_on_from_a_folder(model: elman.Seq2Seq, pairs: Path, tmp_path: Path) -> None:
    model.save(tmp_path / "m")
    still = elman.Seq2Seq.train(pairs, dev="none", from_=tmp_path / "m", epochs=1, lr=0.0)
    for name, array in model.engine.arrays().items():
        np.testing.assert_array_equal(still.engine.arrays()[name], array)
    with pytest.raises(OptionError, match="--attention"):
        elman.Seq2Seq.train(pairs, from_=tmp_path / "m", attention="mlp")


@pytest.mark.parametrize("wrong", [3, None, b"abc", ["a"]])
def test_what_is_no_text_is_refused(model: elman.Seq2Seq, wrong: Any) -> None:
    with pytest.raises(InputError):
        model.predict([wrong])
    with pytest.raises(InputError):
        model.generate(wrong)


def test_a_long_source_works(model: elman.Seq2Seq) -> None:
    (some,) = model.translate([" ".join(["abc"] * 2000)], beam=2, maximum_length=5)
    assert len(some[0].source_symbols) == 8000
    assert some[0].attention is not None and some[0].attention.shape[1] == 8000
