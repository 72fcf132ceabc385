"""Tiny texts and sizes that several tests use."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

SIZE = {"hidden": 16, "embedding": 8, "layers": 1, "ngrams": 1, "batch_size": 4, "segment": 12}

TAGGER: dict[str, Any] = {
    "hidden": 8, "layers": 1, "word_width": 6, "feature_width": 6, "hash_bits": 8, "batch_size": 4,
}  # fmt: skip
Tagged = list[tuple[str, str, str]]
"""The tokens of a sentence, each with its part of speech and the label of the span that it stands in (IOB2)."""


def sentences(count: int, seed: int = 1) -> list[str]:
    """Sentences of a small grammar, Korean and English mixed."""
    chooser = random.Random(seed)
    subjects, verbs, objects = (
        ["the cat", "a dog", "민수는", "our bird"],
        ["sees", "likes", "찾는다"],
        ["it", "fish", "책을", "me"],
    )
    return [f"{chooser.choice(subjects)} {chooser.choice(verbs)} {chooser.choice(objects)}." for _ in range(count)]


def write(path: Path, texts: list[str]) -> Path:
    """The texts as lines of a file."""
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def tagged(count: int, seed: int = 1) -> list[Tagged]:
    """Sentences of a small grammar with labels, Korean and English mixed; some end without a full stop."""
    chooser = random.Random(seed)
    who: list[Tagged] = [
        [("the", "DET", "O"), ("cat", "NOUN", "O")], [("민수는", "PROPN", "B-PER")],
        [("Ada", "PROPN", "B-PER"), ("Kim", "PROPN", "I-PER")], [("새가", "NOUN", "O")],
    ]  # fmt: skip
    does: list[Tagged] = [[("sees", "VERB", "O")], [("찾는다", "VERB", "O")]]
    what: list[Tagged] = [
        [("fish", "NOUN", "O")], [("서울을", "PROPN", "B-LOC")],
        [("New", "PROPN", "B-LOC"), ("York", "PROPN", "I-LOC")],
    ]  # fmt: skip
    end: list[Tagged] = [[(".", "PUNCT", "O")], []]
    return [[item for part in (who, does, what, end) for item in chooser.choice(part)] for _ in range(count)]


def conllu(path: Path, rows: list[Tagged]) -> Path:
    """Sentences as CoNLL-U: parts of speech in UPOS, the same in small letters in XPOS."""
    parts = []
    for number, row in enumerate(rows):
        parts.append(f"# sent_id = {number}")
        for n, (token, kind, _) in enumerate(row, 1):
            parts.append("\t".join([str(n), token, "_", kind, kind.lower(), "_", "0" if n == 1 else "1", *"___"]))
        parts.append("")
    path.write_text("".join(f"{part}\n" for part in parts), encoding="utf-8")
    return path


def columns(path: Path, rows: list[Tagged]) -> Path:
    """Sentences as columns between tabs: token, part of speech, label of the span."""
    path.write_text("".join("".join("\t".join(item) + "\n" for item in row) + "\n" for row in rows), encoding="utf-8")
    return path


CLASSIFIER: dict[str, Any] = {
    "hidden": 8, "word_width": 6, "feature_width": 6, "hash_bits": 8, "bag_bits": 10, "batch_size": 4,
    "input_dropout": 0.0, "output_dropout": 0.0, "table_rate": 3.0,
}  # fmt: skip


def of_parts(options: dict[str, Any]) -> dict[str, Any]:
    """Options of a classifier without those of a bag that it is not to have."""
    has_bag = options.get("bag", True)
    return {name: value for name, value in options.items() if has_bag or not name.startswith("bag_")}


def reviews(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Labels, each with a text, Korean and English mixed: what is praised is good, unless `not` stands before it."""
    chooser = random.Random(seed)
    words = {True: ["fine", "좋은", "funny"], False: ["dull", "나쁜", "slow"]}
    found = []
    for _ in range(count):
        kind, is_denied = chooser.random() < 0.5, chooser.random() < 0.3
        subject, end = chooser.choice(["the film", "영화는", '"it"']), chooser.choice([" .", "!", ""])
        text = f"{subject} is {'not ' if is_denied else ''}{chooser.choice(words[kind])}{end}"
        found.append(("good" if kind != is_denied else "bad", text))
    return found


def table(path: Path, rows: list[tuple[str, str]]) -> Path:
    """Labels and texts as a table between tabs, with a header."""
    path.write_text("label\ttext\n" + "".join(f"{label}\t{text}\n" for label, text in rows), encoding="utf-8")
    return path


SEQ2SEQ: dict[str, Any] = {
    "tokenizer": "char", "hidden": 24, "embedding": 16, "batch_tokens": 200, "input_dropout": 0.0,
    "output_dropout": 0.0, "dropout": 0.0, "symbol_dropout": 0.0, "label_smoothing": 0.0,
}  # fmt: skip


def reversed_words(count: int, seed: int = 1) -> list[tuple[str, str]]:
    """Sources of two to six letters, each with its letters turned round."""
    chooser = random.Random(seed)
    words = ["".join(chooser.choices("abcde", k=chooser.randint(2, 6))) for _ in range(count)]
    return [(word, word[::-1]) for word in words]


def pair_table(path: Path, rows: list[tuple[str, str]]) -> Path:
    """Sources and targets as a table between tabs, with a header."""
    path.write_text("source\ttarget\n" + "".join(f"{one}\t{other}\n" for one, other in rows), encoding="utf-8")
    return path


_TRAINED: dict[str, bytes] = {}


def trained_once(train: Callable[..., bytes], path: Path, options: dict[str, Any]) -> bytes:
    """What a function that trains gives for a file and options, which is not done twice in a process."""
    key = f"{train.__module__}.{train.__name__} {path} {options}"
    if key not in _TRAINED:
        _TRAINED[key] = train(path, **options)
    return _TRAINED[key]
