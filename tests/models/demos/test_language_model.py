"""The demo of language models: a text that is divided honestly, and a comparison that says what the numbers say."""

import re

import pytest

from elman.models.demos import language_model as demo


def test_no_paragraph_stands_in_two_parts() -> None:
    text = demo.demo_text()
    parts = {
        name: {p.strip() for p in getattr(text, name).split("\n\n") if len(p.strip()) >= demo.SHORTEST_PARAGRAPH}
        for name in ("train", "dev", "test")
    }
    assert not parts["train"] & parts["dev"]
    assert not parts["train"] & parts["test"]
    assert not parts["dev"] & parts["test"]
    assert len(text.train) > 5 * len(text.test) > 0
    assert text.dropped > 0


def test_it_says_which_compressors_it_beats_and_which_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "BUDGET", "4s")
    lines: list[str] = []
    report = demo.run(None, overwrite=False, progress=None, write=lines.append)
    said = "\n".join(lines)
    ours = report["test"]["bits_per_character"]
    columns = {f"{name} alone": bits for name, bits in report["compressors"]["alone"].items()}
    columns |= {f"{name} given the text": bits for name, bits in report["compressors"]["given_train"].items()}
    beats = re.search(r"elman beats ([^.\n]*)", said)
    assert beats is not None
    for name, bits in columns.items():
        assert (name in beats[1]) == (ours < bits), name
        assert f"{bits:.3f}" in said
    assert f"{ours:.3f}" in said
    assert len(report["samples"]) == 3 and all(sample in said for sample in report["samples"])
