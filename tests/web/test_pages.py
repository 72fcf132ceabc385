"""Sites of trained models in a real browser: what a page shows is what Python says, and nothing leaves its origin."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import elman
from elman.text.tokens import split_words
from tiny import (
    CLASSIFIER,
    SEQ2SEQ,
    SIZE,
    TAGGER,
    columns,
    pair_table,
    reversed_words,
    reviews,
    sentences,
    table,
    tagged,
    write,
)

Sites = Callable[..., Path]


def test_the_page_of_a_tagger_shows_the_labels_of_python(tmp_path: Path, site_of: Sites, visit: Any) -> None:
    path = columns(tmp_path / "train.bio", tagged(200))
    model = elman.Tagger.train(path, label_columns=["2", "1"], dev="none", epochs=4, **TAGGER)
    lines = ["Ada Kim sees 서울을.", "the cat likes New York"]
    page = visit(site_of(model)).page
    page.fill("#text", "\n\n".join(lines))
    page.click("#send")
    page.wait_for_selector(".sentence")
    for place, name in enumerate(one.name for one in model.labels):
        page.select_option("#column", str(place))
        shown = [
            [
                [part.inner_text() for part in token.query_selector_all("span")]
                for token in line.query_selector_all(".token")
            ]
            for line in page.query_selector_all(".sentence")
        ]
        sentences = [split_words(line) for line in lines]
        assert [[token[:2] for token in line] for line in shown] == [
            [list(pair) for pair in zip(tokens, labels, strict=True)]
            for tokens, labels in zip(sentences, model.predict(sentences, column=name), strict=True)
        ]
        for line, wanted in zip(shown, model.tag(sentences), strict=True):
            assert [token[2] for token in line] == [percent(p) for p in wanted.probabilities[name]]
    page.select_option("#column", "0")
    spans = [one.inner_text().split("\n") for one in page.query_selector_all(".span")]
    wanted_spans = [
        (" ".join(tokens[span.start : span.end]), span.type)
        for tokens, found in zip(sentences, model.tag(sentences), strict=True)
        for span in found.spans[model.labels[0].name]
    ]
    assert [tuple(span[:2]) for span in spans] == wanted_spans and wanted_spans


def test_tokens_may_be_told_by_blanks(tagger_site: Path, visit: Any) -> None:
    page = visit(tagger_site).page
    page.fill("#text", "Ada's cat.")
    page.check("#between")
    page.click("#send")
    page.wait_for_selector(".sentence")
    assert [one.inner_text() for one in page.query_selector_all(".word")][:2] == ["Ada's", "cat."]


def test_the_page_of_a_classifier_shows_the_probabilities_of_python(tmp_path: Path, site_of: Sites, visit: Any) -> None:
    path = table(tmp_path / "train.tsv", reviews(120))
    model = elman.Classifier.train(path, text_column="text", label_column="label", epochs=2, **CLASSIFIER)
    page, text = visit(site_of(model)).page, "the film is not 나쁜 !"
    page.fill("#text", text)
    page.press("#text", "Control+Enter")
    page.wait_for_selector(".labels")
    names, ((*probabilities,),) = model.probabilities([text])
    shown = [[part.inner_text() for part in item.query_selector_all(".label, .probability")] for item in rows(page)]
    best = sorted(zip(probabilities, names, strict=True), reverse=True)
    assert shown == [[name, percent(p)] for p, name in best]
    assert page.inner_text(".chosen .label") == model.predict([text])[0]
    width, track = (page.eval_on_selector(f".chosen .{one}", "e => e.offsetWidth") for one in ("bar", "track"))
    assert abs(width / track - best[0][0]) < 0.02


def rows(page: Any) -> list[Any]:
    found: list[Any] = page.query_selector_all(".labels li")
    return found


def test_the_page_of_a_language_model_writes_on_and_can_be_stopped(tmp_path: Path, site_of: Sites, visit: Any) -> None:
    path = write(tmp_path / "train.txt", sentences(300))
    model = elman.LanguageModel.train(path, dev="none", epochs=3, continuous=True, **SIZE)
    visited, prompt = visit(site_of(model)), "민수는 "
    page = visited.page
    page.fill("#prompt", prompt)
    page.fill("#temperature", "0")
    page.fill("#most", "60")
    page.click("#send")
    visited.done()
    assert page.text_content("#written") == model.generate(prompt, temperature=0, max_tokens=60)
    assert page.inner_text(".prompt").strip() == prompt.strip()
    page.fill("#temperature", "1")
    page.fill("#most", "100000")
    page.click("#send")
    while len(page.text_content("#written")) <= 20:
        page.wait_for_timeout(10)
    page.click("#stop")
    visited.done()
    assert 20 < len(page.text_content("#written")) < 50_000 and page.is_disabled("#stop")


def test_the_page_of_a_seq2seq_model_shows_the_targets_of_python(tmp_path: Path, site_of: Sites, visit: Any) -> None:
    path = pair_table(tmp_path / "train.tsv", [*reversed_words(200), ("가나", "나가")])
    columns_ = {"source_column": "source", "target_column": "target"}
    model = elman.Seq2Seq.train(path, dev="none", epochs=3, **columns_, **SEQ2SEQ)
    visited, sources = visit(site_of(model)), ["abcd", "가나"]
    page = visited.page
    page.fill("#source", "\n".join(sources))
    for beam, many in ((4, 3), (1, 1)):
        page.fill("#beam", str(beam))
        page.fill("#many", str(many))
        page.click("#send")
        visited.done()
        shown = [
            [
                (target.query_selector(".written").text_content(), remark(target))
                for target in article.query_selector_all(".target")
            ]
            for article in page.query_selector_all("article")
        ]
        assert shown == [
            [(one.text, f"log-probability {one.log_probability:.2f}") for one in found]
            for found in model.translate(sources, beam=beam, n_best=many)
        ]


def remark(target: Any) -> str:
    """What is told of a target, but for whether it was cut."""
    text: str = target.query_selector(".remark").text_content()
    return text.split(",")[0]


def test_what_cannot_be_opened_is_told_on_the_page(tagger_site: Path, tmp_path: Path, visit: Any) -> None:
    place = shutil.copytree(tagger_site, tmp_path / "site")
    (place / "model" / "words.json").unlink()
    visited = visit(place)
    visited.works = False
    assert "words.json cannot be read" in visited.page.inner_text("#status")
    assert any("words.json" in fault for fault in visited.faults)


def percent(probability: float) -> str:
    """As a page writes it."""
    share = 100 * probability
    return f"{share:.0f} %" if share >= 99.95 else f"{share:.1f} %"
